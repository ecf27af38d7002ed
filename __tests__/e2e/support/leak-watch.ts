import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Host, must, onHost, run } from "../../../scripts/lab/index.mjs";

/** Texts that must be nowhere: the canary, and its base64 at each of the three offsets. */
export function traces(canary: string): string[] {
  const forms = [0, 1, 2].map((offset) =>
    Buffer.from(" ".repeat(offset) + canary)
      .toString("base64")
      .slice(offset === 0 ? 0 : offset + 1)
      .replace(/.{1,2}=*$/, ""),
  );
  return [canary, ...forms];
}

/** Where to look while a run goes on. Paths are absolute. */
export interface WatchPlaces {
  /** Folders of the runner. */
  folders: string[];
  /** Paths with such a beginning are where secrets belong. */
  allowed: string[];
  hosts: Host[];
}

/** On a host: where programs leave things. */
const HOST_FOLDERS = ["tmp", "var/tmp", "home", "root", "run", "etc", "var/log", "var/lib/django-ansible-deploy"];

/** The application's environment, which is there for it. */
const HOST_ALLOWED = /^\/etc\/mysite\/(environments\/)?[\w.-]*$/;

/**
 * Looks every second at every file that is new or changed in these folders, and at what each process of the machine,
 * hosts included, has in its arguments and, as far as a user who is nobody may read it, in its environment.
 */
export async function watchLeaks(
  canaries: readonly string[],
  places: WatchPlaces,
): Promise<{ stop(): Promise<string[]> }> {
  const roots = await Promise.all(places.hosts.map(rootOf));
  const request = {
    traces: canaries.flatMap(traces),
    folders: places.folders,
    allowed: places.allowed,
    hosts: roots.flatMap((root) => HOST_FOLDERS.map((folder) => `${root}/${folder}`)),
  };
  const watchers = [IMPORTS + WATCH, IMPORTS + AS_NOBODY + WATCH].map((program) => start(program, request));
  return {
    stop: async () => {
      const found = (await Promise.all(watchers.map((watcher) => watcher.stop()))).flat();
      const named = found.map((line) =>
        roots.reduce((text, root, index) => text.replace(root, `${places.hosts[index]?.name}:`), line),
      );
      return [...new Set(named)].filter((line) => !HOST_ALLOWED.test(line.replace(/^file \w+:/, "")));
    },
  };
}

/** A container's files, seen from this machine. */
const rootOf = async (host: Host): Promise<string> =>
  `/proc/${(await must(["docker", "inspect", "--format", "{{.State.Pid}}", host.container])).trim()}/root`;

function start(program: string, request: unknown): { stop(): Promise<string[]> } {
  const child = spawn("python3", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.write(`${JSON.stringify(request)}\n`);
  return {
    stop: async () => {
      child.stdin.end();
      const code = await ended;
      const lines = output.split("\n").filter((line) => line !== "");
      // The last line counts what was looked at: a watcher that saw nothing found nothing.
      const looks = Number(/^looks (\d+)$/.exec(lines.pop() ?? "")?.[1] ?? 0);
      if (code !== 0 || looks === 0) throw new Error(`The search for leaks ended with ${code} after ${looks} looks.`);
      return lines;
    },
  };
}

const IMPORTS = "import json, os, select, sys\n";

const AS_NOBODY = `
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
`;

const WATCH = `
request = json.loads(sys.stdin.readline())
traces = [text.encode() for text in request["traces"]]
found, seen, looks = set(), {}, 0
root = os.getuid() == 0

def holds(content):
    return any(trace in content for trace in traces)

def tell(line):
    if line not in found:
        found.add(line)
        print(line, flush=True)

def read(path, limit=4_000_000):
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""

def processes():
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        line = read("/proc/%s/cmdline" % pid)
        shown = line.replace(bytes(1), b" ").decode(errors="replace")[:300]
        if holds(line):
            tell("arguments " + shown)
        if not root and holds(read("/proc/%s/environ" % pid)):
            tell("environment of " + shown)

def private(folder):
    """A folder in memory that root alone can enter, for as long as one command of the deploy runs."""
    name = os.path.basename(folder)
    if not (name.startswith("django-ansible-deploy-") and name.endswith(".service") and os.path.basename(os.path.dirname(folder)) == "run"):
        return False
    try:
        state = os.lstat(folder)
    except OSError:
        return False
    return state.st_uid == 0 and state.st_mode & 0o7777 == 0o700

def files(folder, allowed):
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not os.path.join(place, name).startswith(allowed) and not private(os.path.join(place, name))]
        for name in names:
            path = os.path.join(place, name)
            try:
                state = os.lstat(path)
            except OSError:
                continue
            mark = (state.st_mtime_ns, state.st_size, state.st_ino)
            if (state.st_mode & 0o170000) != 0o100000 or seen.get(path) == mark or path.startswith(allowed):
                continue
            seen[path] = mark
            if holds(read(path)):
                tell("file " + path)

while True:
    processes()
    for folder in request["folders"]:
        files(folder, tuple(request["allowed"]))
    if root:
        for folder in request["hosts"]:
            files(folder, ())
    looks += 1
    if select.select([sys.stdin], [], [], 1)[0]:
        break
print("looks %d" % looks)
`;

/** Files of this machine, below 10 MB, that hold a canary and were changed since a time (milliseconds). */
export async function leaksInFiles(
  canaries: readonly string[],
  folders: readonly string[],
  since: number,
  except: readonly string[] = [],
): Promise<string[]> {
  const patterns = join(mkdtempSync("/dev/shm/dad-patterns-"), "patterns");
  writeFileSync(patterns, canaries.flatMap(traces).join("\n"), { mode: 0o600 });
  const prune = except.flatMap((folder) => ["-path", folder, "-prune", "-o"]);
  const newer = ["-type", "f", "-newermt", `@${Math.floor(since / 1000)}`, "-size", "-10M"];
  const grep = ["grep", "--files-with-matches", "--text", "--fixed-strings", `--file=${patterns}`];
  try {
    // Other programs work in some of the folders too: a file may be gone before it is read.
    const { stdout } = await run(["find", ...folders, "-xdev", ...prune, ...newer, "-exec", ...grep, "{}", "+"]);
    return stdout.split("\n").filter((line) => line !== "");
  } finally {
    rmSync(dirname(patterns), { recursive: true });
  }
}

/** Where canaries are on a host when nothing runs any more: in files, in the journal, in arguments of processes. */
export async function leaksOnHost(host: Host, canaries: readonly string[]): Promise<string[]> {
  const found = await onHost(
    host,
    `patterns=$(mktemp -p /dev/shm)
cat > "$patterns" <<'EOF'
${canaries.flatMap(traces).join("\n")}
EOF
search="grep --text --fixed-strings --file=$patterns"
$search --recursive --files-with-matches --devices=skip --exclude-dir=apt --exclude-dir=dpkg \\
  /etc /home /root /opt /run /srv /tmp /usr/local /var 2>/dev/null || true
journalctl --no-pager --output=export 2>/dev/null | $search | sed 's/^/journal: /' || true
for place in /proc/[0-9]*/cmdline; do
  $search --quiet "$place" 2>/dev/null && echo "arguments in $place" || true
done
rm "$patterns"`,
  );
  const lines = found.split("\n").filter((line) => line !== "");
  return lines.filter((line) => !HOST_ALLOWED.test(line)).map((line) => `${host.name}: ${line.slice(0, 300)}`);
}

/** The application's environment files that hold a canary, with owner, group and mode. */
export function environmentFiles(host: Host, canary: string): Promise<string> {
  return onHost(
    host,
    `grep --recursive --files-with-matches --fixed-strings '${canary}' /etc/mysite | sort | xargs --no-run-if-empty stat --format='%n %U:%G %a'`,
  );
}
