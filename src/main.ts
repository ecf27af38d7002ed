import { run } from "./deploy.js";

// Files for others in the tool cache are readable and nobody else's to write, whatever the job's mask is.
process.umask(0o022);
await run();
