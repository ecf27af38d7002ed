import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

/** Command lines of processes that name a text, after those that are ending have had a moment. On Linux and macOS. */
export async function processesOf(text: string, tries = 20): Promise<string[]> {
  const found = execFileSync("ps", ["-A", "-ww", "-o", "stat=,args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(text) && !line.trim().startsWith("Z"));
  if (found.length === 0 || tries === 0) return found;
  await pause(50);
  return await processesOf(text, tries - 1);
}
