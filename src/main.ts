import { run } from "./deploy.js";

// Files for others in the tool cache are readable and nobody else's to write, whatever the job's mask is.
process.umask(0o022);
// What was ended may still hold a connection open. The log is written to its end first. (No `await` at the top level: the
// bundler would put the whole bundle into a function for it, which is read twice before the first line.)
run().then(() => process.stdout.write("", () => process.exit()));
