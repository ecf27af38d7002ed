import type { DjangoProject } from "./django.js";

/** What the collection's `build/look.py` finds in a checkout. */
export interface Looked {
  /** The file that is believed; "" for none. */
  readonly requirements: string;
  /** What is installed as a package of its own; "" for none. */
  readonly folder: string;
  /** The Python that is asked for; "" for none. */
  readonly python: string;
  /** Names as indexes compare them. */
  readonly packages: readonly string[];
  /** Variables of the environment that the settings read; true where they fail without. */
  readonly reads: Readonly<Record<string, boolean>>;
}

/** A line of the role's `system_libraries.yml`. */
export interface Libraries {
  readonly python?: readonly string[];
  readonly build?: readonly string[];
  readonly run?: readonly string[];
}

/** What the deploy gives every application, and what it gives with `db_name`. */
const GIVEN = ["DJANGO_SETTINGS_MODULE", "STATIC_ROOT", "MEDIA_ROOT", "ALLOWED_HOSTS"];
const GIVEN_WITH_DATABASE = ["DATABASE_URL", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT"];

/** Names of projects' own that say plainly which value of the deploy they mean. */
const DATABASE = /^(?:POSTGRES(?:QL)?|PG|MYSQL|DATABASE|DJANGO_DB|SQL)_?/;
const MEANT: readonly (readonly [RegExp, string])[] = [
  [/^(NAME|DB|DATABASE)$/, "db_name"],
  [/^USER(NAME)?$/, "db_user"],
  [/^PASS(WORD|WD)?$/, "vault_db_password"],
  [/^HOST(NAME)?$/, "db_host"],
  [/^PORT$/, "db_port"],
];
const REDIS = /^(?:[A-Z]+_)+REDIS_UR[LI]$|^REDIS_(?:URI|LOCATION)$/;
const SECRET_KEY = /^(DJANGO|APP|FLASK)_?SECRET(_?KEY)?$|^SECRET$/;

/** The variable of the deploy that a name of the project's own means; undefined where that is not plain. */
export function meaningOf(name: string): string | undefined {
  if (SECRET_KEY.test(name)) return "vault_secret_key";
  if (REDIS.test(name)) return "django_app_redis_url";
  const [prefix] = DATABASE.exec(name) ?? [];
  if (prefix === undefined) return undefined;
  return MEANT.find(([pattern]) => pattern.test(name.slice(prefix.length)))?.[1];
}

/** What a project needs and what is missing, in lines for people. */
export function needsOf(django: DjangoProject, looked: Looked, table: readonly Libraries[]): string[] {
  const own = looked.folder === "" ? [] : [`the project itself is installed from ${looked.folder}`];
  return [
    ...django.told,
    `requirements: ${looked.requirements || "none found; commit a requirements.txt or a lock"}`,
    ...own,
    `Python: ${looked.python || "no version is required, so the host's own is taken"}`,
    ...librariesFor(looked.packages, table),
    ...environmentOf(looked.reads),
    ...Object.values(django.questions).map((question) => `missing: ${question}.`),
    ...(django.manageDir === undefined || django.wsgi !== undefined || django.asgi !== undefined
      ? []
      : ["missing: a WSGI or ASGI application: commit a wsgi.py as startproject writes it, or set django_app_wsgi."]),
  ];
}

/** Debian packages of what the requirements name. Those to build are installed only where there is no wheel. */
function librariesFor(packages: readonly string[], table: readonly Libraries[]): string[] {
  return packages.flatMap((name) => {
    const entries = table.filter(({ python }) => python?.includes(name));
    const [build, run] = (["build", "run"] as const).map((what) => [
      ...new Set(entries.flatMap((one) => one[what] ?? [])),
    ]);
    const parts = [
      ...(run?.length ? [`${run.join(", ")} to run`] : []),
      ...(build?.length ? [`${build.join(", ")} where it has no wheel`] : []),
    ];
    return parts.length === 0 ? [] : [`Debian packages for ${name}: ${parts.join("; ")} (the deploy installs them)`];
  });
}

function environmentOf(reads: Looked["reads"]): string[] {
  const names = Object.keys(reads).sort();
  if (names.length === 0) return ["environment: no variables that the settings read were found"];
  const isOf = (group: readonly string[]) => names.filter((name) => group.includes(name));
  const plain = names.filter((name) => meaningOf(name) !== undefined);
  const known = [...GIVEN, ...GIVEN_WITH_DATABASE, "SECRET_KEY", "REDIS_URL", ...plain];
  const left = names.filter((name) => !known.includes(name));
  const lines: (readonly [string, readonly string[]])[] = [
    ["set by every deploy", isOf(GIVEN)],
    ["set when db_name is", isOf(GIVEN_WITH_DATABASE)],
    ["set by vault_secret_key", isOf(["SECRET_KEY"])],
    ["set with django_app_redis: local", isOf(["REDIS_URL"])],
    ["have a default", left.filter((name) => reads[name] === false)],
  ];
  const missing = left.filter((name) => reads[name] === true);
  return [
    `environment: the settings read ${names.length} variable${names.length === 1 ? "" : "s"}`,
    ...lines.filter(([, group]) => group.length > 0).map(([what, group]) => `  ${what}: ${group.join(", ")}`),
    ...(plain.length === 0
      ? []
      : [
          "  names of the project's own for what the deploy knows, as lines for vars:",
          "    django_app_env:",
          ...plain.map((name) => `      ${name}: "{{ ${meaningOf(name)} }}"`),
        ]),
    ...(missing.length === 0
      ? []
      : [`missing: ${missing.join(", ")} (no default; in env where it is a secret, else in django_app_env).`]),
  ];
}
