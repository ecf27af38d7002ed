import { readdirSync, readFileSync } from "node:fs";
import { type Host, must, onHost, reboot } from "../../../scripts/lab/index.mjs";

/** Ends every SSH session of `deploy` on a host, as a network that goes away does for the runner. */
export async function cutSsh(host: Host): Promise<void> {
  await onHost(
    host,
    `for folder in /proc/[0-9]*; do
  case "$(tr '\\0' ' ' < $folder/cmdline 2>/dev/null)" in
    "sshd: deploy"*|"sshd-session: deploy"*) kill -KILL "\${folder#/proc/}" || true ;;
  esac
done`,
  );
}

/** Kills every process that works for a run of the action, as the end of a runner's machine does. */
export const killRunner = (folder: string): number => signal(workersOf(folder), "SIGKILL");

/** Has every process of a run stand still, as a laptop that sleeps does, or go on. */
export const freezeRunner = (folder: string): number => signal(workersOf(folder), "SIGSTOP");
export const thawRunner = (folder: string): number => signal(workersOf(folder), "SIGCONT");

/** Kills what sends the heartbeat of a run, as a kernel without memory does. */
export const killHeart = (folder: string): number =>
  signal(
    workersOf(folder).filter((pid) => commandOf(pid).includes(".heart_process")),
    "SIGKILL",
  );

/** Kills what hears the heartbeat of a run on a host. */
export const killKeeper = (host: Host): Promise<string> =>
  onHost(host, "systemctl kill --signal=SIGKILL 'django-ansible-deploy-mysite-*.service'");

/** Stops it, so that it neither hears nor ends. */
export const stopKeeper = (host: Host): Promise<string> =>
  onHost(host, "systemctl kill --signal=SIGSTOP 'django-ansible-deploy-mysite-*.service'");

/** Signals the process of the step that works on a host. */
const signalStep = (host: Host, signal: "STOP" | "KILL"): Promise<string> =>
  onHost(
    host,
    `inode=$(stat --format %i /run/django-ansible-deploy/mysite.lock)
pids=$(awk -v at=":$inode" '$2 == "FLOCK" && substr($6, length($6) - length(at) + 1) == at { print $5 }' /proc/locks)
test -n "$pids" && kill -${signal} $pids`,
  );

/** Stops it. */
export const stopStep = (host: Host): Promise<string> => signalStep(host, "STOP");

/** Kills it, as a kernel without memory does. */
export const killStep = (host: Host): Promise<string> => signalStep(host, "KILL");

/** Kills the step that looks at a host, which stands at its point in a program of its own. */
export const killLook = (host: Host): Promise<string> =>
  onHost(
    host,
    `at() { awk '$1 == "PPid:" { print $2 }' "/proc/$1/status"; }
pid=$(pgrep -f 'lab-point reach$' | head -n 1)
test -n "$pid"
while ! readlink "/proc/$pid/exe" | grep -q python; do pid=$(at "$pid"); done
kill -KILL "$pid"`,
  );

const workersOf = (folder: string): string[] =>
  readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(folder));

function signal(pids: string[], name: NodeJS.Signals): number {
  for (const pid of pids) {
    try {
      process.kill(Number(pid), name);
    } catch {
      // It ended by itself.
    }
  }
  return pids.length;
}

/** Tells the action of a run what GitHub tells it first on a cancel. */
export function cancelRunner(folder: string): void {
  signal(
    workersOf(folder).filter((pid) => commandOf(pid).includes("/dist/main/index.js")),
    "SIGINT",
  );
}

const commandOf = (pid: string): string => fileOf(pid, "cmdline").replaceAll("\0", " ");
const environmentOf = (pid: string): string => fileOf(pid, "environ");

/** What the kernel tells of a process; nothing of one that has ended. */
function fileOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** Takes the power away and brings the host up again. */
export async function powerCycle(host: Host): Promise<void> {
  await must(["docker", "kill", host.container]);
  await reboot(host);
}

/** Moves the application's folder to a file system of its own that can be filled; `spare` is what it has free, in MiB. */
export async function limitDisk(host: Host, spare: number): Promise<void> {
  await onHost(
    host,
    `size=$(( $(du -sm /opt/mysite | cut -f1) + ${spare} ))
mkdir -p /mnt/small
mount -t tmpfs -o size=\${size}m,mode=0755 tmpfs /mnt/small
cp -a /opt/mysite/. /mnt/small/
mount --bind /mnt/small /opt/mysite
${restartLive}`,
  );
}

export async function fillDisk(host: Host): Promise<void> {
  await onHost(
    host,
    `fallocate -l $(( $(df --output=avail -B1 /opt/mysite | tail -1) )) /opt/mysite/fills-the-disk || true
dd if=/dev/zero of=/opt/mysite/fills-the-disk-too bs=4096 count=100000 2>/dev/null || true`,
  );
}

export const freeDisk = (host: Host): Promise<string> => onHost(host, "rm -f /opt/mysite/fills-the-disk*");

/** Brings the application's folder back to where it was, with what became of it meanwhile. nginx keeps files of it open. */
export async function unlimitDisk(host: Host): Promise<void> {
  await onHost(
    host,
    `systemctl stop nginx.service 'mysite@*.service'
umount /opt/mysite
find /opt/mysite -mindepth 1 -delete
cp -a /mnt/small/. /opt/mysite/
umount /mnt/small
${restartLive}
systemctl start nginx.service`,
  );
}

const restartLive = `live=$(basename "$(readlink /run/mysite/gunicorn.sock)" .sock)\nsystemctl restart "mysite@$live.service"`;

export const stopDatabase = (host: Host): Promise<string> =>
  onHost(
    host,
    "systemctl kill --signal=SIGKILL 'postgresql@*.service' || true; systemctl stop postgresql 'postgresql@*.service'",
  );

export const startDatabase = (host: Host): Promise<string> =>
  onHost(host, "systemctl reset-failed 'postgresql@*.service' || true; systemctl start postgresql");

/** Takes a host off the network, without a word to anybody. */
export const cutCable = (host: Host): Promise<string> =>
  onHost(host, "ip route show default > /root/default-route; ip link set eth0 down");

export const mendCable = (host: Host): Promise<string> =>
  onHost(host, "ip link set eth0 up; ip route replace $(cat /root/default-route)");
