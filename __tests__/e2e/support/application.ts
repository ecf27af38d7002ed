import { expect } from "vitest";
import type { ActionResult, Host } from "../../../scripts/lab/index.mjs";
import { directly } from "./direct.js";
import { knownHosts } from "./inventory.js";
import { fetchPage } from "./page.js";
import type { Project } from "./project.js";
import type { Trial } from "./trial.js";

/** A repository, the name of its site, and the host that it is deployed to. */
export class Application {
  readonly trial: Trial;
  readonly host: Host;
  readonly project: Project;
  readonly name: string;

  constructor(trial: Trial, host: Host, project: Project, name: string) {
    this.trial = trial;
    this.host = host;
    this.project = project;
    this.name = name;
  }

  get site(): string {
    return `${this.name}.example`;
  }

  /** What a user has to give: host, its key, and the server name. Everything else is *more*. */
  run(more: Record<string, string> = {}): Promise<ActionResult> {
    return directly(this.trial, this.project, [this.host])({
      inputs: {
        "inventory-file": "",
        hosts: `deploy@${this.host.address}:${this.host.sshPort}`,
        "ssh-private-key": this.trial.key.text,
        "known-hosts": knownHosts([this.host]),
        "server-name": this.site,
        ...more,
      },
      env: { GITHUB_REPOSITORY: `example/${this.name}` },
    });
  }

  async page(path = "/"): Promise<string> {
    const { status, body } = await fetchPage(this.host, this.site, path);
    return `${status} ${body}`;
  }
}

export function expectDeployed(result: ActionResult, changed = true): void {
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(result.outputs["changed-hosts"], result.log).toBe(changed ? "1" : "0");
}
