// Measures what the events callback adds to a run: the seconds that it works itself, of the seconds that the run takes.
//   node bench/callback.mjs [hosts] [tasks]
// The tasks are the shortest that Ansible has (ping on this machine, no ssh), so that its share is at its largest.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, must, projectFolder } from "../scripts/lab/index.mjs";
import { timed } from "./statistics.mjs";

const [hosts = 20, tasks = 25] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "bench-callback-"));
try {
  const python = join(cacheFolder, "test-venv/bin/python");
  const list = Array.from({ length: tasks }, (_, index) => `    - {name: Step ${index}, ansible.builtin.ping: {}}`);
  writeFileSync(
    join(folder, "play.yml"),
    `- hosts: all\n  connection: local\n  gather_facts: false\n  tasks:\n${list.join("\n")}\n`,
  );
  const inventory = `${Array.from({ length: hosts }, (_, index) => `h${index}`).join(",")},`;
  const env = {
    ...process.env,
    LC_ALL: "C.UTF-8",
    ANSIBLE_COLLECTIONS_PATH: projectFolder,
    ANSIBLE_CALLBACK_PLUGINS: join(projectFolder, "bench/callback"),
    ANSIBLE_CALLBACKS_ENABLED: "timed_events",
    DJANGO_ANSIBLE_EVENTS_PATH: join(folder, "events.jsonl"),
    TIMED_EVENTS: join(folder, "spent"),
  };
  const play = ["-m", "ansible", "playbook", "-i", inventory, "-e", `ansible_python_interpreter=${python}`, "play.yml"];
  const { seconds } = await timed(() => must([python, ...play], { cwd: folder, env }));
  const spent = Number(readFileSync(env.TIMED_EVENTS, "utf8"));
  const results = hosts * tasks;
  console.log(
    `${results} results on ${hosts} hosts: the callback worked ${spent.toFixed(2)} s of ${seconds.toFixed(1)} s, ${((100 * spent) / seconds).toFixed(2)} %, ${((1e6 * spent) / results).toFixed(0)} µs a result`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
