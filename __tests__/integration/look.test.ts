import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFolder } from "../support/folder.js";
import { ROOT } from "./support/runner.js";

const MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n';

/** Looks at a folder as a user does who has cloned the action. */
function look(folder: string, cwd: string = folder) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "dist/look/index.js"), folder], {
    cwd,
    env: { PATH: process.env.PATH },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("the command that looks at a project", () => {
  it("tells what it needs and what is missing, runs nothing of it and leaves nothing in it", () => {
    const folder = createFolder({
      "manage.py": MANAGE,
      "mysite/settings.py":
        'import os\nA = os.environ["POSTGRES_DB"]\nB = os.environ["MAIL_TOKEN"]\nopen("ran", "w")\n',
      "requirements.txt": "django\n-r more.txt\n",
      "more.txt": "psycopg2\n",
      Procfile: "web: gunicorn\nworker: celery -A mysite worker\n",
    });
    const before = readdirSync(folder, { recursive: true });
    const { status, stdout, stderr } = look(".", folder);
    expect([status, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^settings: mysite\.settings /m);
    expect(stdout).toMatch(/^worker of the Procfile is not started /m);
    expect(stdout).toMatch(/^Debian packages for psycopg2: libpq5 to run; libpq-dev where it has no wheel/m);
    expect(stdout).toMatch(/^ {6}POSTGRES_DB: "\{\{ db_name \}\}"$/m);
    expect(stdout).toMatch(/^missing: MAIL_TOKEN \(no default/m);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it("ends well where nothing is missing", () => {
    expect(look(join(ROOT, "examples/mysite"))).toMatchObject({ status: 0, stderr: "" });
  });

  it.each([
    ["no project", {}, /^There is no Django project in .*\n$/],
    ["a broken lock", { "manage.py": MANAGE, "uv.lock": "[" }, /^uv\.lock is no valid TOML: .*\.\n$/],
  ])("says in a sentence that there is %s", (_, files, sentence) => {
    const { status, stdout, stderr } = look(createFolder(files));
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });
});
