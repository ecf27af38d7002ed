import { quoted, shortened } from "../errors.js";

/** Settings of an ansible.cfg that the action must combine with its own, since the environment replaces them. */
export interface AnsibleCfg {
  /** As written, not yet resolved against the file's folder. */
  readonly collectionsPath: readonly string[];
  /** Likewise. */
  readonly rolesPath: readonly string[];
  /** Likewise. */
  readonly becomePlugins: readonly string[];
  readonly callbacksEnabled: readonly string[];
  readonly vaultPasswordFile: string;
  readonly vaultIdentityList: string;
  readonly hostKeyChecking: string;
  readonly sshArgs: string;
  readonly sshCommonArgs: string;
  readonly sshExtraArgs: string;
  readonly sftpExtraArgs: string;
  readonly scpExtraArgs: string;
  /** Whether the file says anything about pipelining. */
  readonly setsPipelining: boolean;
}

/**
 * Reads what matters of an ansible.cfg, in the way Python's configparser does with Ansible's settings: `#` and `;`
 * comments, `;` also after a value, continued lines indented, keys in any case.
 */
export function parseAnsibleCfg(text: string): AnsibleCfg {
  const values = new Map<string, string>();
  let section = "";
  let key = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    const separator = line.search(/[=:]/);
    if (header) {
      section = header[1] ?? "";
      key = "";
    } else if (/^\s/.test(line) && key !== "") {
      values.set(key, `${values.get(key) ?? ""}\n${value(line)}`);
    } else if (separator > 0 && !/^\s/.test(line)) {
      key = `${section}.${line.slice(0, separator).trim().toLowerCase()}`;
      values.set(key, value(line.slice(separator + 1)));
    }
  }
  const get = (...keys: string[]) => keys.map((name) => values.get(name)).find((text) => text !== undefined) ?? "";
  return {
    collectionsPath: split(get("defaults.collections_path", "defaults.collections_paths"), /[:\n]/),
    rolesPath: split(get("defaults.roles_path"), /[:\n]/),
    becomePlugins: split(get("defaults.become_plugins"), /[:\n]/),
    callbacksEnabled: split(get("defaults.callbacks_enabled", "defaults.callback_whitelist"), /[,\n]/),
    vaultPasswordFile: get("defaults.vault_password_file"),
    vaultIdentityList: get("defaults.vault_identity_list"),
    hostKeyChecking: get("ssh_connection.host_key_checking", "defaults.host_key_checking"),
    sshArgs: get("ssh_connection.ssh_args"),
    sshCommonArgs: get("ssh_connection.ssh_common_args"),
    sshExtraArgs: get("ssh_connection.ssh_extra_args"),
    sftpExtraArgs: get("ssh_connection.sftp_extra_args"),
    scpExtraArgs: get("ssh_connection.scp_extra_args"),
    setsPipelining: values.has("ssh_connection.pipelining") || values.has("defaults.pipelining"),
  };
}

/** What Python's configparser would refuse, for a sentence; undefined when it reads the text. */
export function cfgProblem(text: string): string | undefined {
  const seen = new Set<string>();
  let section = "";
  let key = "";
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const number = index + 1;
    if (/^\s*([#;]|$)/.test(line)) continue;
    if (/^\s/.test(line) && key !== "") continue;
    const header = /^\s*\[([^\]]+)\]/.exec(line);
    if (header) {
      section = `[${header[1]}]`;
      key = "";
      if (seen.has(section))
        return `has the section ${shortened(section)} again in line ${number}: put its settings together`;
      seen.add(section);
      continue;
    }
    const separator = line.search(/[=:]/);
    if (section === "") return `has a setting before its first section, in line ${number}: put [defaults] above it`;
    if (separator <= 0) return `has what is neither a [section] nor "name = value" in line ${number}: correct it`;
    key = `${section} ${line.slice(0, separator).trim().toLowerCase()}`;
    if (seen.has(key))
      return `sets ${quoted(key.slice(section.length + 1))} twice in ${shortened(section)}, again in line ${number}: keep one`;
    seen.add(key);
  }
  return undefined;
}

function value(text: string): string {
  const comment = text.search(/\s;/);
  return (comment === -1 ? text : text.slice(0, comment)).trim();
}

function split(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
