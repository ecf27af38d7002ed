import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../scripts/lab/index.mjs";

/**
 * Seconds of processor time of a control group and those below it, in either generation.
 * @param {string} group
 */
export function used(group) {
  const old = join("/sys/fs/cgroup/cpuacct", group, "cpuacct.usage");
  if (existsSync(old)) return Number(readFileSync(old, "utf8")) / 1e9;
  const found = /^usage_usec (\d+)$/m.exec(readFileSync(join("/sys/fs/cgroup", group, "cpu.stat"), "utf8"));
  return Number(found?.[1]) / 1e6;
}

/**
 * A control group for what a program starts once it has entered it.
 * @param {string} name
 */
export function ownGroup(name) {
  const group = `django-ansible-deploy-${process.pid}-${name}`;
  const root = existsSync("/sys/fs/cgroup/cpuacct") ? "/sys/fs/cgroup/cpuacct" : "/sys/fs/cgroup";
  const path = join(root, group);
  mkdirSync(path);
  const enter = (/** @type {{ pid?: number | undefined }} */ program) =>
    writeFileSync(join(path, "cgroup.procs"), String(program.pid));
  /** Has a program go back to where it can be removed from. */
  const leave = (/** @type {{ pid?: number | undefined }} */ program) =>
    writeFileSync(join(root, "cgroup.procs"), String(program.pid));
  return { group, enter, leave, end: () => rmdirSync(path) };
}

/** @param {string} container */
export async function groupOf(container) {
  const id = (await must(["docker", "inspect", "--format", "{{.Id}}", container])).trim();
  for (const group of [`docker/${id}`, `system.slice/docker-${id}.scope`])
    if (existsSync(join("/sys/fs/cgroup/cpuacct", group)) || existsSync(join("/sys/fs/cgroup", group))) return group;
  throw new Error(`The control group of ${container} was not found.`);
}
