import { execFileSync } from "node:child_process";

/** Whether a process runs; one that has ended and waits to be read off does not. On Linux and macOS. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .startsWith("Z");
  } catch {
    return false;
  }
}
