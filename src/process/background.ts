import { spawn } from "node:child_process";
import { messageOf } from "../errors.js";
import type { ProgramEnvironment } from "./program-environment.js";
import type { Argv } from "./run.js";

/** A program that goes on by itself. */
export interface Background {
  readonly pid: number | undefined;
  /** Why it could not be started; "" while nothing is known against it. */
  problem: string;
}

/** Starts a program that outlives whoever started it, in a session of its own and without output. Never fails. */
export function startBackground([command, ...args]: Argv, env: ProgramEnvironment): Background {
  try {
    const child = spawn(command, args, { env, detached: true, stdio: "ignore" });
    const background: Background = { pid: child.pid, problem: "" };
    child.on("error", (error) => {
      background.problem = error.message;
    });
    child.unref();
    return background;
  } catch (error) {
    return { pid: undefined, problem: messageOf(error) };
  }
}
