import { execFileSync } from "node:child_process";
import { entriesIn, readBytes } from "../read-file.js";

/** A process that runs, told from a later one with the same id by when it started. */
export interface Member {
  readonly pid: number;
  readonly started: string;
}

/** A line of the table of processes. */
interface Row extends Member {
  readonly parent: number;
}

/** Reads the table of processes. */
export type Table = () => readonly Row[];

/** Everything that a process started, and what that started: workers that left its group are found here alone. */
export function descendantsOf(pid: number, table: Table = () => processTable()): Member[] {
  const rows = table();
  const found: Member[] = [];
  for (let parents = new Set([pid]); parents.size > 0; ) {
    const children = rows.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Kills those of the processes that still run. */
export function killMembers(members: readonly Member[], table: Table = () => processTable()): void {
  if (members.length === 0) return;
  const running = new Map(table().map(({ pid, started }) => [pid, started]));
  for (const { pid, started } of members) {
    if (running.get(pid) !== started) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

/** The processes of this machine; none where they cannot be looked at. */
export function processTable(platform: string = process.platform): readonly Row[] {
  try {
    return platform === "linux" ? fromProc() : fromPs();
  } catch {
    return [];
  }
}

/** proc_pid_stat(5): the parent is the second field after the name, the start time the twentieth. */
function fromProc(): Row[] {
  return entriesIn({ path: "/proc", name: "/proc" })
    .map(({ name }) => name)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readBytes({ path: `/proc/${name}/stat`, name: "stat" }).toString();
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(name), parent: Number(fields[1]), started: fields[19] ?? "" }];
      } catch {
        return [];
      }
    });
}

function fromPs(): Row[] {
  const env = { PATH: process.env.PATH, LC_ALL: "C" };
  return rowsOf(execFileSync("ps", ["-A", "-o", "pid=,ppid=,lstart="], { env, encoding: "utf8", timeout: 2_000 }));
}

/** What `ps -A -o pid=,ppid=,lstart=` prints. */
export function rowsOf(text: string): Row[] {
  return text.split("\n").flatMap((line) => {
    const [, pid, parent, started = ""] = /^\s*(\d+)\s+(\d+)\s(.+)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), started: started.trim() }];
  });
}
