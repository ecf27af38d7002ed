import { join } from "node:path";
import type { Inputs } from "../inputs/inputs.js";
import { entriesIn, kindOf, readText } from "../read-file.js";
import type { Ground } from "./places.js";

/** What decides where and how is deployed, and what runs on this machine. */
const DECIDING = [
  "ansible.cfg",
  "group_vars",
  "host_vars",
  "roles",
  "library",
  "filter_plugins",
  "lookup_plugins",
  "action_plugins",
  "callback_plugins",
  "collections",
] as const;

/** Entries that are compared; a folder with more is taken for another one. */
const MOST = 2000;

/**
 * What code that was checked out apart brings of its own, of all that is only taken from working-directory.
 *
 * @param given paths that inputs name, relative to both.
 */
export function broughtFiles(own: Ground, code: Ground, given: readonly string[]): string[] {
  const left = { entries: MOST };
  return [...new Set([...DECIDING, ...given])].filter((name) => {
    try {
      return differs(own, code, name, left);
    } catch {
      // What cannot be read is not what working-directory has.
      return true;
    }
  });
}

function differs(own: Ground, code: Ground, name: string, left: { entries: number }): boolean {
  const theirs = { path: join(code.folder, name), name, workspace: code.workspace };
  const ours = { path: join(own.folder, name), name, workspace: own.workspace };
  const kind = kindOf(theirs);
  if (kind === undefined) return false;
  left.entries -= 1;
  if (kind !== kindOf(ours) || left.entries < 0) return true;
  if (kind === "file") return readText(theirs) !== readText(ours);
  return entriesIn(theirs).some((entry) => differs(own, code, join(name, entry.name), left));
}

/** What to say when a pull request brings what is not used, or when all that it brings would be; "" when nothing. */
export function broughtWarning(inputs: Inputs, project: Ground & { readonly code: string }, event = ""): string {
  if (inputs.codeDirectory !== "") {
    const named = [...inputs.inventoryFiles, inputs.playbook, inputs.requirements, ...inputs.composeSources];
    const given = named.filter((path) => path !== "" && !path.startsWith("/"));
    const brought = broughtFiles(project, { ...project, folder: project.code }, given);
    if (brought.length === 0) return "";
    return `The code in code-directory has its own ${brought.join(", ")}, which is not used: what decides where and how to deploy comes from working-directory.`;
  }
  if (!inputs.check || !/^pull_request/.test(event)) return "";
  return "This check takes inventory, variables, ansible.cfg, playbooks and roles from the pull request itself, and they can read every secret of this job: check out the base branch for them, and name the pull request's checkout in code-directory.";
}
