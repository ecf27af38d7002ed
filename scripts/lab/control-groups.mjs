import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./shell.mjs";

/**
 * Where control groups are: a controller's own tree (cgroup v1), or the only one there is.
 * @param {"cpu" | "cpuacct"} controller
 */
function treeOf(controller) {
  return [`/sys/fs/cgroup/${controller}`, "/sys/fs/cgroup"].find(existsSync) ?? "";
}

/**
 * Seconds of processor time of a control group and those below it, in either generation.
 * @param {string} group
 */
export function used(group) {
  const path = join(treeOf("cpuacct"), group);
  const old = join(path, "cpuacct.usage");
  if (existsSync(old)) return Number(readFileSync(old, "utf8")) / 1e9;
  const found = /^usage_usec (\d+)$/m.exec(readFileSync(join(path, "cpu.stat"), "utf8"));
  return Number(found?.[1]) / 1e6;
}

/**
 * A control group for what a program starts once it has entered it. Needs root.
 * @typedef {{ pid?: number | undefined }} Program
 * @param {"cpu" | "cpuacct"} controller
 * @param {string} name
 */
function makeGroup(controller, name) {
  const group = `django-ansible-deploy-${process.pid}-${name}`;
  const tree = treeOf(controller);
  const path = join(tree, group);
  mkdirSync(path);
  return {
    group,
    path,
    enter: (/** @type {Program} */ { pid }) => writeFileSync(join(path, "cgroup.procs"), String(pid)),
    /** Has a program go back to where it can be removed from. */
    leave: (/** @type {Program} */ { pid }) => writeFileSync(join(tree, "cgroup.procs"), String(pid)),
    end: () => rmdirSync(path),
  };
}

/**
 * A group whose processor time `used` tells.
 * @param {string} name
 */
export function countedGroup(name) {
  return makeGroup("cpuacct", name);
}

/**
 * A group for what has a machine of its own in reality, such as the runner: it has the processors only while nobody else wants them, and so takes
 * no time from the hosts and visitors here.
 * @param {string} name
 */
export function idleGroup(name) {
  const group = makeGroup("cpu", name);
  writeFileSync(join(group.path, "cpu.idle"), "1");
  return group;
}

/** @param {string} container */
export async function groupOf(container) {
  const id = (await must(["docker", "inspect", "--format", "{{.Id}}", container])).trim();
  for (const group of [`docker/${id}`, `system.slice/docker-${id}.scope`])
    if (existsSync(join(treeOf("cpuacct"), group))) return group;
  throw new Error(`The control group of ${container} was not found.`);
}
