import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  down,
  makeKey,
  must,
  onHost,
  registryAddress,
  runAction,
  serveRegistry,
  shareRegistry,
  until,
  up,
} from "../scripts/lab/index.mjs";
import { inOwnHome, knownHosts, sshTo } from "./contenders.mjs";
import { farther } from "./delay.mjs";
import { test } from "./fleet.mjs";
import { fetchPage } from "./page.mjs";
import { summarize, timed } from "./statistics.mjs";

const size = 2;
const login = { username: "deployer", password: "registry-of-the-bench" };
const image = `${registryAddress}/shop:latest`;
const folder = "/srv/shop";

const compose = `services:
  web:
    image: ${image}
    ports: ["80:8000"]
    stop_grace_period: 1s
    healthcheck:
      test: ["CMD", "/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/"]
      interval: 1s
      timeout: 5s
      retries: 20
`;

/**
 * `adHoc` is Ansible's own shell module with `docker compose pull` and `up`, `shell` the same by one ssh a host that also waits for health.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ noop: Times, version: Times, rollback: Times }} Ours
 * @typedef {{ noop: Times, version: Times }} Theirs
 * @typedef {{ delay: number, action: Ours, adHoc: Theirs, shell: Theirs }} Containers
 */

/**
 * Times container mode on two hosts with an engine each and one registry, beside compose by other means on hosts like them: nothing to do,
 * a new image under the same tag, and for the action its rollback; once for each number of milliseconds that a round trip to each host takes longer.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, delays: number[],
 *   keep: boolean, say: (line: string) => void, name?: string }} options
 * `name` is what the hosts go by.
 * @returns {Promise<Containers[]>}
 */
export async function measureContainers({
  folder: shared,
  toolCache,
  ansible,
  runs,
  delays,
  keep,
  say,
  name: lab = test,
}) {
  const work = mkdtempSync(join(shared, "containers-"));
  /** @type {(() => void)[]} */
  const ends = [];
  try {
    await down(lab);
    const key = await makeKey(work);
    const one = (/** @type {string} */ name) =>
      up({ test: lab, name, suite: "trixie", kind: "engine", authorizedKeys: [key.publicKey] }, say);
    const away = [];
    for (const letter of ["action", "usual"]) {
      const way = await farther(await fleet(letter));
      ends.push(way.close);
      away.push(way);
    }
    const [ours = [], theirs = []] = away.map(({ hosts }) => hosts);
    const project = join(work, "project");
    mkdirSync(project);
    writeFileSync(join(project, "compose.yml"), compose);
    const inventory = join(work, "hosts");
    writeFileSync(
      inventory,
      theirs
        .map(
          (host) =>
            `${host.name} ansible_host=${host.address} ansible_port=${host.sshPort} ansible_user=${host.user}\n`,
        )
        .join(""),
    );
    const hostKeys = join(work, "known-hosts");
    writeFileSync(hostKeys, knownHosts([...ours, ...theirs]));

    const act = async (/** @type {Record<string, string>} */ more = {}) => {
      const result = await runAction({
        project,
        folder: mkdtempSync(join(work, "action-")),
        toolCache,
        inputs: {
          mode: "container",
          hosts: ours.map((host) => `${host.name} ${host.user}@${host.address}:${host.sshPort}`).join("\n"),
          "ssh-private-key": key.text,
          "known-hosts": knownHosts(ours),
          "compose-file": `${folder}/compose.yml`,
          "compose-source": "compose.yml",
          registry: registryAddress,
          "registry-username": login.username,
          "registry-password": login.password,
          ...more,
        },
      });
      if (result.code !== 0 || result.postCode !== 0) throw new Error(`The action failed:\n${result.log}`);
    };
    const bare = `cd ${folder} && docker compose --progress quiet pull && docker compose --progress quiet up -d`;
    /** @type {Record<"action" | "adHoc" | "shell", () => Promise<unknown>>} */
    const contenders = {
      action: () => act(),
      adHoc: () =>
        must(
          [
            ...[join(ansible.bin, "ansible"), "all", "--inventory", inventory, "--become", "--private-key", key.file],
            ...[`--ssh-common-args=-o UserKnownHostsFile=${hostKeys}`, "--module-name", "shell", "--args", bare],
          ],
          inOwnHome(work),
        ),
      shell: () =>
        Promise.all(theirs.map((host) => must([...sshTo(host, key, hostKeys), `sudo sh -ec '${bare} --wait'`]))),
    };
    const names = /** @type {const} */ (["adHoc", "shell", "action"]);
    let version = 0;
    const publish = async () => {
      version += 1;
      for (const [first] of [ours, theirs]) if (first !== undefined) await push(first, version);
    };
    /** @param {typeof names[number]} name @param {number} wanted */
    const settled = (name, wanted) =>
      Promise.all((name === "action" ? ours : theirs).map((host) => serves(host.httpPort, wanted)));
    await publish();
    for (const name of names) await contenders[name]();
    /** @type {Containers[]} */
    const found = [];
    for (const delay of delays) {
      for (const { set } of away) set(delay / 1000);
      found.push({ delay, ...(await measure(`${delay} ms`)) });
    }
    return found;

    async function measure(/** @type {string} */ where) {
      /** @type {Record<typeof names[number], { noop: number[], version: number[], rollback: number[] }>} */
      const seen = {
        action: { noop: [], version: [], rollback: [] },
        adHoc: { noop: [], version: [], rollback: [] },
        shell: { noop: [], version: [], rollback: [] },
      };
      for (let count = 1; count <= runs; count++) {
        for (const name of names) {
          await contenders[name]();
          seen[name].noop.push((await timed(contenders[name])).seconds);
        }
        for (const name of names) {
          // The peers share their hosts: each brings a version of its own.
          if (name !== "action") await publish();
          seen[name].version.push((await timed(contenders[name])).seconds);
          await settled(name, version);
        }
        seen.action.rollback.push((await timed(() => act({ operation: "rollback" }))).seconds);
        const told = names.map((name) =>
          Object.entries(seen[name]).flatMap(([kind, seconds]) => {
            const last = seconds.at(-1);
            return last === undefined ? [] : [`${kind} ${last.toFixed(1)} s`];
          }),
        );
        say(
          `containers, ${where}, ${count}/${runs}: ${names.map((name, index) => `${name} ${told[index]?.join(", ")}`).join("; ")}`,
        );
      }
      /** @param {typeof names[number]} name @param {"noop" | "version" | "rollback"} kind */
      const of = (name, kind) => summarize(seen[name][kind]);
      const both = (/** @type {typeof names[number]} */ name) => ({
        noop: of(name, "noop"),
        version: of(name, "version"),
      });
      return {
        action: { ...both("action"), rollback: of("action", "rollback") },
        adHoc: both("adHoc"),
        shell: both("shell"),
      };
    }

    async function fleet(/** @type {string} */ letter) {
      const hosts = [];
      for (let number = 1; number <= size; number++) hosts.push(await one(`docker${number}-${letter}`));
      const [first, ...others] = hosts;
      if (first === undefined) throw new Error("No host came up.");
      await serveRegistry(first, login);
      await shareRegistry(first, others);
      if (letter === "usual") for (const host of hosts) await placeCompose(host);
      return hosts;
    }
  } finally {
    for (const end of ends) end();
    if (!keep) await down(lab);
  }
}

/** What the peers find on a host: the compose file, and a login. @param {import("./fleet.mjs").Host} host */
const placeCompose = (host) =>
  onHost(
    host,
    `mkdir -p ${folder}
cat > ${folder}/compose.yml <<'COMPOSE'
${compose}COMPOSE
docker login --username '${login.username}' --password-stdin ${registryAddress} >/dev/null 2>&1 <<'PASSWORD'
${login.password}
PASSWORD`,
  );

/**
 * Builds a version of the image on a host and leaves it in the registry, where the tag moves.
 * @param {import("./fleet.mjs").Host} host
 * @param {number} version
 */
const push = (host, version) =>
  onHost(
    host,
    `cd "$(mktemp -d)"
cp /bin/busybox busybox
echo 'Version ${version}' > index.html
cat > Dockerfile <<'DOCKERFILE'
FROM scratch
COPY busybox /busybox
COPY index.html /www/index.html
CMD ["/busybox", "httpd", "-f", "-p", "8000", "-h", "/www"]
DOCKERFILE
export DOCKER_CONFIG=$(mktemp -d)
docker login --username '${login.username}' --password-stdin ${registryAddress} >/dev/null 2>&1 <<'PASSWORD'
${login.password}
PASSWORD
live=$(docker image ls --quiet ${image})
docker build --quiet --tag ${image} . >/dev/null
docker push --quiet ${image} >/dev/null
docker rmi ${image} >/dev/null
[ -z "$live" ] || docker tag "$live" ${image}`,
  );

/** @param {number} port @param {number} version */
const serves = (port, version) =>
  until(`Version ${version} on port ${port}`, 30, async () =>
    (await fetchPage(port, "shop.example").catch(() => "")) === `Version ${version}\n` ? true : undefined,
  );
