import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Host, onHost, projectFolder } from "../../../scripts/lab/index.mjs";

/** What systemd, apt and Python write for themselves, and what is gone by itself. */
const OF_THE_SYSTEM = [
  "/(proc|sys|dev|tmp|boot|root)(/|$)",
  "/var/(tmp|lib/(apt|dpkg|systemd|ucf|pam|python)|cache/(apt|debconf|ldconfig|man))(/|$)",
  "/var/log/(apt|journal|dpkg.log|lastlog|wtmp|btmp|alternatives.log)(/|$)",
  "/run/(systemd|udev|log|user|credentials|dbus|sudo|sshd|motd|utmp|lock|initctl|mount|host|secrets|adduser)(/|$)",
  "/etc/(alternatives|rc[0-9S]\\.d|networks$)",
  "/var/backups/(alternatives|apt|dpkg)\\.",
  ".*__pycache__",
];

/** What the packages of nginx and PostgreSQL make when they are installed and started. */
const OF_PACKAGES = [
  "/etc/(locale.*|default/locale|ssl/.*|apt/apt.conf.d/02autoremove-postgresql|postgresql-common/.*)$",
  "/etc/postgresql/[0-9]+(/main(/conf.d|/[a-z_]+\\.conf|/environment)?)?$",
  "/(usr/share/(man|postgresql|locale)|var/(lib|log|cache)/(postgresql|nginx/(body|fastcgi|proxy|scgi|uwsgi))|run/postgresql|var/www)(/|$)",
  "/(run/nginx.pid|var/log/nginx/(access|error).log)$",
  "/etc/systemd/system/[a-z.-]+wants(/(nginx|postgresql)\\.service)?$",
  "(account|group) (postgres|ssl-cert)$",
];

const UNITS = "--no-legend --plain --type=service,socket,timer";

/**
 * What is on a host besides the files of Debian's packages: a path, `account NAME`, `group NAME`, `unit NAME` or `changed PATH`
 * a line. A file that a package brought and something else changed since is one of `changed`.
 */
async function belongings(host: Host): Promise<Set<string>> {
  const listed = await onHost(
    host,
    `cat /var/lib/dpkg/info/*.list | sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\\1/,' | sort -u > /tmp/of-packages
find / /run -xdev | sort -u | comm -23 - /tmp/of-packages
getent passwd | sed 's/:.*//; s/^/account /'
getent group | sed 's/:.*//; s/^/group /'
{ systemctl list-units ${UNITS}; systemctl list-units --all ${UNITS} '*mysite*' 'django-ansible*'; } | awk '$2 != "not-found" && $1 !~ /^(user|systemd-|apt-|ssh)/ {print "unit " $1}'
dpkg --verify | awk '$1 ~ /5/ {print "changed " $NF}'`,
  );
  const others = new RegExp(`^(${[...OF_THE_SYSTEM, ...OF_PACKAGES].join("|")})`);
  return new Set(listed.split("\n").filter((line) => line !== "" && !others.test(line)));
}

/** Runs what Debian's timers start each night, so that a test sees the same before and after midnight. */
const night = (host: Host): Promise<string> =>
  onHost(
    host,
    "systemctl list-unit-files --no-legend 'dpkg-db-backup.service' 'logrotate.service' | awk '{print $1}' | xargs systemctl start",
  );

/** Remembers what is on a host, for what comes to it later. */
export async function footprintOf(host: Host): Promise<{ grown: () => Promise<string[]> }> {
  const before = await belongings(host);
  return {
    grown: async () => {
      await night(host);
      return [...(await belongings(host))].filter((line) => !before.has(line));
    },
  };
}

interface Row {
  readonly name: string;
  /** Stands for what is there always, as the heading of its table says. */
  readonly always: boolean;
  readonly matches: RegExp;
}

/**
 * The files, accounts and units that a page names in the first column of its tables. `<…>` and `*` stand for any name, a `/` at
 * the end for all below; a table below a heading with "turn on" is of what is not always there.
 */
export function namedIn(page: string, app: string): readonly Row[] {
  const sections = readFileSync(join(projectFolder, page), "utf8").split(/^(?=###? )/m);
  return sections.flatMap((section) => {
    const always = !/^.*turn on/.test(section);
    const kind = /^## Accounts/.test(section) ? "(account|group) " : /^##+ Services/.test(section) ? "unit " : "";
    const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = ""]) => [
      ...cell.matchAll(/`([^`]+)`/g),
    ]);
    return cells.map(([, name = ""]) => {
      const full = kind === "" && !name.startsWith("/") ? join("/opt", app, name) : name;
      const pattern = full.replaceAll(/[.()+]/g, "\\$&").replaceAll(/<[^>]+>|\*/g, "[^/]*");
      const below = name.endsWith("/") ? "(/.*)?" : "";
      return { name: kind + name, always, matches: new RegExp(`^${kind}${pattern.replace(/\/$/, "")}${below}$`) };
    });
  });
}

/** What is there that no row names, and rows of what is always there that is not. */
export function compared(rows: readonly Row[], found: readonly string[]): { unnamed: string[]; missing: string[] } {
  const parents = new Set<string>();
  for (const name of found.filter((one) => rows.some(({ matches }) => matches.test(one)))) {
    for (let folder = dirname(name); folder.length > 1; folder = dirname(folder)) parents.add(folder);
  }
  return {
    unnamed: found.filter((name) => !parents.has(name) && !rows.some(({ matches }) => matches.test(name))),
    missing: rows
      .filter(({ always, matches }) => always && !found.some((name) => matches.test(name)))
      .map(({ name }) => name),
  };
}
