type Environment = Readonly<Record<string, string | undefined>>;

/** What a deploy has no business with: the inputs as given, the job's tokens and command files, and another Python's settings. */
const DROPPED =
  /^(INPUT_.*|STATE_.*|ACTIONS_.*|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY|TOKEN)|PYTHONPATH|PYTHONHOME|PYTHONDONTWRITEBYTECODE|VIRTUAL_ENV|ANSIBLE_CALLBACK_WHITELIST|ANSIBLE_COLLECTIONS_PATHS)$/;

/** What every program of Ansible gets of the job's environment. */
export function jobEnvironment(job: Environment): Record<string, string> {
  const kept = Object.entries(job).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !DROPPED.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...locale(job) };
}

/** Ansible refuses to start without a UTF-8 locale. */
function locale(job: Environment): Record<string, string> {
  const effective = job.LC_ALL || job.LC_CTYPE || job.LANG || "";
  return /utf-?8/i.test(effective) ? {} : { LC_ALL: "C.UTF-8", LANG: "C.UTF-8" };
}
