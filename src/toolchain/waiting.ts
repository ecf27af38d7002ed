import { dirname, join } from "node:path";
import { jobEnvironment } from "../process/program-environment.js";
import { type Ended, type RunOptions, run } from "../process/run.js";
import type { Machine } from "./machine.js";

/**
 * Milliseconds that Ansible has from SIGINT to SIGTERM and from there to SIGKILL. Then the hosts still go back, with what
 * is secret gone 3 s and the step 8 s after a cancel.
 */
const GRACE = [1_500, 500] as const;

/** Milliseconds for looking through the installed files. */
const LOOK_LIMIT = 30_000;

/** Ansible that has started, and waits for what it is to do: most of its start passes while others work. */
export interface WaitingAnsible {
  readonly python: string;
  /** That of ansible-core, when its files are whole; "" where they are not, or nothing starts. */
  readonly version: Promise<string>;
  /**
   * Goes on as one of Ansible's programs.
   *
   * @param words the program and its arguments, `playbook` first.
   */
  goOn(words: readonly string[], options: GoOn): Promise<Ended>;
  /** Ends it, when nobody needs it. */
  end(): void;
}

type GoOn = Required<Pick<RunOptions, "cwd" | "env" | "onOutput">>;

/** A folder of what belongs to an installed Ansible. */
export const besideAnsible = (python: string, name: string) => join(dirname(dirname(python)), name);

/**
 * Prints ansible-core's version when the installed files are there in the size that their packages' lists give, as far as
 * 10,000 files: a copy that was cut off starts and fails later. Then it loads what Ansible is made of and no setting has
 * a say in, reads a line, and is Ansible with the environment, the folder and the arguments that this line has.
 */
const PROGRAM = `
import csv, os, signal, sys, sysconfig
signal.signal(signal.SIGINT, signal.SIG_DFL)
import ansible.release
site, left = sysconfig.get_path("purelib"), 10_000
for name in os.listdir(site):
    if name.endswith(".dist-info"):
        with open(os.path.join(site, name, "RECORD"), encoding="utf-8") as record:
            for path, _, size in csv.reader(record):
                left -= 1
                if left > 0 and size and os.stat(os.path.join(site, path)).st_size != int(size):
                    raise SystemExit(path)
os.write(1, ansible.release.__version__.encode() + b"\\n")
import argparse, atexit, contextlib, importlib, json, runpy
for name in """
    importlib.metadata configparser ctypes.util curses decimal difflib email.parser encodings.idna getpass glob
    multiprocessing.queues multiprocessing.shared_memory multiprocessing.synchronize pkgutil pprint pty shlex syslog tarfile tomllib uuid
    xml.dom.minidom xml.etree.ElementTree yaml jinja2.nativetypes jinja2.sandbox packaging.specifiers
    cryptography.hazmat.backends.openssl cryptography.hazmat.primitives.serialization cryptography.hazmat.primitives.hmac
    cryptography.hazmat.primitives.kdf.pbkdf2 cryptography.hazmat.primitives.padding ansible.config.manager
""".split():
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
given = b""
while not given.endswith(b"\\n"):
    more = os.read(0, 65536)
    if not more:
        os._exit(0)
    given += more
given = json.loads(given)
with open(os.devnull) as nothing:
    os.dup2(nothing.fileno(), 0)
os.environ.clear()
os.environ.update(given["env"])
os.chdir(given["cwd"])
sys.argv = ["ansible", *given["words"]]
signal.signal(signal.SIGINT, signal.default_int_handler)
code = 0
try:
    runpy.run_module("ansible", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code
if not (code is None or isinstance(code, int)):
    raise SystemExit(code)
# Python would give back each piece of memory alone.
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code or 0)
`;

/** Starts an Ansible that is installed, without what only the run itself knows. */
export function startAnsible(python: string, { environment, signal }: Machine): WaitingAnsible {
  const unneeded = new AbortController();
  let tell: (text: string) => void = () => undefined;
  const input = new Promise<string>((resolve) => {
    tell = resolve;
  });
  let known: (version: string) => void = () => undefined;
  const version = new Promise<string>((resolve) => {
    known = resolve;
  });
  let said = "";
  let onOutput: RunOptions["onOutput"] = (stream, chunk) => {
    if (stream === "stdout") said += chunk;
    if (said.endsWith("\n")) known(said.trim());
  };
  const ended = run([python, "-P", "-c", PROGRAM], {
    // Bytecode is beside Ansible, so that the next run starts in half the time and nothing is left in the workspace.
    env: jobEnvironment(environment, { PYTHONPYCACHEPREFIX: besideAnsible(python, "pycache") }),
    signal: AbortSignal.any([unneeded.signal, ...(signal ? [signal] : [])]),
    timeout: Number.POSITIVE_INFINITY,
    grace: GRACE,
    leashed: true,
    input,
    onOutput: (stream, chunk) => onOutput?.(stream, chunk),
  });
  const late = setTimeout(() => unneeded.abort(), LOOK_LIMIT);
  version.then(() => clearTimeout(late));
  ended.then(() => known(""));
  return {
    python,
    version,
    goOn: (words, options) => {
      onOutput = options.onOutput;
      tell(`${JSON.stringify({ words, env: options.env, cwd: options.cwd })}\n`);
      return ended;
    },
    end: () => unneeded.abort(),
  };
}
