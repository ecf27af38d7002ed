import { existsSync, readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { must, node24 } from "../scripts/lab/index.mjs";

/**
 * What the figures depend on.
 * @param {import("./ready.mjs").Ansible} ansible
 * @returns {Promise<Record<string, string>>}
 */
export async function machineFacts(ansible) {
  const [processor] = cpus();
  const ssh = await must(["sh", "-c", "ssh -V 2>&1"]);
  return {
    Cores: `${cpus().length} (${processor?.model.trim() ?? "unknown"})${cgroupLimit()}`,
    Memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    Kernel: `Linux ${release().split(".").slice(0, 2).join(".")}, cgroup ${existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1"}`,
    Docker: await must(["docker", "version", "--format", "{{.Server.Version}}"]),
    "Node.js of the action": await must([node24(), "--version"]),
    "Ansible of the action and the tutorial role": `ansible-core ${ansible.version}, Python ${ansible.python}`,
    "Python of `pip install ansible`": (await must(["python3", "--version"])).replace("Python ", ""),
    ssh: ssh.split(",")[0] ?? ssh,
  };
}

/** A container may use less than the cores that it sees. */
function cgroupLimit() {
  const read = (/** @type {string} */ path) => (existsSync(path) ? readFileSync(path, "utf8").trim() : "");
  const [quota = "max", period = "100000"] = (
    read("/sys/fs/cgroup/cpu.max") ||
    [read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), read("/sys/fs/cgroup/cpu/cpu.cfs_period_us")].join(" ")
  ).split(" ");
  return Number(quota) > 0 ? `, cgroup limit ${Number(quota) / Number(period)}` : "";
}
