import { onUnheard } from "./announce.js";
import { readInputs } from "./inputs/read.js";
import { Known } from "./known.js";
import { passwordsIn } from "./secrets/passwords.js";

// Files for others in the tool cache are readable and nobody else's to write, whatever the job's mask is.
process.umask(0o022);
// The last lines are said when the watchdog has gone, which would end a run that nobody hears.
onUnheard(() => undefined);
// What is a secret as a whole is hidden before the rest of the code is even read, which takes as long as Node's own start.
const known = new Known();
known.mask.add(passwordsIn(readInputs().raw));
// What was ended may still hold a connection open. The log is written to its end first. (No `await` at the top level: the
// bundler would put the whole bundle into a function for it, which is read twice before the first line.)
import("./deploy.js").then(({ run }) => run(known)).then(() => process.stdout.write("", () => process.exit()));
