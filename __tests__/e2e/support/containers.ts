import { expect } from "vitest";
import {
  type ActionResult,
  type Host,
  onHost,
  registryAddress,
  type Suite,
  serveRegistry,
  shareRegistry,
} from "../../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./direct.js";
import { inventory } from "./inventory.js";
import { createProject, type Project } from "./project.js";
import { secret, startTrial, type Trial } from "./trial.js";

/** What an image is besides its version. */
export interface Published {
  name: string;
  /** MiB that it holds beside the page. */
  ballast: number;
}

export interface RegistryLogin {
  username: string;
  password: string;
}

/** Hosts with engines of their own and one registry, and a project that is a compose file. */
export interface ContainerFleet {
  trial: Trial;
  project: Project;
  login: RegistryLogin;
  hosts: [Host, Host, ...Host[]];
  /** Leaves a version of an image in the registry alone, where it is known to no host. */
  publish(version: string, image?: Partial<Published>): Promise<void>;
  /** Runs the action's bundle as a runner does, without a workflow around it. */
  deploy(request?: DeployRequest): Promise<ActionResult>;
}

export const composeFile = "/srv/shop/compose.yml";
export const image = (name = "mysite"): string => `${registryAddress}/${name}:latest`;

/** A service that is unhealthy where the host's `.env` says that this version is bad. */
export const compose = `services:
  web:
    image: ${image()}
    environment: { COLOR: "\${COLOR:-none}" }
    ports: ["80:8000"]
    stop_grace_period: 1s
    healthcheck:
      test: ["CMD", "/busybox", "sh", "-c", "/busybox wget -q -O - http://127.0.0.1:8000/ | /busybox grep -vx 'Version \${BAD:-none}'"]
      interval: 1s
      timeout: 5s
      retries: 3
`;

export async function startContainerFleet(
  topic: string,
  suite: Suite = "trixie",
  more: string[] = [],
): Promise<ContainerFleet> {
  const trial = await startTrial(topic);
  const login = { username: "deployer", password: secret("registry") };
  const up = (name: string): Promise<Host> => trial.host({ name, suite, kind: "engine" });
  const [one, two, ...others] = await Promise.all([up("docker1"), up("docker2"), ...more.map(up)]);
  const hosts: ContainerFleet["hosts"] = [one, two, ...others];
  await serveRegistry(one, login);
  await shareRegistry(one, hosts.slice(1));
  const project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  project.write("compose.yml", compose);
  await project.commit("Serve a page from containers");
  const run = directly(trial, project, hosts);
  const inputs = {
    mode: "container",
    "compose-file": composeFile,
    "compose-source": "compose.yml",
    registry: registryAddress,
    "registry-username": login.username,
    "registry-password": login.password,
  };
  return {
    trial,
    project,
    login,
    hosts,
    publish: (version, image) => publish(one, login, version, image),
    deploy: (request = {}) => run({ ...request, inputs: { ...inputs, ...request.inputs } }),
  };
}

/** Builds a version of an image on a host, from nothing but a static binary, and leaves it in the registry only. */
export async function publish(
  host: Host,
  login: RegistryLogin,
  version: string,
  { name = "mysite", ballast = 0 }: Partial<Published> = {},
): Promise<void> {
  await onHost(
    host,
    `
folder=$(mktemp -d)
cd "$folder"
cp /bin/busybox busybox
echo 'Version ${version}' > index.html
head -c ${ballast}M /dev/urandom > ballast
cat > Dockerfile <<'DOCKERFILE'
FROM scratch
COPY busybox /busybox
COPY index.html /www/index.html
COPY ballast /ballast
CMD ["/busybox", "httpd", "-f", "-p", "8000", "-h", "/www"]
DOCKERFILE
docker build --quiet --tag published .
rm -rf "$folder"
`,
  );
  await push(host, login, image(name));
}

/** Pushes the image `published` of a host, which loses it. The tag moves in the registry alone: the host may have another image under it. */
export async function push(host: Host, login: RegistryLogin, to: string): Promise<void> {
  const [, name = "", tag = ""] = /^[^/]+\/(.+):([^:]+)$/.exec(to) ?? [];
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  await onHost(
    host,
    `
export DOCKER_CONFIG=$(mktemp -d)
docker login --username '${login.username}' --password-stdin ${registryAddress} 2>&1 <<'PASSWORD'
${login.password}
PASSWORD
docker tag published ${to}-new
docker push --quiet ${to}-new
docker rmi ${to}-new published
curl -fsS -u '${login.username}:${login.password}' -H 'Accept: ${type}' http://${registryAddress}/v2/${name}/manifests/${tag}-new > "$DOCKER_CONFIG/manifest"
curl -fsS -u '${login.username}:${login.password}' -X PUT -H 'Content-Type: ${type}' --data-binary "@$DOCKER_CONFIG/manifest" http://${registryAddress}/v2/${name}/manifests/${tag}
rm -rf "$DOCKER_CONFIG"
`,
  );
}

/** How a run ended, and on how many hosts something changed. */
export function expectStatus(result: ActionResult, status: string, changed: number): void {
  expect(result.outputs, result.log).toMatchObject({ status, "changed-hosts": String(changed) });
}

/** How often a module was run in a deploy with `-vvv`, all hosts together. */
export const executions = ({ log }: ActionResult): number =>
  log.split("\n").filter((line) => line.includes("Using module file ")).length;

/** What a host tells of a project when it is looked at, not asked. */
export interface ContainerState {
  /** Ids of its containers. */
  containers: string;
  release: string;
  /** Who holds the deploy lock; empty when nobody does. */
  lock: string;
  undo: boolean;
}

export async function stateOf(host: Host, name = "shop"): Promise<ContainerState> {
  const printed = await onHost(
    host,
    // A word before it all: what a command prints comes without the empty lines at its ends.
    `printf 'ids '; docker ps --quiet --no-trunc --filter label=com.docker.compose.project=${name} | sort | tr '\\n' ' '; echo
basename "$(readlink /var/lib/django-ansible-deploy/compose/${name}/live)" || echo
cat /run/django-ansible-deploy/${name}.lock 2>/dev/null; echo
ls /var/lib/django-ansible-deploy/${name}.compose.undo 2>/dev/null || echo`,
  );
  const [containers = "", release = "", lock = "", undo = ""] = printed.split("\n");
  return {
    containers: containers.replace(/^ids /, ""),
    release,
    lock: lock === "" ? "" : JSON.parse(lock).run,
    undo: undo !== "",
  };
}
