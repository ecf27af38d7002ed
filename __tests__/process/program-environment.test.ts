import { describe, expect, it } from "vitest";
import { extended, helperEnvironment, jobEnvironment } from "../../src/process/program-environment.js";

const JOB = {
  PATH: "/bin",
  HOME: "/home/u",
  LANG: "de_DE.UTF-8",
  "INPUT_SSH-PRIVATE-KEY": "k",
  "INPUT_BECOME-PASSWORD": "p",
  STATE_privateFolder: "/x",
  ACTIONS_RUNTIME_TOKEN: "t",
  GITHUB_TOKEN: "t",
  GITHUB_SHA: "abc",
  DATABASE_URL: "postgres://u:p@h/d",
  PYENV_ROOT: "/pyenv",
  MISE_GITHUB_TOKEN: "t",
  LD_LIBRARY_PATH: "/opt/python/lib",
  UNSET: undefined,
};

describe("the environment of programs", () => {
  it("is the job's for Ansible, without what is the action's own", () => {
    expect(Object.keys(jobEnvironment(JOB)).sort()).toEqual(
      [
        "DATABASE_URL",
        "GITHUB_SHA",
        "HOME",
        "LANG",
        "LD_LIBRARY_PATH",
        "MISE_GITHUB_TOKEN",
        "PATH",
        "PYENV_ROOT",
      ].sort(),
    );
  });

  it("is what a helper needs to start, and no secret", () => {
    expect(helperEnvironment(JOB, { SSH_AUTH_SOCK: "/s" })).toEqual({
      ...{ PATH: "/bin", HOME: "/home/u", LANG: "de_DE.UTF-8", PYENV_ROOT: "/pyenv" },
      ...{ LD_LIBRARY_PATH: "/opt/python/lib", SSH_AUTH_SOCK: "/s" },
    });
  });

  it("has a locale that Ansible starts with", () => {
    expect(jobEnvironment({ LANG: "C" })).toEqual({ LANG: "C.UTF-8", LC_ALL: "C.UTF-8" });
    expect(jobEnvironment({ LC_ALL: "en_US.utf8", LANG: "C" })).toEqual({ LC_ALL: "en_US.utf8", LANG: "C" });
  });

  it("is extended, not changed", () => {
    const env = helperEnvironment({ PATH: "/bin", LANG: "C.UTF-8" });
    expect(extended(env, { LC_ALL: "C" })).toEqual({ PATH: "/bin", LANG: "C.UTF-8", LC_ALL: "C" });
    expect(env.LC_ALL).toBeUndefined();
  });
});
