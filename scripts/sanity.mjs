// ansible-test sanity over the collection, as Ansible's ecosystem runs it. `--write` renews the list of what is let through,
// tests/sanity/ignore-*.txt, for the kinds of findings that KINDS has; anything else has to be mended.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, must, projectFolder, run } from "./lab/index.mjs";
import { ensurePythonTooling, venv } from "./test/tooling.mjs";

const COLLECTION = "ansible_collections/django_ansible/deploy";
/** What is let through, by test and code, with the reason. */
const KINDS = {
  "validate-modules:missing-gplv3-license": "the collection is under the MIT License",
};
/** Single findings that are meant, with the reason. */
const SINGLE = [
  [
    "plugins/action/check_arguments.py",
    "action-plugin-docs",
    "it is an action alone, and its docstring says what it does",
  ],
  ["plugins/action/show_logs.py", "action-plugin-docs", "it is an action alone, and its docstring says what it does"],
  ["roles/django_app/templates/manage.j2", "shebang", "a program of the host"],
];
// A bootstrap of pip, where ansible-test would download one: what Python brings installs the version that is wanted.
const PIP = `import subprocess, sys
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *wanted]).returncode)
`;

await ensurePythonTooling((line) => console.error(line));
const folder = join(cacheFolder, "sanity");
const copy = join(folder, COLLECTION);
rmSync(copy, { recursive: true, force: true });
const files = await must([
  "git",
  "-C",
  projectFolder,
  "ls-files",
  "-z",
  "--cached",
  "--others",
  "--exclude-standard",
  COLLECTION,
]);
for (const file of files.split("\0").filter((name) => name !== "")) {
  cpSync(join(projectFolder, file), join(folder, file), { recursive: true });
}
const bin = join(venv, "bin");
const version = (await must([join(bin, "python"), "-c", "import ansible.release as r; print(r.__version__)"])).trim();
const minor = version.split(".").slice(0, 2).join(".");
const ignored = join("tests/sanity", `ignore-${minor}.txt`);
if (process.argv.includes("--write")) rmSync(join(copy, ignored), { force: true });
const home = join(folder, "home");
const bootstrap = join(home, ".ansible/test/cache");
mkdirSync(bootstrap, { recursive: true });
writeFileSync(join(bootstrap, `get_pip_${(await pipOf()).replaceAll(".", "_")}.py`), PIP);
// It looks for the files of a collection by Git, and puts its own among them.
writeFileSync(join(copy, ".gitignore"), "tests/output/\n");
await must(["git", "-C", copy, "init", "--quiet"]);
const python = (await must([join(bin, "python"), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])).trim();
// pep8 looks at the length of lines, which here may be longer, and ansible-lint lets no collection ignore that; ruff looks at the rest of it.
// What runs on the host without Ansible asks for addresses by urllib, which cannot be ignored either.
const skipped = ["pylint", "pep8", "replace-urlopen"].flatMap((test) => ["--skip-test", test]);
const tests = ["--requirements", "--venv", "--python", python, ...skipped, "--color", "no"];
const env = { ...process.env, HOME: home, PATH: `${bin}:${process.env.PATH}` };
const { code, stdout, stderr } = await run([join(bin, "ansible-test"), "sanity", ...tests], { cwd: copy, env });
const output = `${stdout}\n${stderr}`;
if (process.argv.includes("--write")) writeIgnored();
else if (code !== 0) {
  console.error(output);
  process.exitCode = 1;
}

/** The version of pip that ansible-test wants. */
async function pipOf() {
  const folder = (
    await must([join(bin, "python"), "-c", "import ansible_test; print(ansible_test.__path__[0])"])
  ).trim();
  const text = readFileSync(join(folder, "_internal/python_requirements.py"), "utf8");
  const [, pip] = /pip='([\d.]+)'/.exec(text) ?? [];
  if (pip === undefined) throw new Error(`ansible-test ${version} does not say which pip it wants.`);
  return pip;
}

function writeIgnored() {
  const lines = new Set(SINGLE.map(([file, test, why]) => `${file} ${test} # ${why}`));
  for (const [, file = "", code = ""] of output.matchAll(/^ERROR: ([^:\s]+):\d+:\d+: ([\w-]+): /gm)) {
    for (const [kind, why] of Object.entries(KINDS)) {
      if (kind.endsWith(`:${code}`)) lines.add(`${file} ${kind} # ${why}`);
    }
  }
  const text = `${[...lines].sort().join("\n")}\n`;
  mkdirSync(join(projectFolder, COLLECTION, "tests/sanity"), { recursive: true });
  writeFileSync(join(projectFolder, COLLECTION, ignored), text);
}
