import { spawn } from "node:child_process";
import { helperEnvironment } from "./program-environment.js";

/** Waits until nobody holds the other end of its input, and ends a group then. */
const WATCH = 'read -r _; kill -INT -"$1" 2>/dev/null && sleep 2 && kill -KILL -"$1" 2>/dev/null';

/**
 * Ties a process group to this process: when this one is gone, however it went, the group is ended. A shell watches, whose
 * input ends with this process.
 *
 * @returns what lets the group go.
 */
export function leash(group: number): () => void {
  const env = helperEnvironment(process.env);
  const watch = spawn("/bin/sh", ["-c", WATCH, "sh", String(group)], {
    ...{ env, detached: true, stdio: ["pipe", "ignore", "ignore"] },
  });
  // Without a shell there is no leash, and a run as good as any.
  watch.on("error", () => undefined);
  watch.stdin?.on("error", () => undefined);
  watch.unref();
  return () => {
    watch.kill("SIGKILL");
    watch.stdin?.destroy();
  };
}
