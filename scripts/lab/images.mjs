import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { ensureCommands, ensureEngine, ensurePackages } from "./engine.mjs";
import { withKernel } from "./own-kernel.mjs";
import { must, run } from "./shell.mjs";

/**
 * What a host starts as. `base` is a bare server. `ready` has what most Django hosts get first, so that a test need not
 * wait for apt. `engine` is a bare server with a Docker engine, compose and a registry. `app` is no host: an image for the
 * engines of such hosts, with a Python, nginx and PostgreSQL's clients.
 * @typedef {"base" | "ready" | "engine" | "app"} Kind
 *
 * Which system a host is: a suite of Debian, or what is made from one. `ubuntu-like` has what Ubuntu has since 25.10 where
 * Debian has not: sudo-rs as sudo, and uutils as coreutils. `own-kernel` is no container but a kernel of its own in one.
 * @typedef {keyof typeof suites | keyof typeof derived} Suite
 */

const suites = {
  bullseye: { apt: [], packages: [] },
  bookworm: { apt: [], packages: [] },
  trixie: { apt: [], packages: [] },
  // Debian testing: a mirror may be behind with its signature, and the packages that a host like Ubuntu's uses lie in wait.
  forky: { apt: ['Acquire::Check-Valid-Until "false"'], packages: ["sudo-rs", "rust-coreutils"] },
};

/**
 * The suites whose systemd knows no cgroup v1 any more.
 * @type {ReadonlySet<Suite>}
 */
export const unifiedSuites = new Set(/** @type {const} */ (["forky", "ubuntu-like"]));

/** Sudo's own program stays as sudo.ws, as it does on Ubuntu. */
const ubuntuLike = `
dpkg-divert --quiet --rename --divert /usr/bin/sudo.ws --add /usr/bin/sudo
ln -s ../lib/cargo/bin/sudo /usr/bin/sudo
cd /usr/lib/cargo/bin/coreutils
for tool in *; do [ ! -e "/usr/bin/$tool" ] || ln -sf "$PWD/$tool" "/usr/bin/$tool"; done
sudo --version | grep sudo-rs
cat --version | grep uutils
`;

/** What is made from a host of Debian testing, and by which script. */
const derived = { "ubuntu-like": ubuntuLike, "own-kernel": withKernel };

export const repository = "django-ansible-deploy-lab";

const server = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "python3",
  "python3-apt",
  "sudo",
  "ca-certificates",
  "iproute2",
  "procps",
  "curl",
];

/** @type {Record<Kind, string[]>} */
const packages = {
  base: server,
  ready: [
    ...server,
    "python3-pip",
    "python3-venv",
    "python3-dev",
    "libpq-dev",
    "git",
    "nginx",
    "build-essential",
    "postgresql",
    "acl",
  ],
  engine: [
    ...server,
    "docker.io",
    "docker-cli",
    "docker-compose",
    "docker-registry",
    "apache2-utils",
    "busybox-static",
    "iptables",
  ],
  app: ["python3", "nginx", "postgresql-client"],
};

const common = [
  // Hosts must not share host keys, and apt must not hold its lock while a test installs something.
  `rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname "$1"/etc/resolv.conf`,
  `mkdir -p "$1"/etc/systemd/system/ssh.service.d
printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n' > "$1"/etc/systemd/system/ssh.service.d/host-keys.conf`,
  `chroot "$1" systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer getty@tty1.service console-getty.service`,
  `chroot "$1" useradd --create-home --shell /bin/bash deploy`,
];

/** @type {Record<Kind, string[]>} */
const hooks = {
  base: common,
  ready: [...common, `chroot "$1" systemctl disable --quiet postgresql.service`],
  engine: [
    ...common,
    // A property of this lab only: the kernel here may have no IPv6 to switch off.
    `mkdir -p "$1"/etc/systemd/system/docker.service.d
printf '[Service]\\nEnvironment=DOCKER_ALLOW_IPV6_ON_IPV4_INTERFACE=1\\n' > "$1"/etc/systemd/system/docker.service.d/lab.conf`,
    `sed -i 's/addr: :5000/addr: 127.0.0.1:5000/' "$1"/etc/docker/registry/config.yml`,
    `chroot "$1" systemctl disable --quiet docker-registry.service`,
  ],
  app: [],
};

/**
 * @param {keyof typeof suites} suite
 * @param {Kind} kind
 */
async function recipe(suite, kind) {
  const { apt, packages: more } = suites[suite];
  const proxy = await run(["apt-config", "dump", "Acquire::http::Proxy"]);
  return [
    "mmdebstrap",
    "--variant=minbase",
    `--include=${[...packages[kind], ...more].join(",")}`,
    ...apt.map((option) => `--aptopt=${option}`),
    ...(proxy.code === 0 && proxy.stdout.trim() !== "" ? [`--aptopt=${proxy.stdout.trim()}`] : []),
    ...hooks[kind].map((hook) => `--customize-hook=${hook}`),
    suite,
    "-",
  ];
}

/** @type {Map<string, Promise<string>>} */
const baking = new Map();

/**
 * The image of a host; its tag names the recipe, so a changed recipe is baked anew and an unchanged one is found.
 * @param {Suite} suite
 * @param {Kind} kind
 * @param {(line: string) => void} say
 * @returns {Promise<string>}
 */
export function image(suite, kind, say) {
  const key = `${suite}-${kind}`;
  const known = baking.get(key);
  if (known !== undefined) return known;
  const made = bake(suite, kind, say);
  baking.set(key, made);
  return made;
}

/**
 * @param {Suite} suite
 * @param {Kind} kind
 * @returns {Promise<string>}
 */
export async function imageName(suite, kind) {
  const made = isDerived(suite) ? [await imageName("forky", kind), derived[suite]] : await recipe(suite, kind);
  const hash = createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 12);
  return `${repository}:${suite}-${kind}-${hash}`;
}

/**
 * @param {Suite} suite
 * @returns {suite is keyof typeof derived}
 */
const isDerived = (suite) => suite in derived;

/** @param {string} name */
export const imageExists = async (name) => (await run(["docker", "image", "inspect", name])).code === 0;

/**
 * @param {Suite} suite
 * @param {Kind} kind
 * @param {(line: string) => void} say
 */
async function bake(suite, kind, say) {
  await ensureEngine(say);
  const name = await imageName(suite, kind);
  if (await imageExists(name)) return name;
  if (isDerived(suite)) return changed(await image("forky", kind, say), derived[suite], name);
  await ensureCommands(["mmdebstrap"], say);
  // Debian knows its own signatures, other distributions need to be told.
  if (!existsSync("/usr/share/keyrings/debian-archive-keyring.gpg"))
    await ensurePackages(["debian-archive-keyring"], say);
  const start = Date.now();
  say(`Baking the image of a ${kind} Debian ${suite} host (about a minute).`);
  await importing(await recipe(suite, kind), name);
  say(`Baked ${name} in ${Math.round((Date.now() - start) / 1000)} s.`);
  return name;
}

/**
 * Makes an image from another one by a script.
 * @param {string} from
 * @param {string} script
 * @param {string} name
 */
async function changed(from, script, name) {
  const container = await must(["docker", "create", "--interactive", from, "/bin/sh", "-e"]);
  try {
    await must(["docker", "start", "--attach", "--interactive", container], { input: script });
    await must(["docker", "commit", container, name]);
  } finally {
    await must(["docker", "rm", "--force", container]);
  }
  return name;
}

/**
 * Streams the root file system into the engine, so that no archive of it lies around.
 * @param {string[]} argv
 * @param {string} name
 */
function importing([command = "", ...args], name) {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const [program = "", ...rest] = [...sudo, command, ...args];
  return /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      // Databases made while the image is baked take their encoding from the locale.
      const maker = spawn(program, rest, {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, LC_ALL: "C.UTF-8" },
      });
      const taker = spawn("docker", ["import", "-", `${name}-unfinished`], { stdio: ["pipe", "ignore", "pipe"] });
      let said = "";
      for (const stream of [maker.stderr, taker.stderr])
        stream.setEncoding("utf8").on("data", (text) => (said += text));
      taker.stdin.on("error", () => {});
      maker.stdout.pipe(taker.stdin);
      const ended = [maker, taker].map(
        (child) =>
          new Promise((done) => {
            child.on("error", () => done(127));
            child.on("close", (code) => done(code ?? 128));
          }),
      );
      Promise.all(ended).then(([made, taken]) =>
        made === 0 && taken === 0
          ? resolve()
          : reject(new Error(`Baking ${name} failed: ${said.trim().split("\n").slice(-15).join("\n")}`)),
      );
    })
  ).then(async () => {
    // Only a whole image gets the name that others look for.
    await must(["docker", "tag", `${name}-unfinished`, name]);
    await must(["docker", "rmi", `${name}-unfinished`]);
  });
}
