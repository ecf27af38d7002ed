import { isIPv6 } from "node:net";
import { stringify } from "yaml";
import { DeployError, quoted } from "../errors.js";
import { withoutComment } from "../text.js";

/** A host of the short form. */
export interface Host {
  /** Inventory name: the given one, else the address. */
  readonly name: string;
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
}

const NAME = /^[A-Za-z0-9_]([\w.-]*\w)?$/;
const ADDRESS = /^[A-Za-z0-9_]([\w.-]*\w)?$/;
const USER = /^[A-Za-z_][\w.@\\-]*\$?$/;

/** What a line of each input looks like. */
const FORMS = { hosts: "[name] [user@]address[:port]", "jump-host": "[user@]address[:port]" } as const;

/**
 * Reads the short form, a line each: `[name] [user@]address[:port]`, an IPv6 address with a port as `[address]:port`.
 * Empty lines and `#` comments are skipped.
 *
 * @param input whose text it is; a jump host has no name.
 * @throws DeployError with the line.
 */
export function parseHosts(text: string, input: keyof typeof FORMS = "hosts"): Host[] {
  const hosts: Host[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = withoutComment(line).trim().split(/\s+/);
    if (words[0] === "") continue;
    const host = parseLine(words, index + 1, input);
    if (hosts.some(({ name }) => name === host.name)) {
      throw new DeployError(
        `${input} has ${quoted(host.name)} twice, again in line ${index + 1}: give each host one line.`,
      );
    }
    hosts.push(host);
  }
  if (hosts.length === 0) throw new DeployError(`${input} names no host: give a line for each, ${FORMS[input]}.`);
  return hosts;
}

function parseLine(words: readonly string[], number: number, input: keyof typeof FORMS): Host {
  const fail = (what: string): never => {
    throw new DeployError(`${input} has ${what} in line ${number}: a line is ${FORMS[input]}.`);
  };
  const dashed = words.find((word) => word.startsWith("-"));
  if (dashed) fail(`${quoted(dashed)}, which begins with a dash,`);
  if (input === "jump-host" && words.length > 1) fail("more than an address");
  if (words.length > 2) fail("more than a name and an address");
  const target = words.at(-1) ?? "";
  const at = target.lastIndexOf("@");
  const user = at === -1 ? undefined : target.slice(0, at);
  if (user !== undefined && !USER.test(user)) fail(`the user ${quoted(user)}`);
  const { address, port } = splitAddress(target.slice(at + 1)) ?? fail(`the address ${quoted(target.slice(at + 1))}`);
  const name = words.length === 2 ? (words[0] ?? "") : address;
  // An IPv6 address is no legal name of its own in an inventory file, but it is one in YAML.
  if (!NAME.test(name) && !(words.length === 1 && isIPv6(name))) fail(`the name ${quoted(name)}`);
  return { name, address, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

function splitAddress(text: string): { address: string; port?: number } | undefined {
  if (isIPv6(text)) return { address: text };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [, v6, plain, digits] = match;
  const address = v6 ?? plain ?? "";
  if (v6 === undefined ? !ADDRESS.test(address) : !isIPv6(address)) return undefined;
  if (digits === undefined) return { address };
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

/** The inventory of these hosts as YAML, for Ansible's `yaml` inventory plugin. */
export function hostsInventory(hosts: readonly Host[]): string {
  const entries = hosts.map(({ name, address, user, port }) => [
    name,
    {
      ansible_host: address,
      ...(user === undefined ? {} : { ansible_user: user }),
      ...(port === undefined ? {} : { ansible_port: port }),
    },
  ]);
  return stringify({ all: { hosts: Object.fromEntries(entries) } });
}
