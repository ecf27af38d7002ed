import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// What Ubuntu's servers have and Debian's have not, as their documentation and package lists say: put on a bare host with
// sudo-rs and uutils. What needs Ubuntu's own kernel (AppArmor, squashfs) is not among it.

const site = "mysite.example";

/** The cloud's user instead of `deploy`; root's key answers who logs in instead; sshd starts by its socket. */
const cloud = `
useradd --create-home --shell /bin/bash --groups sudo ubuntu
chmod 0750 /home/ubuntu
printf '# User rules for ubuntu\\nubuntu ALL=(ALL) NOPASSWD:ALL\\n' > /etc/sudoers.d/90-cloud-init-users
chmod 0440 /etc/sudoers.d/90-cloud-init-users
install -d -m 0700 /root/.ssh
install -d -m 0700 -o ubuntu -g ubuntu /home/ubuntu/.ssh
{
  printf '%s ' "$(cat <<'OPTIONS'
no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo 'Please login as the user \\"ubuntu\\" rather than the user \\"root\\".';echo;sleep 10;exit 142"
OPTIONS
)"
  cat /home/deploy/.ssh/authorized_keys
} > /root/.ssh/authorized_keys
mv /home/deploy/.ssh/authorized_keys /home/ubuntu/.ssh/authorized_keys
chown ubuntu:ubuntu /home/ubuntu/.ssh/authorized_keys
userdel --remove deploy 2> /dev/null
rm /etc/sudoers.d/deploy
echo 'PasswordAuthentication no' > /etc/ssh/sshd_config.d/60-cloudimg-settings.conf
systemctl disable --now --quiet ssh.service
systemctl enable --now --quiet ssh.socket
`;

/** The network as cloud-init writes it, and a snap, which is a file system without a free byte. */
const places = `
install -d -m 0755 /etc/netplan
printf 'network:\\n  version: 2\\n  ethernets:\\n    eth0:\\n      dhcp4: true\\n' > /etc/netplan/50-cloud-init.yaml
chmod 0600 /etc/netplan/50-cloud-init.yaml
mkdir -p /snap/core22/1
mount -t tmpfs -o size=64k tmpfs /snap/core22/1
dd if=/dev/zero of=/snap/core22/1/full bs=4k 2> /dev/null || true
mount -o remount,ro /snap/core22/1
`;

/** needrestart, which restarts by itself as Ubuntu's does, a service that it would restart, and a firewall for SSH alone. */
const programs = `
export DEBIAN_FRONTEND=noninteractive
apt-get -q -y update
apt-get -q -y install --no-install-recommends needrestart unattended-upgrades ufw iptables
echo "\\$nrconf{restart} = 'a';" > /etc/needrestart/conf.d/ubuntu.conf
printf '[Service]\\nExecStart=/usr/bin/python3 -c "import ssl, time; time.sleep(1e6)"\\n' > /etc/systemd/system/witness.service
systemctl daemon-reload
systemctl start witness.service
ufw allow 22/tcp
ufw --force enable
`;

/** A library has another file than the programs that run with it, as after an update. */
const updateLibrary = `
library=$(readlink -f /usr/lib/*/libssl.so.3)
cp -p "$library" "$library.new"
mv "$library.new" "$library"
`;

/** A package of its own has an update that takes as long as it is told to, and unattended-upgrades is about to install it; it restarts nothing, so that the deploy could. */
const slowUpdate = `
mkdir /srv/lab
for version in 1 2; do
  folder=$(mktemp -d)
  mkdir "$folder/DEBIAN"
  printf 'Package: lab-slow\\nVersion: %s\\nArchitecture: all\\nMaintainer: Lab <lab@example.com>\\nDescription: takes its time\\n' $version > "$folder/DEBIAN/control"
  if [ $version = 2 ]; then
    printf '#!/bin/sh\\ntouch /run/lab-installs\\nwhile [ ! -e /run/lab-go ]; do sleep 0.2; done\\n' > "$folder/DEBIAN/preinst"
    chmod 0755 "$folder/DEBIAN/preinst"
  fi
  chmod 0755 "$folder"
  dpkg-deb --build --root-owner-group "$folder" /srv/lab/lab-slow_\${version}_all.deb > /dev/null
done
dpkg -i /srv/lab/lab-slow_1_all.deb > /dev/null
cd /srv/lab
hash() { sha256sum "$1" | cut -d' ' -f1; }
{
  dpkg-deb -f lab-slow_2_all.deb
  printf 'Filename: ./lab-slow_2_all.deb\\nSize: %s\\nSHA256: %s\\n' "$(stat -c %s lab-slow_2_all.deb)" "$(hash lab-slow_2_all.deb)"
} > Packages
printf 'Origin: Lab\\nSuite: lab\\nSHA256:\\n %s %s Packages\\n' "$(hash Packages)" "$(stat -c %s Packages)" > Release
echo 'deb [trusted=yes] file:/srv/lab ./' > /etc/apt/sources.list.d/lab.list
printf '#clear Unattended-Upgrade::Origins-Pattern;\\nUnattended-Upgrade::Origins-Pattern { "origin=Lab"; };\\n' > /etc/apt/apt.conf.d/60lab
apt-get -q -y update
systemd-run --quiet --collect --unit=lab-upgrade --setenv=NEEDRESTART_SUSPEND=1 unattended-upgrade --verbose
`;

/** What a program that updates the host does with apt's locks, as somebody comes for them: `hold`, `wait_for`, `say`. */
const locks = `
import fcntl, pathlib, time
def hold(path):
    file = open(path, "w")
    fcntl.lockf(file, fcntl.LOCK_EX)
    pathlib.Path("/run/lab-holds").touch()
    return file
def wait_for(command, times):
    seen = set()
    while len(seen) < times:
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\\0")
            except OSError:
                continue
            if words[0].endswith(b"apt-get") and command in words:
                seen.add(process.name)
        time.sleep(0.02)
def say(what):
    pathlib.Path("/run/lab-" + what).touch()
`;

/** The lists are renewed until somebody tried that twice, and what is being installed meanwhile ends once somebody waits for it. */
const renewsLists = `
lists = hold("/var/lib/apt/lists/lock")
wait_for(b"update", 2)
lists.close()
wait_for(b"install", 1)
say("go")
`;

/** Packages are fetched until somebody tried to install twice. */
const fetchesPackages = `
packages = hold("/var/cache/apt/archives/lock")
wait_for(b"install", 2)
say("fetched")
packages.close()
`;

/** Files of Ubuntu's own that no deploy has a business with. */
const untouched =
  "sha256sum /etc/netplan/* /etc/sudoers.d/* /etc/ssh/sshd_config.d/* /etc/ufw/*.rules /etc/needrestart/conf.d/*";

let trial: Trial;
let project: Project;
let host: Host;
let run: (request?: DeployRequest) => Promise<ActionResult>;
let before: string;

beforeAll(async () => {
  trial = await startTrial("ubuntu-state");
  host = await trial.host({ name: "app1", suite: "ubuntu-like", kind: "base" });
  for (const script of [cloud, places, programs, updateLibrary, slowUpdate]) await onHost(host, script);
  before = await onHost(host, untouched);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host], { ansible_user: "ubuntu" }));
  project.write("inventory/root.yml", inventory([host], { ansible_user: "root" }));
  project.write(
    "group_vars/all.yml",
    `app_name: mysite\nserver_name: ${site}\ndjango_settings_module: mysite.settings.production\n`,
  );
  await project.commit("A guestbook");
  run = directly(trial, project, [host]);
});

afterAll(() => trial?.end());

const version = async (): Promise<string> => {
  const { status, body } = await fetchPage(host, site);
  return `${status} ${/Version (\d+)</.exec(body)?.[1]}`;
};

const mainPid = (unit: string): Promise<string> => onHost(host, `systemctl show --property MainPID --value ${unit}`);

const there = (file: string): Promise<true> =>
  until(`${file} on the host`, 120, async () =>
    (await onHost(host, `ls ${file} 2>/dev/null || true`)) === "" ? undefined : true,
  );

/** Starts one of the scripts above, and comes back when it has its lock. */
async function begin(script: string): Promise<void> {
  await onHost(
    host,
    `rm -f /run/lab-holds; cat > /root/locks.py <<'PYTHON'\n${locks}${script}\nPYTHON\nsystemd-run --quiet --collect python3 /root/locks.py`,
  );
  await there("/run/lab-holds");
}

const CLOSED = /the host's firewall \(ufw\) lets nobody in at port 80, .*run `ufw allow 80\/tcp` there/;

describe("a server as Ubuntu's images are", () => {
  test("says who logs in instead of root", async () => {
    const result = await run({ inputs: { "inventory-file": "inventory/root.yml" } });
    expectRefused(result, /gives no shell: Please login as the user "ubuntu" rather than the user "root"/);
  });

  test("gets a first deploy while it installs updates, restarts nothing for it, and is said to be closed", async () => {
    await there("/run/lab-installs");
    await begin(renewsLists);
    const witness = await mainPid("witness.service");
    const result = await run();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(result.log).toMatch(CLOSED);
    expect(await onHost(host, "cat /run/lab-go && dpkg-query -W -f '${Version}' lab-slow")).toBe("2");
    expect(await mainPid("witness.service")).toBe(witness);
    await expect(fetchPage(host, site)).rejects.toThrow();
  });

  test("is served once its firewall lets visitors in, and a second deploy changes nothing", async () => {
    await onHost(host, "ufw allow 80,443/tcp");
    before = await onHost(host, untouched);
    expect(await version()).toBe("200 1");
    const again = await run();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  test("is served after updates restarted nginx, and takes what docs/one-host.md has run then", async () => {
    const before = await Promise.all(["witness.service", "nginx.service"].map(mainPid));
    await onHost(
      host,
      `${updateLibrary}DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends tree`,
    );
    const after = await Promise.all(["witness.service", "nginx.service"].map(mainPid));
    for (const pid of before) expect(after).not.toContain(pid);
    const live = await mainPid("mysite@blue.service");
    await onHost(host, "systemctl try-restart 'mysite*.service'");
    expect(await mainPid("mysite@blue.service")).not.toBe(live);
    await until("The page after the restart", 60, async () =>
      (await version().catch(() => "")) === "200 1" ? true : undefined,
    );
  });

  test("gets a new commit with one more package while it fetches updates, and rolls back; what was Ubuntu's is as it was", async () => {
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    project.write("group_vars/all.yml", `${project.read("group_vars/all.yml")}django_app_extra_packages: [bc]\n`);
    await project.commit("Version 2");
    await begin(fetchesPackages);
    const next = await run();
    expect(await onHost(host, "cat /run/lab-fetched && command -v bc")).toBe("/usr/bin/bc");
    expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(next.log).not.toMatch(CLOSED);
    expect(await version()).toBe("200 2");
    const back = await run({ inputs: { operation: "rollback" } });
    expect(back.outputs, back.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(await version()).toBe("200 1");
    expect(await onHost(host, untouched)).toBe(before);
    expect(
      await onHost(host, "systemctl list-units --failed --no-legend --plain 'mysite*' nginx.service ssh.socket"),
    ).toBe("");
  });
});
