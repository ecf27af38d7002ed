import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appBase, copyToHost, loadAppImage, must, onHost, projectFolder } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, image, push, startContainerFleet } from "./support/containers.js";
import { measuredTable } from "./support/measured-table.js";
import { tool } from "./support/tools.js";
import { expectNobodyCut, expectQuickReturn, headings, rowsOf } from "./support/visit.js";
import { type Kind, receiveVisitors, visitedAlone } from "./support/visitors.js";

// An ASGI application behind the nginx of examples/compose, replaced by `compose_app_rollout`.
const clients: Record<Kind, number> = {
  WebSocket: 40,
  "event stream": 10,
  "keep-alive": 10,
  "HTTP/2": 0,
  "upload of 5 MB": 2,
  download: 2,
};
const packages = ["gunicorn==27.0.1", "uvicorn-worker==0.4.0", "websockets==15.0.1"];

// Without its last column, of deploys under way.
const row = measuredTable("container connections", headings.slice(0, -1));

let fleet: ContainerFleet;

beforeAll(async () => {
  fleet = await startContainerFleet("container-connections");
  const [builder] = fleet.hosts;
  await loadAppImage(builder, console.log);
  await onHost(builder, `docker tag ${appBase} published`);
  await push(builder, fleet.login, image("proxy"));
  const folder = join(fleet.trial.folder, "packages");
  const options = ["--target", folder, "--python-version", "3.13", "--only-binary", ":all:"];
  await must([tool("pip"), "install", "--quiet", ...options, ...packages]);
  await onHost(builder, "mkdir -p /srv/build");
  await copyToHost(builder, folder, "/srv/build/packages");
  fleet.project.write("application.py", visitedAlone);
  await copyToHost(builder, join(fleet.project.folder, "application.py"), "/srv/build/application.py");
  for (const name of ["compose.yml", "nginx.conf"])
    fleet.project.write(`compose/${name}`, await must(["cat", join(projectFolder, "examples/compose", name)]));
  await deployed("1");
});

afterAll(() => fleet?.trial.end());

async function deployed(version: string): Promise<void> {
  await onHost(
    fleet.hosts[0],
    `cd /srv/build
     echo '__version__ = "${version}"' > version.py
     cat > Dockerfile <<'DOCKERFILE'
FROM ${appBase}
COPY packages /packages
COPY application.py version.py /app/
WORKDIR /app
ENV PYTHONPATH=/packages PYTHONUNBUFFERED=1
CMD ["python3", "-m", "gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--worker-class", "uvicorn_worker.UvicornWorker", "application:application"]
DOCKERFILE
     docker build --quiet --tag published .`,
  );
  await push(fleet.hosts[0], fleet.login, image());
  const env = {
    PROXY_IMAGE: image("proxy"),
    WEB_IMAGE: image(),
    ALLOWED_HOSTS: "x",
    DATABASE_URL: "x",
    SECRET_KEY: "x",
  };
  const result = await fleet.deploy({
    inputs: {
      "compose-source": "compose",
      env: Object.entries(env)
        .map(([name, value]) => `${name}=${value}`)
        .join("\n"),
      vars: "compose_app_rollout: [web]",
    },
  });
  expect(result.outputs.status, result.log).toBe("succeeded");
}

test("visitors of every kind are not cut by two rollouts", async () => {
  // Sockets of a container are told to go when it is told to stop; the new one is there by then.
  const visitors = receiveVisitors(fleet.hosts, { clients, graceful: 0, download: 20, tls: false });
  try {
    await deployed("2");
    await deployed("3");
  } finally {
    await visitors.stop();
  }
  const visited = { seen: visitors.seen };
  for (const cells of rowsOf(visited, clients)) if (cells[0] !== "0") row(...cells.slice(0, -1));
  for (const how of visitors.seen.WebSocket.withoutWord) console.log(`without a close frame: ${how}`);
  // Once two of 84 had none.
  expectNobodyCut(visited, 0.05);
  expectQuickReturn(visited);
  expect(visitors.seen.WebSocket.toldToGo).toBeGreaterThanOrEqual(2 * clients.WebSocket);
});
