import { describe, expect, it } from "vitest";
import { findDjango, variablesNameSource } from "../../src/project/django.js";
import { settingsModule } from "../../src/project/settings-module.js";
import { createFolder } from "../support/folder.js";

const MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")\n';

describe("findDjango", () => {
  it("finds manage.py in the folder, or directly below", () => {
    expect(findDjango(createFolder({ "manage.py": MANAGE, "other/manage.py": "" }))).toEqual({
      manageDir: ".",
      settingsModule: "shop.settings.production",
    });
    expect(findDjango(createFolder({ "src/manage.py": "print()", ".hidden/manage.py": "" }))).toEqual({
      manageDir: "src",
      settingsModule: undefined,
    });
  });

  it("says what it looked for", () => {
    expect(() => findDjango(createFolder({ "app.py": "" }))).toThrow(
      /^There is no Django project in \/.*: neither it nor a folder directly below has a manage\.py, .*\.$/,
    );
    expect(() => findDjango(createFolder({ "a/manage.py": "", "b/manage.py": "" }))).toThrow(
      /has manage\.py in a and b: set working-directory to the one to deploy\.$/,
    );
  });
});

describe("variablesNameSource", () => {
  it.each([
    [{ "group_vars/all/vars.yml": "a: 1\ndjango_app_source: git\n" }, true],
    [{ "host_vars/web1.yml": "django_app_source: git" }, true],
    [{ "group_vars/all.yml": "# django_app_source: git\nmy_django_app_source: git" }, false],
    [{}, false],
  ])("reads %j", (files, expected) => {
    expect(variablesNameSource(createFolder(files))).toBe(expected);
  });
});

describe("settingsModule", () => {
  it.each([
    [MANAGE, "shop.settings.production"],
    ["    os.environ['DJANGO_SETTINGS_MODULE'] = 'a.b'", "a.b"],
    ["# os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'a.b')", undefined],
    ['os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{x}.b")', undefined],
    ["os.environ.setdefault(\n    'DJANGO_SETTINGS_MODULE',\n    'a.settings',\n)", "a.settings"],
  ])("reads %j", (text, expected) => {
    expect(settingsModule(text)).toBe(expected);
  });
});
