import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./folders.mjs";
import { makeKey } from "./keys.mjs";
import { run, until } from "./shell.mjs";

// A host with a kernel of its own: user-mode Linux, a kernel that is a program. Its container gives it files, memory and a
// network card. Limits and a reboot are its own there, where a container has those of this machine.

/** Makes such a host's image from one of Debian testing, which has a kernel with all controllers of cgroup v2. */
export const withKernel = `
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --yes --no-install-recommends user-mode-linux udev kmod e2fsprogs
apt-get clean
ln -s uml/modules /usr/lib/modules
systemctl enable systemd-networkd.service
systemctl disable systemd-networkd-wait-online.service e2scrub_reap.service
`;

/**
 * The disk is made from the container's own files at the first start. The container then has no address of its own any more:
 * the kernel has it, and with it whatever is published.
 */
const boot = `
address=$(ip -4 -o address show dev eth0 | awk '{print $4}')
gateway=$(ip route show default | awk '{print $3}')
if [ ! -e /machine/disk ]; then
  mkdir /files && mount --bind / /files
  rm /files/.dockerenv
  cp /etc/hosts /etc/hostname /files/etc/
  [ ! -e /certificates.crt ] || cp /certificates.crt /files/etc/ssl/certs/ca-certificates.crt
  echo "$LAB_RESOLVERS" > /files/etc/resolv.conf
  echo '/dev/ubda / ext4 defaults 0 1' > /files/etc/fstab
  printf '[Match]\\nName=vec0\\n[Network]\\nAddress=%s\\nGateway=%s\\n' "$address" "$gateway" > /files/etc/systemd/network/lab.network
  # This kernel has nothing that iptables could speak to; Docker's own proxy publishes ports without it.
  [ ! -d /files/etc/docker ] || echo '{"iptables": false, "ip6tables": false}' > /files/etc/docker/daemon.json
  mkdir -p -m 0700 /files/root/.ssh && echo "$LAB_KEY" > /files/root/.ssh/authorized_keys
  mke2fs -q -t ext4 -d /files /machine/disk.unfinished 8G
  mv /machine/disk.unfinished /machine/disk
fi
hardware=$(cat /sys/class/net/eth0/address)
ip address flush dev eth0
export TMPDIR=/memory
exec linux.uml mem=768M ubd0=/machine/disk root=/dev/ubda rw con=null con0=null,fd:1 ssl=null vec0:transport=raw,ifname=eth0,depth=64,mac=$hardware,gro=1
`;

/**
 * What its container is started with.
 * @param {string} certificates
 */
export async function kernelOptions(certificates) {
  const { publicKey } = await labKey();
  return [
    ...["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"].flatMap((capability) => ["--cap-add", capability]),
    ...["seccomp=unconfined", "apparmor=unconfined"].flatMap((option) => ["--security-opt", option]),
    ...["--tmpfs", "/memory:exec,size=1g", "--volume", "/machine"],
    ...["--env", `LAB_KEY=${publicKey}`, "--env", `LAB_RESOLVERS=${resolvers()}`],
    ...(existsSync(certificates) ? ["--volume", `${certificates}:/certificates.crt:ro`] : []),
  ];
}

export const kernelCommand = ["/bin/sh", "-e", "-c", boot];

/**
 * The engine's own name server cannot be reached from a kernel of its own; that of this machine can, unless it is a stub.
 */
function resolvers() {
  const lines = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"));
  return lines.filter((line) => /^nameserver (?!127\.)/.test(line)).join("\n");
}

/** The lab's own way in, beside the users that a test knows: the engine reaches the container alone. */
async function labKey() {
  const folder = join(cacheFolder, "lab-key");
  const file = join(folder, "id_ed25519");
  if (existsSync(file)) return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return makeKey(folder);
}

/**
 * The command that runs as root what it reads.
 * @param {number} sshPort
 */
export async function kernelShell(sshPort) {
  const { file } = await labKey();
  const options = ["BatchMode=yes", "ConnectTimeout=5", "LogLevel=ERROR"];
  // It is on loopback and was made just now.
  options.push("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null");
  const given = options.flatMap((option) => ["-o", option]);
  return ["ssh", ...given, "-i", file, "-p", String(sshPort), "root@127.0.0.1", "sh -e"];
}

/**
 * Restarts it by its own means and waits until its kernel is another one.
 * @param {string[]} shell
 */
export async function rebootKernel(shell) {
  const boot = async () => (await run(shell, { input: "cat /proc/sys/kernel/random/boot_id", timeout: 10_000 })).stdout;
  const before = await boot();
  // The connection ends with the host.
  await run(shell, { input: "systemctl reboot", timeout: 20_000 });
  await until("The reboot of a host with a kernel of its own", 180, async () => {
    const now = await boot();
    return now !== "" && now !== before ? true : undefined;
  });
}
