type Environment = Readonly<Record<string, string | undefined>>;

declare const built: unique symbol;

/**
 * The whole environment of a program. Only the functions of this file make one, so that no program gets the action's own,
 * in which every input stands, secrets too.
 */
export type ProgramEnvironment = Readonly<Record<string, string>> & { readonly [built]: true };

/** What a deploy has no business with: the inputs as given, the job's tokens and command files, and another Python's settings. */
const DROPPED =
  /^(INPUT_.*|STATE_.*|ACTIONS_.*|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY|TOKEN)|PYTHONPATH|PYTHONHOME|PYTHONDONTWRITEBYTECODE|VIRTUAL_ENV|ANSIBLE_CALLBACK_WHITELIST|ANSIBLE_COLLECTIONS_PATHS)$/;

/** What a helper needs to start and to find its files; version managers of Python are told by variables which one to start. */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|XDG_\w+|NIX_\w+|(PYENV|ASDF|MISE|RTX)_\w+)$/;
const SECRET = /TOKEN|SECRET|PASS|_KEY$/;

/**
 * For Ansible and what installs it: the job's environment without what is the action's own. A playbook may look up the
 * job's variables.
 */
export function jobEnvironment(job: Environment, more: Readonly<Record<string, string>> = {}): ProgramEnvironment {
  return build(job, (name) => !DROPPED.test(name), more);
}

/** For programs that help out (ssh-keygen, git, a Python that is only looked at): no variable that may be a secret. */
export function helperEnvironment(job: Environment, more: Readonly<Record<string, string>> = {}): ProgramEnvironment {
  return build(job, (name) => KEPT.test(name) && !SECRET.test(name), more);
}

/** An environment with more variables, or with others. */
export function extended(env: ProgramEnvironment, more: Readonly<Record<string, string>>): ProgramEnvironment {
  return { ...env, ...more } as ProgramEnvironment;
}

function build(
  job: Environment,
  isKept: (name: string) => boolean,
  more: Readonly<Record<string, string>>,
): ProgramEnvironment {
  const kept = Object.entries(job).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isKept(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...locale(job), ...more } as ProgramEnvironment;
}

/** Ansible refuses to start without a UTF-8 locale. */
function locale(job: Environment): Record<string, string> {
  const effective = job.LC_ALL || job.LC_CTYPE || job.LANG || "";
  return /utf-?8/i.test(effective) ? {} : { LC_ALL: "C.UTF-8", LANG: "C.UTF-8" };
}
