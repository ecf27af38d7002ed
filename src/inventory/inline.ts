import { DeployError, quoted } from "../errors.js";
import { isMapping, parseYaml } from "../inputs/yaml.js";

/** File name of an inline inventory: its ending is how Ansible tells the two forms apart without trying. */
export type InlineName = "inventory.yml" | "inventory.ini";

/**
 * Tells YAML and INI apart by parsing: YAML is a mapping of groups, and no INI inventory reads as one.
 *
 * @throws DeployError when the text is neither.
 */
export function inlineName(text: string): InlineName {
  if (text.startsWith("$ANSIBLE_VAULT;")) return "inventory.yml";
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !/^\s*[#;]/.test(line));
  const first = lines[0];
  if (first === undefined) throw new DeployError("inventory names no host: give YAML or INI.");
  const dashed = lines.find((line) => line.startsWith("-") && !line.startsWith("---") && !line.startsWith("- "));
  if (dashed) {
    throw new DeployError(`inventory has a line that begins with a dash, ${quoted(dashed)}: a host cannot.`);
  }
  let value: ReturnType<typeof parseYaml>;
  try {
    value = parseYaml("inventory", text);
  } catch (error) {
    // What opens like YAML or JSON was meant as that; anything else is for Ansible's INI reader.
    if (/^---(\s|$)|^\{|^["']?[\w.-]+["']?:(\s|$)/.test(first)) throw error;
    return "inventory.ini";
  }
  if (!isMapping(value)) {
    if (Array.isArray(value) && !/^\[[^\]]+\]\s*$/.test(first)) {
      throw new DeployError("inventory is a YAML list: give a mapping of groups, such as all: hosts: …, or INI.");
    }
    if (/^---(\s|$)/.test(first)) {
      throw new DeployError(
        "inventory is YAML without groups: give a mapping of groups, such as all: hosts: …, or INI without ---.",
      );
    }
    return "inventory.ini";
  }
  // A colon in a value of an INI line reads as a mapping too; no group's name has a blank or an equals sign.
  if (Object.keys(value).some((group) => /[\s=]/.test(group))) return "inventory.ini";
  for (const [group, content] of Object.entries(value)) {
    if (content !== null && !isMapping(content)) {
      throw new DeployError(
        `inventory has the group ${quoted(group)} without a mapping: give hosts, vars or children below it.`,
      );
    }
    if (content !== null) checkHosts(group, content);
  }
  return "inventory.yml";
}

function checkHosts(group: string, content: { readonly [key: string]: unknown }): void {
  const hosts = content.hosts;
  if (hosts === null || typeof hosts !== "object") return;
  for (const name of Object.keys(hosts)) {
    if (name.startsWith("-")) {
      throw new DeployError(
        `inventory has the host ${quoted(name)} in group ${quoted(group)}: a name cannot begin with a dash.`,
      );
    }
  }
}
