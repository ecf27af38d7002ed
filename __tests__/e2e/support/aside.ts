import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where processor time is shared out: the controller's own tree (cgroup v1), or the only one there is. */
const root = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"].find(existsSync) ?? "";

export interface Aside {
  /** Lets a process, and all that it starts, have the processors only while nobody else wants them. */
  take(process: ChildProcess): void;
  /** Once those have ended. */
  end(): void;
}

/** A control group for what has a machine of its own in reality, such as the runner, so that it takes no time from the hosts and visitors here. */
export function aside(name: string): Aside {
  const group = join(root, `dad-${name}`);
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, "cpu.idle"), "1");
  return {
    take: ({ pid }) => writeFileSync(join(group, "cgroup.procs"), String(pid)),
    end: () => rmdirSync(group),
  };
}
