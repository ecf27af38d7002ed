import { expect } from "vitest";
import { type Host, onHost } from "../../../scripts/lab/index.mjs";
import { fetchPage } from "./page.js";

/** Behind an application's wsgi.py: what it does once it is taken over, as a part of its own process. */
export const TAKEN_OVER = `
import os, subprocess
try:
    taken_over = open("/opt/mysite/shared/taken-over").read().strip()
except OSError:
    taken_over = ""
if taken_over and taken_over in os.getcwd():
    subprocess.Popen(["/usr/bin/python3", "/usr/local/lib/killer.py"], start_new_session=True)
`;

/**
 * Has the live release, in its sandbox and its control group, send every other process of its user signals in turns, again
 * and again.
 */
export async function endOthers(
  on: Host,
  site: string,
  signals: readonly string[] = ["SIGKILL", "SIGTERM"],
): Promise<{ stop: () => Promise<unknown>; tries: () => Promise<number> }> {
  await onHost(
    on,
    `cat > /usr/local/lib/killer.py <<'SCRIPT'
import os, signal, time
# Both generations of control groups.
groups = [line.strip().split(":", 2) for line in open("/proc/self/cgroup")]
lists = [{"": "/sys/fs/cgroup", "name=systemd": "/sys/fs/cgroup/systemd"}.get(kind, "") + group for _, kind, group in groups]
# A thread has an ID of its own, and a signal to it is one to its process.
members = next(path for folder in lists for path in (folder + "/tasks", folder + "/cgroup.threads") if path.startswith("/sys/") and os.path.exists(path))
signals = [getattr(signal, name) for name in ${JSON.stringify(signals)}]
ended = tries = 0
while not time.sleep(0.2):
    own = set(open(members).read().split()) | {str(os.getpid())}
    tries += 1
    for pid in range(2, 40000):
        if str(pid) not in own:
            try:
                os.kill(pid, 0)
                # What was started meanwhile is its own.
                own |= set(open(members).read().split())
                if str(pid) not in own:
                    os.kill(pid, signals[ended % len(signals)])
                    ended += 1
            except OSError:
                pass
    # Whole at any moment, also at the one at which this is ended itself.
    open("/opt/mysite/shared/killed.new", "w").write("%d %d" % (tries, ended))
    os.replace("/opt/mysite/shared/killed.new", "/opt/mysite/shared/killed")
SCRIPT
rm -f /opt/mysite/shared/killed
basename $(readlink -f /opt/mysite/current) > /opt/mysite/shared/taken-over
systemctl restart mysite@$(basename $(readlink /opt/mysite/current)).service`,
  );
  const tries = async () =>
    Number((await onHost(on, "cat /opt/mysite/shared/killed 2>/dev/null || echo 0")).split(" ")[0]);
  await expect.poll(async () => (await fetchPage(on, site)).status, { timeout: 20_000 }).toBe(200);
  await expect.poll(tries, { timeout: 60_000 }).toBeGreaterThan(0);
  return { stop: () => onHost(on, "rm /opt/mysite/shared/taken-over; pkill -9 -f killer.py || true"), tries };
}
