import { run } from "./deploy.js";

// Files for others in the tool cache are readable and nobody else's to write, whatever the job's mask is.
process.umask(0o022);
await run();
// What was ended may still hold a connection open. The log is written to its end first.
process.stdout.write("", () => process.exit());
