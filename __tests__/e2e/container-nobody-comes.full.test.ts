import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { chat, heard, openChat } from "./support/chat.js";
import { type ContainerFleet, compose, startContainerFleet, stateOf } from "./support/containers.js";
import { cutCable, killRunner, mendCable, powerCycle } from "./support/fault-breakage.js";
import { type Healed, healedFleet, LIMIT } from "./support/healing.js";
import { measuredTable } from "./support/measured-table.js";
import { fetchPage } from "./support/page.js";

// What nobody-comes tries in role mode, with containers: three hosts, one after the other, and nobody helps.

/** Where a deploy is stopped: while a host waits for the new container to be healthy, or so many milliseconds after it has the lock of docker2. */
type Instant = 0 | 1 | 2 | readonly [number];
const kills: Instant[] = [0, 1, 2, ...Array.from({ length: 17 }, (_, index): Instant => [500 * index])];
const cuts: Instant[] = [0, 1, 2, ...Array.from({ length: 7 }, (_, index): Instant => [1200 * index])];

let fleet: ContainerFleet;
let number = 1;
const row = measuredTable("nobody containers", ["what", "when", "live on every host", "seconds"]);
/** A boot starts the project again, as most compose files want it; a start is given long enough to be stopped in. */
const lasting = compose
  .replace("    stop_grace_period", "    restart: unless-stopped\n    stop_grace_period")
  .replace("retries: 3", "retries: 90");

beforeAll(async () => {
  fleet = await startContainerFleet("container-nobody", "trixie", ["docker3"]);
  await Promise.all(fleet.hosts.map(openChat));
  fleet.project.write("compose.yml", lasting);
  await fleet.publish("1");
  expect((await deploy()).outputs.status).toBe("succeeded");
});

afterAll(() => fleet?.trial.end());

const deploy = (folder?: string): Promise<ActionResult> =>
  fleet.deploy({
    ...(folder === undefined ? {} : { folder }),
    inputs: { vars: `{compose_app_batch: 1, django_app_notify: "${chat}"}` },
  });

const nameOf = (instant: Instant): string =>
  typeof instant === "number"
    ? `start of the container on docker${instant + 1}`
    : `${instant[0] / 1000} s after the lock was taken`;

/** The image that a host's container has been made from, whether or not it is healthy; empty when there is none, or it goes at this moment. */
const imageOf = (host: Host): Promise<string> =>
  onHost(host, "docker inspect --format '{{.Image}}' $(docker ps --quiet) 2>/dev/null || true");

/** Has a host find a version unhealthy, so that a deploy waits for it there. */
const findBad = (host: Host, version: number): Promise<string> =>
  onHost(host, `mkdir -p /srv/shop; echo 'BAD=${version}' > /srv/shop/.env`);

interface Stopped {
  running: Promise<ActionResult>;
  folder: string;
  host: Host;
}

/** Publishes a version and runs its deploy up to that instant. */
async function stopped(instant: Instant): Promise<Stopped> {
  number += 1;
  await fleet.publish(String(number));
  const host = fleet.hosts[typeof instant === "number" ? instant : 1] as Host;
  if (typeof instant === "number") await findBad(host, number);
  const before = await imageOf(host);
  const folder = mkdtempSync(join(fleet.trial.folder, "stopped-"));
  const running = deploy(folder);
  if (typeof instant === "number")
    await until(`The new container on ${host.name}`, 60, async () => {
      const now = await imageOf(host);
      return now === "" || now === before ? undefined : true;
    });
  else {
    await until("The lock of docker2", 60, async () => ((await stateOf(host)).lock === "" ? undefined : true));
    await new Promise((resolve) => setTimeout(resolve, instant[0]));
  }
  return { running, folder, host };
}

/** Looks at what runs, beside what the host says. */
const healed = (since: number): Promise<Healed> =>
  healedFleet(since, () =>
    Promise.all(
      fleet.hosts.map(async (host) => {
        const [state, image] = await Promise.all([stateOf(host), imageOf(host)]);
        return { lock: state.lock, release: `${state.release} ${image}` };
      }),
    ),
  );

function note(what: string, instant: Instant, before: string, { release, seconds }: Healed): void {
  row(what, nameOf(instant), release === before ? "old" : "new", seconds.toFixed(0));
  expect(seconds).toBeLessThan(LIMIT);
}

async function releaseNow(): Promise<string> {
  const host = fleet.hosts[0];
  return `${(await stateOf(host)).release} ${await imageOf(host)}`;
}

async function deploysAgain(host: Host): Promise<ActionResult> {
  await findBad(host, 0);
  const next = await deploy();
  expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "ok-hosts": "3" });
  for (const each of fleet.hosts) {
    expect((await fetchPage(each, "shop.example")).body).toBe(`Version ${number}\n`);
    expect(await stateOf(each)).toMatchObject({ lock: "", undo: false });
  }
  return next;
}

describe.each(kills.map((instant) => ({ instant, when: nameOf(instant) })))(
  "the runner is killed: $when",
  ({ instant }) => {
    test("every host ends on one release and the lock is free, with nobody helping", async () => {
      const before = await releaseNow();
      const { running, folder, host } = await stopped(instant);
      killRunner(folder);
      const since = Date.now();
      await running;
      note("runner killed", instant, before, await healed(since));
      const next = await deploysAgain(host);
      if (typeof instant !== "number" || instant === 0) return;
      expect(next.log).toMatch(/Warning: \S+ rolled back to \S+ by itself at /);
      await heard(fleet.hosts[0], /by itself, since it did not hear of run /);
    });
  },
);

const nothing = async (): Promise<void> => {};

test.each([
  ["without power", "true", powerCycle],
  // As one that has another name than Debian's, so that nothing waits for it.
  ["without power, its engine late", "systemctl disable --quiet docker.service docker.socket", powerCycle],
  ["without its engine, for as long as that is away", "systemctl stop --quiet docker.socket docker.service", nothing],
] as const)(
  "the runner is killed and a host that was switched is %s: every host ends on one release and the lock is free",
  async (what, prepare, cycle) => {
    const before = await releaseNow();
    const { running, folder, host } = await stopped(2);
    const [first] = fleet.hosts;
    expect(await releaseNow()).not.toBe(before);
    // What systemd has counted since an earlier boot is none of this.
    await onHost(first, `systemctl reset-failed django-ansible-deploy-shop-boot.service || true; ${prepare}`);
    killRunner(folder);
    let since = Date.now();
    await cycle(first);
    if (prepare !== "true") {
      await until("A way back without an engine", 90, async () =>
        (await onHost(first, "systemctl show --property=NRestarts --value django-ansible-deploy-shop-boot.service")) ===
        "0"
          ? undefined
          : true,
      );
      if (cycle === nothing) since = Date.now();
      await onHost(first, "systemctl enable --quiet --now docker.socket docker.service");
    }
    await running;
    const found = await healed(since);
    note(`runner killed and docker1 ${what}`, 2, before, found);
    expect(found.release).toBe(before);
    await heard(first, /by itself, since run \S+ of \S+ was interrupted here/);
    await until("The end of the way back", 30, async () =>
      (await onHost(first, "find /etc/systemd/system -name 'django-ansible-deploy-*'")) === "" ? true : undefined,
    );
    await deploysAgain(host);
  },
);

describe.each(cuts.map((instant) => ({ instant, when: nameOf(instant) })))(
  "a host is cut off: $when",
  ({ instant }) => {
    test("every host ends on one release and the lock is free, with nobody helping", async () => {
      const before = await releaseNow();
      const { running, host } = await stopped(instant);
      const cut = fleet.hosts[1];
      await cutCable(cut);
      const since = Date.now();
      const found = await healed(since).finally(async () => {
        await running;
        await mendCable(cut);
      });
      note("docker2 cut off", instant, before, found);
      await deploysAgain(host);
    });
  },
);
