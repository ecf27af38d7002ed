// Writes the tables in the documentation from where the facts are: inputs and outputs from action.yml, variables from the
// roles' argument_specs. With --check it only tells whether they are up to date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
/** @param {string} path */
const read = (path) => readFileSync(join(root, path), "utf8");

/**
 * One cell of a Markdown table.
 * @param {unknown} text
 */
const cell = (text) => String(text).replaceAll("|", "\\|").replace(/\s+/g, " ").trim();

/**
 * @param {string[]} heads
 * @param {unknown[][]} rows
 */
function table(heads, rows) {
  return [heads, heads.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
}

/**
 * Ansible's markup for options, values and code as Markdown.
 * @param {string} text
 */
const markdown = (text) =>
  text.replace(
    /\b[OVC]\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g,
    (/** @type {string} */ _, /** @type {string} */ inner) => `\`${inner.replace("=", ": ")}\``,
  );

/** The groups of inputs in the order in which a reader meets them. An input that is in none stops the script. */
const GROUPS = [
  ["What to do", "mode operation command confirm check playbook working-directory code-directory"],
  ["Hosts", "hosts inventory inventory-file limit tags"],
  [
    "Connection",
    "ssh-private-key ssh-private-key-passphrase known-hosts host-key-checking jump-host become-password vault-password vault-passwords",
  ],
  ["Application", "app-name server-name source revision env vars"],
  ["Containers", "compose-file compose-source registry registry-username registry-password"],
  ["Ansible and report", "ansible-version requirements python-packages extra-args timeout-minutes summary"],
].map(([title, names = ""]) => /** @type {const} */ ([title, names.split(" ")]));

function inputs() {
  const known = parse(read("action.yml")).inputs;
  const types = parse(read("action-types.yml")).inputs;
  const lost = Object.keys(known).filter((name) => !GROUPS.some(([, names]) => names.includes(name)));
  if (lost.length > 0) throw new Error(`Add ${lost.join(", ")} to a group of inputs in scripts/docs.mjs.`);
  return GROUPS.map(([title, names]) => {
    const rows = names
      .filter((name) => known[name] !== undefined)
      .map((name) => [`\`${name}\``, typeOf(types[name]), known[name].description, defaultOf(known[name].default)]);
    return `**${title}**\n\n${table(["input", "type", "meaning", "default"], rows)}`;
  }).join("\n\n");
}

/**
 * A type of action-types.yml in a word.
 * @param {{ type: string, separator?: string }} entry
 */
const typeOf = ({ type, separator }) => (type === "list" && separator === "\n" ? "lines" : type);

/** @param {string | undefined} value */
const defaultOf = (value) => (value === undefined || value === "(not given)" ? "" : `\`${value}\``);

/** Inputs of the action that the workflow for others to call has not. */
function lacks() {
  const called = parse(read(".github/workflows/deploy.yml"));
  const [job] = Object.values(called.jobs);
  const given = job.steps.flatMap((/** @type {{ uses?: string, with?: object }} */ step) =>
    step.uses?.startsWith("org/") ? Object.keys(step.with ?? {}) : [],
  );
  const names = Object.keys(parse(read("action.yml")).inputs).filter((name) => !given.includes(name));
  return names.map((name) => `\`${name}\``).join(", ");
}

function outputs() {
  const rows = Object.entries(parse(read("action.yml")).outputs).map(([name, { description }]) => [
    `\`${name}\``,
    description,
  ]);
  return table(["output", "meaning"], rows);
}

/** @param {unknown} value */
function shownDefault(value) {
  if (value === undefined) return "";
  if (typeof value !== "string") return `\`${JSON.stringify(value).replaceAll(",", ", ")}\``;
  if (value === "") return "empty";
  return `\`${value}\``;
}

/** @param {string} role */
function variables(role) {
  const specs = parse(read(`ansible_collections/django_ansible/deploy/roles/${role}/meta/argument_specs.yml`));
  const rows = Object.entries(specs.argument_specs.main.options).map(([name, option]) => {
    const values = option.choices
      ? ` One of ${option.choices.map((/** @type {string} */ choice) => `\`${choice}\``).join(", ")}.`
      : "";
    return [
      `\`${name}\``,
      option.type,
      markdown([option.description].flat().join(" ")) + values,
      option.required ? "required" : shownDefault(option.default),
    ];
  });
  return table(["variable", "type", "meaning", "default"], rows);
}

/** What llmstxt.org asks of a site: each page with its title and what it begins with, for programs that read it. */
function pagesForPrograms() {
  const names = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const lines = names.sort().map((name) => {
    const [, title = name, text = ""] = /^# (.+)\n+([^\n|#<]*)/.exec(read(`docs/${name}`)) ?? [];
    const [first = ""] = text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1").split(/(?<=\.) /);
    return `- [${title}](docs/${name})${first === "" ? "" : `: ${first.trim()}`}`;
  });
  const [, about = ""] = /\n\n(A GitHub Action [\s\S]*?)\n\n/.exec(read("README.md")) ?? [];
  return `# django-ansible-deploy\n\n> ${about.replaceAll("\n", " ")}\n\n## Documentation\n\n- [README](README.md): inputs, outputs, an example\n${lines.join("\n")}\n\n## Examples\n\n${readdirSync(
    join(root, "examples/workflows"),
  )
    .sort()
    .map((name) => `- [${name}](examples/workflows/${name})`)
    .join("\n")}\n`;
}

const documents = {
  "README.md": { inputs, outputs },
  "docs/recipes.md": { lacks },
  "docs/role-mode.md": { variables: () => variables("django_app") },
  "docs/databases.md": {
    variables: () => variables("postgresql_server"),
    redis: () => variables("redis_server"),
  },
  "docs/growing.md": { baseline: () => variables("host_baseline") },
  "docs/container-mode.md": { variables: () => variables("compose_app") },
};

for (const [path, tables] of Object.entries(documents)) {
  const before = read(path);
  let after = before;
  for (const [name, make] of Object.entries(tables)) {
    const region = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
    if (!region.test(after))
      throw new Error(`${path} has no place for the ${name}: <!-- ${name} --> … <!-- end of ${name} -->`);
    after = after.replace(region, (_, begin, end) => `${begin}${make()}\n${end}`);
  }
  bring(path, before, after);
}
bring("llms.txt", existsSync(join(root, "llms.txt")) ? read("llms.txt") : "", pagesForPrograms());

/**
 * Writes a file that is not up to date, or with --check only says so.
 * @param {string} path
 * @param {string} before
 * @param {string} after
 */
function bring(path, before, after) {
  if (after === before) return;
  if (process.argv.includes("--check")) {
    console.error(`${path} is not up to date: run npm run docs and commit the result.`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, path), after);
    console.log(`wrote ${path}`);
  }
}
