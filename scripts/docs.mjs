// Writes the tables in the documentation from where the facts are: inputs and outputs from action.yml, variables from the
// roles' argument_specs. With --check it only tells whether they are up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(join(root, path), "utf8");

/** One cell of a Markdown table. */
const cell = (text) => String(text).replaceAll("|", "\\|").replace(/\s+/g, " ").trim();

function table(heads, rows) {
  return [heads, heads.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
}

/** Ansible's markup for options, values and code as Markdown. */
const markdown = (text) =>
  text.replace(/\b[OVC]\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g, (_, inner) => `\`${inner.replace("=", ": ")}\``);

function inputs() {
  const rows = Object.entries(parse(read("action.yml")).inputs).map(([name, { description, default: value }]) => [
    `\`${name}\``,
    description,
    value === undefined || value === "(not given)" ? "" : `\`${value}\``,
  ]);
  return table(["input", "meaning", "default"], rows);
}

function outputs() {
  const rows = Object.entries(parse(read("action.yml")).outputs).map(([name, { description }]) => [
    `\`${name}\``,
    description,
  ]);
  return table(["output", "meaning"], rows);
}

function shownDefault(value) {
  if (value === undefined) return "";
  if (typeof value !== "string") return `\`${JSON.stringify(value).replaceAll(",", ", ")}\``;
  if (value === "") return "empty";
  // A default in words stands as it is; a value stands as code.
  return / /.test(value) && !value.includes("{{") ? markdown(value) : `\`${value}\``;
}

function variables(role) {
  const specs = parse(read(`ansible_collections/django_ansible/deploy/roles/${role}/meta/argument_specs.yml`));
  const rows = Object.entries(specs.argument_specs.main.options).map(([name, option]) => {
    const values = option.choices ? ` One of ${option.choices.map((choice) => `\`${choice}\``).join(", ")}.` : "";
    return [
      `\`${name}\``,
      option.type,
      markdown([option.description].flat().join(" ")) + values,
      option.required ? "required" : shownDefault(option.default),
    ];
  });
  return table(["variable", "type", "meaning", "default"], rows);
}

const documents = {
  "README.md": { inputs, outputs },
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
  if (after === before) continue;
  if (process.argv.includes("--check")) {
    console.error(`${path} is not up to date: run npm run docs and commit the result.`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, path), after);
    console.log(`wrote ${path}`);
  }
}
