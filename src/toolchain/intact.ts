import { existsSync } from "node:fs";
import { helperEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";
import type { Machine } from "./machine.js";
import type { Ansible } from "./store.js";

/**
 * Prints ansible-core's version when the installed files are there in the size that their packages' lists give, as far as
 * 10,000 files: a copy that was cut off starts and fails later.
 */
const CHECK = `
import csv, os, sysconfig
import ansible.release
site, left = sysconfig.get_path("purelib"), 10_000
for name in os.listdir(site):
    if name.endswith(".dist-info"):
        with open(os.path.join(site, name, "RECORD"), encoding="utf-8") as record:
            for path, _, size in csv.reader(record):
                left -= 1
                if left > 0 and size and os.stat(os.path.join(site, path)).st_size != int(size):
                    raise SystemExit(path)
print(ansible.release.__version__)
`;

/** Whether an environment still works: the interpreter it points to may be gone since, or a part of its files. */
export async function isIntact(
  { python, version }: Omit<Ansible, "cached">,
  { environment, signal }: Machine,
): Promise<boolean> {
  if (!existsSync(python)) return false;
  const { stdout } = await run([python, "-I", "-c", CHECK], {
    ...{ env: helperEnvironment(environment), timeout: 30_000, signal },
  });
  return stdout.trim() === version;
}
