// Loaded into the action before it starts: counts the points at which a run waits for a program (before its start, after it,
// at its end, and when all of its output is there), and sends the signal of a cancel at the one that STOP_AT names. What was counted stands in STOP_LOG.
import childProcess from "node:child_process";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { spawn } = childProcess;
const at = Number(process.env.STOP_AT);
let count = 0;

function point(what, command) {
  count++;
  appendFileSync(process.env.STOP_LOG, `${count} ${what} ${command}\n`);
  if (count !== at) return;
  appendFileSync(process.env.STOP_LOG, `stop ${Date.now()}\n`);
  process.kill(process.pid, "SIGINT");
}

childProcess.spawn = (command, args, options) => {
  point("before", command);
  const child = spawn(command, args, options);
  child.once("spawn", () => point("started", command));
  child.once("exit", () => point("ended", command));
  child.once("close", () => point("read to its end", command));
  return child;
};
syncBuiltinESMExports();
