import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, appBase, loadAppImage, onHost } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, image, push, startContainerFleet } from "./support/containers.js";
import { startLoad } from "./support/load.js";

// A service whose health check is green whatever its visitors see. It prints an access log, as Python's own server does.
const compose = `services:
  web:
    image: ${image()}
    ports: ["80:8000"]
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthy')"], interval: 1s, timeout: 5s, retries: 3 }
`;

let fleet: ContainerFleet;

beforeAll(async () => {
  fleet = await startContainerFleet("container-bake");
  await loadAppImage(fleet.hosts[0], console.log);
  fleet.project.write("compose.yml", compose);
  await fleet.project.commit("Serve from Python");
  await publish("1");
  const first = await deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => fleet?.trial.end());

const deploy = (...checks: string[]): Promise<ActionResult> =>
  fleet.deploy({ inputs: { vars: JSON.stringify({ compose_app_bake: 15, compose_app_bake_checks: checks }) } });

interface Fault {
  /** One request in so many fails. */
  fails?: number;
  /** Seconds after which it ends by itself. */
  dies?: number;
  /** Whether there is a file that it should not have. */
  leaves?: boolean;
}

async function publish(version: string, { fails = 0, dies = 0, leaves = false }: Fault = {}): Promise<void> {
  await onHost(
    fleet.hosts[0],
    `folder=$(mktemp -d)
cd "$folder"
cat > server.py <<'PYTHON'
import itertools, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = itertools.count(1)

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        failed = ${fails} and self.path != "/healthy" and next(asked) % ${Math.max(fails, 1)} == 0
        body = b"Version ${version} "
        self.send_response(500 if failed else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

if ${Number(leaves)}:
    open("/left", "w").close()
if ${dies}:
    threading.Timer(${dies}, os._exit, [1]).start()
ThreadingHTTPServer(("", 8000), Page).serve_forever()
PYTHON
cat > Dockerfile <<'DOCKERFILE'
FROM ${appBase}
COPY server.py /server.py
CMD ["python3", "-u", "/server.py"]
DOCKERFILE
docker build --quiet --tag published .
rm -rf "$folder"`,
  );
  await push(fleet.hosts[0], fleet.login, image());
}

/** What a deploy comes to while visitors ask both hosts, and the versions that the hosts serve then. */
async function visited(): Promise<{ result: ActionResult; versions: string[] }> {
  const load = startLoad(fleet.hosts, "shop", { clients: 10, rest: 100 });
  const result = await deploy().finally(() => load.stop());
  const pages = fleet.hosts.map((host) => onHost(host, "curl -s http://127.0.0.1/healthy"));
  const versions = (await Promise.all(pages)).map((page) => /Version (\S+)/.exec(page)?.[1] ?? "none");
  return { result, versions };
}

test("a good release is watched and stays", async () => {
  await publish("2");
  const { result, versions } = await visited();
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(result.log).not.toContain("undecided");
  expect(versions).toEqual(["2", "2"]);
});

test("one of which a tenth of the requests fail goes back on the first host, and reaches no other", async () => {
  await publish("3", { fails: 10 });
  const { result, versions } = await visited();
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker1"]' });
  expect(result.log).toMatch(
    /web: \d+ of \d+ requests to the new release failed, .*at the same time \d+ of \d+ to the one before on other hosts/,
  );
  expect(result.log).toMatch(/\d+ x 500 \//);
  expect(result.log).toMatch(/last log lines of shop-web-1/);
  expect(versions).toEqual(["2", "2"]);
});

test("one whose container ends later goes back as well", async () => {
  await publish("4", { dies: 8 });
  const { result, versions } = await visited();
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back" });
  expect(result.log).toMatch(
    /healthy, and did not stay so: service web \(shop-web-1\) (does not stay up|ended with exit code 1)/,
  );
  expect(versions).toEqual(["2", "2"]);
});

const check = `web python3 -c "import os, sys; sys.exit('something was left' if os.path.exists('/left') else 0)"`;

test("one that a command of the user's own finds bad goes back, and the others stay", async () => {
  await publish("5", { leaves: true });
  const result = await deploy(check);
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker1"]' });
  expect(result.log).toMatch(/of compose_app_bake_checks: it ended with 1\s+something was left/);
  const stray = await deploy(check.replace("web", "worker"));
  expect(stray.outputs, stray.log).toMatchObject({ status: "failed", "changed-tasks": "0" });
  expect(stray.log).toContain("begins with worker, and the services of this project are web");
  await publish("6");
  const good = await deploy(check);
  expect(good.outputs.status, good.log).toBe("succeeded");
});

test("a command that prints without end is ended in its time, and little of it is shown", async () => {
  await publish("7");
  const since = Date.now();
  const result = await deploy(`web python3 -c "exec('while True: print(0.1 * 3, end=chr(32))')"`);
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker1"]' });
  expect(result.log).toContain("of compose_app_bake_checks: it did not end within 10 s");
  expect(result.log.length).toBeLessThan(100_000);
  console.log(`Rolled back after ${Math.round((Date.now() - since) / 1000)} s`);
});

test("without visitors nothing is decided, and a warning says so", async () => {
  await publish("8");
  const result = await deploy();
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(result.log).toMatch(/watched for \d+ s, undecided/);
});
