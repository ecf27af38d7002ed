// Checks playbooks, roles and tasks with ansible-lint's production profile, as .ansible-lint says.
import { projectFolder, run } from "./lab/index.mjs";
import { pythonTool } from "./test/python-tool.mjs";

const bin = await pythonTool("ansible-lint");
const { code, stdout, stderr } = await run(
  ["ansible-lint", "--strict", "--nocolor", "--format", "pep8", "ansible_collections"],
  {
    cwd: projectFolder,
    // It runs ansible-playbook --syntax-check, which has to find the collection.
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ANSIBLE_COLLECTIONS_PATH: projectFolder },
  },
);
if (code !== 0) {
  console.error(`${stdout}\n${stderr}`);
  process.exitCode = 1;
}
