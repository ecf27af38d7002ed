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
export function killRunner(folder: string): number {
  const mine = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(folder));
  for (const pid of mine) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  return mine.length;
}

/** Tells the action of a run what GitHub tells it first on a cancel. */
export function cancelRunner(folder: string): void {
  const mine = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(folder));
  const main = mine.filter((pid) => commandOf(pid).includes("/dist/main/index.js"));
  for (const pid of main) process.kill(Number(pid), "SIGINT");
}

const commandOf = (pid: string): string => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
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
