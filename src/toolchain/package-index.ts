import { jobEnvironment, type ProgramEnvironment } from "../process/program-environment.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of uv that say where packages come from and whom to trust; no other one of the job's reaches uv. */
const KEPT =
  /^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)|FIND_LINKS|NO_INDEX|INSECURE_HOST|KEYRING_PROVIDER|HTTP_TIMEOUT|HTTP_RETRIES|SYSTEM_CERTS|NATIVE_TLS|OFFLINE|CONFIG_FILE|NO_CONFIG|PYTHON_INSTALL_MIRROR|PYTHON_DOWNLOADS_JSON_URL)$/;

/**
 * The environment for uv: the job's without its settings for Python, pip and uv, except where packages come from. What
 * only pip is told (by variable or pip.conf) is translated, so that a runner behind a mirror needs no second setting.
 *
 * @param pipConf settings of pip.conf files by option name, e.g. `index-url`.
 * @param uvHasConfig whether uv has a configuration file of its own on this machine, which then decides instead of pip.conf.
 */
export function uvEnvironment(
  job: Environment,
  pipConf: ReadonlyMap<string, string>,
  uvHasConfig: boolean,
): ProgramEnvironment {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(job)) {
    if (value === undefined) continue;
    const foreign = /^(UV|PIP|PYTHON|CONDA|VIRTUAL_ENV|INPUT|STATE|ACTIONS)(_|$)|^PYTHON/.test(name);
    if (!foreign || KEPT.test(name)) result[name] = value;
  }
  const pip = (option: string) =>
    job[`PIP_${option.toUpperCase().replaceAll("-", "_")}`] ?? (uvHasConfig ? undefined : pipConf.get(option));
  const translate = (names: readonly [string, ...string[]], value: string | undefined) => {
    if (value && !names.some((name) => result[name])) result[names[0]] = value;
  };
  translate(["UV_DEFAULT_INDEX", "UV_INDEX_URL"], pip("index-url"));
  translate(["UV_INDEX", "UV_EXTRA_INDEX_URL"], pip("extra-index-url")?.trim().split(/\s+/).join(" "));
  translate(["UV_FIND_LINKS"], pip("find-links")?.trim().split(/\s+/).join(","));
  translate(["UV_INSECURE_HOST"], pip("trusted-host")?.trim().split(/\s+/).join(" "));
  translate(["UV_NO_INDEX"], /^(1|true|yes|on)$/i.test(pip("no-index") ?? "") ? "true" : undefined);
  translate(["SSL_CERT_FILE"], pip("cert"));
  // The machine's own certificates.
  translate(["UV_SYSTEM_CERTS", "UV_NATIVE_TLS"], "true");
  return jobEnvironment(result);
}

/** The environment for pip: the job's, without what would change where `--target` installs to. */
export function pipEnvironment(job: Environment): ProgramEnvironment {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(job)) {
    const foreign =
      /^(PYTHONPATH|PYTHONHOME|PIP_(TARGET|PREFIX|ROOT|REQUIRE_HASHES|NO_BINARY|ONLY_BINARY|CONSTRAINT|REQUIREMENT)|(INPUT|STATE|ACTIONS)_.*)$/;
    if (value !== undefined && !foreign.test(name)) result[name] = value;
  }
  return jobEnvironment(result, {
    PIP_USER: "0",
    PIP_REQUIRE_VIRTUALENV: "0",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_NO_INPUT: "1",
    PIP_ROOT_USER_ACTION: "ignore",
  });
}

/** Options of a pip.conf: sections `global` and `install`, the latter winning, names with dashes. */
export function parsePipConf(text: string): Map<string, string> {
  const global = new Map<string, string>();
  const install = new Map<string, string>();
  let section: Map<string, string> | undefined;
  let key = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    const pair = /^([\w-]+)\s*[=:](.*)$/s.exec(line);
    if (header) section = { global, install }[header[1] ?? ""];
    else if (/^\s/.test(line) && key) section?.set(key, `${section.get(key) ?? ""} ${line.trim()}`.trim());
    else if (pair) {
      key = (pair[1] ?? "").replaceAll("_", "-");
      section?.set(key, (pair[2] ?? "").trim());
    }
  }
  return new Map([...global, ...install]);
}
