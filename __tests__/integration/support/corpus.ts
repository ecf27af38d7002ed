import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { ROOT, Runner, type StepResult } from "./runner.js";

/** A text, written out or by what it repeats. */
type Text =
  | string
  | { readonly repeat: string; readonly times: number; readonly before?: string; readonly after?: string };

/** What is made at a path of the workspace. */
type Made =
  | Text
  | { readonly link: string }
  | { readonly fifo: true }
  | { readonly socket: true }
  | { readonly folder: true }
  | { readonly megabytes: number }
  | { readonly hex: string }
  | { readonly text: string; readonly mode: string };

/** A bad input as data: __tests__/corpus/<area>/<case>.yml. */
export interface Case {
  /** `<area>/<case>`. */
  readonly name: string;
  /** Besides `hosts` and `playbook`, which each case has unless it says otherwise. */
  readonly inputs: Readonly<Record<string, Text>>;
  readonly files: Readonly<Record<string, Made>>;
  readonly env: Readonly<Record<string, string>>;
  /** Whether the workspace is the checkout of a Django project, deployed by the bundled playbook. */
  readonly checkout: boolean;
  /** Whether permissions count, also where root runs the tests. */
  readonly unprivileged: boolean;
  /** Whether it gets as far as Ansible. */
  readonly ansible: boolean;
  /** The step's error, with WORKSPACE and TEMP in place of their paths. */
  readonly error: string;
}

/** Root without the right to read what its mode forbids. */
const UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/** A shell around the step that ends it when it hangs, and writes down the processor time of what it waited for. */
const measured = (file: string) => [
  ...["bash", "-c"],
  `"$@" & step=$!; (trap 'kill $nap; exit' TERM; sleep ${LONGEST} & nap=$!; wait $nap; kill -KILL $step) >/dev/null 2>&1 & guard=$!; wait $step; code=$?; kill $guard; times >"${file}"; exit $code`,
  "bash",
];

/** Seconds for a case, also beside a busy processor. */
const LONGEST = 60;

/** The second line of `times`: user and system time of the children, `1m2.345s 0m0.067s`. */
function cpuSeconds(times: string): number {
  const [, children = ""] = times.split("\n");
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

const FOLDER = join(ROOT, "__tests__", "corpus");

export function cases(): Case[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yml"))
    .sort()
    .map((path) => {
      const found = parse(readFileSync(join(FOLDER, path), "utf8")) as Partial<Case>;
      return {
        ...{ inputs: {}, files: {}, env: {}, checkout: false, unprivileged: false, ansible: false, error: "" },
        ...found,
        name: path.replace(/\.yml$/, ""),
      };
    });
}

const textOf = (text: Text): string =>
  typeof text === "string" ? text : `${text.before ?? ""}${text.repeat.repeat(text.times)}${text.after ?? ""}`;

/** How a case ended, and what it left in RUNNER_TEMP. */
export interface Ran {
  readonly step: StepResult;
  readonly left: readonly string[];
  readonly error: string;
  /** Seconds of processor time, all processes together: whatever else the machine does, it is the same. */
  readonly cpuSeconds: number;
}

export async function runCase(one: Case): Promise<Ran> {
  const runner = new Runner();
  const close: (() => void)[] = [];
  try {
    const base: Record<string, Made> = one.checkout
      ? {
          "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
          "shop/settings.py": "",
          "shop/__init__.py": "",
        }
      : { "deploy.yml": "- hosts: all\n  gather_facts: false\n  tasks: []\n" };
    for (const [path, made] of Object.entries({ ...base, ...one.files }))
      await make(join(runner.workspace, path), made, close);
    if (one.checkout) commit(runner.workspace);
    const given = one.checkout ? { hosts: "web1.invalid" } : { hosts: "web1.invalid", playbook: "deploy.yml" };
    const inputs = Object.fromEntries(
      Object.entries({ ...given, ...one.inputs }).map(([name, text]) => [name, textOf(text)]),
    );
    const place = (text: string) =>
      text.replaceAll("WORKSPACE", runner.workspace).replaceAll(/(?<!\w)TEMP/g, runner.temp);
    const env = Object.fromEntries(Object.entries(one.env).map(([name, text]) => [name, place(text)]));
    const times = join(runner.base, "times");
    const before = [...measured(times), ...(one.unprivileged && process.getuid?.() === 0 ? UNPRIVILEGED : [])];
    const step = await runner.main(inputs, { env, before });
    const left =
      runner.base === "" ? [] : readdirSync(runner.temp).filter((name) => !/^deploy-summary-.*\.md$/.test(name));
    return { step, left, error: place(one.error), cpuSeconds: cpuSeconds(readFileSync(times, "utf8")) };
  } finally {
    for (const end of close) end();
    runner.remove();
  }
}

async function make(path: string, made: Made, close: (() => void)[]): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof made === "string" || "repeat" in made) writeFileSync(path, textOf(made));
  else if ("link" in made) symlinkSync(made.link, path);
  else if ("fifo" in made) execFileSync("mkfifo", [path]);
  else if ("folder" in made) mkdirSync(path);
  else if ("hex" in made) writeFileSync(path, Buffer.from(made.hex, "hex"));
  else if ("megabytes" in made) {
    writeFileSync(path, "");
    truncateSync(path, made.megabytes * 1_048_576);
  } else if ("mode" in made) {
    writeFileSync(path, made.text);
    chmodSync(path, Number.parseInt(made.mode, 8));
  } else {
    // A socket's path may not be long: it is made elsewhere and linked to.
    const server = createServer();
    await new Promise<void>((resolve) =>
      server.listen(`/tmp/corpus-${process.pid}-${close.length}-${Date.now()}`, resolve),
    );
    linkSync(String(server.address()), path);
    close.push(() => server.close());
  }
}

function commit(folder: string): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.invalid", ...args], {
      stdio: "ignore",
    });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "x", "--allow-empty");
}
