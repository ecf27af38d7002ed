export const id = 849;
export const ids = [849];
export const modules = {

/***/ 849:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  run: () => (/* binding */ run)
});

// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:url"
var external_node_url_ = __webpack_require__(3136);
// EXTERNAL MODULE: ./lib/announce.js
var announce = __webpack_require__(4336);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
;// CONCATENATED MODULE: ./lib/process/program-environment.js
/** What a deploy has no business with: the inputs as given, the job's tokens and command files, and another Python's settings. */
const DROPPED = /^(INPUT_.*|STATE_.*|ACTIONS_.*|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY|TOKEN)|PYTHONPATH|PYTHONHOME|PYTHONDONTWRITEBYTECODE|VIRTUAL_ENV|ANSIBLE_CALLBACK_WHITELIST|ANSIBLE_COLLECTIONS_PATHS)$/;
/** What a helper needs to start and to find its files; version managers of Python are told by variables which one to start. */
const KEPT = /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|XDG_\w+|NIX_\w+|(PYENV|ASDF|MISE|RTX)_\w+)$/;
const SECRET = /TOKEN|SECRET|PASS|_KEY$/;
/**
 * For Ansible and what installs it: the job's environment without what is the action's own. A playbook may look up the
 * job's variables.
 */
function jobEnvironment(job, more = {}) {
    return build(job, (name) => !DROPPED.test(name), more);
}
/** For programs that help out (ssh-keygen, git, a Python that is only looked at): no variable that may be a secret. */
function helperEnvironment(job, more = {}) {
    return build(job, (name) => KEPT.test(name) && !SECRET.test(name), more);
}
/** An environment with more variables, or with others. */
function extended(env, more) {
    return { ...env, ...more };
}
function build(job, isKept, more) {
    const kept = Object.entries(job).filter((entry) => entry[1] !== undefined && isKept(entry[0]));
    return { ...Object.fromEntries(kept), ...locale(job), ...more };
}
/** Ansible refuses to start without a UTF-8 locale. */
function locale(job) {
    const effective = job.LC_ALL || job.LC_CTYPE || job.LANG || "";
    return /utf-?8/i.test(effective) ? {} : { LC_ALL: "C.UTF-8", LANG: "C.UTF-8" };
}

// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
;// CONCATENATED MODULE: ./lib/process/leash.js


/** Waits until nobody holds the other end of its input, and ends a group then. */
const WATCH = 'read -r _; kill -INT -"$1" 2>/dev/null && sleep 2 && kill -KILL -"$1" 2>/dev/null';
/**
 * Ties a process group to this process: when this one is gone, however it went, the group is ended. A shell watches, whose
 * input ends with this process.
 *
 * @returns what lets the group go.
 */
function leash(group) {
    const env = helperEnvironment(process.env);
    const watch = (0,external_node_child_process_.spawn)("/bin/sh", ["-c", WATCH, "sh", String(group)], {
        ...{ env, detached: true, stdio: ["pipe", "ignore", "ignore"] },
    });
    // Without a shell there is no leash, and a run as good as any.
    watch.on("error", () => undefined);
    watch.stdin?.on("error", () => undefined);
    watch.unref();
    return () => {
        watch.kill("SIGKILL");
        watch.stdin?.destroy();
    };
}

;// CONCATENATED MODULE: ./lib/read-file.js



/** Bytes of the longest text that people write or that is made of what they write. */
const MOST_BYTES = 4 * 1024 * 1024;
/**
 * The text of a file, and the one way to get it: opened once, without waiting for a writer, only as a regular file, and
 * never more than its limit.
 *
 * @throws DeployError that names the place and what to do.
 */
function readText(place, most = MOST_BYTES) {
    const bytes = readBytes(place, most);
    if (bytes.includes(0))
        throw new errors/* DeployError */.sH(`${place.name} holds a NUL byte, so it is no text: store it as UTF-8.`);
    return bytes.toString("utf8");
}
/** Likewise, undefined where there is no file. */
function readTextIfThere(place, most) {
    return isThere(place.path) ? readText(place, most) : undefined;
}
/** The content of a file that need not be text. */
function readBytes(place, most = MOST_BYTES) {
    return opened(place, (descriptor, { size }) => {
        const limit = `${place.name} is larger than ${megabytes(most)}, the most that is read of such a file: make it smaller.`;
        if (size > most)
            throw new errors/* DeployError */.sH(limit);
        // What the system makes up as it is read (/proc) has no size, and what is written to meanwhile has another one.
        const bytes = piece(descriptor, 0, most + 1, Math.max(size + 1, 4_096));
        if (bytes.length > most)
            throw new errors/* DeployError */.sH(limit);
        return bytes;
    });
}
/** What a file holds from a position on, as far as a limit. */
function readPiece(place, from, most) {
    return opened(place, (descriptor) => piece(descriptor, from, most, 65_536));
}
/** Refuses a path that {@link readText} would not open, without reading it. */
function requireFile(place) {
    opened(place, () => undefined);
}
/** What is in a folder, sorted; nothing where there is no folder. */
function entriesIn(place) {
    if (!isThere(place.path))
        return [];
    try {
        return (0,external_node_fs_.readdirSync)(real(place), { withFileTypes: true })
            .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
            .sort((one, other) => (one.name < other.name ? -1 : 1));
    }
    catch (error) {
        throw refusal(place, error);
    }
}
/** What is at a path, links followed; undefined where nothing is. */
function kindOf(place) {
    if (!isThere(place.path))
        return undefined;
    try {
        const stats = (0,external_node_fs_.statSync)(real(place));
        if (stats.isDirectory())
            return "folder";
        requireRegular(place, stats);
        return "file";
    }
    catch (error) {
        throw refusal(place, error);
    }
}
/** Whether something is at a path; what cannot be looked at is, so that whoever opens it says why. */
function isThere(path) {
    try {
        return (0,external_node_fs_.statSync)(path, { throwIfNoEntry: false }) !== undefined;
    }
    catch (error) {
        return codeOf(error) !== "ENOTDIR";
    }
}
function opened(place, use) {
    let descriptor;
    try {
        // A FIFO is opened without a writer, a terminal never becomes the process's own, and the way there has no link left.
        const flags = external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK | external_node_fs_.constants.O_NOCTTY | external_node_fs_.constants.O_NOFOLLOW;
        descriptor = (0,external_node_fs_.openSync)(real(place), flags);
        const stats = (0,external_node_fs_.fstatSync)(descriptor);
        requireRegular(place, stats);
        return use(descriptor, stats);
    }
    catch (error) {
        throw refusal(place, error);
    }
    finally {
        if (descriptor !== undefined)
            (0,external_node_fs_.closeSync)(descriptor);
    }
}
/** The path without links, refused where these lead from the workspace to what is not in it. */
function real({ path, name, workspace }) {
    const found = (0,external_node_fs_.realpathSync)(path);
    if (workspace === undefined)
        return found;
    if (isInside(path, workspace) && !isInside(found, (0,external_node_fs_.realpathSync)(workspace))) {
        throw new errors/* DeployError */.sH(`${name} is a link that leads out of the workspace: put the file itself there.`);
    }
    return found;
}
function isInside(path, folder) {
    const way = (0,external_node_path_.relative)(folder, path);
    return !(way === ".." || way.startsWith("../") || (0,external_node_path_.isAbsolute)(way));
}
function requireRegular({ name }, stats) {
    if (stats.isFile())
        return;
    const what = stats.isDirectory()
        ? "a folder"
        : stats.isFIFO()
            ? "a named pipe"
            : stats.isSocket()
                ? "a socket"
                : "a device";
    throw new errors/* DeployError */.sH(`${name} is ${what}: a regular file is needed.`);
}
function piece(descriptor, from, most, step) {
    const pieces = [];
    for (let length = 0; length < most;) {
        const buffer = Buffer.allocUnsafe(Math.min(step, most - length));
        const count = (0,external_node_fs_.readSync)(descriptor, buffer, 0, buffer.length, from + length);
        if (count === 0)
            break;
        pieces.push(buffer.subarray(0, count));
        length += count;
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}
const REASONS = {
    ENOENT: "does not exist",
    ENOTDIR: "does not exist, since a part of its path is no folder",
    EACCES: "may not be read by the runner's user: give it the permission",
    EPERM: "may not be read by the runner's user: give it the permission",
    ELOOP: "is a link that leads back to itself: put the file itself there",
    ENAMETOOLONG: "has a path that is too long for this system: shorten it",
    ERR_INVALID_ARG_VALUE: "has a NUL character in its path: remove it",
    ENXIO: "is a socket or a device: a regular file is needed",
    EMFILE: "cannot be opened, since the runner has too many open files",
};
function refusal(place, error) {
    if (error instanceof errors/* DeployError */.sH)
        return error;
    const code = codeOf(error);
    return new errors/* DeployError */.sH(`${place.name} ${REASONS[code] ?? `cannot be read (${code || "for no reason given"})`}.`);
}
function codeOf(error) {
    return error instanceof Error && "code" in error ? String(error.code) : "";
}
function megabytes(bytes) {
    return `${Math.floor(bytes / 1_048_576)} MB`;
}

;// CONCATENATED MODULE: ./lib/process/tree.js


/** Everything that a process started, and what that started: workers that left its group are found here alone. */
function descendantsOf(pid, table = () => processTable()) {
    const rows = table();
    const found = [];
    for (let parents = new Set([pid]); parents.size > 0;) {
        const children = rows.filter(({ parent }) => parents.has(parent));
        found.push(...children);
        parents = new Set(children.map((child) => child.pid));
    }
    return found;
}
/** Kills those of the processes that still run. */
function killMembers(members, table = () => processTable()) {
    if (members.length === 0)
        return;
    const running = new Map(table().map(({ pid, started }) => [pid, started]));
    for (const { pid, started } of members) {
        if (running.get(pid) !== started)
            continue;
        try {
            process.kill(pid, "SIGKILL");
        }
        catch {
            // It ended meanwhile.
        }
    }
}
/** The processes of this machine; none where they cannot be looked at. */
function processTable(platform = process.platform) {
    try {
        return platform === "linux" ? fromProc() : fromPs();
    }
    catch {
        return [];
    }
}
/** proc_pid_stat(5): the parent is the second field after the name, the start time the twentieth. */
function fromProc() {
    return entriesIn({ path: "/proc", name: "/proc" })
        .map(({ name }) => name)
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => {
        try {
            const text = readBytes({ path: `/proc/${name}/stat`, name: "stat" }).toString();
            const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
            return [{ pid: Number(name), parent: Number(fields[1]), started: fields[19] ?? "" }];
        }
        catch {
            return [];
        }
    });
}
function fromPs() {
    const env = { PATH: process.env.PATH, LC_ALL: "C" };
    return rowsOf((0,external_node_child_process_.execFileSync)("ps", ["-A", "-o", "pid=,ppid=,lstart="], { env, encoding: "utf8", timeout: 2_000 }));
}
/** What `ps -A -o pid=,ppid=,lstart=` prints. */
function rowsOf(text) {
    return text.split("\n").flatMap((line) => {
        const [, pid, parent, started = ""] = /^\s*(\d+)\s+(\d+)\s(.+)$/.exec(line) ?? [];
        return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), started: started.trim() }];
    });
}

;// CONCATENATED MODULE: ./lib/process/run.js




const TAIL = 65_536;
const MOST = 32_000_000;
/** What runs now, for {@link killAll}. */
const running = new Set();
/** Kills every program that was started here and what it started. For when nothing else ends a run. */
function killAll() {
    for (const kill of running)
        kill();
}
/**
 * Runs a program to its end. Never fails: whoever calls it judges the code.
 *
 * It has a process group of its own, so that a signal reaches it and what it started, and nothing else reaches them before.
 */
function run_run(argv, options) {
    if (options.signal?.aborted)
        return Promise.resolve({ code: 130, stdout: "", stderr: "" });
    return new Promise((resolve) => {
        let child;
        try {
            const [command, ...args] = argv;
            const { cwd, env } = options;
            const stdin = options.input === undefined ? "ignore" : "pipe";
            child = (0,external_node_child_process_.spawn)(command, args, { cwd, env, detached: true, stdio: [stdin, "pipe", "pipe"] });
        }
        catch (error) {
            // A NUL in an argument, for one.
            resolve({ code: 127, stdout: "", stderr: (0,errors/* messageOf */.bD)(error) });
            return;
        }
        const output = { stdout: "", stderr: "" };
        const ending = new Ending(child, options.grace);
        const release = options.leashed && child.pid !== undefined ? leash(child.pid) : () => undefined;
        const timers = [timer(options.timeout ?? 600_000, ending.start)];
        running.add(ending.kill);
        options.signal?.addEventListener("abort", ending.start, { once: true });
        // One that ended meanwhile reads nothing; what that means its code says.
        child.stdin?.on("error", () => undefined);
        options.input?.then((text) => child.stdin?.end(text));
        for (const stream of ["stdout", "stderr"]) {
            child[stream]?.setEncoding("utf8").on("data", (chunk) => {
                options.onOutput?.(stream, chunk);
                if (options.onOutput === undefined)
                    output[stream] += chunk;
                else if (stream === "stderr")
                    output.stderr = (output.stderr + chunk).slice(-TAIL);
                if (output[stream].length <= (options.most ?? MOST))
                    return;
                output[stream] = output[stream].slice(0, options.most ?? MOST);
                ending.kill();
            });
        }
        const finish = (code) => {
            if (!running.delete(ending.kill))
                return;
            for (const one of timers)
                clearTimeout(one);
            options.signal?.removeEventListener("abort", ending.start);
            release();
            ending.finish();
            child.stdin?.destroy();
            child.stdout?.destroy();
            child.stderr?.destroy();
            resolve({ code, ...output });
        };
        child.on("error", (error) => {
            output.stderr += error.message;
            finish(127);
        });
        child.on("close", (code, signal) => finish(code ?? signalCode(signal)));
        // A process that was left behind may hold the pipes open; what the program wrote itself is there by then.
        child.on("exit", (code, signal) => {
            timers.push(timer(1_000, () => finish(code ?? signalCode(signal))));
        });
    });
}
/** Ends a program with everything that it started. */
class Ending {
    #child;
    #grace;
    #timers = [];
    /** What it had started when it was asked to end, also in groups of their own. */
    #members = [];
    #begun = false;
    constructor(child, grace) {
        this.#child = child;
        this.#grace = grace;
    }
    /** By SIGINT first, when there is a grace. */
    start = () => {
        if (this.#begun)
            return;
        if (this.#grace === undefined) {
            this.kill();
            return;
        }
        const [terminate, kill] = this.#grace;
        this.#signal("SIGINT");
        this.#timers.push(setTimeout(() => this.#signal("SIGTERM"), terminate));
        this.#timers.push(setTimeout(this.kill, terminate + kill));
    };
    kill = () => {
        this.#signal("SIGKILL");
        killMembers(this.#members);
    };
    /** Workers that outlived a program that was ended must not outlive the step. */
    finish() {
        for (const one of this.#timers)
            clearTimeout(one);
        if (!this.#begun)
            return;
        signalGroup(this.#child, "SIGKILL");
        killMembers(this.#members);
    }
    #signal(name) {
        this.#begun = true;
        if (this.#child.pid !== undefined)
            this.#members.push(...descendantsOf(this.#child.pid));
        signalGroup(this.#child, name);
    }
}
function signalGroup(child, signal) {
    if (child.pid === undefined)
        return;
    try {
        process.kill(-child.pid, signal);
    }
    catch {
        // The group is gone already.
    }
}
function signalCode(signal) {
    return signal === "SIGINT" ? 130 : signal === "SIGKILL" ? 137 : 143;
}
function timer(milliseconds, action) {
    return Number.isFinite(milliseconds) ? setTimeout(action, milliseconds) : undefined;
}

;// CONCATENATED MODULE: ./lib/remove.js

/** How often a folder is gone through at most, and the milliseconds between: half a second in all. */
const MOST_TRIES = 50;
const BETWEEN_TRIES = 10;
/**
 * Removes a folder with all that it holds, the one way to do so; nothing where there is none.
 *
 * Node 24 stops half-way and says nothing when an entry vanishes meanwhile (a socket whose agent ends), so it is looked
 * whether the folder is gone.
 *
 * @throws Error when it cannot be removed.
 */
function removeFolder(path) {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
        (0,external_node_fs_.rmSync)(path, { recursive: true, force: true, maxRetries: 3 });
        if (!(0,external_node_fs_.existsSync)(path))
            return;
        // Whoever else is at work there gets on with it.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_TRIES);
    }
    throw new Error("it is changed again and again");
}

;// CONCATENATED MODULE: ./lib/connection/control-folder.js







/** Name of the folders created for sockets; clean-up removes nothing else. */
const CONTROL_PREFIX = "dad-";
/** The socket of the action's own agent, and the file with its process id. */
const AGENT_SOCKET = "agent";
const AGENT_PID = "agent.pid";
/** Bytes of the longest parent: a socket's path may have about 100, and ssh adds 28 for its name while it is made. */
const LONGEST_PARENT = 60;
/**
 * A fresh folder, mode 0700, for the sockets of SSH's shared connections. Not in RUNNER_TEMP, since self-hosted runners
 * live in deep folders; nor in TMPDIR where that is missing, deep or has what an ssh option does not take.
 */
function createControlFolder(temporary = (0,external_node_os_.tmpdir)()) {
    const parent = (0,external_node_fs_.existsSync)(temporary) ? (0,external_node_fs_.realpathSync)(temporary) : "";
    const isFit = Buffer.byteLength(parent) <= LONGEST_PARENT && /^[\w./-]+$/.test(parent);
    return (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(isFit ? parent : "/tmp", CONTROL_PREFIX));
}
/**
 * Ends the agent and the shared connections and removes the folder. Safe to call twice.
 *
 * An open connection would keep the hosts reachable for whoever uses the runner next, until ControlPersist ends it.
 */
async function closeConnections(folder) {
    if (!(0,external_node_fs_.existsSync)(folder))
        return;
    const sockets = entriesIn({ path: folder, name: "The folder of connections" }).map(({ name }) => name);
    await stopAgent(folder);
    await Promise.allSettled(sockets
        .filter((name) => name !== AGENT_SOCKET && name !== AGENT_PID)
        .map((socket) => run_run(["ssh", "-O", "exit", "-o", `ControlPath=${(0,external_node_path_.join)(folder, socket)}`, "x"], helper(2_000))));
    removeFolder(folder);
}
const helper = (timeout) => ({ env: helperEnvironment(process.env), timeout });
/** Ends the agent whose socket is in the folder, unless another process has its id by now. */
async function stopAgent(folder) {
    let pid;
    try {
        pid = Number(readText({ path: (0,external_node_path_.join)(folder, AGENT_PID), name: AGENT_PID }));
    }
    catch {
        return;
    }
    if (!Number.isInteger(pid) || pid <= 1)
        return;
    if (!(await commandLine(pid)).includes((0,external_node_path_.join)(folder, AGENT_SOCKET)))
        return;
    try {
        process.kill(pid);
    }
    catch {
        // It ended on its own.
    }
}
/** The arguments of a process; "" when there is none. Linux needs no program for it. */
async function commandLine(pid) {
    try {
        return readBytes({ path: `/proc/${pid}/cmdline`, name: "cmdline" }).toString();
    }
    catch {
        return (await run_run(["ps", "-o", "args=", "-p", String(pid)], helper(2_000))).stdout;
    }
}

;// CONCATENATED MODULE: ./lib/secrets/private-folder.js




/** Name of the folders that the action creates under RUNNER_TEMP; clean-up removes nothing else. */
const PRIVATE_PREFIX = "django-ansible-deploy-";
/** A folder that only this user can read and that is removed when the run ends. */
class PrivateFolder {
    /** Absolute. */
    path;
    #closed = false;
    constructor(path) {
        this.path = path;
    }
    /**
     * Creates a fresh folder, mode 0700.
     *
     * @param parent RUNNER_TEMP; the system's folder for temporary files where it is not set.
     */
    static create(parent = process.env.RUNNER_TEMP || (0,external_node_os_.tmpdir)()) {
        try {
            (0,external_node_fs_.mkdirSync)(parent, { recursive: true });
            const path = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)((0,external_node_fs_.realpathSync)(parent), PRIVATE_PREFIX));
            (0,external_node_fs_.chmodSync)(path, 0o700);
            return new PrivateFolder(path);
        }
        catch {
            throw new errors/* DeployError */.sH(`RUNNER_TEMP ${(0,errors/* quoted */.TL)(parent)} is no folder that the runner's user may write to: the runner's own setting for temporary files is wrong.`);
        }
    }
    /** From now on nothing is written into it: it is about to be removed, and work that was stopped may not know yet. */
    close() {
        this.#closed = true;
    }
    /** Creates a folder inside, mode 0700, and returns its path. */
    folder(name) {
        const path = this.#place(name);
        (0,external_node_fs_.mkdirSync)(path, { recursive: true, mode: 0o700 });
        return path;
    }
    /** Writes a new file, mode 0600, and returns its path. A file that exists already is an error. */
    file(name, content) {
        const path = this.#place(name);
        (0,external_node_fs_.writeFileSync)(path, content, { flag: "wx", mode: 0o600 });
        return path;
    }
    #place(name) {
        if (this.#closed)
            throw new Error(`${name} was not written: the run has ended.`);
        return (0,external_node_path_.join)(this.path, name);
    }
}

// EXTERNAL MODULE: ./lib/node_modules/@actions/core/lib/core.js + 4 modules
var lib_core = __webpack_require__(8775);
;// CONCATENATED MODULE: ./lib/state.js


/** Saves a path as soon as it exists, so that post finds it even when main is killed. */
function saveState(name, path) {
    save(name, path);
}
/** @throws DeployError: without its state, post would not clean up. */
function save(name, text) {
    try {
        lib_core/* saveState */.LZ(name, text);
    }
    catch (error) {
        const missing = error instanceof Error && error.message.startsWith("Missing file");
        const cause = missing ? "it does not exist" : (0,errors/* messageOf */.bD)(error);
        throw new errors/* DeployError */.sH(`The runner's file GITHUB_STATE could not be written: ${cause}. Make room on the runner's disk, or start the runner anew.`);
    }
}
/** Folders in the tool cache that were filled in this run; those that are done are gone. */
const workFolders = [];
/** Saves one more folder that would be left half-filled when main is killed. */
function saveWorkFolder(path) {
    workFolders.push(path);
    save("workFolders", JSON.stringify(workFolders));
}
function state_loadState() {
    return {
        privateFolder: core.getState("privateFolder"),
        controlFolder: core.getState("controlFolder"),
        workFolders: pathsIn(core.getState("workFolders")),
    };
}
function pathsIn(text) {
    try {
        const value = JSON.parse(text);
        return Array.isArray(value) ? value.filter((path) => typeof path === "string") : [];
    }
    catch {
        return [];
    }
}

;// CONCATENATED MODULE: ./lib/toolchain/tool-folder.js





/** Inside the folder, so that the rename brings folder and marker in one step. */
const MARKER = ".complete";
/** Root of the runner's tool cache; without one, a folder that lasts as long as the system keeps temporary files. */
function toolCacheRoot(environment) {
    return environment.RUNNER_TOOL_CACHE ? (0,external_node_path_.resolve)(environment.RUNNER_TOOL_CACHE) : temporaryTools(environment);
}
/** What stands in for the tool cache. */
function temporaryTools({ RUNNER_TEMP }) {
    return (0,external_node_path_.resolve)(RUNNER_TEMP || (0,external_node_os_.tmpdir)(), "django-ansible-deploy-tools");
}
/** Whether this user may write into a folder, or make it. */
function isWritable(folder) {
    let place = (0,external_node_path_.resolve)(folder);
    while (!(0,external_node_fs_.existsSync)(place) && (0,external_node_path_.dirname)(place) !== place)
        place = (0,external_node_path_.dirname)(place);
    try {
        (0,external_node_fs_.accessSync)(place, external_node_fs_.constants.W_OK | external_node_fs_.constants.X_OK);
        return (0,external_node_fs_.statSync)(place).isDirectory();
    }
    catch {
        return false;
    }
}
/** Whether a path is one in which {@link createToolFolder} works: post removes nothing else. */
function isWorkFolder(path) {
    const isOurs = (0,external_node_path_.dirname)(path)
        .split("/")
        .some((name) => /^django-ansible-deploy-[\w-]+$/.test(name));
    return isOurs && /^\..+-[A-Za-z0-9]{6}$/.test((0,external_node_path_.basename)(path)) && path === (0,external_node_path_.resolve)(path);
}
/** Whether a folder of the tool cache was finished and not withdrawn since. */
function isComplete(folder) {
    return (0,external_node_fs_.existsSync)((0,external_node_path_.join)(folder, MARKER));
}
/**
 * Fills a folder of the tool cache: in a sibling first, then by one rename, so that jobs that run at once never see a
 * half-filled one. Whoever comes second keeps what the first one made.
 *
 * @param fill gets the folder to work in and returns the path inside it that becomes `folder`.
 */
async function createToolFolder(folder, fill) {
    (0,external_node_fs_.mkdirSync)((0,external_node_path_.dirname)(folder), { recursive: true });
    const work = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)((0,external_node_path_.dirname)(folder), `.${(0,external_node_path_.basename)(folder)}-`));
    saveWorkFolder(work);
    try {
        const made = await fill(work);
        (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(made, MARKER), "");
        try {
            (0,external_node_fs_.renameSync)(made, folder);
        }
        catch (error) {
            if (isComplete(folder))
                return;
            // Withdrawn because it does not work any more.
            if (!(0,external_node_fs_.existsSync)(folder))
                throw error;
            (0,external_node_fs_.renameSync)(folder, (0,external_node_path_.join)(work, "old"));
            (0,external_node_fs_.renameSync)(made, folder);
        }
    }
    finally {
        removeFolder(work);
    }
}
/** Withdraws a folder that turned out not to work; the next {@link createToolFolder} replaces it. */
function discardToolFolder(folder) {
    (0,external_node_fs_.rmSync)((0,external_node_path_.join)(folder, MARKER), { force: true });
}

;// CONCATENATED MODULE: ./lib/cleanup.js










/** How often post looks whether the private folder of a run that was killed stays away, and the milliseconds between. */
const LOOKS = 20;
const BETWEEN_LOOKS = 300;
/** The post step: removes what a run left, also one that was killed. Safe to run twice; warns, never fails. */
async function cleanUp() {
    const state = loadState();
    // An Ansible whose step was killed runs on until it finds that nobody reads what it says, and may write into the folder again.
    for (let look = 0; look < LOOKS && isPrivate(state.privateFolder) && existsSync(state.privateFolder); look++) {
        try {
            removePrivateFolder(state.privateFolder);
        }
        catch {
            // What writes there still may end by the next look; the last word is below.
        }
        await pause(BETWEEN_LOOKS);
    }
    removeSecrets(state);
    removeWork(state);
    await removeConnections(state);
}
const isPrivate = (path) => (0,external_node_path_.basename)(path).startsWith(PRIVATE_PREFIX);
function removePrivateFolder(path) {
    if (isPrivate(path))
        removeFolder(path);
}
/** Removes the private folder. Warns where that fails. */
function removeSecrets({ privateFolder }) {
    try {
        removePrivateFolder(privateFolder);
    }
    catch (error) {
        (0,announce/* warn */.R8)(`The private folder ${privateFolder} was not removed: ${(0,errors/* messageOf */.bD)(error)}`);
    }
}
/** Ends the agent and the shared connections. Warns where that fails. */
async function removeConnections({ controlFolder }) {
    try {
        if ((0,external_node_path_.basename)(controlFolder).startsWith(CONTROL_PREFIX))
            await closeConnections(controlFolder);
    }
    catch (error) {
        (0,announce/* warn */.R8)(`The connections in ${controlFolder} were not closed: ${(0,errors/* messageOf */.bD)(error)}`);
    }
}
/** Removes the folder of the shared connections at once, whether they have ended or not. */
function removeControlFolder({ controlFolder }) {
    if ((0,external_node_path_.basename)(controlFolder).startsWith(CONTROL_PREFIX))
        removeFolder(controlFolder);
}
/** Removes what an installation that was killed left half-filled in the tool cache. */
function removeWork({ workFolders }) {
    for (const folder of workFolders.filter(isWorkFolder)) {
        try {
            removeFolder(folder);
        }
        catch (error) {
            (0,announce/* warn */.R8)(`The folder ${folder} in the tool cache was not removed: ${(0,errors/* messageOf */.bD)(error)}`);
        }
    }
}

;// CONCATENATED MODULE: ./lib/inputs/split-arguments.js

/**
 * Splits a text into words as a POSIX shell would: quotes and backslashes count, a `#` that starts a word opens a
 * comment, and nothing is expanded.
 *
 * @param name of the input, for the error.
 * @throws DeployError when a quote stays open.
 */
function splitArguments(text, name = "extra-args") {
    const words = [];
    let word;
    let quote = "";
    for (let index = 0; index < text.length; index++) {
        const char = text.charAt(index);
        const next = text.charAt(index + 1);
        if (quote === "'") {
            if (char === "'")
                quote = "";
            else
                word += char;
        }
        else if (quote === '"') {
            if (char === '"')
                quote = "";
            else if (char === "\\" && ['"', "\\", "$", "`"].includes(next))
                word += text.charAt(++index);
            else if (char === "\\" && next === "\n")
                index++;
            else
                word += char;
        }
        else if (char === "'" || char === '"') {
            quote = char;
            word ??= "";
        }
        else if (char === "\\") {
            if (next === "\r" && text.charAt(index + 2) === "\n")
                index += 2;
            else if (next === "\n")
                index++;
            else {
                word = (word ?? "") + next;
                index++;
            }
        }
        else if (/\s/.test(char)) {
            if (word !== undefined)
                words.push(word);
            word = undefined;
        }
        else if (char === "#" && word === undefined) {
            const end = text.indexOf("\n", index);
            index = end === -1 ? text.length : end;
        }
        else {
            word = (word ?? "") + char;
        }
    }
    if (quote !== "")
        throw new errors/* DeployError */.sH(`${name} has a ${quote} that is not closed: close it.`);
    if (word !== undefined)
        words.push(word);
    return words;
}

// EXTERNAL MODULE: ./node_modules/yaml/dist/index.js
var dist = __webpack_require__(8815);
;// CONCATENATED MODULE: ./lib/inputs/yaml.js


/** Nesting of lists and mappings: what reads them calls itself, and a stack that overflows can end the process. */
const DEEPEST = 100;
/** How often aliases may repeat what they stand for. */
const MOST_ALIASES = 100;
/** Ansible's two tags, in the form in which its JSON reader takes them. */
const ANSIBLE_TAGS = [
    { tag: "!vault", resolve: (text) => ({ __ansible_vault: text }) },
    { tag: "!unsafe", resolve: (text) => ({ __ansible_unsafe: text }) },
];
/** What takes time by the square of a text's length is off: places of all errors, comparing each key with each. */
const OPTIONS = { prettyErrors: false, uniqueKeys: false, logLevel: "silent" };
/** What is wrong, for a sentence, by the code of the library. Another one is told in its own words. */
const PROBLEMS = {
    BAD_ALIAS: "an alias (*name) cannot stand here",
    BAD_DQ_ESCAPE: "a backslash in double quotes begins no escape, so double it or use single quotes",
    BAD_INDENT: "a line is indented wrongly, or a bracket before it stays open",
    BAD_SCALAR_START: "a text begins with a sign that YAML keeps for itself, so put it in quotes",
    BLOCK_AS_IMPLICIT_KEY: "a text holds a colon, so put it in quotes",
    BLOCK_IN_FLOW: "a block stands inside of brackets",
    DUPLICATE_KEY: "a mapping has this key twice, so keep one of them",
    KEY_OVER_1024_CHARS: "a key is longer than 1024 characters",
    MISSING_CHAR: "a quote or a bracket stays open, or a blank is missing",
    MULTIPLE_ANCHORS: "a value has two anchors (&name)",
    MULTIPLE_DOCS: 'a second document begins, so keep one "---" at most',
    MULTIPLE_TAGS: "a value has two tags (!name)",
    MULTILINE_IMPLICIT_KEY: "a key goes over several lines",
    TAB_AS_INDENT: "a tab indents a line, so use spaces",
    TAG_RESOLVE_FAILED: "a tag (!name) is none that Ansible has",
    UNEXPECTED_TOKEN: "a sign stands where YAML expects none",
};
const TOO_DEEP = "TOO_DEEP";
/** Of the lexer: a document, an error in brackets, a plain text. */
const OWN_SIGNS = new Set(["\x02", "\x18", "\x1f"]);
/** How many errors a text may have until it is not read on: each costs time, and the first one is told. */
const MOST_ERRORS = 50;
/** The documents of a text, and what is wrong with it, up to a number of errors. */
function compose(text, most, options = {}) {
    const problems = [];
    const composer = new dist/* Composer */.Dk({ ...OPTIONS, ...options });
    const documents = [];
    const note = (source, code, _, warning) => {
        // A tag that is not known is a problem only where nobody else reads the text.
        if (warning && options.customTags === undefined)
            return;
        problems.push({
            code,
            offset: typeof source === "number" ? source : Array.isArray(source) ? source[0] : source.offset,
        });
        if (problems.length >= most)
            throw new TooMany();
    };
    // The library keeps all errors of a text; this is where it reports each of them.
    Object.assign(composer, { onError: note });
    try {
        for (const document of composer.compose(new dist/* Parser */.iX().parse(text), true, text.length))
            documents.push(document);
    }
    catch (error) {
        if (problems.length === 0)
            throw error;
    }
    for (const { errors } of documents)
        problems.push(...errors.map(({ code, pos }) => ({ code, offset: pos[0] })));
    return { documents, problems };
}
class TooMany extends Error {
}
/**
 * Reads YAML (JSON is YAML) of the core schema. Messages carry a place, never a piece of the text: it may be a secret.
 *
 * @throws DeployError with line and column.
 */
function parseYaml(name, text) {
    const stop = obstacle(text);
    if (stop?.code === TOO_DEEP)
        throw tooDeep(name);
    const { documents, problems } = stop === undefined ? compose(text, 1, { customTags: ANSIBLE_TAGS }) : { documents: [], problems: [stop] };
    const [document, second] = documents;
    const problem = problems[0] ?? (second === undefined ? duplicateKey(document) : { code: "MULTIPLE_DOCS", offset: second.range[0] });
    if (problem !== undefined) {
        const before = text.slice(0, problem.offset).split("\n");
        const [line, col] = [before.length, (before.at(-1)?.length ?? 0) + 1];
        const what = PROBLEMS[problem.code] ?? problem.code.toLowerCase().replaceAll("_", " ");
        throw new errors/* DeployError */.sH(`${name} is not valid YAML at line ${line}, column ${col}: ${what}.`);
    }
    let value;
    try {
        value = (document?.toJS({ maxAliasCount: MOST_ALIASES }) ?? null);
    }
    catch {
        throw new errors/* DeployError */.sH(`${name} has an alias (*name) that is unknown or used too often: write the value out.`);
    }
    refuseCircle(name, value, new Set());
    return value;
}
/** What a YAML text of the project holds, its first document; undefined where it is not valid, which Ansible says. */
function parseLoosely(text) {
    try {
        if (obstacle(text) !== undefined)
            return undefined;
        return compose(text, MOST_ERRORS).documents[0]?.toJS({ maxAliasCount: MOST_ALIASES });
    }
    catch {
        return undefined;
    }
}
/**
 * Every text in all documents of a YAML text, whatever its style. Never fails.
 *
 * @returns besides what was found, whether that is all, since the text is valid.
 */
function leavesOf(text) {
    const leaves = [];
    if (obstacle(text) !== undefined)
        return { leaves, valid: false };
    const { documents, problems } = compose(text, MOST_ERRORS);
    for (const document of documents) {
        const anchors = new Map();
        let aliases = 0;
        const note = (node) => {
            if (node.anchor !== undefined)
                anchors.set(node.anchor, node);
        };
        const collect = (root, outer) => (0,dist/* visit */.YR)(root, {
            Collection: (_, node) => note(node),
            Scalar: (role, node, path) => {
                note(node);
                if (role === "key")
                    return;
                const text = node.source ?? String(node.value ?? "");
                leaves.push({ keys: [...outer, ...keysIn(path)], tag: node.tag ?? "", text });
            },
            // What an alias repeats stands at the alias's keys too.
            Alias: (_, { source }, path) => {
                const node = anchors.get(source);
                if (node !== undefined && aliases++ < MOST_ALIASES)
                    collect(node, [...outer, ...keysIn(path)]);
            },
        });
        collect(document, []);
    }
    return { leaves, valid: problems.length === 0 };
}
function keysIn(path) {
    return path.flatMap((parent) => ((0,dist/* isPair */.tO)(parent) && (0,dist/* isScalar */.jn)(parent.key) ? [String(parent.key.value)] : []));
}
/** Whether a YAML value is a mapping. */
function isMapping(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
/**
 * Reads a mapping of Ansible variables; an empty text is an empty mapping.
 *
 * @throws DeployError when it is no mapping, or a key is no variable name.
 */
function parseMapping(name, text) {
    if (text.trim() === "")
        return {};
    const value = parseYaml(name, text) ?? {};
    if (!isMapping(value))
        throw new errors/* DeployError */.sH(`${name} must be a mapping of names to values, like "key: value".`);
    for (const key of Object.keys(value)) {
        if (!/^[A-Za-z_]\w*$/.test(key)) {
            throw new errors/* DeployError */.sH(`${name} has the key ${(0,errors/* quoted */.TL)(key)}: a variable's name is letters, digits and underscores.`);
        }
    }
    return { ...value };
}
function tooDeep(name) {
    return new errors/* DeployError */.sH(`${name} has lists or mappings nested more than ${DEEPEST} deep: make it flatter.`);
}
/**
 * What forbids to read a text, told by its tokens, since this alone does not call itself: it nests too deep, or it closes a
 * bracket that none opened, where the library goes on for long. undefined when nothing does.
 */
function obstacle(text) {
    const indents = [];
    let offset = 0;
    let flow = 0;
    let compact = 0;
    let blank = 0;
    let scalar = false;
    for (const token of new dist/* Lexer */.JG().lex(text)) {
        if (token.endsWith("\n")) {
            blank = 0;
            compact = 0;
        }
        else if (blank !== undefined && token.startsWith(" ")) {
            blank = token.length;
        }
        else if (blank !== undefined && !token.startsWith("#") && flow === 0) {
            while ((indents.at(-1) ?? -1) >= blank)
                indents.pop();
            indents.push(blank);
            blank = undefined;
        }
        if (scalar)
            scalar = false;
        else if (token === "\x1f")
            scalar = true;
        else if (token === "[" || token === "{")
            flow++;
        else if (token === "]" || token === "}")
            flow--;
        else if (flow === 0 && (token === "-" || token === "?" || token === ":"))
            compact++;
        if (flow < 0)
            return { code: "UNEXPECTED_TOKEN", offset };
        if (indents.length + flow + compact > DEEPEST)
            return { code: TOO_DEEP, offset };
        // Signs of the lexer's own are no part of the text.
        if (!OWN_SIGNS.has(token))
            offset += token.length;
    }
    return undefined;
}
/** A key that its mapping has already. */
function duplicateKey(document) {
    let found;
    if (document === undefined)
        return found;
    (0,dist/* visit */.YR)(document, {
        Map: (_, { items }) => {
            const seen = new Set();
            for (const { key } of items) {
                if (!(0,dist/* isScalar */.jn)(key))
                    continue;
                if (seen.has(key.value)) {
                    found = { code: "DUPLICATE_KEY", offset: key.range?.[0] ?? 0 };
                    return dist/* visit */.YR.BREAK;
                }
                seen.add(key.value);
            }
            return undefined;
        },
    });
    return found;
}
/** Refuses an alias inside of what it stands for, and what aliases nest too deep. */
function refuseCircle(name, value, around) {
    if (typeof value !== "object" || value === null)
        return;
    if (around.has(value))
        throw new errors/* DeployError */.sH(`${name} has an alias (*name) inside of what it stands for: write the value out.`);
    if (around.size > DEEPEST)
        throw tooDeep(name);
    around.add(value);
    for (const part of Object.values(value))
        refuseCircle(name, part, around);
    around.delete(value);
}

;// CONCATENATED MODULE: ./lib/connection/host-keys.js



const CHECKING = /^ansible_(ssh_|paramiko_|paramiko_ssh_)?host_key_checking$/;
const ARGUMENTS = /^ansible_(ssh_args|ssh_common_args|ssh_extra_args|sftp_extra_args|scp_extra_args)$/;
/** Ansible's words for false. */
const FALSE = /^(false|no|off|0|n|f)$/i;
const OPTION = /StrictHostKeyChecking[\s=]+["']?(no|off|accept-new)\b/i;
/** A text without one of these has nothing of the kind, and most have none. */
const MENTIONED = /host_key_checking|StrictHostKeyChecking/i;
/**
 * Refuses what would trust hosts more than `host-key-checking` says, wherever it is set. What only Ansible can read, vaults
 * and templates and inventories that are programs, is held to it by the first option of every ssh.
 *
 * @throws DeployError that names the place.
 */
function requireHostKeys(inputs, project, sources, job) {
    if (inputs.hostKeyChecking === "off")
        return;
    const found = [
        ...looseInJob(job),
        ...looseInCfg(project.cfg),
        ...sources.flatMap(looseInSource),
        ...leavesIn(inputs.vars, []).flatMap((leaf) => looseLeaf(leaf, "vars")),
        ...looseInArguments(inputs.extraArgs),
    ].find(({ acceptsNew }) => !(acceptsNew && inputs.hostKeyChecking === "accept-new"));
    if (found === undefined)
        return;
    throw new errors/* DeployError */.sH(`${found.place} sets ${found.setting}, which switches the check of host keys ${found.acceptsNew ? "partly " : ""}off, and host-key-checking is ${inputs.hostKeyChecking}: remove it, or set host-key-checking: ${found.acceptsNew ? "accept-new" : "off"}.`);
}
/** What of a variable or setting of Ansible's is loose, by its name as a variable. */
function looseSetting(name, value, place, written = name) {
    if (CHECKING.test(name) && FALSE.test(value.trim())) {
        return [{ place, setting: `${written}: ${value.trim()}`, acceptsNew: false }];
    }
    return ARGUMENTS.test(name) ? looseOption(value, place, written) : [];
}
function looseOption(text, place, written) {
    const [, word = ""] = OPTION.exec(text) ?? [];
    if (word === "")
        return [];
    const setting = `StrictHostKeyChecking=${word.toLowerCase()}${written === "" ? "" : ` in ${written}`}`;
    return [{ place, setting, acceptsNew: word.toLowerCase() === "accept-new" }];
}
function looseInJob(job) {
    return Object.entries(job).flatMap(([name, value]) => name.startsWith("ANSIBLE_") ? looseSetting(name.toLowerCase(), value ?? "", "The job's environment", name) : []);
}
function looseInCfg(cfg) {
    if (cfg === undefined)
        return [];
    const { settings } = cfg;
    const named = [
        ["host_key_checking", settings.hostKeyChecking],
        ["ssh_args", settings.sshArgs],
        ["ssh_common_args", settings.sshCommonArgs],
        ["ssh_extra_args", settings.sshExtraArgs],
        ["sftp_extra_args", settings.sftpExtraArgs],
        ["scp_extra_args", settings.scpExtraArgs],
    ];
    return named.flatMap(([name, value]) => looseSetting(`ansible_${name}`, value, "ansible.cfg", name));
}
function looseInSource({ place, text, isInventory }) {
    if (!MENTIONED.test(text))
        return [];
    const found = leavesOf(text).leaves.flatMap((leaf) => looseLeaf(leaf, place.name));
    return found.length > 0 || !isInventory ? found : text.split(/\r?\n/).flatMap((line) => looseLine(line, place.name));
}
function looseLeaf({ keys, text }, place) {
    return keys.flatMap((key) => looseSetting(key, text, place));
}
/** A line of INI: words `name=value` after a host's name, or one `name = value` up to its end. */
function looseLine(line, place) {
    if (/^\s*[#;]/.test(line))
        return [];
    let words = [];
    try {
        words = splitArguments(line);
    }
    catch {
        // A quote that stays open: the line as a whole still counts.
    }
    return [line, ...words].flatMap((pair) => {
        const [name = "", ...value] = pair.split("=");
        return looseSetting(name.trim(), value
            .join("=")
            .trim()
            .replace(/^(["'])(.*)\1$/s, "$2"), place);
    });
}
/** `-e name=value`, `-e {…}` and options that ssh gets. */
function looseInArguments(words) {
    const place = "extra-args";
    return words.flatMap((word) => {
        const text = word.replace(/^(-e|--extra-vars)=?/, "");
        const ofVariables = text.startsWith("{")
            ? leavesOf(text).leaves.flatMap((leaf) => looseLeaf(leaf, place))
            : looseLine(text, place);
        return ofVariables.length > 0 ? ofVariables : looseOption(word, place, "");
    });
}
function leavesIn(value, keys) {
    if (Array.isArray(value))
        return value.flatMap((item) => leavesIn(item, keys));
    if (typeof value !== "object" || value === null)
        return [{ keys, text: String(value) }];
    return Object.entries(value).flatMap(([key, item]) => leavesIn(item, [...keys, key]));
}
/** The first option of every ssh that Ansible starts, since ssh keeps to the first value that it meets; "" where hosts need no key. */
function firstSshOption(checking) {
    return { strict: "-o StrictHostKeyChecking=yes", "accept-new": "-o StrictHostKeyChecking=accept-new", off: "" }[checking];
}

;// CONCATENATED MODULE: ./lib/inputs/missing.js

/** Says of a secret that is missing whether it was given at all, and if so why it is empty: `env is not given`. */
function missing(name, { emptySecrets }) {
    return emptySecrets.includes(name) ? `${name} is given but empty: ${emptySecret()}` : `${name} is not given`;
}
/** The usual cause of a secret that is given but empty. */
function emptySecret(environment = process.env) {
    if (isForkPullRequest(environment))
        return "a workflow run for a pull request from a fork gets no secrets";
    if (environment.GITHUB_ACTOR === "dependabot[bot]") {
        return "a workflow run that Dependabot starts gets Dependabot's own secrets only";
    }
    return "the secret is probably not configured for this repository or environment";
}
/** A warning for secrets that were given but are empty; "" when there are none. */
function emptySecretsWarning({ emptySecrets }) {
    if (emptySecrets.length === 0)
        return "";
    const are = emptySecrets.length === 1 ? "is" : "are";
    return `${emptySecrets.join(" and ")} ${are} given but empty: ${emptySecret()}. Leave out what is not needed.`;
}
/** GitHub cuts events at 25 MB. */
const MOST_EVENT_BYTES = 25 * 1024 * 1024;
function isForkPullRequest({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path }) {
    if (name !== "pull_request" || !path)
        return false;
    try {
        const event = JSON.parse(readText({ path, name: "GITHUB_EVENT_PATH" }, MOST_EVENT_BYTES));
        return event.pull_request?.head?.repo?.fork === true;
    }
    catch {
        return false;
    }
}

;// CONCATENATED MODULE: ./lib/process/background.js


/** Starts a program that outlives whoever started it, in a session of its own and without output. Never fails. */
function startBackground([command, ...args], env) {
    try {
        const child = (0,external_node_child_process_.spawn)(command, args, { env, detached: true, stdio: "ignore" });
        const background = { pid: child.pid, problem: "" };
        child.on("error", (error) => {
            background.problem = error.message;
        });
        child.unref();
        return background;
    }
    catch (error) {
        return { pid: undefined, problem: (0,errors/* messageOf */.bD)(error) };
    }
}

;// CONCATENATED MODULE: ./lib/secrets/private-key.js

/**
 * Brings the text of one or more private keys into the form that ssh reads, and undoes what pasting and storing does to
 * keys: base64 around it, `\n` as two characters, quotes, Windows line ends, blanks, a missing last line end.
 *
 * @throws DeployError when it is plainly no private key, with what it is and how to make one of it. Whether a key is whole
 * is ssh-keygen's to judge.
 */
function repairKeys(given) {
    const repairs = [];
    let text = given;
    const change = (what, changed) => {
        if (changed !== text)
            repairs.push(what);
        text = changed;
    };
    change("the base64 around it was decoded", withoutBase64(text));
    change("the quotes around it were removed", text.replace(/^\s*(["'])(-----BEGIN[\s\S]*)\1\s*$/, "$2"));
    change('"\\n" was replaced by line ends', text.replaceAll(/(\\r)?\\n/g, "\n"));
    change("Windows line ends were replaced", text.replaceAll(/\r\n?/g, "\n"));
    if (!text.endsWith("\n"))
        repairs.push("the missing last line end was added");
    const { blocks, rest } = blocksIn(text);
    refuseOthers(rest, blocks.length > 0);
    const keys = blocks.map(({ block, kind, body }) => {
        const lines = linesOf(body);
        const key = [`-----BEGIN ${kind}PRIVATE KEY-----`, ...lines, `-----END ${kind}PRIVATE KEY-----`, ""].join("\n");
        if (key.trimEnd() !== block)
            repairs.push("blanks and line ends inside it were put right");
        return key;
    });
    if (text.trim() !== text.replace(/\n$/, ""))
        repairs.push("blank space around it was removed");
    return { keys, repairs: [...new Set(repairs)] };
}
/** The keys in a text, each from its first to its last line, and what is left without them. */
function blocksIn(text) {
    const blocks = [];
    let rest = "";
    let end = 0;
    for (const { 0: begin, 1: kind = "", index } of text.matchAll(/-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY-----/g)) {
        const last = `-----END ${kind}PRIVATE KEY-----`;
        const close = index < end ? -1 : text.indexOf(last, index);
        if (close === -1)
            continue;
        blocks.push({ block: text.slice(index, close + last.length), kind, body: text.slice(index + begin.length, close) });
        rest += text.slice(end, index);
        end = close + last.length;
    }
    return { blocks, rest: rest + text.slice(end) };
}
/** Some stores keep a key in one line, with blanks for line ends; the headers of old PEM keys hold blanks of their own. */
function linesOf(body) {
    const lines = body
        .split("\n")
        .map((line) => line.trim())
        .filter((line, index, all) => line !== "" || all[index - 1]?.includes(":"));
    if (lines.some((line) => line.includes(":")))
        return lines;
    return lines.flatMap((line) => line.split(/\s+/));
}
function withoutBase64(text) {
    const decoded = Buffer.from(text, "base64").toString("latin1");
    return decoded.includes("-----BEGIN ") ? decoded : text;
}
/** Says what a text is that is no private key, or what is left beside the keys. */
function refuseOthers(rest, found) {
    if (/-----(BEGIN|END) [A-Z0-9 ]*PRIVATE KEY-----/.test(rest)) {
        throw new errors/* DeployError */.sH('ssh-private-key is cut off: a key goes from its "BEGIN" line to its "END" line; store it again, for example with `gh secret set SSH_PRIVATE_KEY < key`.');
    }
    if (found)
        return;
    if (rest.includes("PuTTY-User-Key-File")) {
        throw new errors/* DeployError */.sH("ssh-private-key is in PuTTY's format: convert it with `puttygen key.ppk -O private-openssh -o key` and give the text of the file key.");
    }
    if (rest.includes("-cert-v01@openssh.com ")) {
        throw new errors/* DeployError */.sH("ssh-private-key is a certificate: give the private key that it belongs to.");
    }
    if (/^[ \t]*(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]/m.test(rest) || /BEGIN (SSH2 )?PUBLIC KEY/.test(rest)) {
        throw new errors/* DeployError */.sH("ssh-private-key is a public key: give the private one, the file without .pub.");
    }
    if (/^\s*[~.]?\/\S+\s*$/.test(rest)) {
        throw new errors/* DeployError */.sH("ssh-private-key is a path: give the text of the key file, as a secret.");
    }
    throw new errors/* DeployError */.sH('ssh-private-key is no private key: give the whole text of the key file, from its "BEGIN" line to its "END" line.');
}

;// CONCATENATED MODULE: ./lib/connection/identity.js










const NONE = { keyFiles: [], agentSocket: "", publicKey: "", repairs: [] };
/**
 * Writes the keys into the private folder, or, when one of them has a passphrase, adds them to an agent that lives as
 * long as its socket's folder. Every key is tried first, so that a broken one is named before any host is asked.
 *
 * @param inputs without `ssh-private-key` the job's own agent and the runner's own keys stay in charge.
 * @param controlFolder where the agent's socket is made.
 * @throws DeployError when a key is none, is damaged, or its passphrase is missing or wrong.
 */
async function prepareIdentity(inputs, folder, controlFolder, signal) {
    const { sshPrivateKey, sshPrivateKeyPassphrase: passphrase } = inputs;
    if (sshPrivateKey === "")
        return NONE;
    const { keys, repairs } = repairKeys(sshPrivateKey);
    const files = keys.map((text, index) => folder.file(index === 0 ? "key" : `key-${index + 1}`, text));
    const judged = await Promise.all(files.map((file) => judge(file, signal)));
    judged.forEach(({ problem }, index) => {
        refuse(problem, keys.length > 1 ? `ssh-private-key (key ${index + 1} of ${keys.length})` : "ssh-private-key");
    });
    if (!judged.some(({ problem }) => problem === PROTECTED)) {
        const unused = passphrase === "" ? [] : ["it has no passphrase, so ssh-private-key-passphrase was not used"];
        const publicKey = judged[0]?.publicKey ?? "";
        // By these ssh asks the agent for a key whose own file is gone.
        files.forEach((file, index) => {
            folder.file(`${(0,external_node_path_.basename)(file)}.pub`, `${judged[index]?.publicKey}\n`);
        });
        const agentSocket = (0,external_node_path_.join)(controlFolder, AGENT_SOCKET);
        return { keyFiles: files, agentSocket, publicKey, repairs: [...repairs, ...unused] };
    }
    if (passphrase === "") {
        throw new errors/* DeployError */.sH(`ssh-private-key is protected by a passphrase and ${missing("ssh-private-key-passphrase", inputs)}: set it, or give a key for deployments that has none.`);
    }
    const agentSocket = await startAgent(controlFolder);
    await addKeys(files, passphrase, agentSocket, folder, lifetime(inputs), signal);
    const held = await run_run(["ssh-add", "-L"], {
        env: identity_helper({ SSH_AUTH_SOCK: agentSocket }),
        timeout: 5_000,
        signal,
    });
    return { keyFiles: [], agentSocket, publicKey: held.stdout.split("\n")[0]?.trim() ?? "", repairs };
}
/**
 * Moves keys from their files into the agent, for what is left to do after a run was ended. Where that fails they stay
 * until clean-up.
 */
async function keysIntoAgent({ keyFiles, agentSocket }) {
    if (keyFiles.length === 0)
        return;
    try {
        const socket = await startAgent((0,external_node_path_.dirname)(agentSocket));
        const env = identity_helper({ SSH_AUTH_SOCK: socket });
        for (const file of keyFiles) {
            const { code } = await run_run(["ssh-add", "-q", "-t", "60", file], { env, timeout: 2_000 });
            if (code === 0)
                (0,external_node_fs_.rmSync)(file);
        }
    }
    catch {
        // No agent on this runner.
    }
}
const identity_helper = (more = {}) => helperEnvironment(process.env, more);
const PROTECTED = "protected";
const NO_PROGRAM = "no program";
/** What ssh-keygen says of a key: no problem when it is whole and open, {@link PROTECTED}, or its complaint. */
async function judge(file, signal) {
    const { code, stdout, stderr } = await run_run(["ssh-keygen", "-y", "-P", "", "-f", file], {
        ...{ env: identity_helper(), timeout: 10_000, signal },
    });
    if (code === 0)
        return { problem: "", publicKey: stdout.trim() };
    if (code === 127)
        return { problem: NO_PROGRAM, publicKey: "" };
    const complaint = stderr.trim().split("\n").at(-1)?.split(": ").at(-1)?.trim() || "unreadable";
    return { problem: /incorrect passphrase/i.test(stderr) ? PROTECTED : complaint, publicKey: "" };
}
function refuse(problem, name) {
    if (problem === "" || problem === PROTECTED)
        return;
    if (problem === NO_PROGRAM) {
        throw new errors/* DeployError */.sH("The runner has no ssh-keygen: install openssh-client, which Ansible needs as well.");
    }
    throw new errors/* DeployError */.sH(`${name} is damaged (${problem}): it was probably cut off or changed when it was stored; store it again, for example with \`gh secret set SSH_PRIVATE_KEY < key\`.`);
}
/** Starts an agent of the action's own. It ends with the control folder, also when the action was killed. */
async function startAgent(controlFolder) {
    const socket = (0,external_node_path_.join)(controlFolder, AGENT_SOCKET);
    // In a session of its own: a cancel reaches the action's group, and going back still needs the keys.
    const agent = startBackground(["ssh-agent", "-D", "-a", socket], identity_helper());
    if (agent.pid !== undefined)
        (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(controlFolder, AGENT_PID), String(agent.pid), { mode: 0o600 });
    for (let tries = 0; tries < 100 && agent.problem === ""; tries++) {
        if ((0,external_node_fs_.existsSync)(socket))
            return socket;
        await (0,promises_.setTimeout)(20);
    }
    throw new errors/* DeployError */.sH(`ssh-agent, which a key with a passphrase needs, did not start: ${agent.problem || "no socket"}.`);
}
/** Seconds after which the agent forgets the keys by itself, also where nothing is left to end it: the run's, and five minutes. */
function lifetime({ timeoutMinutes }) {
    return Math.ceil(timeoutMinutes * 60) + 300;
}
/** ssh-add asks a program for the passphrase, so that it stands in no command line. */
async function addKeys(files, passphrase, socket, folder, seconds, signal) {
    for (const [index, file] of files.entries()) {
        const secret = folder.file(`passphrase-${index}`, passphrase);
        // Once: ssh-add would ask for a wrong one again and again.
        const program = folder.file(`askpass-${index}`, '#!/bin/sh\ncat "$DAD_PASSPHRASE" && rm -f "$DAD_PASSPHRASE"\n');
        (0,external_node_fs_.chmodSync)(program, 0o700);
        const env = identity_helper({
            SSH_AUTH_SOCK: socket,
            SSH_ASKPASS: program,
            SSH_ASKPASS_REQUIRE: "force",
            DISPLAY: ":0",
            DAD_PASSPHRASE: secret,
        });
        const { code } = await run_run(["ssh-add", "-q", "-t", String(seconds), file], { env, timeout: 10_000, signal });
        if (code !== 0) {
            throw new errors/* DeployError */.sH("ssh-private-key-passphrase does not open ssh-private-key: check the secret's value.");
        }
        for (const used of [file, secret, program])
            (0,external_node_fs_.rmSync)(used, { force: true });
    }
}

;// CONCATENATED MODULE: ./lib/connection/trust.js

/** Says what was repaired of the keys, and warns where hosts are trusted without proof. */
function tellTrust({ hostKeyChecking }, { repairs }) {
    if (repairs.length > 0)
        (0,announce/* tell */.qz)(`ssh-private-key: ${repairs.join(", ")}.`);
    if (hostKeyChecking === "off") {
        (0,announce/* warn */.R8)("host-key-checking is off: whoever answers at a host's address gets the deploy with its secrets.");
    }
    if (hostKeyChecking === "accept-new") {
        (0,announce/* warn */.R8)("host-key-checking is accept-new: whoever answers first at the address of a host that known-hosts does not have gets the deploy with its secrets.");
    }
}

;// CONCATENATED MODULE: ./lib/ansible/task-name.js
/** A task's name without its role's, which Ansible puts before it. */
function taskName({ name }) {
    return name.split(" : ").at(-1) ?? name;
}

;// CONCATENATED MODULE: ./lib/report/origin.js
/** Where Ansible says that a value or a template comes from: `Origin: /path:line:column`, a line each. */
function inOrigin(text) {
    return text.split("\n").flatMap((line) => {
        const start = line.indexOf("Origin: /");
        const [, place = "", number] = /^(.+?):(\d+)(?::\d+)?(?!\d)/.exec(line.slice(start + "Origin: ".length).trimEnd()) ?? [];
        return start === -1 || place === "" ? [] : [[place, Number(number)]];
    });
}

;// CONCATENATED MODULE: ./lib/report/explain.js




const BECOME_WRONG = /incorrect (sudo|su|doas|become|\w+) password|sorry, try again|authentication failure|incorrect password/i;
/** What follows the host's name, for what else sudo and its like say. */
const BECOME_REFUSED = [
    [
        /is not in the sudoers file|is not allowed to execute|may not run sudo|I'm afraid I can't do that/i,
        "lets the user in, but the user may not use sudo: add it to the group sudo there, or set another user.",
    ],
    [/you must have a tty to run sudo/i, "runs sudo with a terminal only: remove requiretty from its sudoers."],
    [
        /sudo: (command )?not found|unable to (find|locate) (sudo|become)/i,
        "has no sudo: install it there once, or set another ansible_become_method.",
    ],
    [
        /waiting for privilege escalation prompt/i,
        "does not ask for the become (sudo) password as Ansible expects: name the become method sudo rather than ansible.builtin.sudo, which does not understand sudo-rs (Ubuntu 25.10 and newer); if it is sudo already, something on the host holds sudo up (a name or login service that does not answer), so try `sudo -v` there.",
    ],
];
const BECOME_MISSING = /missing \w{1,40} password|a password is required|interactive authentication is required|authentication required but not attempted|a terminal is required to (read|authenticate)/i;
/** One sentence for a failed result: the host, the cause, and the input to look at where one is to blame. */
function explainFailure(failure, context) {
    const { host } = failure;
    const text = [failure.msg, failure.stderr, failure.stdout].filter(Boolean).join("\n");
    const vault = explainVault(text, context);
    if (vault !== "")
        return vault;
    const found = context.causes.get(host);
    if (found !== undefined)
        return found;
    const refused = BECOME_REFUSED.find(([words]) => words.test(text));
    if (refused)
        return `${host} ${refused[1]}`;
    if (BECOME_MISSING.test(text)) {
        return context.inputs.becomePassword === ""
            ? `${host} asks for a become (sudo) password and ${missing("become-password", context.inputs)}.`
            : `${host} asks for a become (sudo) password and does not take become-password: check its value and ansible_become_method.`;
    }
    if (BECOME_WRONG.test(text) && /password/i.test(text)) {
        return `become-password is not the right become (sudo) password on ${host}.`;
    }
    if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(text)) {
        return `${host} shows another host key than the one in ${knownHosts(context)}: either the host was set up anew, then update the entry, or someone is in between.`;
    }
    if (/Host key verification failed/i.test(text)) {
        return `The host key of ${host} is not in ${knownHosts(context)}: add the line that ssh-keyscan prints for it to known-hosts, after comparing it with the host's own.`;
    }
    if (/Permission denied \([^()]*publickey/.test(text)) {
        return context.inputs.sshPrivateKey === ""
            ? `${host} refused to let the runner in and ${missing("ssh-private-key", context.inputs)}.`
            : `${host} does not accept ssh-private-key: add its public key to the authorized_keys of the user ${userIn(text) ?? "that Ansible connects as"}, or set another user.`;
    }
    if (failure.status === "unreachable") {
        const cause = withoutPrivatePaths(lastLine(failure.msg)).replace(/^(Task failed: )?(Failed to connect to the host via ssh: )?(ssh: )?/, "");
        return `${host} is unreachable: ${cause || "no cause is known"}.`;
    }
    const cause = failure.no_log ? "the cause is hidden by no_log" : withoutPrivatePaths(lastWords(failure));
    return `${host}: the task "${taskName(failure)}" failed: ${cause}${place(failure)}.`;
}
function knownHosts(context) {
    return context.inputs.knownHosts === "" ? "the runner's known_hosts files, and known-hosts is empty" : "known-hosts";
}
/** Of `user@host: Permission denied (publickey).` the user. */
function userIn(text) {
    const [before = ""] = text.split(": Permission denied (", 1);
    const target = before.split(/\s/).at(-1) ?? "";
    const user = target.slice(0, target.lastIndexOf("@"));
    return /^[\w.-]{1,64}$/.test(user) ? user : undefined;
}
/** The end of a failure's message; a failed command says nothing but "non-zero return code", so its output follows. */
function lastWords(failure) {
    // A variable that nobody set says so in its own words (the filter `mandatory`).
    const message = flat((failure.msg ?? "").replace(/^.*The filter plugin 'ansible\.builtin\.mandatory' failed: /s, ""));
    const output = /^((The command exited with a )?non-zero return code|MODULE FAILURE.*|)$/s.test(message)
        ? lastLine(failure.stderr) || lastLine(failure.stdout)
        : "";
    return [message, output].filter((part) => part !== "").join(": ") || "it gave no message";
}
function flat(text) {
    const one = text.replace(/\s+/g, " ").trim().replace(/\.$/, "");
    return one.length > 600 ? `${one.slice(0, 300)} … ${one.slice(-300)}` : one;
}
function lastLine(text) {
    const lines = (text ?? "").split(/\r?\n/).map((line) => line.trim());
    return flat(lines.findLast((line) => line !== "") ?? "");
}
function place(failure) {
    return failure.path ? ` (${failure.path.split("/").slice(-4).join("/")})` : "";
}
/** One sentence when a text tells of a vault that could not be opened, else "". */
function explainVault(text, context) {
    if (/no vault secrets found/i.test(text)) {
        return `A file is encrypted with ansible-vault and ${missing("vault-password", context.inputs)}.`;
    }
    if (/no vault secrets were found that could decrypt|HMAC verification failed/i.test(text)) {
        return context.closed.join(" ") || "No given vault password opens a file that this deploy reads.";
    }
    return "";
}
/** What Ansible says before it asks any host, and the sentence that tells what to do; `$1` is what the words name. */
const REFUSALS = [
    [
        /leaves us with no hosts to target/,
        "No host is left to deploy to: the inventory is empty, or limit matches none of its hosts.",
    ],
    [
        /couldn't resolve module\/action '([^']*)'/,
        "The playbook uses the module $1, which is not there$PLACE: correct its name, or have its collection installed by requirements.",
    ],
    [
        /the role '([^']*)' was not found/,
        "The playbook uses the role $1, which is not there$PLACE: put it into roles, or have it installed by requirements.",
    ],
    [/Unable to find limit file/, "limit names a file of hosts that does not exist: correct the path behind its @."],
    [
        /Config '(?:DEFAULT_)?(\w+)' from '[^']*' has an invalid value/,
        "ansible.cfg, or a variable of the job, gives the setting $1 a value that Ansible does not take: correct it there.",
    ],
    [
        /as an inventory source|Completely failed to parse inventory source|Failed to parse inventory/,
        "The inventory can be read neither as YAML nor as INI$CAUSE: correct it there.",
    ],
    [
        /YAML parsing failed|Syntax Error while loading YAML/,
        "A file of the project is not valid YAML$PLACE: correct it there.",
    ],
    [
        /Could not find or access '([^']*)'/,
        "Ansible needs the file $1, which does not exist: correct its path where it is named.",
    ],
    [
        /vault password file (\S+) was not found/,
        "The file of vault passwords $1 does not exist: give the password in vault-password instead.",
    ],
    [
        /prompting\)|on prompt for|EOFError/,
        "Ansible asks for a password, and nobody is there to type it: give it in become-password, vault-password or vault-passwords.",
    ],
    [
        /unrecognized arguments|expected (one|at least one) argument|invalid (choice|int value)|the following arguments are required/,
        "extra-args has what this version of ansible-playbook does not take: compare with `ansible-playbook --help`.",
    ],
    [/Error reading config file/, "ansible.cfg cannot be read$CAUSE: correct it there."],
];
/**
 * One sentence for a run that ended without a failed host: the input or the file that is to blame, and what to do.
 *
 * @param stderr the end of ansible-playbook's standard error.
 */
function explainEnd(code, stderr, context) {
    const plain = withoutColours(stderr);
    const error = withoutPrivatePaths(lastError(plain));
    const vault = explainVault(error, context);
    if (vault !== "")
        return vault;
    // Ansible takes this for a mistake of the inventory.
    if (/failed at splitting arguments/.test(plain)) {
        return "extra-args has a value of -e in which a quote or a brace stays open: close it.";
    }
    // The last error with all that caused it.
    const said = plain.slice(Math.max(plain.lastIndexOf("[ERROR]"), plain.lastIndexOf("ERROR"), 0));
    for (const [words, sentence] of REFUSALS) {
        const found = words.exec(said);
        if (found === null)
            continue;
        const [place] = inOrigin(plain);
        const cause = withoutPrivatePaths(flat(plain.split("<<< caused by >>>").at(-1)?.trim().split("\n")[0] ?? ""));
        return sentence
            .replace("$1", () => (0,errors/* quoted */.TL)(found[1] ?? ""))
            .replace("$PLACE", () => (place === undefined ? "" : ` (${tail(place.join(":"))})`))
            .replace("$CAUSE", () => (cause === "" || !plain.includes("<<< caused") ? "" : ` (${(0,errors/* shortened */.vI)(cause)})`));
    }
    if (code >= 128) {
        return "Ansible was ended by a signal from outside: mostly the runner had no memory left, so look at its own log, or use a larger one.";
    }
    if (error === "")
        return "Ansible ended without saying why: run the job again with debug logging.";
    const [place] = inOrigin(plain);
    return place === undefined
        ? `Ansible could not run: ${error}. Its output above says more.`
        : `Ansible refuses what is written at ${tail(place.join(":"))}: ${error}.`;
}
/** The end of a path, which is what tells it from others. */
const tail = (path) => path.split("/").slice(-3).join("/");
/** A text in which the files that the action made of inputs have these inputs' names: their own are gone by now. */
function withoutPrivatePaths(text) {
    return text
        .split(/([\s'":()]+)/)
        .map((word) => {
        const start = word.search(/\/django-ansible-deploy-\w{6}\//);
        if (start === -1)
            return word;
        const rest = word.slice(word.indexOf("/", start + 1));
        return rest.startsWith("/inventory") ? "inventory" : rest === "/vars.json" ? "vars" : "a file of the action";
    })
        .join("");
}
function withoutColours(text) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}
/** The last error block of Ansible's standard error as one line. */
function lastError(stderr) {
    const lines = stderr.split(/\r?\n/);
    const start = lines.findLastIndex((line) => /^(\[ERROR\]|ERROR!?|fatal|error|.*Error):?\s/.test(line));
    if (start === -1)
        return lastLine(lines.join("\n"));
    const end = lines.findIndex((line, index) => index > start && line.trim() === "");
    return flat(lines
        .slice(start, end === -1 ? undefined : end)
        .filter((line) => !line.startsWith("Origin: "))
        .join(" ")
        .replace(/^(\[ERROR\]:?|ERROR!?:?)\s*/, ""));
}

// EXTERNAL MODULE: ./lib/text.js
var lib_text = __webpack_require__(8804);
;// CONCATENATED MODULE: ./lib/report/markdown.js
/** Any text as part of a line of Markdown: nothing in it acts as HTML, markup, a link, a mention, a reference or math. */
function safe(text) {
    return (html(text.replace(/\s+/g, " ").trim())
        .replace(
    // Lists have numbers of nine digits at most.
    /[\\`*[\]|~]|^[#+>-]|^\d{1,9}(?=[.)]\s)|(?<!\w)_|_(?!\w)/g, (found) => `&#${found.charCodeAt(0)};${found.slice(1)}`)
        // GitHub looks for names and numbers in the text that readers see, so that only something between keeps them apart.
        .replace(/@(?=\w)/g, "&#64;\u200b")
        .replace(/(?<!&)#(?=\d)/g, "&#35;\u200b")
        .replace(/:\/\//g, "&#58;//")
        .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}&#46;`));
}
/** The same as code. */
function code(text) {
    return text === "" ? "" : `<code>${safe(text)}</code>`;
}
/** A text with its line ends and spaces. */
function preformatted(text) {
    return `<pre>${html(text)}</pre>`;
}
/** A part that opens by a click. `title` and `body` are Markdown. */
function details(title, body) {
    return ["<details>", `<summary>${title}</summary>`, "", ...body, "", "</details>", ""];
}
/** A table; `rows` are Markdown. `align` has a letter for each column: `l` or `r`. */
function table(heads, align, rows) {
    const line = (cells) => `| ${cells.join(" | ")} |`;
    const marks = heads.map((_, index) => (align[index] === "r" ? "--:" : "---"));
    return [line(heads), `|${marks.join("|")}|`, ...rows.map(line), ""];
}
/** A block of code that its own text cannot end. */
function fenced(language, text) {
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
    const fence = "`".repeat(longest + 1);
    return [`${fence}${language}`, text, fence, ""];
}
/** `a, b and c`; of many the first ones and how many more. */
function enumeration(items, most = 3) {
    const shown = items.length > most + 1 ? [...items.slice(0, most), `${items.length - most} more`] : items;
    return shown.length < 2 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
/** `1 host`, `2 hosts`. */
function count(number, one) {
    return `${number} ${one}${number === 1 ? "" : "s"}`;
}
/** `0.4 s`, `12 s`, `3 min 05 s`. */
function seconds(number) {
    if (number < 9.95)
        return `${Math.round(number * 10) / 10} s`;
    const whole = Math.round(number);
    return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
function html(text) {
    return text
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll("$", "&#36;")
        .replaceAll("\r", "");
}

;// CONCATENATED MODULE: ./lib/report/mixed.js

/**
 * Adds a problem to hosts on which another commit is live than on most: what a deploy leaves behind whose runner died while
 * it confirmed, or that went on without them. While one is under way, that is as it should be.
 */
function withMixed(hosts) {
    const live = new Map();
    for (const [host, { revision, release, lock }] of Object.entries(hosts)) {
        // In its words; a lock that somebody has put on the application is another matter.
        if (lock?.startsWith("run "))
            return hosts;
        const name = revision?.slice(0, 7) ?? release;
        if (name !== null)
            live.set(name, [...(live.get(name) ?? []), host]);
    }
    const [most, ...others] = [...live].sort(([, one], [, other]) => other.length - one.length);
    if (most === undefined)
        return hosts;
    const [usual, those] = most;
    const problems = others.flatMap(([name, here]) => here.map((host) => [
        host,
        `${name} is live here, and ${usual} on ${enumeration(those)}: run a deploy, which brings all hosts to one release`,
    ]));
    const mixed = problems.map(([host, problem]) => {
        const status = hosts[host];
        return [host, status && { ...status, problems: [...(status.problems ?? []), problem] }];
    });
    return { ...hosts, ...Object.fromEntries(mixed) };
}

;// CONCATENATED MODULE: ./lib/report/phases.js
/** The phases of a run by host: its plays, or in a run of one play the roles. */
function coursesOf(events) {
    const byRole = events.filter(({ event }) => event === "play").length < 2;
    const courses = new Map();
    let play = "";
    for (const event of events) {
        if (event.event === "play")
            play = event.name;
        if (event.event !== "result" || event.start === undefined || event.status === "skipped")
            continue;
        const course = courses.get(event.host) ?? { spans: [], switched: undefined, returned: undefined };
        courses.set(event.host, course);
        const back = event.deploy?.rolled_back === true;
        const phase = back ? "Rollback" : byRole ? (roleOf(event.name) ?? play) : play;
        const further = byRole || back ? [] : furtherPhases(event);
        const failed = isFailure(event);
        const end = endOf(event);
        const own = { phase, start: startOf(event), end: further[0]?.start ?? end, failed: failed && further.length === 0 };
        for (const part of [own, ...further])
            extend(course.spans, part);
        const span = further.find((part) => part.phase === "Activate") ?? course.spans.at(-1);
        if (switches(event))
            course.switched = span?.end;
        if (back)
            course.returned = span?.end;
    }
    return [...courses].map(([host, course]) => ({ host, ...course }));
}
/** Names of the phases, all hosts together. */
function phasesOf(courses) {
    return new Set(courses.flatMap(({ spans }) => spans.map(({ phase }) => phase)));
}
/** The phase in which the run failed; "" when none did, or it had no phases. */
function failedPhase(courses) {
    const failed = courses.flatMap(({ spans }) => spans.filter((span) => span.failed));
    return failed.toSorted((one, other) => one.end - other.end)[0]?.phase ?? "";
}
/** Whether a result is the switch of a host to what was deployed. */
function switches(event) {
    return event.status === "changed" && activates(event);
}
/**
 * Whether a result is of a step that moves a host's traffic, however it ended. In a rollback the look at a host goes on to do so, and in a deploy what
 * prepares a release: then it says what is served.
 */
function activates({ action, deploy, status }) {
    if (action.endsWith(".app_release"))
        return deploy?.release !== undefined || status === "unreachable";
    return /\.(app_host|app_activate|compose_reach|compose_up)$/.test(action);
}
/** The phases that a step went on to after its own, as its host says; where one failed, it was in the last. */
function furtherPhases(event) {
    let end = endOf(event);
    let failed = isFailure(event);
    const parts = Object.entries(event.deploy?.phases ?? {}).toReversed();
    return parts
        .map(([phase, took]) => {
        const part = { phase, start: Math.max(startOf(event), end - Math.max(0, took)), end, failed };
        end = part.start;
        failed = false;
        return part;
    })
        .toReversed();
}
function extend(spans, part) {
    const last = spans.at(-1);
    if (last?.phase !== part.phase) {
        spans.push({ ...part });
        return;
    }
    last.end = Math.max(last.end, part.end);
    last.failed ||= part.failed;
}
const startOf = ({ start = 0 }) => Math.round(start * 1000);
const endOf = ({ start = 0, duration = 0 }) => Math.round((start + duration) * 1000);
const isFailure = ({ status, ignored, rescued }) => (status === "failed" || status === "unreachable") && !ignored && !rescued;
/** The role of a task, by its name. The bundled ones are no phase: what has phases of theirs has them as plays. */
function roleOf(name) {
    const [role = "", ...task] = name.split(" : ");
    if (task.length === 0)
        return undefined;
    return role.startsWith("django_ansible.deploy.") ? "" : role;
}

;// CONCATENATED MODULE: ./lib/report/totals.js



const NOTHING = { ok: 0, changed: 0, unreachable: 0, failures: 0, skipped: 0, rescued: 0, ignored: 0 };
/** Counts a run's events. Without Ansible's recap (a run that was killed) the results are counted instead. */
function totalsOf(events) {
    const results = events.filter((event) => event.event === "result");
    const recap = events.findLast((event) => event.event === "stats");
    const stats = sorted(recap?.hosts ?? countResults(results));
    const names = Object.keys(stats);
    const having = (key) => names.filter((name) => (stats[name]?.[key] ?? 0) > 0);
    // Ansible's recap does not count them.
    const failedChanges = results.filter(({ status, changed }) => status === "failed" && changed);
    const changedResults = new Set([...results.filter(({ status }) => status === "changed"), ...failedChanges].map(({ host }) => host));
    return {
        stats,
        hosts: names.toSorted(lib_text/* naturally */.Lx),
        ok: names.filter((name) => (stats[name]?.failures ?? 0) === 0 && (stats[name]?.unreachable ?? 0) === 0),
        changed: names.filter((name) => (stats[name]?.changed ?? 0) > 0 || changedResults.has(name)),
        failed: having("failures"),
        unreachable: having("unreachable"),
        changedTasks: names.reduce((sum, name) => sum + (stats[name]?.changed ?? 0), failedChanges.length),
        failures: failuresOf(results, stats),
        deploy: deployOf(results),
        wentBack: having("unreachable").length === 0 && haveGoneBack(results, having("failures")),
        wentOn: wentOn(results).filter((host) => !having("failures").includes(host)),
        keptOld: results.some(({ deploy }) => (deploy?.kept || deploy?.rolled_back) && serves(deploy)),
        hostStatus: withMixed(Object.fromEntries(results.flatMap(({ host, deploy }) => (deploy?.status ? [[host, deploy.status]] : [])))),
    };
}
const hostsOf = (results, holds) => new Set(results.filter(holds).map(({ host }) => host));
function wentOn(results) {
    const back = hostsOf(results, ({ deploy }) => deploy?.rolled_back === true);
    return [...hostsOf(results, switches)].filter((host) => !back.has(host)).sort(lib_text/* naturally */.Lx);
}
/**
 * Each host that failed says that it kept what it served, or that it went back, as one whose step was killed does later. Of
 * the others each that had switched says that it went back. After a first deploy there is nothing that any of them serves,
 * and so nothing that they went back to.
 */
function haveGoneBack(results, failed) {
    const kept = hostsOf(results, ({ deploy }) => deploy?.kept === true || deploy?.rolled_back === true);
    return (failed.length > 0 &&
        failed.every((host) => kept.has(host)) &&
        wentOn(results).length === 0 &&
        results.some(({ deploy }) => (deploy?.kept || deploy?.rolled_back) && serves(deploy)));
}
/** Whether a host says what it serves. */
const serves = ({ release, images = {} }) => release !== undefined || Object.keys(images).length > 0;
function sorted(stats) {
    return Object.fromEntries(Object.keys(stats)
        .sort()
        .map((name) => [name, { ...NOTHING, ...stats[name] }]));
}
function countResults(results) {
    const stats = {};
    for (const { host, status, ignored, rescued } of results) {
        stats[host] ??= { ...NOTHING };
        const counts = stats[host];
        if (status === "ok" || status === "changed" || (status === "failed" && ignored))
            counts.ok++;
        if (status === "changed")
            counts.changed++;
        if (status === "skipped")
            counts.skipped++;
        if (status === "failed" && !ignored)
            counts[rescued ? "rescued" : "failures"]++;
        if (status === "unreachable" && !ignored)
            counts.unreachable++;
        if (ignored && (status === "failed" || status === "unreachable"))
            counts.ignored++;
    }
    return stats;
}
/** A failed result that a `rescue` caught is no failure: Ansible's recap counts it elsewhere, so the last ones count. */
function failuresOf(results, stats) {
    const left = new Map(Object.entries(stats).map(([name, { failures, unreachable }]) => [name, failures + unreachable]));
    const failures = [];
    for (const result of results.toReversed()) {
        if ((result.status !== "failed" && result.status !== "unreachable") || result.ignored || result.rescued)
            continue;
        const count = left.get(result.host) ?? 0;
        if (count === 0)
            continue;
        left.set(result.host, count - 1);
        failures.unshift(result);
    }
    return failures;
}
/** How a host begins a warning that its live release did not have. */
const NEW = "new: ";
/** What every host may add to. */
const JOINED = ["migrations", "warnings", "packages", "requirements", "unknown"];
/** What Django's checks say of every deploy comes behind what is new with this one. The rest stays as it came. */
const ownFirst = (one, other) => Number(/^\w+\.[A-Z]\d{3}: /.test(one)) - Number(/^\w+\.[A-Z]\d{3}: /.test(other));
/** What the hosts report of the deploy, all together; of what is one for all of them the last word counts. */
function deployOf(results) {
    let all = {};
    const urls = new Set(results.flatMap(({ deploy }) => deploy?.url ?? []));
    const lists = Object.fromEntries(JOINED.map((key) => [key, new Set()]));
    for (const { deploy } of results) {
        if (!deploy)
            continue;
        const { migrations: _, ...one } = deploy;
        all = { ...all, ...one };
        for (const key of JOINED)
            for (const text of deploy[key] ?? [])
                lists[key]?.add(text);
        for (const migration of deploy.taken_back ?? [])
            lists.migrations?.delete(migration);
    }
    // One host alone cannot choose where people are sent.
    if (urls.size > 1) {
        const { url: _, ...rest } = all;
        all = rest;
        lists.warnings?.add("The hosts give different addresses of the site, so the output url is empty.");
    }
    // What is new on one host and known on another is said once, as new.
    for (const text of [...(lists.warnings ?? [])]) {
        if (text.startsWith(NEW))
            lists.warnings?.delete(text.slice(NEW.length));
    }
    const joined = JOINED.map((key) => [key, [...(lists[key] ?? [])].sort(ownFirst)]).filter(([, texts]) => texts.length > 0);
    return { ...all, ...Object.fromEntries(joined) };
}

;// CONCATENATED MODULE: ./lib/report/outcome.js




/** The outcome of a run that ended before Ansible started. */
function earlyOutcome(message, reason, inputs) {
    return { ...stopped(reason, inputs, message), events: [], printed: "", totals: totalsOf([]), failures: [] };
}
/** The outcome of a run of Ansible by its exit code alone, for when nothing else of it can be read. */
function bareOutcome({ code, events, printed = "" }, reason, inputs) {
    const early = earlyOutcome("Ansible did not come to its end: its output above says why.", reason, inputs);
    return code === 0 && reason === undefined
        ? { ...early, status: "succeeded", error: "", events, printed }
        : { ...early, events, printed };
}
/** The outcome of a run of Ansible: its exit code and recap decide, never its printed output. */
function outcomeOf(result, reason, context) {
    const { events, printed = "" } = result;
    const totals = withKnownSite(totalsOf(events), siteNames(context.inputs));
    const failures = totals.failures.map((failure) => [explainFailure(failure, context), failure]);
    if (reason !== undefined)
        return { ...stopped(reason, context.inputs, ""), events, printed, totals, failures };
    const broken = [...new Set([...totals.failed, ...totals.unreachable])].sort();
    if (result.code === 0 && totals.hosts.length === 0 && context.inputs.playbook === "") {
        const error = "No host took part: the inventory has none that the deploy is for.";
        return { status: "failed", error, events, printed, totals, failures };
    }
    if (result.code === 0 && broken.length === 0)
        return { status: "succeeded", error: "", events, printed, totals, failures };
    const [first] = failures;
    let error;
    if (first)
        error =
            broken.length > 1
                ? `${broken.length} of ${totals.hosts.length} hosts failed (${broken.join(", ")}). ${first[0]}`
                : first[0];
    else if (broken.length > 0)
        error = `${broken.join(", ")} failed: see Ansible's output above.`;
    else
        error = explainEnd(result.code, result.stderr, context);
    error = [error, goneOn(totals), newerSchema(totals)].filter((text) => text !== "").join(" ");
    const [origin] = broken.length === 0 ? inOrigin(result.stderr) : [];
    const blamed = origin?.join(":");
    return { status: totals.wentBack ? "rolled-back" : "failed", error, events, printed, totals, failures, blamed };
}
/** The names of the site, as far as the workflow itself says them. */
function siteNames({ serverName, vars }) {
    const names = typeof vars.server_name === "string" ? vars.server_name : serverName;
    return names.includes("{{") ? [] : names.split(/\s+/).filter((name) => name !== "");
}
/** The totals without an address that is none of the site's. */
function withKnownSite(totals, names) {
    const { url, ...deploy } = totals.deploy;
    if (url === undefined || names.length === 0)
        return totals;
    const { hostname } = new URL(url);
    if (names.some((name) => name === hostname || `[${name}]` === hostname || (name.startsWith("*.") && hostname.endsWith(name.slice(1))))) {
        return totals;
    }
    const warning = `A host gives ${(0,errors/* quoted */.TL)(url)} as the site's address, which server-name does not have: the output url is empty.`;
    return { ...totals, deploy: { ...deploy, warnings: [...(deploy.warnings ?? []), warning] } };
}
/** Which hosts have the run's release although others failed; "" when none has. */
function goneOn({ wentOn }) {
    return wentOn.length === 0
        ? ""
        : `${wentOn.join(", ")} ${wentOn.length > 1 ? "serve" : "serves"} the release of this run.`;
}
/** What the way back leaves: it never touches the database. "" when no host is back on older code, or nothing was migrated. */
function newerSchema({ keptOld, deploy: { migrations = [] } }) {
    if (!keptOld || migrations.length === 0)
        return "";
    return `Applied migrations stay, so the older code runs on the newer schema: ${migrations.join(", ")}.`;
}
function stopped(reason, inputs, message) {
    if (reason === "cancelled")
        return { status: "cancelled", error: "The run was cancelled." };
    if (reason === "timeout") {
        return {
            status: "failed",
            error: `The run was ended after ${inputs?.timeoutMinutes} minutes, the limit of timeout-minutes.`,
        };
    }
    if (reason === "broken")
        return { status: "failed", error: "The action ended by an error of its own, shown above." };
    return { status: "failed", error: message };
}

;// CONCATENATED MODULE: ./lib/report/outputs.js

/** Names of all outputs, as in action.yml. */
const OUTPUT_NAMES = [
    "status",
    "total-hosts",
    "ok-hosts",
    "changed-hosts",
    "failed-hosts",
    "unreachable-hosts",
    "changed-host-names",
    "failed-host-names",
    "unreachable-host-names",
    "changed-tasks",
    "stats",
    "release",
    "previous-release",
    "revision",
    "migrations",
    "url",
    "summary-file",
    "ansible-version",
    "duration-seconds",
    "timings",
    "rolled-back",
    "host-status",
    "command-output",
    "output-file",
    "dump",
];
/** Bytes of what a command printed, the last ones. */
const MOST_OUTPUT = 64 * 1024;
/** Bytes of what hosts say of themselves. GitHub takes 1 MiB for all outputs of a job. */
const MOST_STATUS = 512 * 1024;
/** Of a large fleet, or a host that says too much: problems of a host, and characters of a text. */
const MOST_PROBLEMS = 5;
const LONGEST_TEXT = 200;
/** Makes the outputs. Counts are digits, lists and mappings are JSON, what is not known is "". */
function outputsOf(parts) {
    const { status, totals, summaryFile, ansibleVersion, durationSeconds, timings } = parts;
    const { deploy } = totals;
    // Nothing was switched: what a failed run found serving still does.
    const kept = status === "succeeded" ? {} : { release: deploy.previous_release, revision: deploy.previous_revision };
    return {
        status,
        "total-hosts": String(totals.hosts.length),
        "ok-hosts": String(totals.ok.length),
        "changed-hosts": String(totals.changed.length),
        "failed-hosts": String(totals.failed.length),
        "unreachable-hosts": String(totals.unreachable.length),
        "changed-host-names": JSON.stringify(totals.changed),
        "failed-host-names": JSON.stringify(totals.failed),
        "unreachable-host-names": JSON.stringify(totals.unreachable),
        "changed-tasks": String(totals.changedTasks),
        stats: JSON.stringify(totals.stats),
        release: deploy.release ?? (deploy.images ? JSON.stringify(deploy.images) : (kept.release ?? "")),
        "previous-release": deploy.previous_release ?? (deploy.previous_images ? JSON.stringify(deploy.previous_images) : ""),
        revision: deploy.revision ?? kept.revision ?? "",
        migrations: JSON.stringify(deploy.migrations ?? []),
        url: deploy.url ?? "",
        "summary-file": summaryFile,
        "ansible-version": ansibleVersion,
        "duration-seconds": String(durationSeconds),
        timings: JSON.stringify(timings),
        "rolled-back": String(status === "rolled-back"),
        "host-status": statusOf(totals.hostStatus),
        dump: deploy.dump ?? "",
        "command-output": ending(parts.printed ?? "", MOST_OUTPUT),
        "output-file": parts.outputFile ?? "",
    };
}
/** What hosts say of themselves, as JSON. Where that is too much for an output, what workflows decide by alone. */
function statusOf(hosts, most = MOST_STATUS) {
    const short = (text) => text?.slice(0, LONGEST_TEXT) ?? null;
    const brief = Object.entries(hosts).map(([host, { release, revision, since, health, lock, problems = [] }]) => [
        host,
        {
            ...{ release, revision, since, health: short(health), lock: short(lock) },
            problems: problems.slice(0, MOST_PROBLEMS).map(short),
        },
    ]);
    const texts = [hosts, Object.fromEntries(brief), {}].map((value) => JSON.stringify(value));
    return texts.find((text) => Buffer.byteLength(text) <= most) ?? "{}";
}
/** The end of a text, at most so many bytes of UTF-8, by whole lines where it has several. */
function ending(text, most) {
    const bytes = Buffer.from(text);
    if (bytes.length <= most)
        return text;
    const end = bytes.subarray(bytes.length - most).toString("utf8");
    return end.slice(end.indexOf("\n") + 1 || end.search(/[^\ufffd]/));
}
function setOutputs(outputs) {
    for (const name of OUTPUT_NAMES)
        lib_core/* setOutput */.uH(name, outputs[name]);
}

;// CONCATENATED MODULE: ./lib/report/timings.js

/** A playbook of the user's may have as many plays as it likes. */
const MOST_PHASES = 100;
function timingsOf(marks, events) {
    const { started, looked, ready, played, ended, now } = marks;
    const { first, last, phases } = timings_phasesOf(events);
    const switched = coursesOf(events).flatMap((course) => course.switched ?? []);
    return known({
        total: between(started, now),
        look: between(started, looked),
        "ansible-ready": between(looked, ready),
        "ansible-start": between(played === undefined ? undefined : ready, first ?? ended),
        phases: first === undefined ? undefined : phases,
        "ansible-end": between(last, ended),
        switched: switched.length === 0 ? undefined : between(started, Math.max(...switched)),
    });
}
function timings_phasesOf(events) {
    const plays = events.flatMap((event) => event.event === "play" && event.time !== undefined ? [{ name: event.name, at: event.time * 1000 }] : []);
    const begun = [...plays, ...begunInSteps(events)].toSorted((one, other) => one.at - other.at);
    const ends = events.flatMap((event) => event.event === "result" && event.start !== undefined ? [(event.start + (event.duration ?? 0)) * 1000] : []);
    const first = begun[0]?.at;
    const last = [...begun.map(({ at }) => at), ...ends].reduce((latest, at) => (latest === undefined || at > latest ? at : latest), undefined);
    // In the order in which the run names them.
    const seconds = new Map(plays.slice(0, MOST_PHASES).map(({ name }) => [name, 0]));
    begun.slice(0, MOST_PHASES).forEach(({ name, at }, index) => {
        const took = between(at, begun[index + 1]?.at ?? last) ?? 0;
        seconds.set(name, rounded((seconds.get(name) ?? 0) + took));
    });
    return { first, last, phases: Object.fromEntries(seconds) };
}
/** When the first host came to a phase in the step of another one. */
function begunInSteps(events) {
    const first = new Map();
    for (const event of events) {
        if (event.event !== "result" || event.start === undefined)
            continue;
        for (const { phase, start } of furtherPhases(event))
            first.set(phase, Math.min(start, first.get(phase) ?? start));
    }
    return [...first].map(([name, at]) => ({ name, at }));
}
/** Seconds; undefined where one of the two is not known. A clock that was set back makes no time negative. */
function between(from, to) {
    return from === undefined || to === undefined ? undefined : rounded(Math.max(0, to - from) / 1000);
}
function rounded(seconds) {
    return Math.round(seconds * 100) / 100;
}
function known(timings) {
    return Object.fromEntries(Object.entries(timings).filter(([, value]) => value !== undefined));
}

;// CONCATENATED MODULE: ./lib/end-now.js








/** Milliseconds for closing connections, which are left to post then. */
const CLOSE_LIMIT = 500;
/** Ends a run that does not end by itself: its programs, its secrets, its outputs, its process. Waits for next to nothing. */
function endNow(known, reason) {
    killAll();
    (0,announce/* resumeCommands */.QL)();
    const steps = [
        () => known.folder?.close(),
        () => removeSecrets(known),
        () => removeWork({ workFolders: workFolders }),
        () => {
            const outcome = known.outcome ?? earlyOutcome("The run did not come to an end by itself.", reason, known.inputs);
            const { status, totals, error, events } = outcome;
            const parts = known.reportParts();
            setOutputs(outputsOf({ ...parts, status, totals, summaryFile: "", timings: timingsOf(parts.marks, events) }));
            if (status !== "succeeded")
                (0,announce/* fail */.fJ)(known.mask.redact(error));
        },
    ];
    for (const step of steps) {
        try {
            step();
        }
        catch {
            // The next one still has to be done.
        }
    }
    // A machine that is busy may not have closed them in that time; the folder goes all the same.
    const exit = () => {
        try {
            removeControlFolder(known);
        }
        finally {
            process.exit();
        }
    };
    Promise.race([removeConnections(known), (0,promises_.setTimeout)(CLOSE_LIMIT)]).then(exit, exit);
}

;// CONCATENATED MODULE: ./lib/inputs/dotenv.js


/**
 * Reads dotenv lines: `NAME=value`, optionally after `export `, with `#` comments, 'literal' and "escaped" values (both
 * may span lines). Nothing is expanded. A later line wins.
 *
 * @throws DeployError with the line's number and never its text, since that is a secret.
 */
function parseDotenv(text) {
    const values = {};
    const cut = new Set();
    const lines = text.replaceAll("\r\n", "\n").split("\n");
    for (let index = 0; index < lines.length; index++) {
        const number = index + 1;
        const line = (lines[index] ?? "").trim();
        if (line === "" || line.startsWith("#"))
            continue;
        const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/s.exec(line);
        const [, name, rest] = match ?? [];
        if (name === undefined || rest === undefined) {
            throw new errors/* DeployError */.sH(`env has no NAME=value in line ${number}: give each variable a line, its name of letters, digits and underscores.`);
        }
        cut.delete(name);
        const quote = rest.charAt(0);
        if (quote !== "'" && quote !== '"') {
            const value = (0,lib_text/* withoutComment */.sp)(rest).trimEnd();
            if (value !== "" && value !== rest)
                cut.add(name);
            values[name] = value;
            continue;
        }
        // Only the newest line is searched: a quote that is not closed would have each one looked at as often as lines follow.
        let body = "";
        let added = rest.slice(1);
        let end = closingQuote(added, quote);
        while (end === -1 && index + 1 < lines.length) {
            body += added;
            added = `\n${lines[++index]}`;
            end = closingQuote(added, quote);
        }
        end = end === -1 ? -1 : body.length + end;
        body += added;
        if (end === -1)
            throw new errors/* DeployError */.sH(`env has a quote in line ${number} that is not closed: close it, or leave quotes out.`);
        if (!/^\s*(#.*)?$/.test(body.slice(end + 1))) {
            throw new errors/* DeployError */.sH(`env has text after the closing quote of the value in line ${number}: put all of the value inside of the quotes.`);
        }
        values[name] = quote === "'" ? body.slice(0, end) : expandEscapes(body.slice(0, end));
    }
    return { values, cut: [...cut] };
}
/** A warning for values that end at a comment; "" when there are none. Docker compose and django-environ end them there too. */
function cutWarning(names) {
    if (names.length === 0)
        return "";
    const [what, ends, them] = names.length === 1 ? ["value of", "ends", "it"] : ["values of", "end", "them"];
    return `The ${what} ${names.join(", ")} in env ${ends} before " #", which begins a comment: put ${them} in single quotes if that is part of the value.`;
}
function closingQuote(body, quote) {
    for (let index = 0; index < body.length; index++) {
        if (quote === '"' && body.charAt(index) === "\\")
            index++;
        else if (body.charAt(index) === quote)
            return index;
    }
    return -1;
}
const ESCAPES = { n: "\n", r: "\r", t: "\t" };
function expandEscapes(body) {
    return body.replace(/\\([nrt"\\$`])/g, (_, char) => ESCAPES[char] ?? char);
}

;// CONCATENATED MODULE: ./lib/operations.js
/** Inputs that only some operations take. */
const OPERATION_INPUTS = ["revision", "command", "confirm"];
const OPERATIONS = {
    deploy: {
        playbooks: { role: "role", container: "container" },
        inputs: { revision: "optional" },
        changesHosts: true,
        uploads: true,
        tellsRevisions: true,
        headline: "Deploy",
    },
    rollback: {
        playbooks: bothModes("rollback"),
        inputs: { revision: "optional" },
        changesHosts: true,
        uploads: false,
        tellsRevisions: true,
        headline: "Rollback",
    },
    run: {
        playbooks: bothModes("run"),
        inputs: { command: "needed" },
        changesHosts: true,
        uploads: false,
        tellsRevisions: false,
        headline: "Command",
    },
    logs: {
        playbooks: bothModes("logs"),
        inputs: { command: "optional" },
        changesHosts: false,
        uploads: false,
        tellsRevisions: false,
        headline: "Logs",
    },
    "maintenance-on": {
        playbooks: bothModes("maintenance_on"),
        inputs: {},
        changesHosts: false,
        uploads: false,
        tellsRevisions: false,
        headline: "Start of maintenance",
    },
    "maintenance-off": {
        playbooks: bothModes("maintenance_off"),
        inputs: {},
        changesHosts: false,
        uploads: false,
        tellsRevisions: false,
        headline: "End of maintenance",
    },
    remove: {
        playbooks: bothModes("remove"),
        inputs: { confirm: "needed", command: "optional" },
        changesHosts: true,
        uploads: false,
        tellsRevisions: false,
        headline: "Removal",
    },
    backup: {
        playbooks: bothModes("backup"),
        inputs: {},
        changesHosts: true,
        uploads: false,
        tellsRevisions: false,
        headline: "Backup",
    },
    restore: {
        playbooks: bothModes("restore"),
        inputs: { revision: "needed", confirm: "needed" },
        changesHosts: true,
        uploads: false,
        tellsRevisions: false,
        headline: "Restore",
    },
    rehearse: {
        playbooks: bothModes("rehearse"),
        inputs: { revision: "optional" },
        changesHosts: true,
        uploads: false,
        tellsRevisions: false,
        headline: "Rehearsal",
    },
    status: {
        playbooks: bothModes("status"),
        inputs: {},
        changesHosts: false,
        uploads: false,
        tellsRevisions: false,
        headline: "Status",
    },
    lock: {
        playbooks: bothModes("lock"),
        inputs: {},
        changesHosts: false,
        uploads: false,
        tellsRevisions: false,
        headline: "Lock",
    },
    unlock: {
        playbooks: bothModes("unlock"),
        inputs: {},
        changesHosts: false,
        uploads: false,
        tellsRevisions: false,
        headline: "Unlock",
    },
};
const OPERATION_NAMES = Object.keys(OPERATIONS);
/** Role mode's playbooks have the plain names. */
function bothModes(name) {
    return { role: name, container: `container_${name}` };
}

// EXTERNAL MODULE: ./lib/inputs/inputs.js
var inputs = __webpack_require__(8864);
;// CONCATENATED MODULE: ./lib/inputs/parse.js








/**
 * Turns the texts of all inputs into typed values.
 *
 * @param emptySecrets those that the workflow gives nevertheless.
 * @throws DeployError for the first text that is not of its input's form.
 */
function parseInputs(raw, emptySecrets = []) {
    const { values: env, cut: envCut } = parseDotenv(raw.env);
    return {
        mode: choice(raw, "mode", inputs/* MODES */.FN, "role"),
        operation: choice(raw, "operation", OPERATION_NAMES, "deploy"),
        playbook: line(raw, "playbook"),
        workingDirectory: line(raw, "working-directory") || ".",
        codeDirectory: line(raw, "code-directory"),
        check: flag(raw, "check", false),
        hosts: raw.hosts.trim(),
        inventory: raw.inventory.trim() === "" ? "" : raw.inventory,
        inventoryFiles: list(raw["inventory-file"]),
        limit: line(raw, "limit"),
        tags: list(raw.tags.replaceAll(",", "\n")),
        sshPrivateKey: notBlank(raw, "ssh-private-key"),
        sshPrivateKeyPassphrase: parse_password(raw, "ssh-private-key-passphrase"),
        knownHosts: notBlank(raw, "known-hosts"),
        hostKeyChecking: choice(raw, "host-key-checking", inputs/* HOST_KEY_CHECKINGS */.pY, "strict"),
        jumpHost: raw["jump-host"].trim(),
        becomePassword: parse_password(raw, "become-password"),
        vaultPassword: parse_password(raw, "vault-password"),
        vaultPasswords: passwords(raw, "vault-passwords"),
        appName: line(raw, "app-name"),
        serverName: line(raw, "server-name"),
        source: choice(raw, "source", inputs/* SOURCES */.Hl, ""),
        revision: line(raw, "revision"),
        command: splitArguments(raw.command, "command"),
        confirm: line(raw, "confirm"),
        env,
        envCut,
        vars: parseMapping("vars", raw.vars),
        composeFiles: list(raw["compose-file"]),
        composeSources: list(raw["compose-source"]),
        registry: line(raw, "registry"),
        registryUsername: line(raw, "registry-username"),
        registryPassword: parse_password(raw, "registry-password"),
        ansibleVersion: line(raw, "ansible-version"),
        requirements: line(raw, "requirements"),
        pythonPackages: list(raw["python-packages"]),
        extraArgs: splitArguments(raw["extra-args"]),
        timeoutMinutes: minutes(raw, "timeout-minutes", 60),
        summary: flag(raw, "summary", true),
        emptySecrets,
    };
}
/** Lines that hold something, trimmed. */
function list(text) {
    return text
        .split(/\r?\n/)
        .map((item) => item.trim())
        .filter((item) => item !== "");
}
function line(raw, name) {
    const text = raw[name].trim();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\x00-\x1f\x7f]/.test(text))
        throw new errors/* DeployError */.sH(`${name} must be one line without control characters.`);
    return text;
}
function choice(raw, name, legal, otherwise) {
    const text = raw[name].trim();
    if (text === "")
        return otherwise;
    if (legal.includes(text))
        return text;
    throw new errors/* DeployError */.sH(`${name} is ${(0,errors/* quoted */.TL)(text)}: use ${alternatives(legal)}.`);
}
function flag(raw, name, otherwise) {
    const text = raw[name].trim();
    if (text === "")
        return otherwise;
    if (/^(true|True|TRUE)$/.test(text))
        return true;
    if (/^(false|False|FALSE)$/.test(text))
        return false;
    throw new errors/* DeployError */.sH(`${name} is ${(0,errors/* quoted */.TL)(text)}: use "true" or "false".`);
}
function minutes(raw, name, otherwise) {
    const text = raw[name].trim();
    if (text === "")
        return otherwise;
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
    // A timer of Node ends at 2^31 ms, about 35,791 minutes.
    if (value > 0 && value <= 35_000)
        return value;
    throw new errors/* DeployError */.sH(`${name} is ${(0,errors/* quoted */.TL)(text)}: use a number of minutes above 0 and up to 35000.`);
}
/** A text of which only white space was given is a secret that lost its value on the way. */
function notBlank(raw, name) {
    const text = raw[name];
    if (text !== "" && text.trim() === "") {
        throw new errors/* DeployError */.sH(`${name} holds only white space: ${emptySecret()}, so set it or leave the input out.`);
    }
    return text;
}
function parse_password(raw, name) {
    // Spaces may belong to a password; the line end of `gh secret set < file` does not.
    return (0,lib_text/* withoutLastLineEnds */.J7)(notBlank(raw, name));
}
/** A mapping of vault ids to passwords. */
function passwords(raw, name) {
    if (raw[name].trim() === "")
        return {};
    const value = parseYaml(name, raw[name]);
    if (!isMapping(value))
        throw new errors/* DeployError */.sH(`${name} must be a mapping of vault ids to passwords, like "prod: …".`);
    const entries = Object.entries(value).map(([id, password]) => {
        if (!/^[A-Za-z0-9_][\w.-]*$/.test(id)) {
            throw new errors/* DeployError */.sH(`${name} has the id ${(0,errors/* quoted */.TL)(id)}: use letters, digits, and the signs "_", "." and "-" in it.`);
        }
        if (typeof password !== "string" || password.trim() === "") {
            const empty = password === null || String(password).trim() === ""
                ? `is empty: ${emptySecret()}`
                : "is no text: put it in quotes";
            throw new errors/* DeployError */.sH(`${name} has the id ${(0,errors/* quoted */.TL)(id)}, whose password ${empty}.`);
        }
        return [id, (0,lib_text/* withoutLastLineEnds */.J7)(password)];
    });
    return Object.fromEntries(entries);
}
/** `"one"`, `"one" or "other"`, `"one", "other" or "third"`. */
function alternatives(legal) {
    const named = legal.map((item) => `"${item}"`);
    return [named.slice(0, -1).join(", "), ...named.slice(-1)].filter(Boolean).join(" or ");
}

// EXTERNAL MODULE: ./lib/inputs/read.js
var read = __webpack_require__(9025);
;// CONCATENATED MODULE: ./lib/inputs/load.js


/**
 * Reads and parses every input.
 *
 * @param hide masks the secret texts, before anything that could print one happens.
 * @throws DeployError that names the input, the rule and what to do.
 */
function loadInputs(hide) {
    const { raw, emptySecrets } = (0,read/* readInputs */.K)();
    hide(raw);
    return parseInputs(raw, emptySecrets);
}

// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __webpack_require__(7030);
;// CONCATENATED MODULE: ./lib/inputs/playbook-options.js

/** Options of ansible-playbook that take a value, those of each line for the same. */
const WITH_VALUE = new Set([
    "-i --inventory --inventory-file",
    "-l --limit",
    "-e --extra-vars",
    "-t --tags",
    "--skip-tags --start-at-task --private-key --key-file",
    "-f --forks",
    "-M --module-path",
    "-u --user",
    "-c --connection",
    "-T --timeout",
    "--ssh-common-args --sftp-extra-args --scp-extra-args --ssh-extra-args",
    "--become-method --become-user --become-password-file --become-pass-file",
    "--connection-password-file --conn-pass-file",
    "--vault-id --vault-password-file --vault-pass-file",
].flatMap((line) => line.split(" ")));
/** Those that take none. */
const ALONE = new Set([
    "-v --verbose -C --check -D --diff -b --become --force-handlers --flush-cache",
    "--syntax-check --list-hosts --list-tags --list-tasks",
].flatMap((line) => line.split(" ")));
/** Those that wait for a person, and what to use instead. */
const ASKING = {
    "-K": "become-password",
    "--ask-become-pass": "become-password",
    "-J": "vault-password",
    "--ask-vault-pass": "vault-password",
    "--ask-vault-password": "vault-password",
    "-k": "ssh-private-key",
    "--ask-pass": "ssh-private-key",
    "--step": "tags",
};
/** Those that print something and deploy nothing. */
const PRINTING = new Set(["-h", "--help", "--version"]);
const NUMBERS = new Set(["-f", "--forks", "-T", "--timeout"]);
/**
 * Checks `extra-args` before Ansible is started: it would print its usage and end.
 *
 * @param knowsAll whether it is a version whose options are all in the lists above.
 * @throws DeployError that names the argument.
 */
function requirePlaybookOptions(words, knowsAll) {
    for (let index = 0; index < words.length; index++) {
        const word = words[index] ?? "";
        if (!word.startsWith("-") || word === "-" || word === "--") {
            throw new errors/* DeployError */.sH(`extra-args has ${(0,errors/* quoted */.TL)(word)}, which is no option: a playbook is given by playbook, and a value stands behind its option.`);
        }
        const { option, value } = readOption(word, knowsAll);
        if (option === undefined || !WITH_VALUE.has(option))
            continue;
        const given = value ?? words[++index];
        if (given === undefined || (value === undefined && given.startsWith("--"))) {
            throw new errors/* DeployError */.sH(`extra-args has ${option} without its value: write it behind it, or leave the option out.`);
        }
        if (option === "--vault-id" && /(^|@)prompt(_ask_vault_pass)?$/.test(given)) {
            throw new errors/* DeployError */.sH(`extra-args has --vault-id ${(0,errors/* quoted */.TL)(given)}, which waits for a person: use vault-passwords instead.`);
        }
        if (NUMBERS.has(option) && !/^\d{1,9}$/.test(given)) {
            throw new errors/* DeployError */.sH(`extra-args has ${option} with ${(0,errors/* quoted */.TL)(given)}: it takes a number.`);
        }
    }
}
/** Paths of files of variables and of inventories in the arguments, as they are written: `-e @file`, `-i file`. */
function filesInArguments(words) {
    return words.flatMap((word, index) => {
        const { option, value = words[index + 1] ?? "" } = word.startsWith("-") ? readOption(word, false) : {};
        if ((option === "-e" || option === "--extra-vars") && value.startsWith("@"))
            return [value.slice(1)];
        return option === "-i" || option?.startsWith("--inventory") ? (value.split(",").length > 1 ? [] : [value]) : [];
    });
}
/** The option of a word that is one, as its full name, and the value that the word holds; none of an option that is not known and may be newer. */
function readOption(word, knowsAll) {
    if (!word.startsWith("--"))
        return readLetters(word, knowsAll);
    const equals = word.indexOf("=");
    const given = equals === -1 ? word : word.slice(0, equals);
    const option = fullName(given);
    if (option === undefined) {
        if (!knowsAll)
            return {};
        throw new errors/* DeployError */.sH(`extra-args has ${(0,errors/* quoted */.TL)(given)}, which is no option of ansible-playbook: correct or remove it.`);
    }
    playbook_options_refuse(option);
    if (equals === -1)
        return { option };
    if (ALONE.has(option))
        throw new errors/* DeployError */.sH(`extra-args has ${option} with a value, and it takes none: remove the value.`);
    return { option, value: word.slice(equals + 1) };
}
/** Letters may stand together, as in `-vvD`; behind one that takes a value comes that. */
function readLetters(word, knowsAll) {
    for (let index = 1; index < word.length; index++) {
        const option = `-${word.charAt(index)}`;
        playbook_options_refuse(option);
        if (WITH_VALUE.has(option)) {
            const value = word.slice(index + 1).replace(/^=/, "");
            return value === "" ? { option } : { option, value };
        }
        if (ALONE.has(option))
            continue;
        if (!knowsAll)
            return {};
        throw new errors/* DeployError */.sH(`extra-args has ${(0,errors/* quoted */.TL)(option)}, which is no option of ansible-playbook: correct or remove it.`);
    }
    return {};
}
function playbook_options_refuse(option) {
    const instead = ASKING[option];
    if (instead !== undefined)
        throw new errors/* DeployError */.sH(`extra-args has ${option}, which waits for a person: use ${instead} instead.`);
    if (PRINTING.has(option))
        throw new errors/* DeployError */.sH(`extra-args has ${option}, which deploys nothing: remove it.`);
}
/** An option may be cut off as long as one alone begins so. */
function fullName(given) {
    const all = [...WITH_VALUE, ...ALONE, ...Object.keys(ASKING), ...PRINTING].filter((option) => option.startsWith("--"));
    if (all.includes(given))
        return given;
    const fitting = all.filter((option) => option.startsWith(given));
    return fitting.length === 1 ? fitting[0] : undefined;
}

;// CONCATENATED MODULE: ./lib/inputs/validate.js





const APP_NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const DNS_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const DNS_NAME = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const REVISION = /^[A-Za-z0-9_][\w./@^~+-]*$/;
const HOST_PATH = /^\/[\w.@+=,:/-]*$/;
const REGISTRY = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?(\/[\w./-]*)?$/;
/** Minor version of the oldest ansible-core 2 that the collection is for (its meta/runtime.yml). */
const OLDEST_ANSIBLE = 19;
/** What to do where an operation lacks an input. */
const NEEDED = {
    revision: "say which release, commit or dump",
    command: "say what to run, such as check --deploy",
    confirm: "type the application's name into it",
};
/**
 * Rules of single inputs that are more than a form, and rules across inputs. Pure: whether files exist is checked later,
 * still before any host is touched.
 *
 * @throws DeployError for the first rule that is broken.
 */
function validateInputs(inputs) {
    validateHosts(inputs);
    validateNames(inputs);
    validateSecrets(inputs);
    validateOperation(inputs);
    validateMode(inputs);
    validateAnsible(inputs);
    requirePlaybookOptions(inputs.extraArgs, inputs.ansibleVersion === "");
}
function validateHosts(inputs) {
    const given = [
        inputs.hosts !== "" && "hosts",
        inputs.inventory !== "" && "inventory",
        inputs.inventoryFiles.length > 0 && "inventory-file",
    ].filter((name) => name !== false);
    if (given.length === 0) {
        throw new errors/* DeployError */.sH("No hosts are given: set one of hosts, inventory or inventory-file.");
    }
    if (given.length > 1) {
        throw new errors/* DeployError */.sH(`${given.join(" and ")} are ${given.length > 2 ? "all" : "both"} given: set only one of hosts, inventory and inventory-file.`);
    }
    for (const part of inputs.limit.split(/[,:]/)) {
        if (part.trim().startsWith("-")) {
            throw new errors/* DeployError */.sH(`limit has the pattern ${(0,errors/* quoted */.TL)(part.trim())}: a pattern cannot begin with a dash.`);
        }
    }
    for (const tag of inputs.tags) {
        if (tag.startsWith("-") || /\s/.test(tag)) {
            throw new errors/* DeployError */.sH(`tags has ${(0,errors/* quoted */.TL)(tag)}: a tag has no spaces and does not begin with a dash.`);
        }
    }
}
function validateNames(inputs) {
    if (inputs.appName !== "" && !APP_NAME.test(inputs.appName)) {
        throw new errors/* DeployError */.sH(`app-name is ${(0,errors/* quoted */.TL)(inputs.appName)}: use up to 32 lower-case letters, digits, "_" and "-", a letter first.`);
    }
    for (const name of inputs.serverName.split(/\s+/)) {
        if (name !== "" && !DNS_NAME.test(name) && (0,external_node_net_.isIP)(name.replace(/^\[(.*)\]$/, "$1")) === 0) {
            throw new errors/* DeployError */.sH(`server-name has ${(0,errors/* quoted */.TL)(name)}: use DNS names such as www.example.org, separated by spaces, without scheme or path.`);
        }
    }
    const revision = inputs.operation === "restore" ? inputs.revision.replace(/^before /, "") : inputs.revision;
    if (revision !== "" && (!REVISION.test(revision) || revision.includes(".."))) {
        throw new errors/* DeployError */.sH(`revision is ${(0,errors/* quoted */.TL)(inputs.revision)}: use a commit, tag or branch.`);
    }
    for (const path of inputs.composeFiles) {
        if (HOST_PATH.test(path) && !/(^|\/)\.\.(\/|$)/.test(path))
            continue;
        throw new errors/* DeployError */.sH(`compose-file is ${(0,errors/* quoted */.TL)(path)}: use an absolute path on the hosts, such as /root/compose.yml.`);
    }
    if (inputs.registry !== "" && !REGISTRY.test(inputs.registry)) {
        throw new errors/* DeployError */.sH(`registry is ${(0,errors/* quoted */.TL)(inputs.registry)}: use a host name with an optional port, without scheme, such as ghcr.io.`);
    }
}
function validateSecrets(inputs) {
    if (inputs.vaultPasswords.default !== undefined && inputs.vaultPassword !== "") {
        throw new errors/* DeployError */.sH('vault-passwords has the id "default" and vault-password is given: set only one of them.');
    }
    if (inputs.sshPrivateKeyPassphrase !== "" && inputs.sshPrivateKey === "") {
        throw new errors/* DeployError */.sH(`ssh-private-key-passphrase is given and ${missing("ssh-private-key", inputs)}.`);
    }
    if (/[\r\n]/.test(inputs.becomePassword) && !inputs.becomePassword.trimStart().startsWith("$ANSIBLE_VAULT;")) {
        throw new errors/* DeployError */.sH("become-password has more than one line: give the password alone.");
    }
    if (inputs.vaultPassword.startsWith("$ANSIBLE_VAULT;")) {
        throw new errors/* DeployError */.sH("vault-password is an encrypted vault text: give the password that opens the vault.");
    }
    if (inputs.registryUsername !== "" && inputs.registryPassword === "") {
        throw new errors/* DeployError */.sH(`registry-username is given and ${missing("registry-password", inputs)}.`);
    }
    if (inputs.registryPassword !== "" && inputs.registryUsername === "") {
        throw new errors/* DeployError */.sH("registry-password is given and registry-username is empty: set both or neither.");
    }
}
function validateAnsible({ ansibleVersion, pythonPackages, requirements }) {
    const [, minor] = /^2\.(\d+)\.\d+((a|b|rc)\d+)?$/.exec(ansibleVersion) ?? [];
    if (ansibleVersion !== "" && Number(minor ?? 0) < OLDEST_ANSIBLE) {
        throw new errors/* DeployError */.sH(`ansible-version is ${(0,errors/* quoted */.TL)(ansibleVersion)}: use an exact version of ansible-core from 2.${OLDEST_ANSIBLE}.0 on, such as 2.19.4, or leave it out.`);
    }
    for (const item of pythonPackages) {
        if (!/^[A-Za-z0-9]/.test(item)) {
            throw new errors/* DeployError */.sH(`python-packages has ${(0,errors/* quoted */.TL)(item)}: a line is a requirement such as netaddr==1.3.0, not an option or a path.`);
        }
    }
    if (requirements.startsWith("-")) {
        throw new errors/* DeployError */.sH(`requirements is ${(0,errors/* quoted */.TL)(requirements)}: a path cannot begin with a dash.`);
    }
}
/** Each operation takes some inputs that others have no use for. A playbook of the user's own takes what it likes. */
function validateOperation(inputs) {
    const { operation, playbook } = inputs;
    if (playbook !== "")
        return;
    const takes = OPERATIONS[operation].inputs;
    for (const name of OPERATION_INPUTS) {
        const given = inputs[name].length > 0;
        if (given && takes[name] === undefined) {
            throw new errors/* DeployError */.sH(`${name} has no effect with operation: ${operation}: leave it out.`);
        }
        if (!given && takes[name] === "needed") {
            throw new errors/* DeployError */.sH(`operation is ${operation} and ${name} is empty: ${NEEDED[name]}.`);
        }
    }
}
/** A bundled playbook ignores what belongs to the other one; that is a mistake, not a wish. */
function validateMode(inputs) {
    if (inputs.revision !== "" && inputs.source !== "git" && inputs.operation === "deploy") {
        throw new errors/* DeployError */.sH("revision is given without source: git; with source: workspace the checked-out commit is deployed, so check out that revision instead.");
    }
    if (inputs.operation !== "deploy" && inputs.playbook !== "") {
        throw new errors/* DeployError */.sH(`operation is ${inputs.operation} and a playbook is given, which decides on its own what it does: leave one of them out.`);
    }
    if (inputs.playbook !== "")
        return;
    const foreign = inputs.mode === "role"
        ? [
            ["compose-file", inputs.composeFiles.join()],
            ["compose-source", inputs.composeSources.join()],
            ["registry", inputs.registry],
            ["registry-username", inputs.registryUsername],
        ]
        : [["source", inputs.source]];
    for (const [name, value] of foreign) {
        if (value !== "") {
            const other = inputs.mode === "role" ? "container" : "role";
            throw new errors/* DeployError */.sH(`${name} has no effect with mode: ${inputs.mode}: set mode: ${other} or leave ${name} out.`);
        }
    }
}

;// CONCATENATED MODULE: ./lib/ansible/arguments.js
/**
 * The argument list of a run. Secrets are in the files alone.
 *
 * `-P` keeps the working directory out of Python's search path: a project's own folder called `yaml` or `ansible` would
 * be imported instead of the real one.
 */
function ansibleArguments(inputs, files) {
    return [files.python, "-P", "-m", "ansible", ...playbookWords(inputs, files)];
}
/** The same for an Ansible that has started. */
function playbookWords(inputs, files) {
    return [
        ...["playbook", files.playbook],
        ...inventoryArguments(files),
        ...["--extra-vars", `@${files.variables}`],
        ...(inputs.limit === "" ? [] : ["--limit", inputs.limit]),
        ...(inputs.tags.length === 0 ? [] : ["--tags", inputs.tags.join(",")]),
        ...(inputs.check ? ["--check", "--diff"] : []),
        ...(files.becomePassword === "" ? [] : ["--become-password-file", files.becomePassword]),
        ...vaultArguments(files),
        ...inputs.extraArgs,
    ];
}
/** The argument list of `ansible-inventory` for the same hosts. */
function inventoryCommand(files, ...more) {
    const program = ["-P", "-m", "ansible", "inventory"];
    return [files.python, ...program, ...inventoryArguments(files), ...vaultArguments(files), ...more];
}
function inventoryArguments({ inventories }) {
    return inventories.flatMap((path) => ["--inventory", path]);
}
function vaultArguments(files) {
    return [
        ...(files.vaultPassword === "" ? [] : ["--vault-password-file", files.vaultPassword]),
        ...Object.entries(files.vaultPasswords).flatMap(([id, file]) => ["--vault-id", `${id}@${file}`]),
    ];
}

;// CONCATENATED MODULE: ./lib/project/ansible-cfg.js

/**
 * Reads what matters of an ansible.cfg, in the way Python's configparser does with Ansible's settings: `#` and `;`
 * comments, `;` also after a value, continued lines indented, keys in any case.
 */
function parseAnsibleCfg(text) {
    const values = new Map();
    let section = "";
    let key = "";
    for (const line of text.split(/\r?\n/)) {
        if (/^\s*([#;]|$)/.test(line))
            continue;
        const header = /^\[([^\]]+)\]/.exec(line);
        const separator = line.search(/[=:]/);
        if (header) {
            section = header[1] ?? "";
            key = "";
        }
        else if (/^\s/.test(line) && key !== "") {
            values.set(key, `${values.get(key) ?? ""}\n${value(line)}`);
        }
        else if (separator > 0 && !/^\s/.test(line)) {
            key = `${section}.${line.slice(0, separator).trim().toLowerCase()}`;
            values.set(key, value(line.slice(separator + 1)));
        }
    }
    const get = (...keys) => keys.map((name) => values.get(name)).find((text) => text !== undefined) ?? "";
    return {
        collectionsPath: split(get("defaults.collections_path", "defaults.collections_paths"), /[:\n]/),
        rolesPath: split(get("defaults.roles_path"), /[:\n]/),
        becomePlugins: split(get("defaults.become_plugins"), /[:\n]/),
        callbacksEnabled: split(get("defaults.callbacks_enabled", "defaults.callback_whitelist"), /[,\n]/),
        vaultPasswordFile: get("defaults.vault_password_file"),
        vaultIdentityList: get("defaults.vault_identity_list"),
        hostKeyChecking: get("ssh_connection.host_key_checking", "defaults.host_key_checking"),
        sshArgs: get("ssh_connection.ssh_args"),
        sshCommonArgs: get("ssh_connection.ssh_common_args"),
        sshExtraArgs: get("ssh_connection.ssh_extra_args"),
        sftpExtraArgs: get("ssh_connection.sftp_extra_args"),
        scpExtraArgs: get("ssh_connection.scp_extra_args"),
        setsPipelining: values.has("ssh_connection.pipelining") || values.has("defaults.pipelining"),
    };
}
/** What Python's configparser would refuse, for a sentence; undefined when it reads the text. */
function cfgProblem(text) {
    const seen = new Set();
    let section = "";
    let key = "";
    for (const [index, line] of text.split(/\r?\n/).entries()) {
        const number = index + 1;
        if (/^\s*([#;]|$)/.test(line))
            continue;
        if (/^\s/.test(line) && key !== "")
            continue;
        const header = /^\s*\[([^\]]+)\]/.exec(line);
        if (header) {
            section = `[${header[1]}]`;
            key = "";
            if (seen.has(section))
                return `has the section ${(0,errors/* shortened */.vI)(section)} again in line ${number}: put its settings together`;
            seen.add(section);
            continue;
        }
        const separator = line.search(/[=:]/);
        if (section === "")
            return `has a setting before its first section, in line ${number}: put [defaults] above it`;
        if (separator <= 0)
            return `has what is neither a [section] nor "name = value" in line ${number}: correct it`;
        key = `${section} ${line.slice(0, separator).trim().toLowerCase()}`;
        if (seen.has(key))
            return `sets ${(0,errors/* quoted */.TL)(key.slice(section.length + 1))} twice in ${(0,errors/* shortened */.vI)(section)}, again in line ${number}: keep one`;
        seen.add(key);
    }
    return undefined;
}
function value(text) {
    const comment = text.search(/\s;/);
    return (comment === -1 ? text : text.slice(0, comment)).trim();
}
function split(text, separator) {
    return text
        .split(separator)
        .map((item) => item.trim())
        .filter((item) => item !== "");
}

;// CONCATENATED MODULE: ./lib/project/places.js



/**
 * The place that an input names.
 *
 * @throws DeployError where nothing is there, or only what is neither a file nor a folder.
 */
function placeOfInput(input, given, ground) {
    if (given.startsWith("-"))
        throw new errors/* DeployError */.sH(`${input} is ${(0,errors/* quoted */.TL)(given)}: a path cannot begin with a dash.`);
    const place = { path: (0,external_node_path_.resolve)(ground.folder, given), name: `${input} ${(0,errors/* quoted */.TL)(given)}`, workspace: ground.workspace };
    const kind = kindOf(place);
    if (kind === undefined)
        throw new errors/* DeployError */.sH(`${place.name} does not exist in ${ground.folder}: correct the path, and check that it is committed.`);
    return { ...place, kind };
}
/** A place that the project has without an input that names it. */
function placeInProject(path, ground) {
    const known = (0,external_node_path_.relative)(ground.folder, path) || path;
    return { path, name: /^[\w./@+ -]+$/.test(known) ? (0,errors/* shortened */.vI)(known) : (0,errors/* quoted */.TL)(known), workspace: ground.workspace };
}

;// CONCATENATED MODULE: ./lib/project/checkout.js



const DEPTH = 6;
/** What holds other people's code, or nothing of the project's. */
const PASSED_BY = /^(\..*|node_modules|venv|env|site-packages|__pycache__|static|media|locale)$/;
/** Looks through a folder, without what Git, package managers and virtual environments put there. */
function filesOf(ground) {
    return {
        paths: below(ground, "", DEPTH).sort(),
        read: (path) => readTextIfThere(placeInProject((0,external_node_path_.join)(ground.folder, path), ground)) ?? "",
    };
}
function below(ground, prefix, depth) {
    return entries(placeInProject((0,external_node_path_.join)(ground.folder, prefix), ground)).flatMap(({ name, isFolder }) => {
        const path = prefix === "" ? name : `${prefix}/${name}`;
        if (!isFolder)
            return [path];
        return depth > 0 && !PASSED_BY.test(name) ? below(ground, path, depth - 1) : [];
    });
}
/** Folders that others keep to themselves, such as a database's, hold nothing of the project. */
function entries(place) {
    try {
        return entriesIn(place);
    }
    catch {
        return [];
    }
}
/** `folder/name`, where `.` is the checkout itself. */
function within(folder, name) {
    return folder === "." ? name : `${folder}/${name}`;
}

;// CONCATENATED MODULE: ./lib/project/procfile.js
/** Lines of a Procfile as Heroku, honcho and foreman read it: process type and command, in the file's order. */
function parseProcfile(text) {
    const lines = text.split(/\r?\n/).flatMap((line) => {
        const found = /^([A-Za-z0-9_-]+):(.+)$/.exec(line);
        const command = found?.[2]?.trim() ?? "";
        return found?.[1] !== undefined && command !== "" ? [[found[1], command]] : [];
    });
    return Object.fromEntries(lines);
}
/** The application that a Procfile's web line serves, `module:name`, and whether it is an ASGI one. */
function servedBy(command) {
    const entry = command.split(/\s+/).find((word) => /^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(word));
    if (entry !== undefined) {
        const granian = /\bgranian\b/i.test(command) && /--interface\s+asgi/i.test(command);
        return { entry, asgi: granian || /\b(uvicorn|daphne|hypercorn)/i.test(command) };
    }
    const bare = /\bgunicorn\b/.test(command)
        ? command.split(/\s+/).find((word) => /^[A-Za-z_]\w*(\.\w+)*\.wsgi$/.test(word))
        : undefined;
    return bare === undefined ? undefined : { entry: `${bare}:application`, asgi: false };
}

;// CONCATENATED MODULE: ./lib/project/settings-module.js

const PRODUCTION = /(^|_)(production|prod|live|deploy|deployment)(_|$)/;
const DEVELOPMENT = /(^|_)(dev|devel|develop|development|local|test|tests|testing|ci|debug)(_|$)/;
/**
 * The settings module that a manage.py, wsgi.py or asgi.py sets as default, as `django-admin startproject` writes it.
 *
 * @returns undefined when the text names none literally.
 */
function settingsModule(python) {
    const named = python.matchAll(/["']DJANGO_SETTINGS_MODULE["']\s{0,99}(?:,|\]\s{0,99}=)\s{0,99}["']([A-Za-z_][\w.]{0,199})["']/g);
    for (const { 1: module, index } of named) {
        const line = python.slice(python.lastIndexOf("\n", index) + 1, index);
        if (!line.includes("#"))
            return module;
    }
    return undefined;
}
/**
 * The settings module for production: the one that says so by its name, else the one that the project's files agree on.
 *
 * @param manageDir folder of manage.py.
 */
function chooseSettings(files, manageDir) {
    const said = namedModules(files, manageDir);
    const named = said.size > 0 ? said : onlySettings(files, manageDir);
    const beside = unique([...named.keys()].flatMap((module) => siblings(files, manageDir, module)));
    const production = unique([...[...named.keys()].filter(isProduction), ...beside.filter(isProduction)]);
    const [first, second] = production;
    if (first !== undefined && second === undefined)
        return { value: first, where: whereOf(files, manageDir, first) };
    if (first !== undefined)
        return ask(`several look like production (${production.join(", ")})`, first);
    const serious = [...named.keys()].filter((module) => !DEVELOPMENT.test(lastPart(module)));
    const [only, other] = serious;
    if (only !== undefined && other === undefined)
        return { value: only, where: named.get(only) ?? "" };
    if (only !== undefined)
        return ask(serious.map((module) => `${named.get(module)} names ${module}`).join(" and "), only);
    const [development] = named.keys();
    if (development !== undefined)
        return ask(`${named.get(development)} names ${development}, which is for development`, "mysite.settings.production");
    return ask(`${within(manageDir, "manage.py")} names none`, "mysite.settings");
}
function ask(why, example) {
    return {
        question: `Which settings are for production is not clear, ${why}: add the line "django_settings_module: ${example}" to vars or group_vars, with the right module`,
    };
}
/** Modules that files beside or below manage.py name, each with the file that names it first. */
function namedModules(files, manageDir) {
    const named = new Map();
    for (const file of [within(manageDir, "manage.py"), ...entryFiles(files, manageDir)]) {
        const module = settingsModule(files.read(file));
        if (module !== undefined && !named.has(module))
            named.set(module, file);
    }
    return named;
}
/** The only module that is a project's settings by its name and content, where no file names one: an old manage.py puts the name together. */
function onlySettings(files, manageDir) {
    const found = files.paths.filter((path) => {
        const inside = manageDir === "." ? path : path.startsWith(`${manageDir}/`) ? path.slice(manageDir.length + 1) : "";
        return (/^(?:[A-Za-z_]\w*\/)?settings(?:\/__init__)?\.py$/.test(inside) &&
            /^[ \t]*ROOT_URLCONF[ \t]*=/m.test(files.read(path)));
    });
    const [only, other] = found;
    return only === undefined || other !== undefined ? new Map() : new Map([[dotted(only, manageDir), only]]);
}
/** A file's module, as it is imported from the folder of manage.py. */
function dotted(path, manageDir) {
    const inside = manageDir === "." ? path : path.slice(manageDir.length + 1);
    return inside.replace(/(\/__init__)?\.py$/, "").replaceAll("/", ".");
}
/** wsgi.py and asgi.py of the project, those near manage.py first. One of a test or an example counts only where there is no other. */
function entryFiles(files, manageDir) {
    const prefix = manageDir === "." ? "" : `${manageDir}/`;
    const all = files.paths
        .filter((path) => path.startsWith(prefix) && /(^|\/)(wsgi|asgi)\.py$/.test(path))
        .sort((a, b) => a.split("/").length - b.split("/").length);
    const own = all.filter((path) => !/(^|\/)(tests?|docs|examples?)\//.test(path.slice(prefix.length)));
    return own.length > 0 ? own : all;
}
/** Modules in the same settings folder as *module*, itself one of them or the folder. */
function siblings(files, manageDir, module) {
    const path = within(manageDir, module.replaceAll(".", "/"));
    const isFolder = files.paths.includes(`${path}/__init__.py`);
    const folder = isFolder ? path : path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    const dotted = isFolder ? module : module.slice(0, Math.max(module.lastIndexOf("."), 0));
    return files.paths.flatMap((file) => {
        const name = /^([A-Za-z_]\w*)\.py$/.exec(file.slice(folder.length + 1))?.[1];
        const fits = name !== undefined && file.startsWith(`${folder}/`) && name !== "__init__";
        const isSettings = isFolder || /settings|conf/.test(lastPart(dotted)) || /settings/.test(name ?? "");
        return fits && isSettings ? [dotted === "" ? name : `${dotted}.${name}`] : [];
    });
}
/** Files in which a settings module and those that it may build upon are written. */
function settingsTexts(files, manageDir, module) {
    const modules = [module, ...siblings(files, manageDir, module)];
    return unique(modules).flatMap((name) => {
        const path = within(manageDir, name.replaceAll(".", "/"));
        return [files.read(`${path}.py`), files.read(`${path}/__init__.py`)].filter((text) => text !== "");
    });
}
function whereOf(files, manageDir, module) {
    const path = within(manageDir, module.replaceAll(".", "/"));
    return [`${path}.py`, `${path}/__init__.py`].find((file) => files.paths.includes(file)) ?? path;
}
const isProduction = (module) => PRODUCTION.test(lastPart(module));
const lastPart = (module) => module.slice(module.lastIndexOf(".") + 1);
const unique = (items) => [...new Set(items)];

;// CONCATENATED MODULE: ./lib/project/entry.js



/**
 * What a server loads. ASGI only where the project asks for it, by its Procfile or by ASGI_APPLICATION: every project has
 * an asgi.py, and few are written for it.
 *
 * @param web the Procfile's web line.
 */
function findEntry(files, manageDir, settings, web) {
    const served = servedBy(web ?? "");
    if (served !== undefined)
        return { kind: served.asgi ? "asgi" : "wsgi", value: served.entry, where: "Procfile" };
    const texts = settings === undefined ? [] : settingsTexts(files, manageDir, settings);
    for (const kind of ["asgi", "wsgi"]) {
        const named = texts
            .map((text) => setting(text, `${kind.toUpperCase()}_APPLICATION`))
            .find((value) => value !== undefined);
        if (named !== undefined)
            return { kind, value: named, where: `${kind.toUpperCase()}_APPLICATION of ${settings}` };
    }
    for (const kind of ["wsgi", "asgi"]) {
        const found = entryFiles(files, manageDir).filter((path) => path.endsWith(`${kind}.py`));
        const near = found.find((path) => path === within(manageDir, `${settings?.split(".")[0]}/${kind}.py`)) ?? found[0];
        if (near !== undefined && /^[ \t]*application[ \t]*=/m.test(files.read(near)))
            return { kind, value: `${dotted(near, manageDir)}:application`, where: near };
    }
    return undefined;
}
function setting(text, name) {
    const named = new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*["']([A-Za-z_][\\w.]*)\\.([A-Za-z_]\\w*)["']`, "m").exec(text);
    return named === null ? undefined : `${named[1]}:${named[2]}`;
}

;// CONCATENATED MODULE: ./lib/project/django.js





/**
 * Finds out what a checkout deploys.
 *
 * @throws DeployError when there is no Django project at all.
 */
function findDjango(ground, chosen = { appPath: undefined, settingsModule: undefined }) {
    if (chosen.appPath === "")
        return django_NOTHING;
    const files = filesOf(ground);
    const place = chosen.appPath === undefined ? findManage(files, ground.folder) : { value: chosen.appPath, where: "app_path" };
    if ("question" in place) {
        return { ...django_NOTHING, questions: { app_path: place.question } };
    }
    const manageDir = place.value;
    const settings = chosen.settingsModule === undefined
        ? chooseSettings(files, manageDir)
        : { value: chosen.settingsModule, where: "django_settings_module" };
    const module = "value" in settings ? settings.value || undefined : undefined;
    const procfiles = [within(manageDir, "Procfile"), "Procfile"].filter((path) => files.paths.includes(path));
    const procfile = parseProcfile(procfiles[0] === undefined ? "" : files.read(procfiles[0]));
    const entry = findEntry(files, manageDir, module, procfile.web);
    return {
        manageDir,
        settingsModule: module,
        wsgi: entry?.kind === "wsgi" ? entry.value : undefined,
        asgi: entry?.kind === "asgi" ? entry.value : undefined,
        procfile,
        told: [
            told("manage.py", `in ${manageDir}`, place.where, "app_path"),
            ...(module === undefined || !("value" in settings)
                ? []
                : [told("settings", module, settings.where, "django_settings_module")]),
            ...(entry === undefined
                ? []
                : [told(`${entry.kind.toUpperCase()} application`, entry.value, entry.where, `django_app_${entry.kind}`)]),
            ...leftOut(procfile, chosen),
        ],
        questions: "question" in settings ? { django_settings_module: settings.question } : {},
    };
}
/** What a Procfile names besides the web part, and the line that has it run: nothing of it runs by itself. */
function leftOut(procfile, chosen) {
    return Object.entries(procfile).flatMap(([name, command]) => {
        if (name === "web")
            return [];
        const line = JSON.stringify(command.replace(/^python3? (?=\S*manage\.py\b)/, ""));
        if (name !== "release") {
            return chosen.processes
                ? []
                : [`${name} of the Procfile is not started (django_app_processes: {${name}: {command: ${line}}} does)`];
        }
        // A deploy migrates and collects static files without being told.
        const known = /manage\.py (migrate|collectstatic)(\s+--?\w[\w-]*)*\s*$/.test(command);
        return chosen.commands || known
            ? []
            : [`release of the Procfile is not run (django_app_commands: [{command: ${line}}] does)`];
    });
}
const django_NOTHING = {
    ...{ manageDir: undefined, settingsModule: undefined, wsgi: undefined, asgi: undefined },
    ...{ procfile: {}, told: [], questions: {} },
};
function told(what, value, where, variable) {
    const from = where === variable ? "as set" : `found by ${where}`;
    return `${what}: ${value} (${from}${where === variable ? "" : `; ${variable} overrides`})`;
}
/** manage.py that is nearest to the top. */
function findManage(files, project) {
    const places = files.paths
        .filter((path) => path === "manage.py" || path.endsWith("/manage.py"))
        .map((path) => path.slice(0, -"/manage.py".length) || ".");
    const depth = (place) => (place === "." ? 0 : place.split("/").length);
    const least = Math.min(...places.map(depth));
    const nearest = places.filter((place) => depth(place) === least);
    const [first, second] = nearest;
    if (first === undefined) {
        throw new errors/* DeployError */.sH(`There is no Django project in ${project}: neither it nor a folder below has a manage.py, so check working-directory and that actions/checkout ran, or set source: git where the code has a repository of its own (app_repo).`);
    }
    if (second !== undefined) {
        return {
            question: `manage.py is in ${nearest.join(" and ")}: add the line "app_path: ${first}" to vars or group_vars, with the folder to deploy`,
        };
    }
    return { value: first, where: within(first, "manage.py") };
}

;// CONCATENATED MODULE: ./lib/project/git.js


/**
 * The commit that is checked out in a folder.
 *
 * @param job its environment.
 * @returns undefined when the folder is in no Git work tree, or git is missing.
 */
async function headRevision(folder, job, signal) {
    // The workspace of a container job belongs to another user, which git refuses without safe.directory.
    const argv = ["git", "-c", "safe.directory=*", "-C", folder, "rev-parse", "--verify", "HEAD"];
    const { code, stdout } = await run_run(argv, { env: helperEnvironment(job), timeout: 30_000, signal });
    const sha = stdout.trim();
    return code === 0 && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined;
}

;// CONCATENATED MODULE: ./lib/project/variable-files.js



/** Folders of variables that Ansible reads beside an inventory and beside a playbook. */
const VARIABLE_FOLDERS = ["group_vars", "host_vars"];
/** How deep Ansible's users nest such a folder. */
const variable_files_DEPTH = 4;
/**
 * The files of variables of groups and hosts that Ansible may read: hidden ones and those with another ending are none.
 *
 * @param bases absolute paths of the folders that the variable folders are in.
 * @throws DeployError for what Ansible would wait for or stumble over: a named pipe, a device, a link out of the workspace.
 */
function variableFiles(bases, ground) {
    const found = bases.flatMap((base) => VARIABLE_FOLDERS.flatMap((name) => walk(placeInProject((0,external_node_path_.join)(base, name), ground), ground, variable_files_DEPTH)));
    return [...new Map(found.map((place) => [place.path, place])).values()].sort((one, other) => one.path < other.path ? -1 : 1);
}
function walk(place, ground, depth) {
    if (depth < variable_files_DEPTH && kindOf(place) === "file")
        return [place];
    if (depth === 0)
        return [];
    return entriesIn(place)
        .filter(({ name }) => !name.startsWith(".") && !name.endsWith("~"))
        .filter(({ name, isFolder }) => isFolder || ["", ".yml", ".yaml", ".json"].includes((0,external_node_path_.extname)(name)))
        .flatMap(({ name }) => walk(placeInProject((0,external_node_path_.join)(place.path, name), ground), ground, depth - 1));
}

;// CONCATENATED MODULE: ./lib/project/plain-variable.js


/**
 * What the project's own variables, group_vars and host_vars, plainly set a variable to, as far as that can be told without
 * Ansible: a word on the variable's own line.
 *
 * @returns undefined when no file mentions the variable; "" when it is set to something that only Ansible can read.
 */
function plainVariable(ground, name) {
    const line = new RegExp(`^[ \\t]*["']?${name}["']?[ \\t]*:(.*)$`, "m");
    for (const file of variableFiles([ground.folder], ground)) {
        const found = line.exec(readText(file))?.[1]?.trim();
        if (found !== undefined)
            return /^["']?([\w./:-]+)["']?(?:[ \t]+#.*)?$/.exec(found)?.[1] ?? "";
    }
    return undefined;
}

;// CONCATENATED MODULE: ./lib/project/inspect.js










/**
 * Looks at the workspace, and checks that the files that the inputs name exist.
 *
 * @param workspace GITHUB_WORKSPACE.
 * @param environment the job's.
 * @throws DeployError for a missing file or project.
 */
async function inspectProject(inputs, workspace, environment, signal) {
    const folder = (0,external_node_path_.resolve)(workspace, inputs.workingDirectory);
    const ground = { folder, workspace: (0,external_node_path_.resolve)(workspace) };
    if (kindOf({ path: folder, name: workingDirectory(inputs), workspace: ground.workspace }) !== "folder") {
        throw new errors/* DeployError */.sH(noFolder(workingDirectory(inputs), workspace));
    }
    const code = inputs.codeDirectory === "" ? ground : { ...ground, folder: (0,external_node_path_.resolve)(workspace, inputs.codeDirectory) };
    if (kindOf({ path: code.folder, name: codeDirectory(inputs), workspace: ground.workspace }) !== "folder") {
        throw new errors/* DeployError */.sH(noFolder(codeDirectory(inputs), workspace));
    }
    const bundledRole = inputs.playbook === "" && inputs.mode === "role";
    const playbook = file("playbook", inputs.playbook, ground);
    const composeSources = composeFiles(inputs.composeSources, ground);
    const set = (name) => setByUser(inputs, ground, name);
    const find = () => findDjango(code, {
        ...{ appPath: set("app_path"), settingsModule: set("django_settings_module") },
        ...{
            processes: set("django_app_processes") !== undefined,
            commands: set("django_app_commands") !== undefined,
        },
    });
    const fromWorkspace = bundledRole &&
        OPERATIONS[inputs.operation].uploads &&
        inputs.source !== "git" &&
        (inputs.source === "workspace" || set("django_app_source") === undefined);
    const revision = await headRevision(code.folder, environment, signal);
    if (fromWorkspace && revision === undefined) {
        throw new errors/* DeployError */.sH(`${code.folder} is no Git checkout, and with source: workspace the checked-out commit is what is deployed: run actions/checkout before this step.`);
    }
    return {
        ...ground,
        code: code.folder,
        playbook,
        composeSources,
        requirements: requirementsIn(inputs.requirements, ground),
        revision,
        django: fromWorkspace ? find() : bundledRole ? optional(find) : undefined,
        cfg: ansibleCfg(ground, environment.ANSIBLE_CONFIG),
    };
}
/** What a variable is set to: undefined when nobody sets it, "" when that cannot be told without Ansible. */
function setByUser(inputs, ground, name) {
    const value = inputs.vars[name];
    if (value === undefined)
        return plainVariable(ground, name);
    return typeof value === "string" ? value : "";
}
const workingDirectory = (inputs) => `working-directory ${(0,errors/* quoted */.TL)(inputs.workingDirectory)}`;
const noFolder = (name, workspace) => `${name} is no folder in ${workspace}: correct the path, and check that actions/checkout ran before this step.`;
const codeDirectory = (inputs) => `code-directory ${(0,errors/* quoted */.TL)(inputs.codeDirectory)}`;
function file(input, given, ground) {
    if (given === "")
        return "";
    const place = placeOfInput(input, given, ground);
    const text = readText(place);
    if (text.trim() === "")
        throw new errors/* DeployError */.sH(`${place.name} is empty: a playbook is a list of plays.`);
    const plays = parseLoosely(text);
    if (plays !== undefined && !Array.isArray(plays) && !text.startsWith("$ANSIBLE_VAULT;")) {
        throw new errors/* DeployError */.sH(`${place.name} is no list of plays: each play begins with "- hosts:".`);
    }
    return place.path;
}
function requirementsIn(given, ground) {
    if (given === "")
        return undefined;
    const place = placeOfInput("requirements", given, ground);
    const text = readText(place);
    return { path: place.path, text, content: parseYaml("requirements", text) };
}
function composeFiles(given, ground) {
    const places = given.map((path) => placeOfInput("compose-source", path, ground));
    if (places.length > 1 && places.some(({ kind }) => kind === "folder")) {
        throw new errors/* DeployError */.sH("compose-source names a folder and more besides: name one folder, or files.");
    }
    for (const place of places)
        requireUploadable(place, 6);
    return places.map(({ path }) => path);
}
/** What is uploaded is read by Ansible, which would wait for a named pipe and follow any link. */
function requireUploadable(source, depth, below = "") {
    const place = below === ""
        ? source
        : { ...source, path: (0,external_node_path_.join)(source.path, below), name: `${source.name}, ${(0,errors/* quoted */.TL)(below)} in it,` };
    if (kindOf(place) === "file")
        requireFile(place);
    else if (depth > 0)
        for (const { name } of entriesIn(place))
            requireUploadable(source, depth - 1, (0,external_node_path_.join)(below, name));
}
function ansibleCfg(ground, fromJob) {
    const { folder } = ground;
    let path = fromJob ? ((0,external_node_path_.isAbsolute)(fromJob) ? fromJob : (0,external_node_path_.resolve)(folder, fromJob)) : (0,external_node_path_.join)(folder, "ansible.cfg");
    const place = () => (fromJob ? { path, name: `ANSIBLE_CONFIG ${(0,errors/* quoted */.TL)(fromJob)}` } : placeInProject(path, ground));
    // Ansible takes a folder in ANSIBLE_CONFIG as the place of an ansible.cfg.
    if (fromJob && kindOf(place()) === "folder")
        path = (0,external_node_path_.join)(path, "ansible.cfg");
    const text = readTextIfThere(place());
    const problem = text === undefined ? undefined : cfgProblem(text);
    if (problem !== undefined)
        throw new errors/* DeployError */.sH(`${place().name} ${problem}.`);
    return text === undefined ? undefined : { path, settings: parseAnsibleCfg(text) };
}
function optional(find) {
    try {
        return find();
    }
    catch {
        return undefined;
    }
}
/** The absolute path of a file that an ansible.cfg names, relative to the cfg's own folder. */
function besideCfg(cfgPath, named, home) {
    const path = named.replaceAll("{{CWD}}", process.cwd()).replace(/^~(?=\/|$)/, home);
    return (0,external_node_path_.resolve)((0,external_node_path_.dirname)(cfgPath), path);
}

;// CONCATENATED MODULE: ./lib/toolchain/waiting-program.js
/**
 * Prints ansible-core's version when the installed files are there in the size that their packages' lists give, as far as
 * 10,000 files: a copy that was cut off starts and fails later. Then it loads what Ansible is made of and no setting has
 * a say in, has it find what its YAML means (the collection's plugin_utils/kept_yaml.py), reads a line, and is Ansible with
 * the environment, the folder and the arguments that this line has. Its arguments are the collection's folder and the one
 * for bytecode. What Python's own library is compiled to lies with Python, and is taken from there: it is half of what a
 * first start would compile.
 */
const PROGRAM = `
import importlib._bootstrap_external as loading, os, sys
sys.pycache_prefix = sys.argv[2]
library, beside = os.path.dirname(os.__file__), loading.cache_from_source
def cached(path, *args, **kwargs):
    folder, name = os.path.split(path)
    own = os.path.join(folder, "__pycache__", "%s.%s.pyc" % (os.path.splitext(name)[0], sys.implementation.cache_tag))
    return own if path.startswith(library) and os.path.exists(own) else beside(path, *args, **kwargs)
loading.cache_from_source = cached
import csv, gc, signal, sysconfig
signal.signal(signal.SIGINT, signal.SIG_DFL)
# Next to nothing of what is loaded is ever garbage; the collection's callback has it looked for again.
gc.disable()
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
import argparse, atexit, contextlib, importlib.util, json, runpy
for name in """
    importlib.metadata configparser ctypes.util curses decimal difflib email.parser encodings.idna getpass glob
    multiprocessing.queues multiprocessing.shared_memory multiprocessing.synchronize pkgutil pprint pty shlex syslog tarfile tomllib uuid
    xml.dom.minidom xml.etree.ElementTree yaml jinja2.nativetypes jinja2.sandbox packaging.specifiers
    cryptography.hazmat.backends.openssl cryptography.hazmat.primitives.serialization cryptography.hazmat.primitives.hmac
    cryptography.hazmat.primitives.kdf.pbkdf2 cryptography.hazmat.primitives.padding ansible.config.manager
""".split():
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
with contextlib.suppress(Exception):
    spec = importlib.util.spec_from_file_location("kept_yaml", os.path.join(sys.argv[1], "plugins", "plugin_utils", "kept_yaml.py"))
    kept = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kept)
    kept.lend(os.path.join(sys.pycache_prefix, "yaml"), os.path.dirname(ansible.__file__), sys.argv[1])
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

;// CONCATENATED MODULE: ./lib/toolchain/waiting.js




/**
 * Milliseconds that Ansible has from SIGINT to SIGTERM and from there to SIGKILL. Then the hosts still go back, with what
 * is secret gone 3 s and the step 8 s after a cancel.
 */
const GRACE = [1_500, 500];
/** Milliseconds for looking through the installed files. */
const LOOK_LIMIT = 30_000;
/** A folder of what belongs to an installed Ansible. */
const besideAnsible = (python, name) => (0,external_node_path_.join)((0,external_node_path_.dirname)((0,external_node_path_.dirname)(python)), name);
/**
 * Starts an Ansible that is installed, without what only the run itself knows.
 *
 * @param actionRoot folder that holds `ansible_collections`.
 */
function startAnsible(python, actionRoot, { environment, signal }) {
    const unneeded = new AbortController();
    let tell = () => undefined;
    const input = new Promise((resolve) => {
        tell = resolve;
    });
    let known = () => undefined;
    const version = new Promise((resolve) => {
        known = resolve;
    });
    let said = "";
    let onOutput = (stream, chunk) => {
        if (stream === "stdout")
            said += chunk;
        if (said.endsWith("\n"))
            known(said.trim());
    };
    const ended = run_run([
        ...[python, "-P", "-c", PROGRAM, (0,external_node_path_.join)(actionRoot, "ansible_collections", "django_ansible", "deploy")],
        // Bytecode is beside Ansible, so that the next run starts in half the time and nothing is left in the workspace.
        besideAnsible(python, "pycache"),
    ], {
        env: jobEnvironment(environment),
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

;// CONCATENATED MODULE: ./lib/ansible/environment.js





/** As in the action's ansible.cfg. */
const OWN_SSH_ARGS = "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=15";
const OWN_CALLBACKS = ["django_ansible.deploy.events", "django_ansible.deploy.built_modules"];
/** The whole environment of ansible-playbook. The job's own is left as it is. */
function ansibleEnvironment(parts) {
    const { job, project } = parts;
    const cfg = project.cfg?.settings;
    const configOption = `-F ${shellQuote(parts.sshConfig)}`;
    const withConfig = (fromJob, fromCfg) => [fromJob ?? fromCfg ?? "", configOption].join(" ").trim();
    return jobEnvironment(job, {
        ...(job.NO_COLOR ? {} : { ANSIBLE_FORCE_COLOR: "true" }),
        // Results and places of all tasks. What ssh does (-vvv) would show the environment of tasks, so that is asked for by extra-args.
        ...(debugs(job) ? { ANSIBLE_VERBOSITY: job.ANSIBLE_VERBOSITY ?? "2" } : {}),
        ...(parts.bundled ? bundledSettings(parts) : {}),
        ANSIBLE_CONFIG: project.cfg?.path ?? (0,external_node_path_.join)(parts.actionRoot, "ansible.cfg"),
        ANSIBLE_COLLECTIONS_PATH: collectionsPath(parts).join(external_node_path_.delimiter),
        ...(parts.galaxy ? { ANSIBLE_ROLES_PATH: rolesPath(parts, parts.galaxy).join(external_node_path_.delimiter) } : {}),
        ANSIBLE_BECOME_PLUGINS: becomePlugins(parts).join(external_node_path_.delimiter),
        ANSIBLE_CALLBACKS_ENABLED: environment_unique([
            ...OWN_CALLBACKS,
            ...(environment_split(job.ANSIBLE_CALLBACKS_ENABLED ?? job.ANSIBLE_CALLBACK_WHITELIST, ",") ?? cfg?.callbacksEnabled ?? []),
        ]).join(","),
        // Without these a mistake in the inventory is a warning, and a deploy to no host a success.
        ANSIBLE_INVENTORY_UNPARSED_FAILED: "true",
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: String(!parts.inventoryFolder),
        ANSIBLE_LOCAL_TEMP: parts.temporary,
        ANSIBLE_RETRY_FILES_ENABLED: "false",
        // Nobody is there to answer, and the passwords come from files.
        ANSIBLE_BECOME_ASK_PASS: "false",
        ANSIBLE_ASK_PASS: "false",
        ANSIBLE_ASK_VAULT_PASS: "false",
        // Ansible ends where its file of vault passwords is missing, also when it needs none.
        ...(parts.standInVaultPassword === "" || job.ANSIBLE_VAULT_PASSWORD_FILE
            ? {}
            : { ANSIBLE_VAULT_PASSWORD_FILE: parts.standInVaultPassword }),
        ANSIBLE_HOST_KEY_CHECKING: String(parts.checking !== "off"),
        ANSIBLE_SSH_HOST_KEY_CHECKING: String(parts.checking !== "off"),
        ANSIBLE_SSH_ARGS: [firstSshOption(parts.checking), sshArgs(parts)].join(" ").trim(),
        ANSIBLE_SSH_CONTROL_PATH_DIR: parts.controlFolder,
        // A path of the project's own could be too long, and would not be closed.
        ANSIBLE_SSH_CONTROL_PATH: "",
        // Twice, since an inventory may replace either of them for its hosts, and then the other one is left.
        ANSIBLE_SSH_COMMON_ARGS: withConfig(job.ANSIBLE_SSH_COMMON_ARGS, cfg?.sshCommonArgs),
        ANSIBLE_SSH_EXTRA_ARGS: withConfig(job.ANSIBLE_SSH_EXTRA_ARGS, cfg?.sshExtraArgs),
        ANSIBLE_SFTP_EXTRA_ARGS: withConfig(job.ANSIBLE_SFTP_EXTRA_ARGS, cfg?.sftpExtraArgs),
        ANSIBLE_SCP_EXTRA_ARGS: withConfig(job.ANSIBLE_SCP_EXTRA_ARGS, cfg?.scpExtraArgs),
        // Beside Ansible, so that the next run starts in half the time and nothing is left in the workspace.
        PYTHONPYCACHEPREFIX: besideAnsible(parts.python, "pycache"),
        DJANGO_ANSIBLE_BUILT_MODULES: besideAnsible(parts.python, "modules"),
        DJANGO_ANSIBLE_EVENTS_PATH: parts.events,
        DJANGO_ANSIBLE_OUTPUT_PATH: parts.output,
        DJANGO_ANSIBLE_EVENTS_PLAY_MARKER: parts.playMarker,
    });
}
/** As without the action: the job's, those of the project's ansible.cfg, of the action's own, or Ansible's default (its ssh.py). */
function sshArgs({ job, project }) {
    const otherwise = project.cfg === undefined ? OWN_SSH_ARGS : "-C -o ControlMaster=auto -o ControlPersist=60s";
    return job.ANSIBLE_SSH_ARGS ?? (project.cfg?.settings.sshArgs || otherwise);
}
/** For a program of Ansible whose output is read: with debug logging it would say more than what it was asked. */
function quiet(env) {
    return extended(env, { ANSIBLE_VERBOSITY: "0", ANSIBLE_FORCE_COLOR: "false", ANSIBLE_NOCOLOR: "true" });
}
/**
 * What the bundled playbooks are written for. A user's own playbook keeps Ansible's defaults, or those of its ansible.cfg.
 * Pipelining: without it, becoming an unprivileged user needs the package acl on the host.
 */
function bundledSettings({ job, project }) {
    return {
        ANSIBLE_GATHERING: "explicit",
        ...(project.cfg ? {} : { ANSIBLE_INJECT_FACT_VARS: "false" }),
        ...(project.cfg || debugs(job) ? {} : terse(job)),
        ...(job.ANSIBLE_PIPELINING || job.ANSIBLE_SSH_PIPELINING || project.cfg?.settings.setsPipelining
            ? {}
            : { ANSIBLE_PIPELINING: "true" }),
    };
}
/** A host on which a task changed nothing is no news. */
function terse(job) {
    return {
        ANSIBLE_DISPLAY_OK_HOSTS: job.ANSIBLE_DISPLAY_OK_HOSTS ?? "false",
        ANSIBLE_DISPLAY_SKIPPED_HOSTS: job.ANSIBLE_DISPLAY_SKIPPED_HOSTS ?? "false",
    };
}
/** Whether the workflow runs with debug logging (ACTIONS_STEP_DEBUG). */
function debugs(job) {
    return job.RUNNER_DEBUG === "1" || job.ACTIONS_STEP_DEBUG === "true";
}
function collectionsPath({ job, actionRoot, project, galaxy }) {
    const home = job.HOME ?? "~";
    const own = environment_split(job.ANSIBLE_COLLECTIONS_PATH ?? job.ANSIBLE_COLLECTIONS_PATHS, external_node_path_.delimiter) ??
        fromCfg(project.cfg, "collectionsPath", home);
    // Ansible's default (COLLECTIONS_PATHS in its base.yml).
    const base = own.length > 0 ? own : [(0,external_node_path_.join)(home, ".ansible", "collections"), "/usr/share/ansible/collections"];
    const required = galaxy ? [galaxy.collections] : [];
    return environment_unique([actionRoot, ...required, ...base, (0,external_node_path_.join)(project.folder, "collections")]);
}
/** What `requirements` brought first, then what would be searched without it. */
function rolesPath({ job, project }, galaxy) {
    const home = job.HOME ?? "~";
    const own = environment_split(job.ANSIBLE_ROLES_PATH, external_node_path_.delimiter) ?? fromCfg(project.cfg, "rolesPath", home);
    // Ansible's default (DEFAULT_ROLES_PATH in its base.yml).
    const base = [(0,external_node_path_.join)(home, ".ansible", "roles"), "/usr/share/ansible/roles", "/etc/ansible/roles"];
    return environment_unique([galaxy.roles, ...(own.length > 0 ? own : base)]);
}
/**
 * Where the collection's own sudo stands in for Ansible's, which does not understand Ubuntu's sudo-rs: for every playbook,
 * whatever names the plugin `sudo`. A plugin of that name that the project brings comes first.
 */
function becomePlugins({ job, actionRoot, project }) {
    const home = job.HOME ?? "~";
    const own = environment_split(job.ANSIBLE_BECOME_PLUGINS, external_node_path_.delimiter) ?? fromCfg(project.cfg, "becomePlugins", home);
    // Ansible's default (BECOME_PLUGIN_PATH in its base.yml).
    const base = [(0,external_node_path_.join)(home, ".ansible", "plugins", "become"), "/usr/share/ansible/plugins/become"];
    const bundled = (0,external_node_path_.join)(actionRoot, "ansible_collections", "django_ansible", "deploy", "plugins", "become");
    return environment_unique([...(own.length > 0 ? own : base), bundled]);
}
function fromCfg(cfg, key, home) {
    return cfg?.settings[key].map((path) => besideCfg(cfg.path, path, home)) ?? [];
}
function environment_split(text, separator) {
    if (!text)
        return undefined;
    return text
        .split(separator)
        .map((item) => item.trim())
        .filter((item) => item !== "");
}
function environment_unique(items) {
    return [...new Set(items)];
}
/** Ansible splits these settings like a shell does. */
function shellQuote(text) {
    return `'${text.replaceAll("'", `'"'"'`)}'`;
}

;// CONCATENATED MODULE: ./lib/play/participants.js



/**
 * Asks Ansible which hosts a run is for, and which groups these belong to. It reads no variable files for that.
 *
 * @returns undefined when Ansible cannot tell; the run will say why.
 */
async function participantsOf({ inputs, files, project, env, signal }) {
    const options = { cwd: project.folder, env: quiet(env), signal };
    const [list, graph] = await Promise.all([
        run_run([...ansibleArguments(inputs, files), "--list-hosts"], options),
        run_run(inventoryCommand(files, "--graph"), options),
    ]);
    if (list.code !== 0 || graph.code !== 0)
        return undefined;
    const hosts = new Set([...list.stdout.matchAll(/^ {6}(\S+)$/gm)].map(([, name = ""]) => name));
    return { hosts, groups: groupsOf(graph.stdout, hosts) };
}
/** The groups of the hosts, from the drawing that `ansible-inventory --graph` makes of `@group:` and host lines. */
function groupsOf(graph, hosts) {
    const groups = new Set();
    const open = [];
    for (const line of graph.split("\n")) {
        const [, indent = "", name = ""] = /^([ |]*)(?:--)?(.*)$/s.exec(line) ?? [];
        const level = indent.split("|").length - 1;
        const group = /^@(.+):$/.exec(name)?.[1];
        open.length = Math.min(open.length, level);
        if (group !== undefined)
            open[level] = group;
        else if (hosts.has(name))
            for (const one of open)
                groups.add(one);
    }
    return groups;
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./lib/ansible/shapes.js
/** Names that an object of JavaScript has of its own. */
const isOwn = (name) => name !== "__proto__";
/** A text of one form, whole. */
function word(form) {
    return (value) => (typeof value === "string" && form.test(value) && isOwn(value) ? value : undefined);
}
/** Any text, cut at its end. */
function shapes_text(most) {
    return (value) => (typeof value === "string" ? value.slice(0, most) : undefined);
}
/** Any text, cut at its start: what a program printed last says most. */
function shapes_ending(most) {
    return (value) => (typeof value === "string" ? value.slice(-most) : undefined);
}
function number(most = Number.MAX_SAFE_INTEGER) {
    return (value) => typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= most ? value : undefined;
}
const shapes_flag = (value) => (typeof value === "boolean" ? value : undefined);
function orNull(shape) {
    return (value) => (value === null ? null : shape(value));
}
/** A list without what does not fit, cut at its end. */
function shapes_list(item, most) {
    return (value) => Array.isArray(value)
        ? value
            .slice(0, most)
            .map(item)
            .filter((one) => one !== undefined)
        : undefined;
}
/** A mapping without the entries whose name or value does not fit, cut likewise. */
function mapping(name, item, most) {
    return (value) => {
        if (!isObject(value))
            return undefined;
        const entries = Object.entries(value)
            .slice(0, most)
            .map(([key, one]) => [name(key), item(one)])
            .filter((entry) => entry[0] !== undefined && entry[1] !== undefined);
        return Object.fromEntries(entries);
    };
}
/**
 * An object with the fields that fit. One that lacks a field that it must have does not fit as a whole.
 *
 * @param drop is told the name of each other field that does not fit.
 */
function object(fields, must, drop = () => { }) {
    return (value) => {
        if (!isObject(value))
            return undefined;
        const found = {};
        for (const [name, shape] of Object.entries(fields)) {
            const given = value[name];
            if (given === undefined)
                continue;
            const fit = shape(given);
            if (fit !== undefined)
                found[name] = fit;
            // Nothing is no wrong value.
            else if (given === null || given === "")
                continue;
            else if (!must.includes(name))
                drop(name);
        }
        return must.every((name) => found[name] !== undefined) ? found : undefined;
    };
}
function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

;// CONCATENATED MODULE: ./lib/ansible/events.js

/** Characters of free texts; secrets are hidden after that, and then they are cut to what is shown. */
const LONG = 20_000;
const LINE = 300;
const oneLine = (value) => shapes_text(LINE)(value)?.replaceAll(/\s+/g, " ");
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a name may not have
const events_name = word(/^[^\x00-\x1f\x7f]{1,255}$/);
const revision = word(/^[0-9a-f]{7,64}$/);
const release = word(/^[A-Za-z0-9][\w.-]{0,99}$/);
const events_image = word(/^[!-~]{0,600}$/);
const migration = word(/^[\p{L}\p{N}_ .-]{1,300}$/u);
const events_count = number(1_000_000_000);
/** An address that a browser may be sent to: http or https, no user, no password. */
const url = (value) => {
    if (typeof value !== "string" || value.length > LINE || !/^https?:\/\/[^\s"'<>`\\]+$/.test(value))
        return undefined;
    if (!URL.canParse(value))
        return undefined;
    const { username, password } = new URL(value);
    return username === "" && password === "" ? value : undefined;
};
const service = object({ service: events_name, container: events_name, image: events_image, digest: shapes_text(LINE), since: oneLine, health: oneLine }, ["service", "container", "image", "digest", "since", "health"]);
const events_status = object({
    ...{ release: orNull(release), revision: orNull(revision), since: orNull(oneLine), slot: orNull(oneLine) },
    ...{ lock: orNull(oneLine), releases: shapes_list(release, 500), services: shapes_list(service, 200) },
    ...{ units: mapping(events_name, oneLine, 200), free_mib: events_count },
    ...{ health: orNull(oneLine), restarts: mapping(events_name, events_count, 200), memory_mib: mapping(events_name, events_count, 200) },
    ...{ certificate_days: orNull(events_count), last_dump: orNull(oneLine), maintenance: orNull(oneLine) },
    ...{ dump_bytes: number(Number.MAX_SAFE_INTEGER), last_rehearsal: orNull(oneLine), restores_in: orNull(events_count) },
    ...{ timers: mapping(events_name, oneLine, 200), runs: shapes_list(oneLine, 50) },
    ...{ drift: shapes_list(oneLine, 200), problems: shapes_list(oneLine, 200) },
}, ["release", "revision", "since", "slot", "lock", "releases", "units", "free_mib"]);
function facts(drop) {
    return object({
        ...{ app: word(/^[a-z0-9][a-z0-9_-]{0,62}$/), url, kept: shapes_flag, rolled_back: shapes_flag, status: events_status },
        ...{
            release,
            previous_release: release,
            revision,
            previous_revision: revision,
            target_revision: word(/^(|[0-9a-f]{7,64})$/),
        },
        ...{ packages: shapes_list(word(/^[\w./@:+~=-]{1,300}$/), 500), requirements: shapes_list(oneLine, 1_000) },
        ...{
            unknown: shapes_list(shapes_text(LONG), 100),
            warnings: shapes_list(shapes_text(LONG), 200),
            migrations: shapes_list(migration, 2_000),
            taken_back: shapes_list(migration, 2_000),
            dump: word(/^\d{8}T\d{6}Z-[0-9a-f]{4,7}(-[0-9a-f]{4})?$/),
        },
        ...{ images: mapping(events_name, events_image, 200), previous_images: mapping(events_name, events_image, 200) },
        phases: mapping(word(/^(Activate|Finish)$/), events_count, 2),
    }, [], drop);
}
const stats = object({ ok: events_count, changed: events_count, unreachable: events_count, failures: events_count, skipped: events_count, rescued: events_count, ignored: events_count }, []);
const STATUSES = /^(ok|changed|failed|unreachable|skipped)$/;
const SHAPES = {
    play: (drop) => object({ event: shapes_text(9), name: oneLine, hosts: events_count, time: number() }, ["event", "name"], drop),
    task: (drop) => object({ event: shapes_text(9), id: shapes_text(99), name: oneLine, time: number() }, ["event", "name"], drop),
    stats: (drop) => object({ event: shapes_text(9), hosts: mapping(events_name, stats, 100_000) }, ["event", "hosts"], drop),
    result: (drop) => object({
        ...{ event: shapes_text(9), host: events_name, task: shapes_text(99), name: oneLine, action: shapes_text(LINE), path: shapes_text(4_096) },
        ...{ status: word(STATUSES), ignored: shapes_flag, rescued: shapes_flag, changed: shapes_flag, no_log: shapes_flag, rc: events_count },
        ...{ msg: shapes_ending(LONG), stderr: shapes_ending(LONG), stdout: shapes_ending(LONG), diff: shapes_text(LONG) },
        ...{ start: number(), duration: number(), warnings: shapes_list(shapes_text(LONG), 200), deploy: facts(drop) },
    }, ["event", "host", "name", "status"], drop),
};
/**
 * Reads the events file's text. What comes from a host is a stranger's: it is taken as far as it is of the right type, form
 * and length, and what is not is left out, with a note. A line that is cut off, as when Ansible was killed while writing, is
 * left out too.
 */
function parseEvents(lines, note = () => { }) {
    const events = [];
    for (const line of lines.split("\n")) {
        let value;
        try {
            value = JSON.parse(line);
        }
        catch {
            continue; // Not a whole line.
        }
        const record = Object(value);
        const shape = Object.entries(SHAPES).find(([event]) => event === record.event)?.[1];
        const drop = (field) => {
            const host = events_name(record.host);
            note(`${host === undefined ? "A host" : host} gave ${oneLine(record.name) ?? "a result"} with a value of "${field}" that cannot be right: it was left out.`);
        };
        const event = shape?.(drop)(value);
        if (event !== undefined)
            events.push(event);
        else if (shape !== undefined)
            note("An event of Ansible's was left out, since it is not of the form that is agreed.");
    }
    return events;
}

// EXTERNAL MODULE: external "node:string_decoder"
var external_node_string_decoder_ = __webpack_require__(6193);
;// CONCATENATED MODULE: ./lib/ansible/follow.js


/** Bytes that are read at a time, of a file in all, and characters of the longest line: a host may never stop talking. */
const PIECE = 1_048_576;
const follow_MOST = 256 * PIECE;
const LONGEST_LINE = 16 * PIECE;
/** Reads what comes to a file, whole lines at a time. */
class FollowedFile {
    #path;
    #decoder = new external_node_string_decoder_.StringDecoder("utf8");
    #position = 0;
    #rest = "";
    #skips = false;
    /** @param path a file that may not be there yet. */
    constructor(path) {
        this.#path = path;
    }
    /** The whole lines that came since the last call; "" when there are none. */
    read() {
        return [...this.pieces()].join("");
    }
    /** Likewise, piece by piece. A line that is too long is left out. */
    *pieces() {
        for (let piece = this.#next(); piece.length > 0; piece = this.#next()) {
            this.#position += piece.length;
            this.#rest += this.#decoder.write(piece);
            const end = this.#rest.lastIndexOf("\n") + 1;
            if (end > 0) {
                const lines = this.#rest.slice(this.#skips ? this.#rest.indexOf("\n") + 1 : 0, end);
                this.#skips = false;
                this.#rest = this.#rest.slice(end);
                yield lines;
            }
            if (this.#rest.length > LONGEST_LINE) {
                this.#skips = true;
                this.#rest = "";
            }
        }
    }
    #next() {
        if (this.#position >= follow_MOST)
            return Buffer.alloc(0);
        try {
            return readPiece({ path: this.#path, name: "The file of events" }, this.#position, PIECE);
        }
        catch {
            return Buffer.alloc(0);
        }
    }
}

;// CONCATENATED MODULE: ./lib/ansible/log.js
/**
 * Passes Ansible's output on, line by line as it comes, with plays as groups.
 *
 * Nothing in the output can act as a workflow command: commands are stopped under a token that only this class knows,
 * and resumed only for its own group lines.
 */
class LogLines {
    #rest = { stdout: "", stderr: "" };
    /** Lines that wait for the next one: the banners of a play and of a phase's first task come before the marker, and belong into the new group. */
    #held = [];
    #grouped = false;
    #commands;
    #token;
    #playMarker;
    /**
     * @param token random; stops commands.
     * @param playMarker random; the events callback prints it before each play's name.
     */
    constructor(commands, token, playMarker) {
        this.#commands = commands;
        this.#token = token;
        this.#playMarker = playMarker;
        this.#stop();
    }
    /** Takes a piece of output as it came. */
    push(stream, chunk) {
        const lines = (this.#rest[stream] + chunk).split("\n");
        this.#rest[stream] = lines.pop() ?? "";
        for (const line of lines)
            this.#line(line);
    }
    /** Writes a line of the action's own between Ansible's. */
    say(line) {
        this.#flush();
        this.#commands.write(line);
    }
    /** Writes what is left and lets commands through again. */
    end() {
        for (const stream of ["stdout", "stderr"]) {
            if (this.#rest[stream] !== "")
                this.#line(this.#rest[stream]);
            this.#rest[stream] = "";
        }
        this.#flush();
        this.#resume();
        if (this.#grouped)
            this.#commands.endGroup();
    }
    #line(line) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
        const plain = line.replaceAll(/\x1b\[[0-9;]*m/g, "");
        if (plain.startsWith(`${this.#playMarker} `) || plain === this.#playMarker) {
            this.#group(plain.slice(this.#playMarker.length + 1) || "play");
        }
        else if (plain.startsWith("PLAY RECAP")) {
            // The recap is what a reader looks for first: it stands outside the groups.
            this.#ungroup();
            this.#flush();
            this.#commands.write(line);
        }
        else if (plain.trim() === "" || /^(PLAY|TASK) \[/.test(plain)) {
            this.#held.push(line);
        }
        else {
            this.#flush();
            this.#commands.write(line);
        }
    }
    #flush() {
        for (const line of this.#held)
            this.#commands.write(line);
        this.#held = [];
    }
    #group(name) {
        this.#resume();
        if (this.#grouped)
            this.#commands.endGroup();
        this.#commands.startGroup(name);
        this.#grouped = true;
        this.#stop();
        this.#flush();
    }
    #ungroup() {
        if (!this.#grouped)
            return;
        this.#resume();
        this.#commands.endGroup();
        this.#grouped = false;
        this.#stop();
    }
    #stop() {
        this.#commands.stop(this.#token);
    }
    #resume() {
        this.#commands.resume();
    }
}

;// CONCATENATED MODULE: ./lib/ansible/progress.js

/** Seconds after which a task that goes on is told of, and again every minute. */
const TOLD_AFTER = [10, 20, 30, 60];
const TOLD_EVERY = 60;
/** How far the task is that runs now, told only where it takes long. */
class Progress {
    #playHosts = 0;
    #task;
    #told = 0;
    /** Takes events as they come. */
    take(events) {
        for (const event of events) {
            if (event.event === "play")
                this.#playHosts = event.hosts ?? 0;
            if (event.event === "task") {
                this.#task = { name: taskName(event), started: event.time ?? 0, done: new Set() };
                this.#told = 0;
            }
            if (event.event === "result")
                this.#task?.done.add(event.host);
            if (event.event === "stats")
                this.#task = undefined;
        }
    }
    /**
     * A line when it is time for one: `… Prepare the release: 1 of 2 hosts done after 20 s`.
     *
     * @param now seconds since the epoch.
     */
    line(now) {
        if (this.#task === undefined)
            return undefined;
        const { name, started, done } = this.#task;
        const elapsed = now - started;
        if (elapsed < this.#next())
            return undefined;
        this.#told = elapsed;
        const hosts = this.#playHosts > 1 ? `${done.size} of ${this.#playHosts} hosts done ` : "";
        return `… ${name}: ${hosts}after ${Math.floor(elapsed)} s`;
    }
    /** When the next line is due, in seconds since the task began. */
    #next() {
        return TOLD_AFTER.find((seconds) => seconds > this.#told) ?? this.#told + TOLD_EVERY;
    }
}

;// CONCATENATED MODULE: ./lib/process/stop.js
/** What an await throws when the run is to end. */
class Stopped extends Error {
    name = "Stopped";
    constructor() {
        super("The run was ended.");
    }
}
/** Milliseconds for work that was told to stop to clear up behind itself. */
const PATIENCE = 1_000;
/**
 * Waits for work that may not listen to the signal, or not at every one of its steps. When the signal is given, also
 * before, the work gets a moment to clear up, and the wait ends.
 *
 * @throws Stopped.
 */
async function orStop(work, signal, patience = PATIENCE) {
    if (signal === undefined)
        return await work;
    let given = () => undefined;
    let waiting;
    const stopped = new Promise((_, reject) => {
        given = () => {
            waiting = setTimeout(() => reject(new Stopped()), patience);
        };
        if (signal.aborted)
            given();
        else
            signal.addEventListener("abort", given, { once: true });
    });
    try {
        const result = await Promise.race([work, stopped]);
        if (signal.aborted)
            throw new Stopped();
        return result;
    }
    catch (error) {
        throw signal.aborted ? new Stopped() : error;
    }
    finally {
        clearTimeout(waiting);
        signal.removeEventListener("abort", given);
        stopped.catch(() => undefined);
    }
}
/** Listens for what ends a run early: the runner's signals on a cancel, the time limit, and errors that nobody caught. */
class Stop {
    #controller = new AbortController();
    #timer;
    #cancel = () => this.give("cancelled");
    /** Aborted when the run is to end. */
    signal = this.#controller.signal;
    constructor() {
        // GitHub sends SIGINT, after 7.5 s SIGTERM, and kills after 2.5 s more.
        process.on("SIGINT", this.#cancel);
        process.on("SIGTERM", this.#cancel);
    }
    /** Starts the time limit. */
    after(minutes) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.give("timeout"), minutes * 60_000);
    }
    /** undefined while the run may go on. */
    get reason() {
        return this.signal.aborted ? this.signal.reason : undefined;
    }
    /** The first reason counts. */
    give(reason) {
        if (!this.signal.aborted)
            this.#controller.abort(reason);
    }
    /**
     * One step of a run: starts it unless the run is to end, and waits no longer than that.
     *
     * @throws Stopped.
     */
    async step(work) {
        if (this.signal.aborted)
            throw new Stopped();
        return await orStop(work(this.signal), this.signal);
    }
    /** The run has ended. */
    release() {
        process.off("SIGINT", this.#cancel);
        process.off("SIGTERM", this.#cancel);
    }
    /** Stops the time limit. Signals stay handled: clean-up is short and must come to its end. */
    settle() {
        clearTimeout(this.#timer);
    }
}

;// CONCATENATED MODULE: ./lib/report/redact.js
/** What of a result may hold what a host printed. */
const FREE_TEXTS = ["name", "msg", "stderr", "stdout", "diff", "warnings", "deploy"];
/** Characters of an output that are kept: the cause of a failure stands last. */
const redact_TAIL = 4_096;
const redact_LONGEST_LINE = 1_000;
/**
 * The events without secrets. It comes before any escaping or cutting, which could tear a secret apart so that nothing
 * finds it; the callback keeps more than is needed, so that what it cut through is left out here.
 */
function redactEvents(events, redact) {
    return events.map((event) => {
        if (event.event === "play")
            return { ...event, name: redact(event.name) };
        return event.event === "result" ? redactResult(event, redact) : event;
    });
}
function redactResult(event, redact) {
    const given = FREE_TEXTS.filter((key) => event[key] !== undefined);
    if (given.length === 0)
        return event;
    const redacted = given.map((key) => [key, redactDeep(event[key], redact)]);
    return {
        ...event,
        ...Object.fromEntries(redacted.map(([key, value]) => [key, key === "msg" ? message(value) : PRINTED.has(key) ? end(value) : value])),
    };
}
const PRINTED = new Set(["stderr", "stdout"]);
/** A long message without its middle: its first line, which the callback keeps whole, says what failed. */
function message(value) {
    if (typeof value !== "string" || value.length <= redact_TAIL)
        return value;
    const first = value.slice(0, value.indexOf("\n"));
    return first.length > redact_LONGEST_LINE || !value.includes("\n") ? end(value) : `${first}\n…\n${end(value)}`;
}
/** Of warnings and the like. */
const start = (value) => (typeof value === "string" ? value.slice(0, redact_TAIL) : value);
const end = (value) => (typeof value === "string" ? value.slice(-redact_TAIL) : value);
function redactDeep(value, redact) {
    if (typeof value === "string")
        return redact(value);
    if (Array.isArray(value))
        return value.map((item) => start(redactDeep(item, redact)));
    if (typeof value !== "object" || value === null)
        return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redactDeep(item, redact)]));
}

;// CONCATENATED MODULE: ./lib/play/cancel.js





/** Milliseconds after a cancel at which what is secret is gone, also where Ansible has not read it yet. */
const SECRETS_LIMIT = 2_700;
/** Milliseconds for giving back, and those after a cancel at which it ends: GitHub kills a step 10 s after its first signal. */
const GIVE_BACK_LIMIT = 4_500;
const GIVE_BACK_END = 6_500;
const cancel_GRACE = [100, 100];
/** Characters; the callback's marker may come in two pieces. */
const OUTPUT_END = 4_096;
/** What is done when a run is ended early. It begins with the signal, while Ansible still ends. */
class Cancel {
    #run;
    #given = 0;
    #keys = Promise.resolve();
    #deadline;
    constructor(run) {
        this.#run = run;
        run.signal.addEventListener("abort", this.#begin, { once: true });
    }
    #begin = () => {
        this.#given = Date.now();
        // Ansible has read its secrets by then; a connection that is still to be made gets its key from the agent.
        this.#keys = keysIntoAgent(this.#run.identity);
        this.#deadline = setTimeout(() => {
            cancel_removeSecrets(this.#run);
            remove(this.#run.identity.keyFiles);
        }, SECRETS_LIMIT);
    };
    /**
     * After Ansible has ended: the hosts go back and the deploy lock goes, so that nobody has to by hand. The files with
     * secrets go as soon as Ansible has read them.
     */
    async finish() {
        await this.#keys;
        const { cancelPlaybook } = this.#run.files;
        if (cancelPlaybook !== "" && !(await this.#giveBack(cancelPlaybook))) {
            (0,announce/* warn */.R8)("The deploy lock was not given back on every host: those that hear no more of this run roll back by themselves and free it within a minute.");
        }
        clearTimeout(this.#deadline);
    }
    async #giveBack(playbook) {
        const run = this.#run;
        let output = "";
        const { code } = await run_run(ansibleArguments(run.inputs, { ...run.files, playbook }), {
            cwd: run.project.folder,
            env: run.env,
            timeout: Math.min(GIVE_BACK_LIMIT, Math.max(0, this.#given + GIVE_BACK_END - Date.now())),
            grace: cancel_GRACE,
            leashed: true,
            onOutput: (_, chunk) => {
                output = (output + chunk).slice(-OUTPUT_END);
                if (output.includes(run.playMarker))
                    cancel_removeSecrets(run);
            },
        });
        return code === 0;
    }
}
/** Removes the files with secrets that only Ansible's start needs. */
function cancel_removeSecrets({ files, folder }) {
    const inventories = files.inventories.filter((path) => path.startsWith(folder.path));
    const passwords = [files.becomePassword, files.vaultPassword, ...Object.values(files.vaultPasswords)];
    remove([files.variables, ...inventories, ...passwords]);
}
function remove(files) {
    for (const file of files)
        if (file !== "")
            (0,external_node_fs_.rmSync)(file, { force: true });
}

;// CONCATENATED MODULE: ./lib/play/play.js













/**
 * Runs Ansible and shows its output as it comes. A run that is ended meanwhile gives back what it holds.
 *
 * @throws Stopped when the run was to end before Ansible started.
 */
async function play(run) {
    if (run.signal.aborted)
        throw new Stopped();
    const cancel = new Cancel(run);
    const result = await runAnsible(run);
    if (run.signal.aborted)
        await cancel.finish();
    return { ...result, stderr: run.redact(result.stderr), events: eventsOf(run), printed: printedBy(run) };
}
async function runAnsible(run) {
    const argv = ansibleArguments(run.inputs, run.files);
    (0,announce/* debug */.Yz)(run.redact(`Starting ${JSON.stringify(argv)} in ${run.project.folder}`));
    const write = (line) => process.stdout.write(`${run.redact(line)}\n`);
    const groups = { startGroup: lib_core/* startGroup */.Oh, endGroup: lib_core/* endGroup */.N4 };
    const log = new LogLines({ ...groups, stop: announce/* stopCommands */.FN, resume: announce/* resumeCommands */.QL, write }, (0,external_node_crypto_.randomUUID)(), run.playMarker);
    const ticks = tellProgress(run.eventsFile, (line) => log.say(line));
    try {
        return await run.ansible.waiting.goOn(playbookWords(run.inputs, run.files), {
            cwd: run.project.folder,
            env: run.env,
            onOutput: (stream, chunk) => log.push(stream, chunk),
        });
    }
    finally {
        clearInterval(ticks);
        log.end();
    }
}
/** Strangers may give as many wrong values as they like. */
const MOST_NOTES = 5;
/** What happened, without secrets. A file that cannot be read costs the details, never the outcome. */
function eventsOf({ eventsFile, redact }) {
    try {
        const notes = new Set();
        const events = [...new FollowedFile(eventsFile).pieces()].flatMap((lines) => parseEvents(lines, (note) => notes.add(note)));
        for (const note of [...notes].slice(0, MOST_NOTES))
            (0,announce/* warn */.R8)(redact(note));
        return redactEvents(events, redact);
    }
    catch (error) {
        (0,announce/* warn */.R8)(redact(`What happened on the hosts could not be read: ${(0,errors/* messageOf */.bD)(error)}`));
        return [];
    }
}
/** Bytes of what an operation prints that are read at most. */
const MOST_PRINTED = 16 * 1024 * 1024;
function printedBy({ outputFile, redact }) {
    try {
        const place = { path: outputFile, name: "The file of what was printed" };
        return redact(readPiece(place, 0, MOST_PRINTED).toString("utf8"));
    }
    catch {
        return ""; // Nothing was.
    }
}
/** Tells how far long tasks are, while they run. */
function tellProgress(eventsFile, say) {
    const file = new FollowedFile(eventsFile);
    const progress = new Progress();
    const ticks = setInterval(() => {
        try {
            progress.take(parseEvents(file.read()));
            const line = progress.line(Date.now() / 1000);
            if (line !== undefined)
                say(line);
        }
        catch {
            // A run is not ended for want of a line about how far it is.
            clearInterval(ticks);
        }
    }, 1_000);
    return ticks;
}

;// CONCATENATED MODULE: ./lib/play/play-parts.js




/** Makes a run's environment. */
function preparePlay(parts) {
    const eventsFile = (0,external_node_path_.join)(parts.folder.path, "events.jsonl");
    const outputFile = (0,external_node_path_.join)(parts.folder.path, "output");
    const playMarker = (0,external_node_crypto_.randomUUID)();
    const env = ansibleEnvironment({
        job: process.env,
        actionRoot: parts.actionRoot,
        project: parts.project,
        checking: parts.inputs.hostKeyChecking,
        bundled: parts.project.playbook === "",
        inventoryFolder: parts.files.inventories.some((path) => (0,external_node_fs_.statSync)(path).isDirectory()),
        temporary: parts.folder.folder("tmp"),
        galaxy: parts.galaxy,
        controlFolder: parts.controlFolder,
        sshConfig: parts.files.sshConfig,
        standInVaultPassword: parts.files.standInVaultPassword,
        events: eventsFile,
        output: outputFile,
        playMarker,
        python: parts.ansible.python,
    });
    return { ...parts, files: { ...parts.files, python: parts.ansible.python }, env, eventsFile, outputFile, playMarker };
}

;// CONCATENATED MODULE: ./lib/inventory/hosts.js




const NAME = /^[A-Za-z0-9_]([\w.-]*\w)?$/;
const ADDRESS = /^[A-Za-z0-9_]([\w.-]*\w)?$/;
const USER = /^[A-Za-z_][\w.@\\-]*\$?$/;
/** What a line of each input looks like. */
const FORMS = { hosts: "[name] [user@]address[:port]", "jump-host": "[user@]address[:port]" };
/**
 * Reads the short form, a line each: `[name] [user@]address[:port]`, an IPv6 address with a port as `[address]:port`.
 * Empty lines and `#` comments are skipped.
 *
 * @param input whose text it is; a jump host has no name.
 * @throws DeployError with the line.
 */
function parseHosts(text, input = "hosts") {
    const hosts = [];
    for (const [index, line] of text.split(/\r?\n/).entries()) {
        const words = (0,lib_text/* withoutComment */.sp)(line).trim().split(/\s+/);
        if (words[0] === "")
            continue;
        const host = parseLine(words, index + 1, input);
        if (hosts.some(({ name }) => name === host.name)) {
            throw new errors/* DeployError */.sH(`${input} has ${(0,errors/* quoted */.TL)(host.name)} twice, again in line ${index + 1}: give each host one line.`);
        }
        hosts.push(host);
    }
    if (hosts.length === 0)
        throw new errors/* DeployError */.sH(`${input} names no host: give a line for each, ${FORMS[input]}.`);
    return hosts;
}
function parseLine(words, number, input) {
    const fail = (what) => {
        throw new errors/* DeployError */.sH(`${input} has ${what} in line ${number}: a line is ${FORMS[input]}.`);
    };
    const dashed = words.find((word) => word.startsWith("-"));
    if (dashed)
        fail(`${(0,errors/* quoted */.TL)(dashed)}, which begins with a dash,`);
    if (input === "jump-host" && words.length > 1)
        fail("more than an address");
    if (words.length > 2)
        fail("more than a name and an address");
    const target = words.at(-1) ?? "";
    const at = target.lastIndexOf("@");
    const user = at === -1 ? undefined : target.slice(0, at);
    if (user !== undefined && !USER.test(user))
        fail(`the user ${(0,errors/* quoted */.TL)(user)}`);
    const { address, port } = splitAddress(target.slice(at + 1)) ?? fail(`the address ${(0,errors/* quoted */.TL)(target.slice(at + 1))}`);
    const name = words.length === 2 ? (words[0] ?? "") : address;
    // An IPv6 address is no legal name of its own in an inventory file, but it is one in YAML.
    if (!NAME.test(name) && !(words.length === 1 && (0,external_node_net_.isIPv6)(name)))
        fail(`the name ${(0,errors/* quoted */.TL)(name)}`);
    return { name, address, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}
function splitAddress(text) {
    if ((0,external_node_net_.isIPv6)(text))
        return { address: text };
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
    if (!match)
        return undefined;
    const [, v6, plain, digits] = match;
    const address = v6 ?? plain ?? "";
    if (v6 === undefined ? !ADDRESS.test(address) : !(0,external_node_net_.isIPv6)(address))
        return undefined;
    if (digits === undefined)
        return { address };
    const port = Number(digits);
    return port >= 1 && port <= 65_535 ? { address, port } : undefined;
}
/** The inventory of these hosts as YAML, for Ansible's `yaml` inventory plugin. */
function hostsInventory(hosts) {
    const entries = hosts.map(({ name, address, user, port }) => [
        name,
        {
            ansible_host: address,
            ...(user === undefined ? {} : { ansible_user: user }),
            ...(port === undefined ? {} : { ansible_port: port }),
        },
    ]);
    return (0,dist/* stringify */.As)({ all: { hosts: Object.fromEntries(entries) } });
}

;// CONCATENATED MODULE: ./lib/inventory/inline.js


/**
 * Tells YAML and INI apart by parsing: YAML is a mapping of groups, and no INI inventory reads as one.
 *
 * @throws DeployError when the text is neither.
 */
function inlineName(text) {
    if (text.startsWith("$ANSIBLE_VAULT;"))
        return "inventory.yml";
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !/^\s*[#;]/.test(line));
    const first = lines[0];
    if (first === undefined)
        throw new errors/* DeployError */.sH("inventory names no host: give YAML or INI.");
    const dashed = lines.find((line) => line.startsWith("-") && !line.startsWith("---") && !line.startsWith("- "));
    if (dashed) {
        throw new errors/* DeployError */.sH(`inventory has a line that begins with a dash, ${(0,errors/* quoted */.TL)(dashed)}: a host cannot.`);
    }
    let value;
    try {
        value = parseYaml("inventory", text);
    }
    catch (error) {
        // What opens like YAML or JSON was meant as that; anything else is for Ansible's INI reader.
        if (/^---(\s|$)|^\{|^["']?[\w.-]+["']?:(\s|$)/.test(first))
            throw error;
        return "inventory.ini";
    }
    if (!isMapping(value)) {
        if (Array.isArray(value) && !/^\[[^\]]+\]\s*$/.test(first)) {
            throw new errors/* DeployError */.sH("inventory is a YAML list: give a mapping of groups, such as all: hosts: …, or INI.");
        }
        if (/^---(\s|$)/.test(first)) {
            throw new errors/* DeployError */.sH("inventory is YAML without groups: give a mapping of groups, such as all: hosts: …, or INI without ---.");
        }
        return "inventory.ini";
    }
    // A colon in a value of an INI line reads as a mapping too; no group's name has a blank or an equals sign.
    if (Object.keys(value).some((group) => /[\s=]/.test(group)))
        return "inventory.ini";
    for (const [group, content] of Object.entries(value)) {
        if (content !== null && !isMapping(content)) {
            throw new errors/* DeployError */.sH(`inventory has the group ${(0,errors/* quoted */.TL)(group)} without a mapping: give hosts, vars or children below it.`);
        }
        if (content !== null)
            checkHosts(group, content);
    }
    return "inventory.yml";
}
function checkHosts(group, content) {
    const hosts = content.hosts;
    if (hosts === null || typeof hosts !== "object")
        return;
    for (const name of Object.keys(hosts)) {
        if (name.startsWith("-")) {
            throw new errors/* DeployError */.sH(`inventory has the host ${(0,errors/* quoted */.TL)(name)} in group ${(0,errors/* quoted */.TL)(group)}: a name cannot begin with a dash.`);
        }
    }
}

;// CONCATENATED MODULE: ./lib/inventory/prepare.js








/**
 * Absolute paths for `--inventory`: the repository's own, or a file in the private folder.
 *
 * @throws DeployError when a file is missing or an inventory is malformed.
 */
function prepareInventory(inputs, ground, folder) {
    if (inputs.inventoryFiles.length > 0)
        return inputs.inventoryFiles.map((path) => existing(path, ground));
    const [name, text] = inputs.hosts === ""
        ? [inlineName(inputs.inventory), inputs.inventory]
        : ["hosts.yml", hostsInventory(parseHosts(inputs.hosts))];
    const place = folder.folder("inventory");
    linkVariables(ground, place);
    return [folder.file((0,external_node_path_.join)("inventory", name), text.endsWith("\n") ? text : `${text}\n`)];
}
function existing(given, ground) {
    const place = placeOfInput("inventory-file", given, ground);
    if (place.path.includes(",")) {
        throw new errors/* DeployError */.sH(`inventory-file is ${(0,errors/* quoted */.TL)(given)}: Ansible reads a comma as a list of hosts, so rename the file.`);
    }
    if (place.kind === "file" && readPiece(place, 0, 1).length === 0)
        throw new errors/* DeployError */.sH(`${place.name} is empty: name at least one host in it.`);
    return place.path;
}
/** Links the project's variable folders into a folder of generated files, so that Ansible finds them beside those. */
function linkVariables(ground, folder) {
    for (const name of VARIABLE_FOLDERS) {
        const place = placeInProject((0,external_node_path_.join)(ground.folder, name), ground);
        if (kindOf(place) === "folder")
            (0,external_node_fs_.symlinkSync)(place.path, (0,external_node_path_.join)(folder, name));
    }
}

;// CONCATENATED MODULE: ./lib/ansible/playbook.js




/** Gives back what a run held that was ended early. */
const CANCEL = { role: "cancel", container: "container_cancel" };
/**
 * Writes copies of the bundled playbooks that a run needs, with the project's variables linked beside them: Ansible gives
 * variables beside a playbook their precedence by its place. Importing the collection's playbook would not do (tried):
 * Ansible then looks beside the imported file, which is in the action's folder.
 *
 * @param actionRoot folder that holds `ansible_collections`.
 */
function bundledPlaybooks({ mode, operation, check }, actionRoot, ground, folder) {
    const place = folder.folder("play");
    linkVariables(ground, place);
    const copy = (name) => {
        const bundled = (0,external_node_path_.join)(actionRoot, "ansible_collections", "django_ansible", "deploy", "playbooks", `${name}.yml`);
        return folder.file((0,external_node_path_.join)("play", `${name}.yml`), readText({ path: bundled, name: `The action's playbook ${name}.yml` }));
    };
    return {
        playbook: copy(OPERATIONS[operation].playbooks[mode]),
        cancelPlaybook: OPERATIONS[operation].changesHosts && !check ? copy(CANCEL[mode]) : "",
    };
}

;// CONCATENATED MODULE: ./lib/ansible/variables.js

/** A text that Ansible must not read as a template: `{{` in a secret is a part of it. Both cores' JSON readers know this form. */
function literal(text) {
    return { __ansible_unsafe: text };
}
/**
 * The extra variables of a run. Precedence: `vars` over typed inputs; inputs that were not given are absent, so that
 * the project's own variables hold.
 *
 * @param composeSources absolute paths.
 */
function extraVariables(inputs, detected, composeSources) {
    const texts = [
        ["app_name", inputs.appName],
        ["server_name", inputs.serverName],
        ["django_app_source", inputs.source],
        ["django_app_revision", inputs.revision],
        ["django_app_confirm", inputs.confirm],
        ["compose_app_registry", inputs.registry],
        ["compose_app_registry_username", inputs.registryUsername],
        ["compose_app_registry_password", inputs.registryPassword],
    ];
    const lists = [
        ["django_app_command", inputs.command],
        ["compose_app_file", inputs.composeFiles],
        ["compose_app_source", composeSources],
    ];
    const env = Object.entries(inputs.env).map(([name, value]) => [name, literal(value)]);
    return {
        django_app_detected: detectedVariables(detected),
        ...Object.fromEntries(texts.filter(([, text]) => text !== "").map(([name, text]) => [name, literal(text)])),
        ...Object.fromEntries(lists.filter(([, values]) => values.length > 0).map(([name, values]) => [name, values.map(literal)])),
        ...(env.length > 0 ? { django_app_env: Object.fromEntries(env) } : {}),
        ...inputs.vars,
    };
}
function detectedVariables(detected) {
    const texts = [
        ["app_name", detected.appName],
        ["project", detected.project],
        ["workspace", detected.workspace],
        ["revision", detected.revision],
        ["settings_module", detected.django?.settingsModule],
        ["manage_dir", detected.django?.manageDir],
        ["wsgi", detected.django?.wsgi],
        ["asgi", detected.django?.asgi],
        ["run_id", detected.runId],
        ["actor", detected.actor],
    ];
    const mappings = [
        ["procfile", detected.django?.procfile],
        ["questions", detected.django?.questions],
    ];
    return {
        ...Object.fromEntries(texts.flatMap(([key, text]) => (text === undefined ? [] : [[key, literal(text)]]))),
        ...Object.fromEntries(mappings.flatMap(([key, mapping]) => {
            const entries = Object.entries(mapping ?? {}).map(([name, text]) => [name, literal(text)]);
            return entries.length > 0 ? [[key, Object.fromEntries(entries)]] : [];
        })),
    };
}
/** An app name made of a repository's name: what an app name may not hold becomes a dash. */
function appNameOf(repository) {
    const name = (0,lib_text/* withoutLast */.n6)((repository.split("/").at(-1) ?? "")
        .toLowerCase()
        .replace(/[^a-z0-9_-]+/g, "-")
        .replace(/^[^a-z]+/, "")
        .slice(0, 32), "-_");
    return name === "" ? "app" : name;
}

;// CONCATENATED MODULE: ./lib/connection/jump-hosts.js

/** Alias of a hop in the ssh_config file; no host of an inventory is called so. */
const alias = (index) => `django-ansible-deploy-jump-${index + 1}`;
/**
 * The chain of bastions as ssh_config lines, for the top of a file. Each hop is reached through the one before it, with the
 * keys and host keys of the `Host *` that follows.
 *
 * @param text the input `jump-host`, a line each: `[user@]address[:port]`.
 * @throws DeployError with the line.
 */
function jumpHosts(text) {
    if (text.trim() === "")
        return [];
    const hops = parseHosts(text, "jump-host");
    const lines = hops.flatMap((hop, index) => [
        `Host ${alias(index)}`,
        ...hopLines(hop),
        index === 0 ? "  ProxyJump none" : `  ProxyJump ${alias(index - 1)}`,
    ]);
    return [...lines, "Host *", `  ProxyJump ${alias(hops.length - 1)}`];
}
/** The aliases of the bastions by the names under which known_hosts has their keys. */
function jumpAliases(text) {
    if (text.trim() === "")
        return new Map();
    return new Map(parseHosts(text, "jump-host").map(({ address, port }, index) => [
        port === undefined || port === 22 ? address : `[${address}]:${port}`,
        alias(index),
    ]));
}
function hopLines({ address, user, port }) {
    return [
        `  HostName ${address}`,
        ...(user === undefined ? [] : [`  User ${user}`]),
        ...(port === undefined ? [] : [`  Port ${port}`]),
    ];
}

;// CONCATENATED MODULE: ./lib/connection/known-hosts.js

/** A line of a known_hosts file: an optional marker, names, the type of the key and the key (sshd(8)). */
const known_hosts_LINE = /^(@(cert-authority|revoked)\s+)?\S+\s+(ssh|ecdsa|sk)-[\w@.-]+\s+[A-Za-z0-9+/]+={0,3}(\s.*)?$/;
/**
 * The text of a known_hosts file from the input `known-hosts`: without Windows line ends and blanks around lines.
 *
 * @throws DeployError with the line that ssh would pass over in silence.
 */
function known_hosts_knownHosts(text) {
    const lines = text.split(/\r\n?|\n/).map((line) => line.trim());
    for (const [index, line] of lines.entries()) {
        if (line === "" || line.startsWith("#") || known_hosts_LINE.test(line))
            continue;
        throw new errors/* DeployError */.sH(`known-hosts has ${what(line)} in line ${index + 1}: ${HOW}`);
    }
    return `${lines.join("\n").trim()}\n`;
}
const HOW = "a line is `host type key`, as `ssh-keyscan host` prints it (for another port: `[host]:port type key`).";
function what(line) {
    if (/^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]/.test(line))
        return "a key without a host's name before it";
    if (/SHA256:/.test(line))
        return "a fingerprint, which cannot be checked against,";
    if (/PRIVATE KEY/.test(line))
        return "a private key";
    return "what is no host key";
}

;// CONCATENATED MODULE: ./lib/connection/ssh-config.js
const STRICT = {
    strict: "yes",
    "accept-new": "accept-new",
    off: "no",
};
/**
 * The text of a file for `ssh -F`. ssh takes the first value that it meets, and options of an inventory or ansible.cfg
 * (`-o`) come before any file, so they still win (ssh_config(5)).
 */
function sshConfig(settings) {
    const lines = [...settings.jumpHosts, "Host *", `  StrictHostKeyChecking ${STRICT[settings.checking]}`];
    // The given keys and no others: neither the runner's files nor what the job's agent holds.
    for (const file of settings.keyFiles)
        lines.push(`  IdentityFile ${quote(file)}`);
    if (settings.keyFiles.length > 0)
        lines.push("  IdentitiesOnly yes");
    else if (settings.agentSocket)
        lines.push("  IdentityFile none");
    if (settings.agentSocket)
        lines.push(`  IdentityAgent ${quote(settings.agentSocket)}`);
    if (settings.knownHostsFile) {
        const further = settings.runnersKnownHosts ? " ~/.ssh/known_hosts ~/.ssh/known_hosts2" : "";
        lines.push(`  UserKnownHostsFile ${quote(settings.knownHostsFile)}${further}`);
        if (!settings.runnersKnownHosts)
            lines.push("  GlobalKnownHostsFile /dev/null");
    }
    // What hosts say of their other keys is for the person who keeps known-hosts, and the runner's files stay as they are.
    lines.push("  UpdateHostKeys no");
    for (const file of settings.includes)
        lines.push(`Include ${quote(file)}`);
    // With -F ssh reads neither its own nor the system's file; they matter where the runner's own access is used.
    const ownKeys = settings.keyFiles.length > 0 || settings.agentSocket !== "";
    if (!ownKeys && (!settings.knownHostsFile || settings.runnersKnownHosts)) {
        lines.push("Include ~/.ssh/config", "Include /etc/ssh/ssh_config");
    }
    return `${lines.join("\n")}\n`;
}
/** ssh_config(5) reads double quotes, and % and ~ as the start of its own signs. */
function quote(path) {
    return `"${path.replaceAll("%", "%%")}"`;
}
/** Files given with -F in ssh arguments such as ansible.cfg's `ssh_args`. */
function configFilesIn(sshArguments) {
    return [...sshArguments.matchAll(/(?:^|\s)-F\s*(?:"([^"]+)"|'([^']+)'|(\S+))/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(7975);
;// CONCATENATED MODULE: ./lib/vault/decrypt.js


/** Whether a file's text is encrypted as a whole by ansible-vault. */
function isVault(text) {
    return text.startsWith("$ANSIBLE_VAULT;");
}
/** The vault id in a vault text's header; "" when it has none, which is what the default id writes. */
function vaultIdOf(text) {
    return /^\$ANSIBLE_VAULT;1\.2;AES256;(.+)$/m.exec(text.slice(0, 200))?.[1]?.trim() ?? "";
}
/** The three parts of a vault text; undefined when it is of another format than 1.1 and 1.2 (ansible/parsing/vault). */
function partsOf(text) {
    const [header = "", ...rest] = text.trim().split(/\r?\n/);
    if (!/^\$ANSIBLE_VAULT;1\.[12];AES256(;|$)/.test(header))
        return undefined;
    const parts = Buffer.from(rest.join("").replace(/\s+/g, ""), "hex").toString("latin1").split("\n");
    const [salt, hmac, cipher] = parts.map((part) => Buffer.from(part, "hex"));
    return salt && hmac?.length === 32 && cipher ? { salt, hmac, cipher } : undefined;
}
/** In the background: it is slow on purpose, and signals have to be heard meanwhile. */
const derive = (0,external_node_util_.promisify)(external_node_crypto_.pbkdf2);
/** The keys that a password makes of a vault text: PBKDF2 with SHA-256, 10,000 rounds; undefined when it does not open it. */
async function keysOf({ salt, hmac, cipher }, password) {
    const keys = await derive(password.trim(), salt, 10_000, 80, "sha256");
    const expected = (0,external_node_crypto_.createHmac)("sha256", keys.subarray(32, 64)).update(cipher).digest();
    return (0,external_node_crypto_.timingSafeEqual)(expected, hmac) ? keys : undefined;
}
/**
 * Whether one of the passwords opens a vault text.
 *
 * @returns undefined when the text is of another format.
 */
async function opensVault(text, passwords) {
    const parts = partsOf(text);
    if (!parts)
        return undefined;
    const found = await Promise.all(passwords.map((password) => keysOf(parts, password)));
    return found.some((keys) => keys !== undefined);
}
/** What a vault text holds (AES-256 in counter mode, padded); undefined when none of the passwords opens it. */
async function decryptVault(text, passwords) {
    const parts = partsOf(text);
    if (!parts)
        return undefined;
    const keys = (await Promise.all(passwords.map((password) => keysOf(parts, password)))).find((one) => one !== undefined);
    if (!keys)
        return undefined;
    const decipher = (0,external_node_crypto_.createDecipheriv)("aes-256-ctr", keys.subarray(0, 32), keys.subarray(64, 80));
    const padded = Buffer.concat([decipher.update(parts.cipher), decipher.final()]);
    return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString("utf8");
}

;// CONCATENATED MODULE: ./lib/vault/closed.js


/** What in the files none of the passwords opens; Ansible tries them all, whatever id a vault text names. */
async function closedIn(sources, passwords, signal) {
    const known = new Map();
    const closed = [];
    for (const { place: { path: file }, text, } of sources) {
        const vaults = isVault(text) ? [{ value: "", vault: text }] : text.includes("!vault") ? valuesOf(text) : [];
        for (const { value, vault } of vaults) {
            signal?.throwIfAborted();
            const opens = known.get(vault) ?? (passwords.length > 0 && (await opensVault(vault, passwords)) !== false);
            known.set(vault, opens);
            if (!opens)
                closed.push({ file, value, id: vaultIdOf(vault) });
        }
    }
    return closed;
}
/** The vaulted values of a YAML text with the keys that they stand at. */
function valuesOf(text) {
    return leavesOf(text)
        .leaves.filter(({ tag }) => tag === "!vault")
        .map(({ keys, text: vault }) => ({ value: keys.at(-1) ?? "", vault }));
}

;// CONCATENATED MODULE: ./lib/vault/check.js







/** Every vault password that is given. */
function passwordsOf({ vaultPassword, vaultPasswords, }) {
    return [vaultPassword, ...Object.values(vaultPasswords)].filter((password) => password !== "");
}
/**
 * What the given passwords do not open of the variables that Ansible may read. Nothing when the project has a source of
 * passwords of its own, which the action does not ask.
 */
async function closedVaults(inputs, project, sources, job, signal) {
    return hasOtherSource(inputs, project, job) ? [] : await closedIn(sources, passwordsOf(inputs), signal);
}
/** What is certain before Ansible is asked: the files of the group `all` are read. */
const EVERY_HOST = { hosts: new Set(), groups: new Set(["all"]) };
/**
 * Refuses a run that is sure to fail: a file that a host of this run reads does not open. A single value is only opened where it is used,
 * so it is left to Ansible.
 *
 * @param participants undefined when it is not known who takes part; Ansible then fails when it comes to such a file.
 * @throws DeployError that names the file and the vault id that is missing or wrong.
 */
function requireOpenVaults(closed, participants, inputs, project) {
    const needed = closed.find(({ file, value }) => {
        if (value !== "")
            return false;
        const parts = file.split("/");
        const at = parts.findLastIndex((part) => part === "group_vars" || part === "host_vars");
        const name = at === -1 ? undefined : parts[at + 1]?.replace(/\.(ya?ml|json)$/, "");
        return name === undefined || participants?.[parts[at] === "group_vars" ? "groups" : "hosts"].has(name);
    });
    if (needed)
        throw new errors/* DeployError */.sH(sentence(needed, inputs, project));
}
/** What is wrong with a file that does not open, and which input says so. */
function sentence(closed, inputs, project) {
    const { id } = closed;
    const path = (0,external_node_path_.relative)(project.folder, closed.file);
    const file = closed.value === "" ? path : `${closed.value} in ${path}`;
    const given = Object.keys(inputs.vaultPasswords);
    if (id !== "" && id !== "default") {
        if (given.includes(id))
            return `The password of the id "${id}" in vault-passwords does not open ${file}.`;
        if (given.length > 0 || inputs.vaultPassword === "") {
            return `${file} is encrypted with the vault id "${id}", which vault-passwords does not have: add a line "${id}: <password>" to it.`;
        }
        return `vault-password does not open ${file}, which is encrypted with the vault id "${id}": give its password as "${id}: <password>" in vault-passwords.`;
    }
    if (inputs.vaultPassword !== "")
        return `vault-password does not open ${file}.`;
    if (given.length > 0)
        return `None of vault-passwords opens ${file}: give the password of the default id in vault-password.`;
    return `${file} is encrypted with ansible-vault and ${missing("vault-password", inputs)}.`;
}
/** What is wrong with each of them. */
function sentences(closed, inputs, project) {
    return closed.map((file) => sentence(file, inputs, project));
}
function hasOtherSource(inputs, { cfg }, job) {
    if (inputs.extraArgs.some((argument) => /^--vault-(id|pass)/.test(argument)))
        return true;
    if (job.ANSIBLE_VAULT_PASSWORD_FILE || job.ANSIBLE_VAULT_IDENTITY_LIST)
        return true;
    if (!cfg)
        return false;
    const { vaultPasswordFile, vaultIdentityList } = cfg.settings;
    return vaultIdentityList !== "" || (vaultPasswordFile !== "" && !lacksVaultFile({ cfg }));
}
/** Whether ansible.cfg names a file of vault passwords that is not here: often it is on the developers' machines alone. */
function lacksVaultFile({ cfg }) {
    const named = cfg?.settings.vaultPasswordFile ?? "";
    return cfg !== undefined && named !== "" && !(0,external_node_fs_.existsSync)(besideCfg(cfg.path, named, (0,external_node_os_.homedir)()));
}

;// CONCATENATED MODULE: ./lib/play/run-files.js










/**
 * Writes all files of a run into the private folder.
 *
 * @throws DeployError when an input's text makes no valid file.
 */
function writeRunFiles(parts) {
    const { inputs, project, folder, actionRoot, becomePassword } = parts;
    const secret = (name, text) => text === ""
        ? ""
        : folder.file(name, `${text}
`);
    return {
        inventories: prepareInventory(inputs, project, folder),
        ...(project.playbook
            ? { playbook: project.playbook, cancelPlaybook: "" }
            : bundledPlaybooks(inputs, actionRoot, project, folder)),
        variables: folder.file("vars.json", JSON.stringify(variables(parts))),
        becomePassword: secret("become-password", becomePassword),
        vaultPassword: secret("vault-password", inputs.vaultPassword),
        vaultPasswords: Object.fromEntries(Object.entries(inputs.vaultPasswords).map(([id, text]) => [id, secret(`vault-password-${id}`, text)])),
        sshConfig: folder.file("ssh_config", sshText(parts)),
        standInVaultPassword: lacksVaultFile(project) ? secret("no-vault-password", (0,external_node_crypto_.randomBytes)(16).toString("hex")) : "",
    };
}
function variables({ inputs, project, job }) {
    const detected = {
        appName: appNameOf(job.GITHUB_REPOSITORY ?? project.folder),
        project: project.folder,
        workspace: project.code,
        revision: project.revision,
        django: project.django,
        runId: [job.GITHUB_RUN_ID || "0", job.GITHUB_RUN_ATTEMPT || "1", (0,external_node_crypto_.randomBytes)(4).toString("hex")].join("-"),
        actor: job.GITHUB_ACTOR ?? "",
    };
    return extraVariables(inputs, detected, project.composeSources);
}
function sshText({ inputs, project, folder, job, identity }) {
    const settings = project.cfg?.settings;
    const given = [
        job.ANSIBLE_SSH_ARGS ?? settings?.sshArgs,
        job.ANSIBLE_SSH_COMMON_ARGS ?? settings?.sshCommonArgs,
        job.ANSIBLE_SSH_EXTRA_ARGS ?? settings?.sshExtraArgs,
    ];
    const includes = given.flatMap((text) => configFilesIn(text ?? ""));
    // Where ssh may learn keys, it writes them down in the private folder, and the runner's own files stay as they are.
    const learns = inputs.hostKeyChecking !== "strict";
    const known = inputs.knownHosts === "" ? "" : known_hosts_knownHosts(inputs.knownHosts);
    return sshConfig({
        keyFiles: identity.keyFiles,
        agentSocket: identity.agentSocket,
        jumpHosts: jumpHosts(inputs.jumpHost),
        knownHostsFile: known === "" && !learns ? "" : folder.file("known_hosts", known),
        runnersKnownHosts: known === "",
        checking: inputs.hostKeyChecking,
        includes: includes.map((file) => (0,external_node_path_.resolve)(project.folder, file.replace(/^~(?=\/)/, (0,external_node_os_.homedir)()))),
    });
}

;// CONCATENATED MODULE: ./lib/connection/stages.js
/** ssh's words for where a connection ends, and ours. The first one that fits counts. */
const NETWORK = [
    [/Could not resolve hostname/, "is no name that the runner can resolve: check the address, or the runner's DNS."],
    [/administratively prohibited/, "the bastion forbids forwarding: set AllowTcpForwarding yes in its sshd_config."],
    [/open failed: connect failed: Connection refused/, "the bastion finds no sshd on that address and port."],
    [
        /open failed: connect failed: ((Connection|Operation) timed out|(Network|Host) is unreachable|No route)/,
        "the bastion has no way to that address and port.",
    ],
    [
        /open failed: connect failed: (Name or service not known|nodename nor servname|(Temporary|Non-recoverable) failure in name resolution)/,
        "the bastion cannot resolve that name.",
    ],
    [
        /timed out during banner exchange/,
        "accepts connections and says nothing: what listens on that port is no sshd, or it is overloaded.",
    ],
    [
        /No route to host|Network is unreachable/,
        "has no route from the runner: check the address, or whether the runner has to be in a private network or needs jump-host.",
    ],
    [/Connection refused/, "refuses connections: no sshd listens on that address and port; check both."],
    [
        /[Cc]onnection timed out|Operation timed out/,
        "does not answer: a firewall probably drops the runner's packets, or the address is wrong.",
    ],
    [
        /no matching (host key type|key exchange method|cipher|MAC) found/,
        "and the runner's ssh have no algorithm in common: its sshd is too old, or one of the two is restricted.",
    ],
    [
        /kex_exchange_identification|banner exchange|ssh_exchange_identification/,
        "closes each connection at once: it limits or blocks the runner (MaxStartups, fail2ban, hosts.deny), or no sshd listens there.",
    ],
];
/** Reads how far a connection came. */
function readStage({ code, stdout, stderr }) {
    const jump = /UNKNOWN port 65535|stdio forwarding failed/.test(stderr);
    const host = (kind, sentence, more = {}) => ({
        kind,
        sentence,
        jump,
        ...more,
    });
    if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr))
        return host("changed-key", "", changed(stderr));
    const missing = /No (\S+) host key is known for (\S+) and you have requested strict checking/.exec(stderr);
    if (missing)
        return host("unknown-key", "", { keyName: missing[2] ?? "" });
    if (/Permission denied \(|Too many authentication failures/.test(stderr)) {
        return host("authentication", "", offer(stderr));
    }
    if (/^dad-shell$/m.test(stdout))
        return atHost(stdout, host);
    if (!jump && /^Authenticated to |debug1: Authentication succeeded/m.test(stderr)) {
        const said = stdout.trim().split("\n").at(-1)?.trim() || `it ends with code ${code}`;
        return host("shell", `lets the user in, but gives no shell: ${said.replace(/\.$/, "")}.`, { jump: false });
    }
    const network = NETWORK.find(([words]) => words.test(stderr));
    if (network)
        return host("network", network[1]);
    // Killed by the time limit before ssh gave up.
    if (code >= 128)
        return host("network", "does not answer in time.");
    return host("", "");
}
function atHost(stdout, host) {
    if (/^dad-no-python$/m.test(stdout)) {
        return host("host", "has no Python 3: install it there once, for example with `apt install python3`.");
    }
    const [, place, why = ""] = /^dad-no-write (\S+): (.*)$/m.exec(stdout) ?? [];
    if (place === undefined)
        return host("", "");
    if (/No space left|quota/i.test(why))
        return host("host", `has no space left in ${place}: free some.`);
    if (/Read-only/i.test(why))
        return host("host", `has a read-only file system at ${place}, where Ansible writes.`);
    return host("host", `does not let its user write to ${place}: ${why}.`);
}
function changed(stderr) {
    const [, keyType = "", fingerprint = ""] = /fingerprint for the (\S+) key sent by the remote host is\s+(\S+?)\.?\s/.exec(stderr) ?? [];
    const [, keyFile = ""] = /^Offending \S+ key in (.+):\d+/m.exec(stderr) ?? [];
    const [, keyName = ""] = /Host key for (\S+) has changed/.exec(stderr) ?? [];
    return { keyType, fingerprint, keyFile, keyName };
}
function offer(stderr) {
    const user = /Authenticating to \S+ as '([^']*)'/g;
    const last = [...stderr.matchAll(user)].at(-1)?.[1] ?? /^(\S+)@[^\s@]+: Permission denied/m.exec(stderr)?.[1];
    const offered = [...stderr.matchAll(/^debug\d: Offering public key: .* ([\w-]+) (SHA256:\S+)/gm)].map(([, type, key]) => `${type} ${key}`);
    const methods = [...stderr.matchAll(/Permission denied \(([^()]*)\)/g)].at(-1)?.[1] ?? "";
    return { ...(last === undefined ? {} : { user: last }), offered: [...new Set(offered)], methods };
}

;// CONCATENATED MODULE: ./lib/connection/diagnose.js






/** More hosts than this fail for one cause. */
const diagnose_MOST = 50;
/** Milliseconds for one attempt; ssh itself gives up after {@link CONNECT_SECONDS}. */
const LIMIT = 8_000;
const CONNECT_SECONDS = 5;
/**
 * What runs on a host that lets the action in: is there a Python, and can its user write where Ansible does? `date` tells
 * why it could not write; what is built into the shell says "I/O error" only.
 */
const PROBE = [
    "/bin/sh -c 'echo dad-shell",
    "command -v python3 >/dev/null || echo dad-no-python",
    'd="$HOME/.ansible/tmp"; [ -d "$d" ] || d="$HOME/.ansible"; [ -d "$d" ] || d="$HOME"',
    'for p in "$d" /tmp',
    'do f="$p/.dad-$$"; e=$( (date >"$f") 2>&1) || echo "dad-no-write $p: $e"; rm -f "$f"; done\'',
].join("; ");
/**
 * Finds out by ssh itself at which stage the way to each host ends, all of them at once.
 *
 * @returns a sentence by host name; none for a host whose cause is not found.
 */
async function diagnose(targets, parts) {
    const found = await Promise.all(targets.slice(0, diagnose_MOST).map(async (target, index) => [target.name, await causeOf(target, index, parts)]));
    return new Map(found.filter((entry) => entry[1] !== ""));
}
async function causeOf(target, index, parts) {
    const result = await ssh(target, ["-v", "-o", `ConnectTimeout=${CONNECT_SECONDS}`], [PROBE], parts);
    const stage = readStage(result);
    switch (stage.kind) {
        case "unknown-key":
            return `${unknownKey(target, stage, parts)} ${await learned(target, stage, index, parts)}`;
        case "changed-key":
            return changedKey(target, stage, index, parts);
        case "authentication":
            return authentication(target, stage, parts);
        default:
            return stage.kind === "" ? "" : `${who(target, stage)} ${stage.sentence}`;
    }
}
function ssh(target, more, command, parts) {
    const argv = [
        // ssh takes the first value of an option that it meets.
        ...["ssh", ...more, "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none"],
        ...[...target.options, ...parts.arguments, target.address, ...command],
    ];
    return run_run(argv, { env: extended(parts.env, { LC_ALL: "C" }), timeout: LIMIT, signal: parts.signal });
}
/** The host, or the bastion before it that the stage belongs to. */
function who({ name, address }, { jump }) {
    if (jump)
        return `${name} cannot be reached through jump-host:`;
    return name === address ? `${name}` : `${name} (${address})`;
}
function unknownKey(target, stage, { jumps, knownHosts }) {
    const whose = jumps.has(stage.keyName ?? "") ? `the jump host ${stage.keyName}` : target.name;
    return `The host key of ${whose} is not in ${knownHosts}.`;
}
/** Fetches the key that is not known, for the person to compare and to store. */
async function learned(target, stage, index, parts) {
    const file = (0,external_node_path_.join)(parts.folder, `shown-${index}`);
    const options = [
        ...[
            "-o",
            "StrictHostKeyChecking=accept-new",
            "-o",
            `UserKnownHostsFile=${file}`,
            "-o",
            "GlobalKnownHostsFile=none",
        ],
        ...["-o", "HashKnownHosts=no", "-o", "PreferredAuthentications=none", "-o", `ConnectTimeout=${CONNECT_SECONDS}`],
    ];
    const hop = parts.jumps.get(stage.keyName ?? "");
    await ssh(hop === undefined ? target : { name: hop, address: hop, options: [] }, options, ["true"], parts);
    let line = "";
    try {
        line = readText({ path: file, name: "The key that was shown" }).trim();
    }
    catch {
        return "Take its line from `ssh-keyscan` and compare it with the host's own key before you store it in known-hosts.";
    }
    const [, fingerprint = "", type = ""] = /^\d+ (\S+) .*\(([^()]*)\)$/m.exec(await fingerprints(file)) ?? [];
    return `It shows ${type} ${fingerprint}. Compare that with what \`ssh-keygen -lf /etc/ssh/ssh_host_${type.toLowerCase()}_key.pub\` prints on the host itself; when they are equal, add this line to known-hosts: ${line}`;
}
async function changedKey(target, stage, index, parts) {
    const known = (await fingerprints(stage.keyFile ?? "", stage.keyName)).match(/SHA256:\S+/)?.[0] ?? "another one";
    const shown = await learned(target, stage, index, parts);
    const [, line] = shown.split(" to known-hosts: ");
    const replace = line === undefined ? "replace its line" : `replace its line by: ${line}`;
    return `${target.name} shows another host key than the one in ${parts.knownHosts}: ${stage.keyType} ${stage.fingerprint} instead of ${known}. Either someone answers in the host's place, so compare the key on the host itself first; or the host was set up anew, then ${replace}`;
}
/** What ssh-keygen prints of the keys in a known_hosts file, of one host or of all. */
async function fingerprints(file, host) {
    const one = host === undefined ? [] : ["-F", host];
    return (await run_run(["ssh-keygen", "-l", ...one, "-f", file], { env: helperEnvironment(process.env), timeout: 5_000 }))
        .stdout;
}
function authentication(target, stage, { publicKey }) {
    const user = stage.user === undefined ? "the user" : `the user ${(0,errors/* quoted */.TL)(stage.user)}`;
    const whose = stage.jump ? `The jump host before ${target.name}` : target.name;
    const methods = stage.methods ? ` (it takes ${stage.methods})` : "";
    const offered = stage.offered ?? [];
    if (offered.length === 0) {
        return `${whose} does not let ${user} in, and no key was offered${methods}: set ssh-private-key, or another user.`;
    }
    const paste = publicKey === "" ? "add its public key" : `add this line: ${publicKey} —`;
    return `${whose} does not let ${user} in with ${offered.join(" or ")}${methods}: ${paste} to ~/.ssh/authorized_keys of that user, or set the right user.`;
}

;// CONCATENATED MODULE: ./lib/connection/targets.js


/**
 * The ssh targets of hosts, from `ansible-inventory --list`. Variables that are templates are left to ssh's own defaults.
 *
 * @param inventory argument list of `ansible-inventory`.
 * @param wins variables that win over those of the inventory.
 * @returns none when the inventory cannot be read; hosts of another connection are left out.
 */
async function sshTargets(names, inventory, wins, options) {
    const { code, stdout } = await run_run([...inventory, "--list"], { ...options, timeout: 15_000 });
    if (code !== 0)
        return [];
    const all = hostVariables(stdout);
    if (all === undefined)
        return [];
    return names.flatMap((name) => targetOf(name, { ...all[name], ...wins }));
}
/** The variables of all hosts; undefined when the output is not what it should be. */
function hostVariables(stdout) {
    try {
        return JSON.parse(stdout)?._meta?.hostvars ?? {};
    }
    catch {
        return undefined;
    }
}
/** The target of one host, as a list of one or none. */
function targetOf(name, variables) {
    const text = (...keys) => {
        const found = keys.map((key) => variables[key]).find((value) => value !== undefined && value !== null);
        return found === undefined || String(found).includes("{{") ? "" : String(found);
    };
    if (!/^(|ssh|smart|ansible\.builtin\.ssh)$/.test(text("ansible_connection")))
        return [];
    const option = (flag, value) => (value === "" ? [] : [flag, value]);
    const address = text("ansible_ssh_host", "ansible_host") || name;
    // An address is an argument of ssh; one that looks like an option is none.
    if (address.startsWith("-"))
        return [];
    const given = ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"].flatMap((key) => splitArguments(text(key)));
    return [
        {
            name,
            address,
            options: [
                ...given,
                ...option("-p", text("ansible_ssh_port", "ansible_port")),
                ...option("-l", text("ansible_ssh_user", "ansible_user")),
                ...option("-i", text("ansible_ssh_private_key_file", "ansible_private_key_file")),
            ],
        },
    ];
}

;// CONCATENATED MODULE: ./lib/play/unreachable.js







/** What Ansible says when a host lets it in and it cannot run there. */
const CANNOT_RUN = /deserialization failed|module interpreter '|MODULE FAILURE|No usable temporary directory|python[\w.]{0,10}: (not found|No such file)|temporary directory|No space left on device|Read-only file system/;
/** Milliseconds for all of them together: whoever waits for the result would rather have Ansible's own words by then. */
const unreachable_LIMIT = 14_000;
/**
 * Why Ansible could not work on hosts, a sentence each by the host's name. A run without such a host costs nothing.
 *
 * @returns none for a host whose cause was not found.
 */
async function unreachableCauses({ inputs, files, project, folder, env, signal: stop, redact }, identity, events) {
    const suspects = totalsOf(events).failures.filter(({ status, msg, stderr, stdout }) => status === "unreachable" || CANNOT_RUN.test([msg, stderr, stdout].filter(Boolean).join("\n")));
    if (suspects.length === 0 || stop.aborted)
        return new Map();
    const signal = AbortSignal.any([stop, AbortSignal.timeout(unreachable_LIMIT)]);
    const options = { cwd: project.folder, env: quiet(env), signal };
    const targets = await sshTargets([...new Set(suspects.map(({ host }) => host))], inventoryCommand(files), inputs.vars, options);
    const settings = project.cfg?.settings;
    const given = [env.ANSIBLE_SSH_ARGS ?? settings?.sshArgs, env.ANSIBLE_SSH_COMMON_ARGS, env.ANSIBLE_SSH_EXTRA_ARGS];
    const causes = await diagnose(targets, {
        arguments: given.flatMap((text) => splitArguments(text ?? "")),
        folder: folder.folder("diagnosis"),
        jumps: jumpAliases(inputs.jumpHost),
        publicKey: identity.publicKey,
        knownHosts: inputs.knownHosts === "" ? "the runner's known_hosts files, and known-hosts is empty" : "known-hosts",
        env,
        signal,
    });
    return new Map([...causes].map(([host, cause]) => [host, redact(cause)]));
}

;// CONCATENATED MODULE: ./lib/project/brought.js


/** What decides where and how is deployed, and what runs on this machine. */
const DECIDING = [
    "ansible.cfg",
    "group_vars",
    "host_vars",
    "roles",
    "library",
    "filter_plugins",
    "lookup_plugins",
    "action_plugins",
    "callback_plugins",
    "collections",
];
/** Entries that are compared; a folder with more is taken for another one. */
const brought_MOST = 2000;
/**
 * What code that was checked out apart brings of its own, of all that is only taken from working-directory.
 *
 * @param given paths that inputs name, relative to both.
 */
function broughtFiles(own, code, given) {
    const left = { entries: brought_MOST };
    return [...new Set([...DECIDING, ...given])].filter((name) => {
        try {
            return differs(own, code, name, left);
        }
        catch {
            // What cannot be read is not what working-directory has.
            return true;
        }
    });
}
function differs(own, code, name, left) {
    const theirs = { path: (0,external_node_path_.join)(code.folder, name), name, workspace: code.workspace };
    const ours = { path: (0,external_node_path_.join)(own.folder, name), name, workspace: own.workspace };
    const kind = kindOf(theirs);
    if (kind === undefined)
        return false;
    left.entries -= 1;
    if (kind !== kindOf(ours) || left.entries < 0)
        return true;
    if (kind === "file")
        return readText(theirs) !== readText(ours);
    return entriesIn(theirs).some((entry) => differs(own, code, (0,external_node_path_.join)(name, entry.name), left));
}
/** What to say when a pull request brings what is not used, or when all that it brings would be; "" when nothing. */
function broughtWarning(inputs, project, event = "") {
    if (inputs.codeDirectory !== "") {
        const named = [...inputs.inventoryFiles, inputs.playbook, inputs.requirements, ...inputs.composeSources];
        const given = named.filter((path) => path !== "" && !path.startsWith("/"));
        const brought = broughtFiles(project, { ...project, folder: project.code }, given);
        if (brought.length === 0)
            return "";
        return `The code in code-directory has its own ${brought.join(", ")}, which is not used: what decides where and how to deploy comes from working-directory.`;
    }
    if (!inputs.check || !/^pull_request/.test(event))
        return "";
    return "This check takes inventory, variables, ansible.cfg, playbooks and roles from the pull request itself, and they can read every secret of this job: check out the base branch for them, and name the pull request's checkout in code-directory.";
}

;// CONCATENATED MODULE: ./lib/project/playbook-sources.js




/**
 * The files that Ansible reads for a playbook, whatever hosts it is for: the playbook, its `vars_files`, and the variables of roles
 * that it names. Names with templates in them are left out, as nobody knows them before the run.
 *
 * @param roleFolders absolute paths of folders with roles, besides `roles` beside the playbook; the first one that has a role wins.
 */
function filesOfPlaybook(playbook, roleFolders, ground) {
    const at = (...parts) => placeInProject((0,external_node_path_.join)(...parts), ground);
    const folder = (0,external_node_path_.dirname)(playbook.path);
    const plays = listOf(parseLoosely(readTextIfThere(playbook) ?? "")).filter(playbook_sources_isMapping);
    const named = plays.flatMap((play) => listOf(play.vars_files)).filter(isPlain);
    const variables = named.map((path) => at((0,external_node_path_.isAbsolute)(path) ? path : (0,external_node_path_.join)(folder, path)));
    const roles = [...new Set(plays.flatMap(rolesOf))];
    const folders = [(0,external_node_path_.join)(folder, "roles"), ...roleFolders];
    const ofRoles = roles.flatMap((role) => {
        const home = folders.map((place) => at(place, role)).find((place) => kindOf(place) === "folder");
        if (home === undefined)
            return [];
        return ["vars", "defaults"].flatMap((part) => mainFiles(at(home.path, part), at));
    });
    return [playbook, ...variables, ...ofRoles].filter((file) => kindOf(file) === "file");
}
/** The roles that a play lists, and those that its tasks import. */
function rolesOf(play) {
    const listed = listOf(play.roles).map((role) => (playbook_sources_isMapping(role) ? (role.role ?? role.name) : role));
    const imported = ["pre_tasks", "tasks", "post_tasks"]
        .flatMap((part) => listOf(play[part]))
        .filter(playbook_sources_isMapping)
        .map((task) => task["ansible.builtin.import_role"] ?? task.import_role)
        .map((role) => (playbook_sources_isMapping(role) ? role.name : undefined));
    return [...listed, ...imported].filter(isPlain);
}
/** What a role's folder of variables is read from: `main`, with or without an ending, or the files of a folder of that name. */
function mainFiles(folder, at) {
    const main = ["main", "main.yml", "main.yaml", "main.json"]
        .map((name) => at(folder.path, name))
        .find((place) => kindOf(place) !== undefined);
    if (main === undefined)
        return [];
    return kindOf(main) === "file" ? [main] : entriesIn(main).map(({ name }) => at(main.path, name));
}
const isPlain = (name) => typeof name === "string" && !name.includes("{{");
const playbook_sources_isMapping = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value) => Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

;// CONCATENATED MODULE: ./lib/project/sources.js










/** Bytes of an inventory or of variables; a large fleet's are made by a program. */
const sources_MOST = 16 * 1024 * 1024;
/** What Ansible passes over in a folder of inventories (INVENTORY_IGNORE_EXTS in its base.yml). */
const PASSED_OVER = [".pyc", ".pyo", ".swp", ".bak", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry", ".ini"];
/**
 * What Ansible reads before it asks any host: inventories, the playbook with its variables, those of groups and hosts. A
 * program that prints an inventory is none.
 *
 * @param paths absolute paths of what is given to Ansible.
 * @param extraArgs may name further files.
 * @param own the private folder: what is in it was given as an input's text.
 * @throws DeployError for a file that is none, cannot be read or is too large.
 */
function sourcesOf(project, paths, extraArgs, own, job) {
    const place = (path) => path.startsWith(`${own}/`) ? { path, name: "inventory" } : placeInProject(path, project);
    const inventories = paths.inventories.flatMap((path) => inventoryFiles(place(path), project));
    const roles = [(0,external_node_path_.join)(project.folder, "roles"), ...roleFolders(project, job)];
    const plays = paths.playbook.startsWith(`${own}/`) ? [] : filesOfPlaybook(place(paths.playbook), roles, project);
    const homes = paths.inventories.map((path) => (kindOf(place(path)) === "folder" ? path : (0,external_node_path_.dirname)(path)));
    const bases = [project.folder, ...homes, (0,external_node_path_.dirname)(paths.playbook)].filter((base) => !`${base}/`.startsWith(`${own}/`));
    const named = filesInArguments(extraArgs).map((path) => {
        const file = { ...placeInProject((0,external_node_path_.resolve)(project.folder, path), project), name: `extra-args ${(0,errors/* quoted */.TL)(path)}` };
        if (kindOf(file) === undefined)
            throw new errors/* DeployError */.sH(`${file.name} names a file that does not exist in ${project.folder}: correct the path, and check that it is committed.`);
        return file;
    });
    const sources = [
        ...named.flatMap((file) => inventoryFiles(file, project)).map((file) => ({ place: file, isInventory: true })),
        ...inventories.map((file) => ({ place: file, isInventory: true })),
        ...[...plays, ...variableFiles([...new Set(bases)], project)].map((file) => ({ place: file, isInventory: false })),
    ];
    const distinct = new Map(sources.map((source) => [source.place.path, source]));
    return [...distinct.values()].map((source) => ({ ...source, text: readText(source.place, sources_MOST) }));
}
function inventoryFiles(place, project) {
    if (kindOf(place) === "file")
        return isProgram(place) ? [] : [place];
    return entriesIn(place)
        .filter(({ name, isFolder }) => !isFolder && !name.startsWith(".") && !name.endsWith("~"))
        .filter(({ name }) => !PASSED_OVER.includes((0,external_node_path_.extname)(name)))
        .map(({ name }) => placeInProject((0,external_node_path_.join)(place.path, name), project))
        .filter((file) => kindOf(file) === "file" && !isProgram(file));
}
/** Ansible runs an inventory that may be executed. */
function isProgram(place) {
    requireFile(place);
    try {
        (0,external_node_fs_.accessSync)(place.path, external_node_fs_.constants.X_OK);
        return true;
    }
    catch {
        return false;
    }
}
function roleFolders({ folder, cfg }, job) {
    if (job.ANSIBLE_ROLES_PATH)
        return job.ANSIBLE_ROLES_PATH.split(external_node_path_.delimiter).map((path) => (0,external_node_path_.resolve)(folder, path));
    return cfg === undefined ? [] : cfg.settings.rolesPath.map((path) => besideCfg(cfg.path, path, (0,external_node_os_.homedir)()));
}

;// CONCATENATED MODULE: ./lib/report/advice.js
/** What to do about failures whose own words do not say it, most telling first. Each has an example in the tests. */
const ADVICE = [
    [
        // Before what it says of columns and tables, which are there.
        /the migrations would break the live release/,
        "The database is as it was. Change the migrations as the lines say, which often takes two deploys.",
    ],
    [
        /No space left on device|Errno 28/i,
        "The disk is full: remove what is not needed on the host (`django_app_keep_releases` limits old releases), then deploy again.",
    ],
    [
        /dpkg was interrupted/i,
        "An earlier installation was broken off: run `dpkg --configure -a` on the host, then deploy again.",
    ],
    [
        /Could not get lock \/var\/(lib|cache)\/(dpkg|apt)|is another process using it/i,
        "Another program installs packages on the host, mostly unattended-upgrades, and did not end within five minutes: deploy again when it has ended.",
    ],
    [
        /Unable to locate package|No package matching|has no installation candidate/i,
        "The host's package sources do not have it: check /etc/apt/sources.list and the name in `django_app_extra_packages`.",
    ],
    [
        /No solution found when resolving|No matching distribution found|ResolutionImpossible/i,
        "The requirements contradict each other, or ask for a version that does not exist for this Python: install them in a fresh virtual environment on your machine first.",
    ],
    [
        /Failed to build|error: command '[^']*' failed|Python\.h: No such file|pg_config executable not found/i,
        "A requirement is compiled on the host and lacks something for it: use a package with wheels (for example `psycopg[binary]`), or name the headers in `django_app_extra_packages`.",
    ],
    [
        /ModuleNotFoundError: No module named '?([\w.]+)/,
        "The code imports something that the requirements do not bring, or that lies outside of `app_path`: add it to the requirements file that is deployed.",
    ],
    [
        /SECRET_KEY setting must not be empty|ImproperlyConfigured/,
        "The settings lack a value: give it in the input `env` (a `NAME=value` a line) or in `group_vars`, and check `django_settings_module`.",
    ],
    [
        /(<frozen os>|\/os\.py)", line \d{1,5}, in __getitem__|UndefinedValueError: \w{1,99} not found/,
        "The code reads a variable of the environment that is not set: give it in the input `env` (a `NAME=value` a line) or in `django_app_env`.",
    ],
    [
        [/redis\.exceptions|kombu\.exceptions|:6379\b|port 6379/i, /refused|timed out|not known/i],
        "The host does not reach Redis: check REDIS_URL in `env`, that Redis runs, and that it accepts connections from this host. `django_app_redis: local` provides one.",
    ],
    [
        /WRONGPASS|NOAUTH Authentication required|NOPERM/,
        "Redis does not accept the user or password: compare REDIS_URL with Redis's own users (`ACL LIST`).",
    ],
    [
        /permission denied to create extension|type "(geometry|geography)" does not exist/i,
        "Only an administrator of the database server makes this extension: name it in `postgresql_server_extensions` (with `django_app_database: local`), or run CREATE EXTENSION there, for GeoDjango `CREATE EXTENSION postgis`.",
    ],
    [
        /object has no attribute 'geo_db_type'/,
        "GeoDjango needs a backend of its own, which libraries choose by DATABASE_URL: set `django_app_database_scheme: postgis`.",
    ],
    [
        /no such table|relation "[^"]+" does not exist|UndefinedTable|Table '[^']+' doesn't exist/i,
        "A table is missing in the database: commit the migration that creates it (`manage.py makemigrations`), and let no code query the database while it is imported.",
    ],
    [
        /no such column|column [\w."]+ does not exist|UndefinedColumn|Unknown column/i,
        "A column is missing in the database: commit the migration that adds it (`manage.py makemigrations`), and check that `django_app_migrate` is not off.",
    ],
    [
        /database "[^"]+" does not exist/i,
        "The database server has no database of this name: create it, or correct DATABASE_URL or `db_name`.",
    ],
    [
        /no pg_hba\.conf entry/i,
        "PostgreSQL does not let this host in: add a line for its address to `pg_hba.conf` on the database server.",
    ],
    [
        /too many clients already|remaining connection slots are reserved|Too many connections/i,
        "The database has no free connection: lower `gunicorn_workers` or CONN_MAX_AGE, or raise the server's `max_connections`. A deploy needs connections for two releases at once.",
    ],
    [
        /database is locked/i,
        "SQLite is busy with another write: deploy again; for more than a small site move to PostgreSQL (`django_app_database: local`).",
    ],
    [
        /oom-kill|OOM killer|Out of memory: Killed|result 'oom|MemoryError|Cannot allocate memory/i,
        "The host or the application ran out of memory: lower `gunicorn_workers`, raise `django_app_memory_max`, or set `django_app_strategy: restart`, which never runs two releases at once.",
    ],
    [
        /can't start new thread|\[Errno 11\] Resource temporarily unavailable/,
        "The application may have no more processes and threads: raise `django_app_tasks_max`, or lower `gunicorn_workers`.",
    ],
    [
        /Missing staticfiles manifest entry/i,
        "A template names a static file that `collectstatic` did not find: correct its path, or add its folder to STATICFILES_DIRS.",
    ],
    [
        /TemplateDoesNotExist/,
        "A template is not in the repository, or lies in no folder of TEMPLATES: check that it is committed, and upper and lower case of its name.",
    ],
    [
        /\[Errno (13|30)\] [\w -]{1,40}: '[^'\n]{0,200}\/(releases|current|src)\//,
        "The application writes into its own code, which is read-only on the host: let it write below MEDIA_ROOT or in the folder `shared`.",
    ],
    [
        /WORKER TIMEOUT/,
        "A request took longer than `gunicorn_timeout`: raise it, or move the work into a process of its own (`django_app_processes`).",
    ],
    [
        /certificate verify failed|self[- ]signed certificate/i,
        "A certificate is not trusted: install the CA on the host (`/usr/local/share/ca-certificates`, then `update-ca-certificates`), or correct the address.",
    ],
    [
        /Temporary failure in name resolution|Name or service not known|getaddrinfo failed/i,
        "The host cannot resolve a name: check its DNS (`resolvectl query NAME`) and the name itself.",
    ],
    [
        /DisallowedHost|Invalid HTTP_HOST|answered with 400/i,
        "Django refuses the name of the site: ALLOWED_HOSTS has to contain `server_name`.",
    ],
    [
        /password authentication failed for user/i,
        "The database does not accept the password: compare `vault_db_password` or DATABASE_URL with the database's own.",
    ],
    [
        [
            /could not connect to server|connection to server at|OperationalError/i,
            /refused|timed out|could not translate|No route/i,
        ],
        "The host does not reach its database: check `db_host` and the port, that the server listens there, and the firewalls between.",
    ],
    [
        /relation "[^"]+" already exists|table "?\w+"? already exists|DuplicateTable/i,
        "The database has what a migration would create: it was made outside of migrations; compare with `manage.py showmigrations` and fake what is there already.",
    ],
    [
        /Conflicting migrations detected/i,
        "Two migrations follow the same one: run `manage.py makemigrations --merge` and commit the result.",
    ],
    [
        /permission denied for (schema|table|database)/i,
        "The database user may not do this: give it the rights on schema and tables, or make it the owner of the database.",
    ],
    [
        /Address already in use|Errno 98/i,
        "Something else listens there: look with `ss -ltnp` on the host for what it is.",
    ],
    [
        /is not healthy at/,
        "The old release is still live. Look at the application's last lines, and open the same path on your machine; `django_app_health_path` and `django_app_health_timeout` set which path is checked and for how long.",
    ],
    [
        /nginx: configuration file \S{1,200} test failed|nginx: \[emerg\]/,
        "nginx refuses its configuration: the line that it names may belong to another site of the host.",
    ],
];
/** What to do about a failure, in Markdown code marks; "" when its own words have to do. */
function adviceFor({ msg, stderr, stdout }) {
    const text = [msg, stderr, stdout].filter(Boolean).join("\n");
    return ADVICE.find(([cause]) => [cause].flat().every((words) => words.test(text)))?.[1] ?? "";
}

;// CONCATENATED MODULE: ./lib/report/failures.js



const failures_MOST = 20;
const DETAIL_LINES = 30;
const DETAIL_CHARACTERS = 3_000;
/** The failures, those of the same cause on several hosts together. */
function failureSection(failures, run) {
    if (failures.length === 0)
        return [];
    const groups = byCause(failures);
    const more = groups.length - failures_MOST;
    return [
        "#### What failed",
        "",
        ...groups.slice(0, failures_MOST).flatMap((group, index) => entry(group, index === 0)),
        ...(run.rolledBack ? ["Every host runs the release that was live before.", ""] : []),
        ...(more > 0 ? [`… and ${count(more, "failure")} more, in the log.`, ""] : []),
    ];
}
/** Failures by cause: hosts on which the same task failed with the same words are together, the largest group first. */
function byCause(failures) {
    const groups = new Map();
    for (const failure of failures) {
        const [sentence, { host, name, path }] = failure;
        const words = sentence.split(/([\w.-]+)/).filter((word) => word !== host);
        const key = [...words, name, path].join("\0");
        const group = groups.get(key);
        if (group === undefined)
            groups.set(key, [failure]);
        else
            group.push(failure);
    }
    return [...groups.values()].sort((one, other) => other.length - one.length);
}
function entry(group, first) {
    const [[sentence, result]] = group;
    const hosts = group.map(([, { host }]) => code(host));
    const where = result.path ? ` at ${code(shortPath(result.path))}` : "";
    const all = lastLines(result);
    const said = firstLine(sentence, result);
    // What stands above them already is not said again.
    const lines = all.startsWith(`${said}\n`) ? all.slice(said.length + 1) : all;
    const advice = adviceFor(result);
    return [
        `**${enumeration(hosts)}**, task “${safe(taskName(result))}”${where}`,
        "",
        safe(said),
        "",
        ...(advice === "" ? [] : [`💡 ${advice}`, ""]),
        ...(lines === "" ? [] : details("last lines", [preformatted(lines)]).map(first ? failures_opened : same)),
    ];
}
/** A sentence that only repeats host, task and message gives way to the first line of the message: host and task stand above it. */
function firstLine(sentence, { host, msg = "" }) {
    const [line = ""] = msg.split("\n");
    return sentence.startsWith(`${host}: the task "`) && line.length > 20 ? line : sentence;
}
/** The first failure is what everybody looks for: its lines stand open. */
const failures_opened = (line) => (line === "<details>" ? "<details open>" : line);
const same = (line) => line;
function lastLines(result) {
    if (result.no_log)
        return "";
    const text = [result.msg, result.stdout, result.stderr].filter(Boolean).join("\n").trim();
    const lines = text.split("\n").slice(-DETAIL_LINES).join("\n").slice(-DETAIL_CHARACTERS);
    // A message of one line stands in the sentence already.
    return lines.includes("\n") || lines.length > 600 ? lines : "";
}
/** The end of a path: the folders above say nothing to a reader. */
function shortPath(path) {
    return path.split("/").slice(-4).join("/");
}

;// CONCATENATED MODULE: ./lib/report/annotations.js





/** GitHub shows at most ten annotations of a kind for a step. */
const MOST_ANNOTATIONS = 10;
/**
 * The annotations of failures: one for each cause, those that many hosts have first, and one place is kept for the step's
 * own error.
 */
function annotationsOf(failures, repository) {
    return byCause(failures)
        .slice(0, MOST_ANNOTATIONS - 1)
        .map((group) => {
        const [[sentence, result]] = group;
        const hosts = group.map(([, { host }]) => host);
        return {
            message: messageOf(sentence, result, hosts),
            title: `${hosts.length === 1 ? hosts[0] : `${hosts.length} hosts`}: ${taskName(result)}`,
            ...positionOf(result, repository),
        };
    });
}
function messageOf(sentence, result, hosts) {
    const advice = adviceFor(result).replaceAll("`", "");
    const others = hosts.length > 1 ? `The same on ${hosts.slice(1, 11).join(", ")}${hosts.length > 11 ? " …" : ""}.` : "";
    return [sentence, others, advice].filter((part) => part !== "").join("\n");
}
/** The line of the user's own code, configuration or template that a failure names, else the task that failed. */
function positionOf({ msg, stderr, stdout, path, no_log }, repository) {
    if (repository.workspace === "")
        return {};
    const text = no_log ? "" : [stdout, stderr, msg].filter(Boolean).join("\n");
    const named = [...inRelease(text), ...inOrigin(text)].map(([file, line]) => [locate(file, repository), line]);
    const [file, line] = named.find(([found]) => found !== undefined) ?? [];
    return file === undefined || line === undefined ? placeIn(path, repository.workspace) : { file, startLine: line };
}
/** `file:line` as a place of the workspace; nothing for a file outside of it. */
function placeIn(path, workspace) {
    const [, absolute = "", line] = /^(.+):(\d+)$/.exec(path ?? "") ?? [];
    const file = workspace === "" ? undefined : inside(absolute, workspace);
    return file === undefined ? {} : { file, startLine: Number(line) };
}
/** Lines of a Python traceback that are the application's own, innermost first. */
function inRelease(text) {
    const places = [...text.matchAll(/File "([^"\n]+)", line (\d+)/g)].flatMap(([, path = "", line]) => {
        const [, release] = path.split("/releases/");
        const file = release?.slice(release.indexOf("/") + 1) ?? "";
        return file === "" || file.startsWith(".venv/") ? [] : [[file, Number(line)]];
    });
    return places.reverse();
}
/** A file of the workspace, relative to it; files of a release lie in the working directory or in the workspace. */
function locate(file, { workspace, workingDirectory, exists }) {
    if ((0,external_node_path_.isAbsolute)(file))
        return inside(file, workspace);
    const candidates = [(0,external_node_path_.join)(workspace, workingDirectory, file), (0,external_node_path_.join)(workspace, file)];
    const found = candidates.find(exists);
    return found === undefined ? undefined : inside(found, workspace);
}
function inside(file, workspace) {
    const path = (0,external_node_path_.relative)(workspace, file);
    return file === "" || path === "" || path.startsWith("..") || (0,external_node_path_.isAbsolute)(path) ? undefined : path;
}

;// CONCATENATED MODULE: ./lib/report/links.js

const COMMIT = /^[0-9a-f]{40}$/;
/** Links of a run as Markdown: the commit, what changed since the one before, the run, the button to roll back, and who started it. */
function jobLinks({ server, repository, run, actor, rollbackWorkflow }, { from, to, live }) {
    const known = /^https?:\/\/[\w.:-]+$/.test(server) && /^[\w.-]+\/[\w.-]+$/.test(repository);
    const who = actor === "" ? [] : [`started by ${safe(actor)}`];
    if (!known)
        return who;
    const site = `${server}/${repository}`;
    const link = (text, path) => `[${text}](${site}/${path})`;
    return [
        ...(COMMIT.test(to) ? [link(`commit ${to.slice(0, 7)}`, `commit/${to}`)] : []),
        ...(COMMIT.test(to) && COMMIT.test(from) && from !== to ? [link("what changed", `compare/${from}...${to}`)] : []),
        ...(/^\d+$/.test(run) ? [link("run and log", `actions/runs/${run}`)] : []),
        ...(live && /^[\w.-]+\.ya?ml$/.test(rollbackWorkflow)
            ? [link("roll back", `actions/workflows/${rollbackWorkflow}`)]
            : []),
        ...who,
    ];
}

;// CONCATENATED MODULE: ./lib/report/changes.js


const MOST_HOSTS = 25;
const MOST_CHARACTERS = 12_000;
/** What a check found: packages, requirements, migrations, what stays unknown, and the changes of each host. */
function predictionSection({ deploy }) {
    const lists = [
        ["System packages that would be installed", deploy.packages ?? []],
        ["Migrations that would be applied", deploy.migrations ?? []],
    ];
    const requirements = deploy.requirements ?? [];
    return [
        // Whoever decides about a deploy looks for these first: that there are none is worth a line.
        ...(deploy.target_revision !== undefined && (deploy.migrations ?? []).length + (deploy.unknown ?? []).length === 0
            ? ["No migration would be applied.", ""]
            : []),
        ...lists.flatMap(([title, items]) => items.length === 0 ? [] : [`**${title}:** ${items.map(code).join(", ")}`, ""]),
        ...(requirements.length === 0 ? [] : ["**Requirements:**", "", ...fenced("diff", requirements.join("\n"))]),
        ...(deploy.unknown ?? []).map((text) => `- ❔ ${safe(text)}`),
        ...((deploy.unknown ?? []).length === 0 ? [] : [""]),
    ];
}
/** The changed tasks of each host with their differences; hosts with the same ones together. */
function changeSection(events) {
    const byHost = new Map();
    for (const event of events) {
        if (event.event !== "result" || event.status !== "changed")
            continue;
        byHost.set(event.host, [...(byHost.get(event.host) ?? []), event]);
    }
    const groups = new Map();
    for (const [host, changed] of byHost) {
        const text = changesOf(changed);
        const group = groups.get(text) ?? { hosts: [], tasks: changed.length };
        groups.set(text, group);
        group.hosts.push(host);
    }
    const shown = [...groups].slice(0, MOST_HOSTS);
    const more = groups.size - shown.length;
    return [
        ...shown.flatMap(([text, { hosts, tasks }]) => details(`What would change on ${enumeration(hosts.map(code))}: ${count(tasks, "task")}`, fenced("diff", cut(text)))),
        ...(more > 0 ? [`… and ${count(more, "host")} with other changes.`, ""] : []),
    ];
}
/** Tasks with their differences; those that show none by their names alone. */
function changesOf(changed) {
    const names = changed.filter(({ diff }) => !diff).map(taskName);
    const silent = names.length === 0 ? [] : [`# ${names.join(", ")}: no difference to show`];
    return [...silent, ...changed.filter(({ diff }) => diff).map((event) => `# ${taskName(event)}\n${event.diff}`)].join("\n\n");
}
function cut(text) {
    return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}\n(and more)`;
}

;// CONCATENATED MODULE: ./lib/report/host-report.js

/** How a run ended for a host, worst first. */
const HOST_STATES = [
    "unreachable",
    "failed",
    "rolled back",
    "held back",
    "would change",
    "changed",
    "unchanged",
];
/** A report of each host, those that need attention first. */
function hostReports(events, totals, run) {
    const results = new Map(totals.hosts.map((name) => [name, []]));
    for (const event of events)
        if (event.event === "result")
            results.get(event.host)?.push(event);
    return totals.hosts
        .map((name) => {
        const own = results.get(name) ?? [];
        const switched = own.some(switches);
        const wentBack = own.some(({ deploy }) => deploy?.rolled_back === true);
        const state = stateOf(name, totals, { ...run, wentBack, heldBack: run.failed && deploys(totals) && !switched });
        const live = served(own, switched && !wentBack, run.check);
        // A check that failed there has not come to say what would be live.
        const known = run.check && state === "failed" ? { ...live, serves: "" } : live;
        return { name, state, ...known, ...counts(totals, name) };
    })
        .sort((one, other) => HOST_STATES.indexOf(one.state) - HOST_STATES.indexOf(other.state));
}
/** Whether the run brings a release to hosts. */
function deploys({ deploy }) {
    return deploy.target_revision !== undefined || deploy.images !== undefined;
}
function stateOf(name, totals, run) {
    if (totals.unreachable.includes(name))
        return "unreachable";
    if (totals.failed.includes(name))
        return "failed";
    if (run.wentBack)
        return "rolled back";
    if (run.heldBack)
        return "held back";
    if (!totals.changed.includes(name))
        return "unchanged";
    return run.check ? "would change" : "changed";
}
/** What a host serves: the last word of its results, or what it served before where it was not switched. Nobody knows where it was lost at that moment. */
function served(own, switched, check) {
    const facts = own.flatMap(({ deploy }) => deploy ?? []);
    const before = facts.map((one) => one.previous_release ?? host_report_images(one.previous_images)).find((one) => one !== "") ?? "";
    const after = facts.map((one) => one.release ?? host_report_images(one.images)).findLast((one) => one !== "") ?? "";
    if (own.some((event) => event.status === "unreachable" && activates(event)))
        return { serves: "", before };
    // A module that found nothing to switch names the release all the same.
    return { serves: (switched || !check) && after !== "" ? after : before, before };
}
function host_report_images(given) {
    return Object.entries(given ?? {})
        .map(([service, digest]) => `${service} ${digest.replace(/^.*sha256:/, "").slice(0, 12)}`)
        .join(", ");
}
function counts({ stats, failures }, name) {
    const { changed = 0, ok = 0, failures: failed = 0 } = stats[name] ?? {};
    return { changed: changed + failures.filter((one) => one.host === name && one.changed).length, ok, failed };
}

;// CONCATENATED MODULE: ./lib/report/host-tables.js


/** So many rows are read at a glance; more of them open by a click. */
const AT_A_GLANCE = 15;
const ICONS = {
    unreachable: "🔌",
    failed: "❌",
    "rolled back": "↩️",
    "held back": "⏸️",
    "would change": "✏️",
    changed: "✅",
    unchanged: "➖",
};
/** A row for each host: its state, its live release, its counts. */
function hostSection(hosts, check) {
    if (hosts.length === 0)
        return [];
    const releases = hosts.some(({ serves, before }) => serves !== "" || before !== "");
    const heads = [
        "host",
        "state",
        ...(releases ? (check ? ["would be live", "live now"] : ["live release", "before"]) : []),
        check ? "tasks that would change" : "changed tasks",
        "ok tasks",
        "failed tasks",
    ];
    const align = releases ? "llllrrr" : "llrrr";
    const row = (host) => [
        code(host.name),
        `${ICONS[host.state]} ${host.state}`,
        ...(releases
            ? [live(host), host.before === host.serves && host.before !== "" ? "the same" : code(host.before)]
            : []),
        ...[host.changed, host.ok, host.failed].map(String),
    ];
    const lines = (some) => table(heads, align, some.map(row));
    if (hosts.length <= AT_A_GLANCE)
        return ["#### Hosts", "", ...lines(hosts)];
    const notable = hosts.filter(({ state }) => state === "unreachable" || state === "failed").slice(0, AT_A_GLANCE);
    const rest = hosts.slice(notable.length);
    return ["#### Hosts", "", ...(notable.length > 0 ? lines(notable) : []), ...details(titleOf(rest), lines(rest))];
}
function live({ state, serves, before }) {
    return serves === "" && (before !== "" || state === "unreachable") ? "not known" : code(serves);
}
/** `97 hosts: 95 changed, 2 unchanged`. */
function titleOf(hosts) {
    const counts = new Map();
    for (const { state } of hosts)
        counts.set(state, (counts.get(state) ?? 0) + 1);
    return `${count(hosts.length, "host")}: ${[...counts].map(([state, many]) => `${many} ${state}`).join(", ")}`;
}
/** Which hosts had the new release live and rolled back, and to what. */
function rolledBackSection(hosts) {
    const back = hosts.filter(({ state }) => state === "rolled back");
    if (back.length === 0)
        return [];
    const names = enumeration(back.map(({ name }) => code(name)), 10);
    const [{ serves = "" } = {}] = back;
    const same = serves !== "" && back.every((host) => host.serves === serves);
    return [`↩️ ${names} rolled back${same ? ` to ${code(serves)}` : ""}, since another host failed.`, ""];
}
/** What `operation: status` found: what somebody should look at, then all of it. */
function statusSection({ hostStatus }) {
    const hosts = Object.entries(hostStatus).sort(([one], [other]) => (0,lib_text/* naturally */.Lx)(one, other));
    if (hosts.length === 0)
        return [];
    const told = hosts.some(([, status]) => healthOf(status) !== "");
    const rows = hosts.map(([host, status]) => [
        host,
        ...(told ? [healthOf(status)] : []),
        status.release ?? "none",
        status.revision?.slice(0, 7) ?? "",
        status.since ?? "",
        size(status.free_mib),
        status.lock ?? "free",
    ].map(code));
    const heads = ["host", ...(told ? ["health"] : []), "live release", "commit", "since", "free disk", "deploy lock"];
    const problems = hosts.flatMap(([host, status]) => (status.problems ?? []).map((problem) => `- ⚠️ ${code(host)}: ${safe(problem)}`));
    return [
        ...(problems.length > 0 ? ["#### Problems", "", ...problems, ""] : []),
        "#### Hosts",
        "",
        ...table(heads, told ? "lllllrl" : "llllrl", rows),
        ...hosts.flatMap(([host, status]) => standing(host, status)),
    ];
}
/** `2 problems`, `1 problem`, `no problem`. */
function problemCount(problems) {
    return problems.length === 0 ? "no problem" : count(problems.length, "problem");
}
/** A site under maintenance is closed, however healthy its application is. */
function healthOf({ health, maintenance }) {
    const known = health === null ? "serves no requests" : (health ?? "");
    return maintenance ? `${known === "" ? "" : `${known}, `}under maintenance` : known;
}
/** `512 MiB`, `60.4 GiB`. */
function size(mib) {
    return mib < 1024 ? `${mib} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}
/** How an application stands on a host, in a table that opens by a click. */
function standing(host, status) {
    const { problems = [], restarts = {}, memory_mib = {}, timers = {}, runs = [] } = status;
    // A Swarm says none of it.
    if (status.problems === undefined)
        return [];
    const days = status.certificate_days;
    const rows = [
        ["maintenance", status.maintenance ?? "off"],
        ...(status.slot === null ? [] : [["slot", status.slot]]),
        ...Object.entries(status.units).map(([unit, state]) => {
            const mib = memory_mib[unit];
            return [
                unit,
                mib === undefined ? state : `${state}, ${mib} MiB, ${count(restarts[unit] ?? 0, "restart")}`,
            ];
        }),
        ...Object.entries(timers),
        ...(days === undefined ? [] : [["certificate", days === null ? "none" : `${days} days`]]),
        ["last dump", lastDump(status)],
        ...runs.map((run) => ["command", run]),
    ];
    return details(`${code(host)}: ${problemCount(problems)}`, table(["", ""], "ll", rows.map((row) => row.map(code))));
}
/** When it was made, its size, and when one was last tried: what a restore would bring back, and how long it would take. */
function lastDump({ last_dump, dump_bytes = 0, last_rehearsal, restores_in }) {
    if (last_dump === undefined || last_dump === null)
        return "none";
    const megabytes = dump_bytes / 1e6;
    const size = dump_bytes > 0 ? `, ${megabytes < 0.1 ? "less than 0.1" : megabytes.toFixed(1)} MB` : "";
    const tried = last_rehearsal
        ? `, restored in ${restores_in ?? 0} s when tried on ${last_rehearsal}`
        : ", none was tried";
    return last_dump + size + tried;
}
/** In container mode, each container that it found. */
function serviceSection({ hostStatus }) {
    const rows = Object.entries(hostStatus).flatMap(([host, { services }]) => (services ?? []).map(({ service, image, digest, since, health }) => [host, service, image, digest, since, health].map(code)));
    return rows.length === 0 ? [] : table(["host", "service", "image", "digest", "since", "health"], "llllll", rows);
}

;// CONCATENATED MODULE: ./lib/report/size.js
/**
 * Joins sections to one text of a limited size. The last ones are left out first, with a line that says so; the first one
 * is always there.
 *
 * @param order names of sections in the order in which they are given up; others never are.
 * @param limit bytes of UTF-8.
 */
function withinLimit(sections, order, limit) {
    const whole = (left) => {
        const kept = sections.filter(({ name }) => !left.includes(name)).flatMap(({ lines }) => lines);
        const note = `<sub>Left out, since a page like this one has a limit: ${left.join(", ")}.</sub>`;
        return `${[...kept, ...(left.length === 0 ? [] : [note])].join("\n")}\n`;
    };
    const present = order.filter((name) => sections.some((section) => section.name === name && section.lines.length > 0));
    for (let many = 0; many <= present.length; many++) {
        const text = whole(present.slice(0, many));
        if (Buffer.byteLength(text) <= limit || many === present.length)
            return text;
    }
    return whole(present);
}

;// CONCATENATED MODULE: ./lib/report/slowest.js
const slowest_MOST = 8;
/** Seconds from which a task is worth naming. */
const WORTH = 1;
/** The tasks that took longest, slowest first. */
function slowestTasks(events) {
    const tasks = new Map();
    for (const event of events) {
        if (event.event !== "result" || event.status === "skipped")
            continue;
        const known = tasks.get(event.task);
        if (known === undefined) {
            tasks.set(event.task, { slowest: event, hosts: new Set([event.host]) });
            continue;
        }
        known.hosts.add(event.host);
        if ((event.duration ?? 0) > (known.slowest.duration ?? 0))
            known.slowest = event;
    }
    return [...tasks.values()]
        .map(({ slowest, hosts }) => ({
        ...{ name: slowest.name, host: slowest.host },
        ...{ seconds: slowest.duration ?? 0, hosts: hosts.size },
    }))
        .filter(({ seconds }) => seconds >= WORTH)
        .sort((one, other) => other.seconds - one.seconds)
        .slice(0, slowest_MOST);
}

;// CONCATENATED MODULE: ./lib/report/timeline.js


/** Mermaid refuses longer charts than 50,000 characters, and people look at fewer hosts than that. */
const timeline_MOST_HOSTS = 20;
const MOST_SPANS = 30;
/** Pixels of the chart, which a narrower page makes smaller as a whole; of what is right of the bars; of a letter. */
const WIDTH = 860;
const RIGHT = 90;
const LETTER_WIDTH = 7;
/** Seconds between two times of the axis, and how many times stand beside one another on a phone. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const MOST_STEPS = 5;
/** Mermaid asks for a label; this one has no width. */
const NO_LABEL = "\u200b";
/** Words that Mermaid reads at the start of a line of a chart. */
const KEYWORD = /^(gantt|title|section|click|call|href|end|vert|milestone|active|done|crit|dateformat|axisformat|tickinterval|includes|excludes|todaymarker|inclusiveenddates|topaxis|weekday|weekend|accTitle|accDescr)/i;
/** A Mermaid chart of the phases by host, each switch and each rollback marked; "" when there was one phase alone. Hosts that failed come first, then as people count. */
function timeline(courses) {
    const shown = pick(courses);
    const times = shown.flatMap(({ spans }) => spans.flatMap(({ start, end }) => [start, end]));
    if (times.length === 0 || phasesOf(courses).size < 2)
        return "";
    // In the order in which they began on any host, so that a phase has one colour wherever another one is left out.
    const phases = shown.flatMap(({ spans }) => spans).toSorted((one, other) => one.start - other.start);
    const whole = Math.max(...times) - Math.min(...times);
    const left = 40 + 6 * Math.max(...shown.map(({ host }) => timeline_word(host).length));
    const pixels = (WIDTH - left - RIGHT) / whole;
    return [
        "---",
        "displayMode: compact",
        "config:",
        "  gantt:",
        "    barHeight: 24",
        "    fontSize: 12",
        `    useWidth: ${WIDTH}`,
        `    leftPadding: ${left}`,
        `    rightPadding: ${RIGHT}`,
        "---",
        "gantt",
        "  dateFormat x",
        "  axisFormat %H:%M:%S",
        `  tickInterval ${STEPS.find((step) => whole <= step * 1000 * MOST_STEPS) ?? Math.ceil(whole / 1000 / MOST_STEPS)}second`,
        "  todayMarker off",
        ...shown.flatMap((course) => section(course, [...new Set(phases.map(({ phase }) => phase))], pixels)),
    ].join("\n");
}
/** How many hosts a chart leaves out. */
function hiddenHosts(courses) {
    return courses.length - pick(courses).length;
}
function pick(courses) {
    const failed = (course) => Number(course.spans.some((span) => span.failed));
    return courses
        .toSorted((one, other) => failed(other) - failed(one) || (0,lib_text/* naturally */.Lx)(one.host, other.host))
        .slice(0, timeline_MOST_HOSTS);
}
/** @param pixels of a millisecond. */
function section({ host, spans, switched, returned }, phases, pixels) {
    const bars = spans.slice(0, MOST_SPANS).map(({ phase, start, end, failed }) => {
        // A label that is longer than its bar would stand in the next one.
        const fits = (text) => (end - start) * pixels > text.length * LETTER_WIDTH;
        const text = timeline_word(phase);
        const label = [text, text.split(" ", 1)[0] ?? ""].find((one) => one !== "" && fits(one)) ?? NO_LABEL;
        const look = failed ? "crit" : phases.indexOf(phase) % 2 === 0 ? "done" : "active";
        return `  ${label} :${look}, ${start}, ${Math.max(end, start + 1)}`;
    });
    // Mermaid draws a mark below a bar that it is within, and over the label of one that ends with it.
    const within = (time) => (spans.some(({ end }) => end === time) ? time - 1 : time);
    const mark = switched === undefined ? [] : [`  ${NO_LABEL} :milestone, ${within(switched)}, 0ms`];
    const back = returned === undefined ? [] : [`  ${NO_LABEL} :crit, milestone, ${within(returned)}, 0ms`];
    return [`  section ${timeline_word(host)}`, ...bars, ...mark, ...back];
}
/** A text as a label: nothing that Mermaid reads as syntax. */
function timeline_word(text) {
    const plain = text
        .replace(/[^\p{L}\p{N}\u200b ._()/-]+/gu, " ")
        .trim()
        .slice(0, 40);
    return KEYWORD.test(plain) ? `“${plain}”` : plain || "unnamed";
}

;// CONCATENATED MODULE: ./lib/report/summary.js










/** What is given up first when the summary is too long. */
const GIVEN_UP = ["slowest tasks", "timeline", "printed", "changes by host", "warnings", "hosts", "failures"];
const MOST_WARNINGS = 20;
const MOST_MIGRATIONS = 12;
/** Of what an operation printed. */
const MOST_LINES = 30;
const summary_MOST_CHARACTERS = 6_000;
const summary_ICONS = { succeeded: "✅", failed: "❌", "rolled-back": "↩️", cancelled: "⏹️" };
/**
 * The job summary as Markdown.
 *
 * @param limit bytes. GitHub takes 1 MiB for the summary of a step, and 65,536 characters for a comment.
 */
function summaryMarkdown(parts, limit = 300_000) {
    const { events, totals, status, check } = parts;
    const failed = status !== "succeeded";
    const hosts = hostReports(events, totals, { check, failed });
    const sections = [
        {
            name: "verdict",
            lines: [`### ${iconOf(parts)} ${safe(parts.verdict)}`, "", ...early(parts), ...untouched(parts, hosts)],
        },
        { name: "migrations that stay", lines: check ? [] : stayingMigrations(totals) },
        { name: "failures", lines: failureSection(parts.failures, { rolledBack: status === "rolled-back" }) },
        { name: "rolled back", lines: rolledBackSection(hosts) },
        { name: "facts", lines: summary_facts(parts) },
        { name: "printed", lines: printedSection(parts.printed) },
        { name: "prediction", lines: check ? predictionSection(totals) : [] },
        { name: "status", lines: [...statusSection(totals), ...serviceSection(totals)] },
        // What was found of each host has a table of its own.
        { name: "hosts", lines: failed || Object.keys(totals.hostStatus).length === 0 ? hostSection(hosts, check) : [] },
        { name: "migrations", lines: check ? [] : migrations(totals) },
        { name: "warnings", lines: warnings(totals) },
        { name: "changes by host", lines: check ? changeSection(events) : [] },
        // A check is no deploy: how long it took says nothing of one.
        { name: "timeline", lines: check ? [] : timelineSection(events) },
        { name: "slowest tasks", lines: check ? [] : slowest(events) },
        { name: "foot", lines: foot(parts) },
    ];
    return withinLimit(sections, GIVEN_UP, limit);
}
/** A status that found problems did what it is for; a check mark would say that all is well. */
function iconOf({ status, totals }) {
    const problems = Object.values(totals.hostStatus).some((host) => (host.problems ?? []).length > 0);
    return status === "succeeded" && problems ? "⚠️" : summary_ICONS[status];
}
/** What ended the run where no task of a host did. */
function early({ error, failures }) {
    return error === "" || failures.length > 0 ? [] : [safe(error), ""];
}
/** What matters most after a failure that moved no traffic. A rollback has its words in the headline. */
function untouched({ status, check, events, totals }, hosts) {
    if (status !== "failed" || check || !deploys(totals))
        return [];
    if (events.some((event) => event.event === "result" && switches(event)))
        return [];
    return hosts.every(({ serves, before }) => before !== "" && serves === before)
        ? ["Traffic has not moved: every host runs the release that was live before.", ""]
        : [];
}
/** The end of what a command or the logs printed; the rest is in the log and in the output. */
function printedSection(printed) {
    const lines = printed.trimEnd().split("\n");
    const end = lines.slice(-MOST_LINES).join("\n").slice(-summary_MOST_CHARACTERS);
    if (end === "")
        return [];
    const title = lines.length > MOST_LINES ? `What was printed, the last ${MOST_LINES} lines` : "What was printed";
    return details(title, [preformatted(end)]);
}
function summary_facts({ status, release, previousRelease, url, check, links, totals }) {
    // After a failure the hosts may differ: their table tells.
    const whole = status === "succeeded";
    const rows = [
        [check ? "Would be live" : "Live release", whole ? release : ""],
        [check ? "Live now" : "Before", whole && previousRelease !== release ? previousRelease : ""],
        ["Dump", totals.deploy.dump ?? ""],
        ["Address", url],
    ];
    const given = rows.filter(([, value]) => value !== "");
    const facts = given.map(([name, value]) => `${name} ${/^https?:\/\/[\w.:-]+\/?$/.test(value) ? `<${value}>` : code(value)}`);
    return [facts, links].flatMap((some) => (some.length === 0 ? [] : [some.join(" · "), ""]));
}
/** What a rollback leaves in the database comes before all else: the next decision depends on it. */
function stayingMigrations({ deploy, keptOld }) {
    const names = (deploy.migrations ?? []).map(code);
    if (!keptOld || names.length === 0)
        return [];
    const what = `⚠️ **${count(names.length, "migration")} of the failed release ${names.length === 1 ? "stays" : "stay"} applied**`;
    return [`${what}, and the older code runs on the newer schema: ${enumeration(names, MOST_MIGRATIONS)}.`, ""];
}
function migrations({ deploy, keptOld }) {
    const names = (deploy.migrations ?? []).map(code);
    if (names.length === 0 || (keptOld && names.length <= MOST_MIGRATIONS))
        return [];
    if (names.length <= MOST_MIGRATIONS)
        return [`**Migrations applied:** ${names.join(", ")}`, ""];
    return details(`${names.length} migrations applied`, [names.join(", ")]);
}
function warnings({ deploy }) {
    const list = deploy.warnings ?? [];
    const more = list.length - MOST_WARNINGS;
    const lines = list.slice(0, MOST_WARNINGS).map((text) => `- ⚠️ ${safe(shortened(text))}`);
    if (list.length === 0)
        return [];
    return [
        "#### Warnings",
        "",
        ...lines,
        ...(more > 0 ? [`- … and ${count(more, "warning")} more, in the log`] : []),
        "",
    ];
}
function shortened(text) {
    return text.length > 500 ? `${text.slice(0, 500)} …` : text;
}
function timelineSection(events) {
    const courses = coursesOf(events);
    const chart = timeline(courses);
    const hidden = hiddenHosts(courses);
    if (chart === "")
        return [];
    const notes = [
        ...(courses.some(({ switched }) => switched !== undefined)
            ? ["◆ is the moment at which traffic moved to the new release."]
            : []),
        ...(courses.some(({ returned }) => returned !== undefined) ? ["A red ◆ is its rollback."] : []),
        ...(hidden > 0 ? [`The timeline leaves ${count(hidden, "host")} out.`] : []),
    ];
    // Not in a part that opens by a click: a chart that is drawn while hidden has no width.
    return [
        "#### Timeline",
        "",
        ...fenced("mermaid", chart),
        ...(notes.length > 0 ? [`<sub>${notes.join(" ")}</sub>`, ""] : []),
    ];
}
function slowest(events) {
    const rows = slowestTasks(events).map((task) => [
        safe(taskName(task)),
        seconds(task.seconds),
        code(task.host),
        String(task.hosts),
    ]);
    // One alone is no comparison.
    return rows.length < 2
        ? []
        : details("Slowest tasks", table(["task", "took", "slowest host", "hosts that ran it"], "lrlr", rows));
}
function foot({ ansibleVersion, durationSeconds }) {
    const version = ansibleVersion === "" ? [] : [`ansible-core ${safe(ansibleVersion)}`];
    return [`<sub>${[...version, seconds(durationSeconds)].join(", ")}</sub>`];
}

;// CONCATENATED MODULE: ./lib/report/verdict.js




/** The run in one line: what, where, from which revision to which, how many hosts, how long. For summary and log. */
function verdict(parts, totals) {
    const what = subject(parts);
    const where = totals.hosts.length === 0 ? "" : ` on ${enumeration(totals.hosts)}`;
    const moved = revisions(parts, totals);
    const failed = `failed${parts.phase === "" ? "" : ` in “${parts.phase}”`}`;
    const then = (end) => `${what}${where}${moved === "" ? " " : `${moved}, `}${end}`;
    const head = {
        succeeded: `${what}${where}${moved}`,
        failed: then(failed),
        "rolled-back": `${what}${where} rolled back${rolledBack(parts, totals, failed)}`,
        cancelled: then("was cancelled"),
    }[parts.status];
    return `${head}: ${[...verdict_counts(totals, parts), `in ${seconds(parts.durationSeconds)}`].join(", ")}`;
}
/**
 * What is about to be done, in one line at the top of the log: what, which commit, on which hosts.
 *
 * @param revision the commit that is checked out; undefined when there is none.
 */
function intent(inputs, revision) {
    const { inventoryFiles, hosts, limit, source } = inputs;
    const uploads = inputs.playbook === "" && OPERATIONS[inputs.operation].uploads && source !== "git";
    const asked = inputs.playbook === "" && inputs.revision !== "" ? inputs.revision : undefined;
    const what = uploads ? verdict_short(revision) : asked;
    const named = inventoryFiles.length > 0 ? enumeration(inventoryFiles) : "the input inventory";
    return [
        subject({ inputs, app: inputs.appName }),
        ...(what === undefined ? [] : [`${uploads ? "commit " : ""}${what}`]),
        `hosts of ${hosts === "" ? named : "the input hosts"}${limit === "" ? "" : ` within ${(0,errors/* quoted */.TL)(limit)}`}`,
    ].join(", ");
}
function subject({ inputs, app }) {
    if (inputs.playbook !== "")
        return inputs.check ? `Check of ${inputs.playbook}` : inputs.playbook;
    const of = app === "" ? "" : ` of ${app}`;
    if (inputs.check)
        return `Check${of}`;
    return `${OPERATIONS[inputs.operation].headline}${of}`;
}
const verdict_short = (revision) => revision?.slice(0, 7);
/** ` to 0123456, since 89abcde failed in “Activate”`: what is live now, and what is not. No arrow, which would say that it went there. */
function rolledBack({ inputs }, { deploy }, failed) {
    const [from, to] = [verdict_short(deploy.previous_revision), verdict_short(deploy.target_revision)];
    if (from === undefined || to === undefined || from === to)
        return `, since it ${failed}`;
    return ` to ${from}, since ${inputs.operation === "rollback" ? "the rollback to " : ""}${to} ${failed}`;
}
/** `, 0123456 → 89abcde`. */
function revisions({ inputs }, { deploy }) {
    const [from, to] = [verdict_short(deploy.previous_revision), verdict_short(deploy.target_revision ?? deploy.revision)];
    if (!OPERATIONS[inputs.operation].tellsRevisions || to === undefined)
        return "";
    if (from === undefined)
        return `, ${to}`;
    return from === to ? `, ${to} as before` : `, ${from} → ${to}`;
}
/** How many hosts, and what became of them: what is zero is left out, but not that nothing changed. */
function verdict_counts(totals, { inputs, status }) {
    if (totals.hosts.length === 0)
        return ["no host took part"];
    const changed = `${totals.changed.length} ${inputs.check ? "would change" : "changed"}`;
    const looks = inputs.playbook === "" && !OPERATIONS[inputs.operation].changesHosts && totals.changed.length === 0;
    const found = Object.values(totals.hostStatus);
    return [
        count(totals.hosts.length, "host"),
        // What was changed and changed back is no news, nor that what only looks changed nothing.
        ...(status === "rolled-back" || looks ? [] : [changed]),
        ...(found.length > 0 ? [problemCount(found.flatMap(({ problems = [] }) => problems))] : []),
        ...(totals.failed.length > 0 ? [`${totals.failed.length} failed`] : []),
        ...(totals.unreachable.length > 0 ? [`${totals.unreachable.length} unreachable`] : []),
    ];
}

;// CONCATENATED MODULE: ./lib/report/publish.js














/** Bytes of the summary file: GitHub refuses a comment of more than 65,536 characters. */
const COMMENT_LIMIT = 60_000;
/** Sets the outputs and writes summary and annotations. Warns where that fails: a report never decides a deploy. */
function publish(outcome, parts) {
    const line = attempt("The verdict was not written", () => parts.redact(verdictOf(outcome, parts))) ?? "";
    (0,announce/* tell */.qz)(outcome.status === "succeeded" ? `\u001b[1;32m${line}\u001b[0m` : `\u001b[1;31m${line}\u001b[0m`);
    const summaryFile = attempt("The summary file was not written", () => writeForLater("summary", ".md", summaryOf(outcome, parts, COMMENT_LIMIT))) ?? "";
    const outputFile = outcome.printed === ""
        ? ""
        : (attempt("The output file was not written", () => writeForLater("output", ".txt", outcome.printed)) ?? "");
    attempt("The outputs were not set", () => setOutputs(outputsOf({
        status: outcome.status,
        totals: outcome.totals,
        printed: outcome.printed,
        outputFile,
        summaryFile,
        ansibleVersion: parts.ansibleVersion,
        durationSeconds: parts.durationSeconds,
        timings: timingsOf(parts.marks, outcome.events),
    })));
    attempt("The annotations were not written", () => annotateFailures(outcome, parts));
    const summary = process.env.GITHUB_STEP_SUMMARY;
    if (!parts.summary || !summary)
        return;
    // Steps before may have written there too.
    attempt("The job summary was not written", () => (0,external_node_fs_.appendFileSync)(summary, summaryOf(outcome, parts)));
}
function summaryOf(outcome, parts, limit) {
    const { status, totals, events, failures, error } = outcome;
    const outputs = outputsOf({ ...outcome, ...parts, summaryFile: "", timings: timingsOf(parts.marks, events) });
    const markdown = summaryMarkdown({
        verdict: verdictOf(outcome, parts),
        check: parts.inputs.check,
        release: outputs.release,
        previousRelease: outputs["previous-release"],
        url: outputs.url,
        links: jobLinks(jobFacts(process.env), {
            from: totals.deploy.previous_revision ?? "",
            to: totals.deploy.target_revision ?? totals.deploy.revision ?? "",
            live: wentLive(outcome, parts),
        }),
        ansibleVersion: parts.ansibleVersion,
        durationSeconds: parts.durationSeconds,
        ...{ status, totals, events, failures, error, printed: outcome.printed },
    }, limit);
    return parts.redact(markdown);
}
/** Whether this deploy's release is live somewhere. Else a rollback would take away the release that was live before it. */
function wentLive({ status, totals }, { inputs }) {
    if (inputs.check || inputs.operation !== "deploy")
        return false;
    return status === "succeeded" || totals.wentOn.length > 0;
}
function jobFacts(env) {
    const button = (0,external_node_path_.join)(env.GITHUB_WORKSPACE ?? "", ".github/workflows/rollback.yml");
    return {
        server: env.GITHUB_SERVER_URL ?? "",
        repository: env.GITHUB_REPOSITORY ?? "",
        run: env.GITHUB_RUN_ID ?? "",
        actor: env.GITHUB_ACTOR ?? "",
        rollbackWorkflow: (0,external_node_fs_.existsSync)(button) ? "rollback.yml" : "",
    };
}
function verdictOf({ status, totals, events }, { inputs, durationSeconds }) {
    const app = totals.deploy.app ?? (inputs.appName || appNameOf(process.env.GITHUB_REPOSITORY ?? ""));
    const phase = failedPhase(coursesOf(events));
    return verdict({ status, inputs, app, phase, durationSeconds }, totals);
}
/** Outside the private folder, since later steps read it. */
function writeForLater(name, extension, text) {
    const file = (0,external_node_path_.join)(process.env.RUNNER_TEMP || (0,external_node_os_.tmpdir)(), `deploy-${name}-${(0,external_node_crypto_.randomUUID)()}${extension}`);
    (0,external_node_fs_.writeFileSync)(file, text, { flag: "wx", mode: 0o600 });
    return file;
}
function annotateFailures({ status, error, totals, failures, blamed }, { inputs, redact }) {
    const { workingDirectory } = inputs;
    const repository = { workspace: process.env.GITHUB_WORKSPACE ?? "", workingDirectory, exists: external_node_fs_.existsSync };
    for (const { message, ...properties } of annotationsOf(failures, repository)) {
        (0,announce/* annotate */.fz)(redact(message), { ...properties, title: redact(properties.title) });
    }
    if (blamed !== undefined)
        (0,announce/* annotate */.fz)(redact(error), placeIn(blamed, repository.workspace));
    if (status === "succeeded" && totals.hosts.length === 0) {
        (0,announce/* warn */.R8)("No host took part: the inventory has none that the playbook's plays are for.");
    }
    const warnings = totals.deploy.warnings ?? [];
    for (const warning of warnings.slice(0, MOST_ANNOTATIONS))
        (0,announce/* warn */.R8)(redact(warning));
    for (const warning of warnings.slice(MOST_ANNOTATIONS))
        (0,announce/* tell */.qz)(`Warning: ${redact(warning)}`);
}
function attempt(problem, action) {
    try {
        return action();
    }
    catch (error) {
        (0,announce/* warn */.R8)(`${problem}: ${(0,errors/* messageOf */.bD)(error)}`);
        return undefined;
    }
}

// EXTERNAL MODULE: ./lib/secrets/common.js
var common = __webpack_require__(2180);
;// CONCATENATED MODULE: ./lib/secrets/url-passwords.js
/** The passwords of all URLs in a text: as they are written, decoded, and, where one holds a raw `@` or `/`, up to the last `@`. */
function passwordsInUrls(text) {
    const words = text.split(/[\s"'<>]/).flatMap((word) => {
        const start = word.indexOf("://");
        return start === -1 ? [] : [word.slice(start + 3)];
    });
    return [...new Set(words.flatMap(passwordsAfterScheme).flatMap((password) => [password, decoded(password)]))];
}
/** Of `user:password@host/path`: the password as the standard has it, and as it was perhaps meant. */
function passwordsAfterScheme(rest) {
    const colon = rest.search(/[:@/?#]/);
    if (rest.charAt(colon) !== ":")
        return [];
    const after = rest.slice(colon + 1);
    const end = after.search(/[@/?#]/);
    const last = after.lastIndexOf("@");
    // A port is no password, whatever follows it.
    if (last === -1 || /^\d{1,5}[/?#]/.test(after))
        return [];
    return [after.slice(0, last), ...(after.charAt(end) === "@" ? [after.slice(0, end)] : [])];
}
function decoded(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        return text;
    }
}

;// CONCATENATED MODULE: ./lib/secrets/in-text.js




/** Keys of variables whose value is a secret, or all values below it. */
const SECRET_KEY = /pass(wd|words?|phrases?)?$|secret|token|credential|private_?key|api_?key/i;
/** Keys below which each text is a secret, whatever it is called: environments, headers of requests, logins of registries. */
const SECRET_PLACE = /^(django_app_env|django_app_install_env|headers|auths?)$/i;
const isSecret = (key) => SECRET_KEY.test(key) || SECRET_PLACE.test(key);
/**
 * The secrets in variables or an inventory, YAML, JSON or INI: what stands at a key or at a place of secrets, and the
 * passwords of URLs. A text that is broken still yields what it may hold.
 */
function secretsOfText(text) {
    const { leaves, valid } = leavesOf(text);
    const found = [
        ...leaves.filter(({ tag, keys }) => tag !== "!vault" && keys.some(isSecret)).flatMap((leaf) => readings(leaf.text)),
        ...leaves.flatMap((leaf) => passwordsInUrls(leaf.text)),
        ...text.split(/\r?\n/).flatMap(secretsOfIniLine),
        ...(valid ? [] : secretsOfBroken(text.split(/\r?\n/))),
    ];
    return [...new Set(found)].filter((value) => !(0,common/* isTooCommon */.W)(value) && !isReference(value));
}
/** A template or an encrypted text is no secret itself. */
const isReference = (value) => /^(\{\{.*\}\}|\$ANSIBLE_VAULT;.*)$/s.test(value.trim());
/** A number in YAML is written anew by who reads it: `0123` becomes 83 or 123. */
function readings(text) {
    const number = Number(text);
    return Number.isFinite(number) ? [text, String(number)] : [text];
}
/** A line of INI: a host with words `key=value`, or in a section of variables one `key = value` up to the line's end. */
function secretsOfIniLine(line) {
    return [...wordsOf(line), line].flatMap((pair) => {
        const equals = pair.indexOf("=");
        const value = pair.slice(equals + 1).trim();
        const key = pair.slice(0, equals).trim();
        if (equals === -1 || /\s/.test(key))
            return [];
        return [...(isSecret(key) ? [value, unquoted(value)] : []), ...passwordsInUrls(value)];
    });
}
function wordsOf(line) {
    try {
        return splitArguments(line);
    }
    catch {
        return line.split(/\s/);
    }
}
const unquoted = (value) => value.replace(/^(["'])(.*)\1$/s, "$2");
/** Characters of a line that may be the value of one of its keys. */
const LONGEST_VALUE = 4_096;
/** What may be a secret in a text that is neither: all readings of the rest of a line, and the lines of a block below it. */
function secretsOfBroken(lines) {
    const found = [];
    let block = -1;
    for (const line of lines) {
        const indent = line.search(/\S/);
        if (block !== -1 && (indent === -1 || indent > block)) {
            found.push(line.trim());
            continue;
        }
        block = -1;
        for (const { 0: match, 1: key = "", index } of line.matchAll(/(?<![\w-])([A-Za-z_][\w-]{0,99})["']?\s{0,9}[:=]/g)) {
            if (!isSecret(key))
                continue;
            const rest = line
                .slice(index + match.length)
                .trim()
                .slice(0, LONGEST_VALUE);
            if (/^([|>!&].*)?$/.test(rest))
                block = indent;
            // A plain value ends at the line's end, at a comma or brace, or at a blank.
            found.push(unquoted(rest), unquoted(rest.split(/[,}]/)[0] ?? ""), unquoted(rest.split(/\s+/)[0] ?? ""));
        }
        found.push(...passwordsInUrls(line));
    }
    return found;
}

// EXTERNAL MODULE: ./lib/secrets/passwords.js
var secrets_passwords = __webpack_require__(2015);
;// CONCATENATED MODULE: ./lib/secrets/values.js









/**
 * Warnings for secrets that are not hidden, since hiding them would blank the log.
 *
 * @param becomePassword in plain text.
 */
function weakSecrets(inputs, becomePassword) {
    const secrets = [
        ["become-password", becomePassword],
        ["vault-password", inputs.vaultPassword],
        ["ssh-private-key-passphrase", inputs.sshPrivateKeyPassphrase],
        ["registry-password", inputs.registryPassword],
        ...Object.entries(inputs.vaultPasswords).map(([id, text]) => [`vault-passwords ${id}`, text]),
        // Not each value of env: most of those that are short are no secrets.
        ...Object.entries(inputs.env)
            .filter(([name]) => SECRET_KEY.test(name))
            .map(([name, text]) => [`env ${name}`, text]),
    ];
    return secrets
        .filter(([, text]) => text !== "" && (0,common/* isTooCommon */.W)(text))
        .map(([name]) => `${name} is so short or common that it is not hidden in the log: use eight or more characters.`);
}
/** Every secret text in the inputs, as given and as it is used. Never fails: it runs before the inputs are checked. */
function secretsIn(raw) {
    return [
        ...(0,secrets_passwords/* passwordsIn */.g)(raw),
        ...repaired(raw["ssh-private-key"]),
        ...secretsOfMapping(raw["vault-passwords"]),
        ...secretsOfEnv(raw.env),
        ...[raw.inventory, raw.vars].flatMap(secretsOfText),
        ...secretsOfArguments(raw["extra-args"]),
        ...passwordsInUrls(raw["python-packages"]),
    ].filter((text) => text.trim() !== "");
}
/** Keys in the form in which ssh and the log would show them. */
function repaired(key) {
    try {
        return repairKeys(key).keys;
    }
    catch {
        return [];
    }
}
/** Every value of a mapping of passwords. */
function secretsOfMapping(text) {
    const { leaves, valid } = leavesOf(text);
    // Where it is not valid, which is said later, all is hidden that could be a value.
    const lines = valid ? [] : text.split(/\r?\n/).map((line) => line.slice(line.indexOf(":") + 1).trim());
    return [...leaves.map((leaf) => (0,lib_text/* withoutLastLineEnds */.J7)(leaf.text)), ...lines];
}
function secretsOfEnv(text) {
    let values;
    try {
        values = Object.values(parseDotenv(text).values);
    }
    catch {
        // Likewise.
        values = text.split(/\r?\n/).map((line) => line.slice(line.indexOf("=") + 1).trim());
    }
    return [...values, ...values.flatMap(passwordsInUrls)].filter((value) => !(0,common/* isTooCommon */.W)(value));
}
function secretsOfArguments(text) {
    try {
        return splitArguments(text).flatMap(secretsOfText);
    }
    catch {
        return secretsOfText(text);
    }
}

;// CONCATENATED MODULE: ./lib/toolchain/galaxy.js







/**
 * Installs the roles and collections of a Galaxy requirements file, apart from those of the job. With exact versions they
 * are kept in the tool cache, by the file's content, so that the second time no network is needed; otherwise each run
 * fetches them anew.
 *
 * @throws DeployError when ansible-galaxy fails.
 */
async function installRequirements(parts) {
    if (parts.requirements === undefined)
        return undefined;
    const { path: file, text, content } = parts.requirements;
    const key = (0,external_node_crypto_.createHash)("sha256").update(`${parts.ansible.version}\n${text}`).digest("hex").slice(0, 16);
    const kept = (0,external_node_path_.join)(toolCacheRoot(parts.job), "django-ansible-deploy-galaxy", key);
    const isKept = isPinned(content);
    if (isKept && isComplete(kept))
        return foldersIn(kept);
    if (!isKept || !isWritable(kept)) {
        const folder = parts.folder.folder("galaxy");
        await install(file, folder, parts);
        return foldersIn(folder);
    }
    await createToolFolder(kept, async (work) => {
        await install(file, work, parts);
        return work;
    });
    return foldersIn(kept);
}
const foldersIn = (folder) => ({
    collections: (0,external_node_path_.join)(folder, "collections"),
    roles: (0,external_node_path_.join)(folder, "roles"),
});
/** Whether every role and collection has one version and comes from a server, so that the text says what will be there. */
function isPinned(content) {
    const lists = Array.isArray(content) ? [content] : isMapping(content) ? [content.roles, content.collections] : [];
    return lists
        .flatMap((list) => (Array.isArray(list) ? list : []))
        .every((entry) => {
        if (!isMapping(entry))
            return false;
        const { version, type, name, source, src } = entry;
        const isLocal = [name, source, src].some((place) => /^(\.{0,2}\/|file:)/.test(String(place ?? "")));
        return /^v?\d+\.\d\S*$|^[0-9a-f]{40}$/.test(String(version ?? "")) && type !== "dir" && !isLocal;
    });
}
async function install(file, folder, { project, ansible, job, signal }) {
    const { collections, roles } = foldersIn(folder);
    // The job's configuration stays in charge of servers and tokens; only the places are the action's.
    const env = jobEnvironment(job, {
        ANSIBLE_COLLECTIONS_PATH: collections,
        ANSIBLE_ROLES_PATH: roles,
        ANSIBLE_NOCOLOR: "true",
    });
    const argv = [ansible.python, "-P", "-m", "ansible", "galaxy", "install", "--role-file", file];
    const { code, stdout, stderr } = await run_run([...argv], { cwd: project, env, timeout: 600_000, signal, leashed: true });
    if (code !== 0)
        throw new errors/* DeployError */.sH(`requirements could not be installed: ${galaxy_lastError(`${stdout}\n${stderr}`)}.`);
}
function galaxy_lastError(output) {
    const lines = output.split("\n").map((line) => line.trim());
    const error = lines.find((line) => /^(\[?ERROR|fatal:)/.test(line)) ?? lines.findLast((line) => line !== "") ?? "";
    return (error
        .replace(/^\[?ERROR[\]!]?:?\s*/, "")
        .replace(/\.$/, "")
        .slice(0, 400) || "ansible-galaxy gave no reason");
}

;// CONCATENATED MODULE: ./lib/toolchain/package-index.js

/** Variables of uv that say where packages come from and whom to trust; no other one of the job's reaches uv. */
const package_index_KEPT = /^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)|FIND_LINKS|NO_INDEX|INSECURE_HOST|KEYRING_PROVIDER|HTTP_TIMEOUT|HTTP_RETRIES|SYSTEM_CERTS|NATIVE_TLS|OFFLINE|CONFIG_FILE|NO_CONFIG|PYTHON_INSTALL_MIRROR|PYTHON_DOWNLOADS_JSON_URL)$/;
/**
 * The environment for uv: the job's without its settings for Python, pip and uv, except where packages come from. What
 * only pip is told (by variable or pip.conf) is translated, so that a runner behind a mirror needs no second setting.
 *
 * @param pipConf settings of pip.conf files by option name, e.g. `index-url`.
 * @param uvHasConfig whether uv has a configuration file of its own on this machine, which then decides instead of pip.conf.
 */
function uvEnvironment(job, pipConf, uvHasConfig) {
    const result = {};
    for (const [name, value] of Object.entries(job)) {
        if (value === undefined)
            continue;
        const foreign = /^(UV|PIP|PYTHON|CONDA|VIRTUAL_ENV|INPUT|STATE|ACTIONS)(_|$)|^PYTHON/.test(name);
        if (!foreign || package_index_KEPT.test(name))
            result[name] = value;
    }
    const pip = (option) => job[`PIP_${option.toUpperCase().replaceAll("-", "_")}`] ?? (uvHasConfig ? undefined : pipConf.get(option));
    const translate = (names, value) => {
        if (value && !names.some((name) => result[name]))
            result[names[0]] = value;
    };
    translate(["UV_DEFAULT_INDEX", "UV_INDEX_URL"], pip("index-url"));
    translate(["UV_INDEX", "UV_EXTRA_INDEX_URL"], pip("extra-index-url")?.trim().split(/\s+/).join(" "));
    translate(["UV_FIND_LINKS"], pip("find-links")?.trim().split(/\s+/).join(","));
    translate(["UV_INSECURE_HOST"], pip("trusted-host")?.trim().split(/\s+/).join(" "));
    translate(["UV_NO_INDEX"], /^(1|true|yes|on)$/i.test(pip("no-index") ?? "") ? "true" : undefined);
    translate(["SSL_CERT_FILE"], pip("cert"));
    // The machine's own certificates.
    translate(["UV_SYSTEM_CERTS", "UV_NATIVE_TLS"], "true");
    return jobEnvironment(result);
}
/** The environment for pip: the job's, without what would change where `--target` installs to. */
function pipEnvironment(job) {
    const result = {};
    for (const [name, value] of Object.entries(job)) {
        const foreign = /^(PYTHONPATH|PYTHONHOME|PIP_(TARGET|PREFIX|ROOT|REQUIRE_HASHES|NO_BINARY|ONLY_BINARY|CONSTRAINT|REQUIREMENT)|(INPUT|STATE|ACTIONS)_.*)$/;
        if (value !== undefined && !foreign.test(name))
            result[name] = value;
    }
    return jobEnvironment(result, {
        PIP_USER: "0",
        PIP_REQUIRE_VIRTUALENV: "0",
        PIP_DISABLE_PIP_VERSION_CHECK: "1",
        PIP_NO_INPUT: "1",
        PIP_ROOT_USER_ACTION: "ignore",
    });
}
/** Options of a pip.conf: sections `global` and `install`, the latter winning, names with dashes. */
function parsePipConf(text) {
    const global = new Map();
    const install = new Map();
    let section;
    let key = "";
    for (const line of text.split(/\r?\n/)) {
        if (/^\s*([#;]|$)/.test(line))
            continue;
        const header = /^\[([^\]]+)\]/.exec(line);
        const pair = /^([\w-]+)\s*[=:](.*)$/s.exec(line);
        if (header)
            section = { global, install }[header[1] ?? ""];
        else if (/^\s/.test(line) && key)
            section?.set(key, `${section.get(key) ?? ""} ${line.trim()}`.trim());
        else if (pair) {
            key = (pair[1] ?? "").replaceAll("_", "-");
            section?.set(key, (pair[2] ?? "").trim());
        }
    }
    return new Map([...global, ...install]);
}

;// CONCATENATED MODULE: ./lib/toolchain/index-settings.js





/** The environment for uv on this machine: {@link uvEnvironment} with the machine's pip.conf files. */
function uvEnvironmentHere(job) {
    const home = (0,external_node_os_.homedir)();
    // pip's own order, from site to user; PIP_CONFIG_FILE comes last (pip documentation, "Configuration").
    const files = [
        "/etc/pip.conf",
        ...(job.XDG_CONFIG_DIRS ?? "/etc/xdg").split(":").map((folder) => (0,external_node_path_.join)(folder, "pip", "pip.conf")),
        (0,external_node_path_.join)(home, ".pip", "pip.conf"),
        (0,external_node_path_.join)(home, "Library", "Application Support", "pip", "pip.conf"),
        (0,external_node_path_.join)(job.XDG_CONFIG_HOME || (0,external_node_path_.join)(home, ".config"), "pip", "pip.conf"),
        job.PIP_CONFIG_FILE ?? "",
    ];
    const settings = new Map(files.flatMap((file) => [...parsePipConf(readable(file))]));
    const uvHasConfig = [(0,external_node_path_.join)(job.XDG_CONFIG_HOME || (0,external_node_path_.join)(home, ".config"), "uv", "uv.toml"), "/etc/uv/uv.toml"].some(external_node_fs_.existsSync);
    return uvEnvironment(job, settings, uvHasConfig);
}
function readable(file) {
    try {
        return file === "" ? "" : readText({ path: file, name: file });
    }
    catch {
        return "";
    }
}

;// CONCATENATED MODULE: ./lib/toolchain/python.js





const NAMES = ["python3.14", "python3.13", "python3.12", "python3", "python3.11", "python"];
const python_PROBE = [
    "import os, platform, sys",
    "base = getattr(sys, '_base_executable', None) or sys.executable",
    "print(platform.python_implementation(), *sys.version_info[:3], os.path.realpath(base), sys.executable, sep='\\t')",
].join("\n");
/**
 * Runs each candidate, all at once: a shim of a version manager may exist for a version that is not installed or not
 * selected.
 *
 * @returns in the order of the candidates; undefined for one that does not work.
 */
function probePythons(candidates, machine) {
    return candidates.map((candidate) => probe(candidate, machine));
}
/** Paths to try: every match on PATH of every name, since the first match may be the shim that fails. */
function pythonCandidates(path) {
    const seen = new Map();
    for (const name of NAMES) {
        for (const folder of path.split(external_node_path_.delimiter)) {
            const file = (0,external_node_path_.join)(folder, name);
            if (folder === "" || !isExecutable(file))
                continue;
            const real = (0,external_node_fs_.realpathSync)(file);
            if (!seen.has(real))
                seen.set(real, file);
        }
    }
    return [...seen.values()];
}
function isExecutable(file) {
    try {
        (0,external_node_fs_.accessSync)(file, external_node_fs_.constants.X_OK);
        return (0,external_node_fs_.statSync)(file).isFile();
    }
    catch {
        return false;
    }
}
async function probe(candidate, { environment, signal }) {
    const options = { env: helperEnvironment(environment), timeout: 10_000, signal };
    const { code, stdout } = await run_run([candidate, "-I", "-c", python_PROBE], options);
    const [kind, major, minor, patch, path, executable] = stdout.trim().split("\t");
    if (code !== 0 || kind !== "CPython" || !path?.startsWith("/") || !executable?.startsWith("/"))
        return undefined;
    return { path, executable, version: [Number(major), Number(minor), Number(patch)] };
}
/**
 * The interpreter to run Ansible with: the newest from 3.12 to 3.14, else 3.11, which gets the older ansible-core.
 *
 * @returns undefined when none will do.
 */
function preferredPython(pythons) {
    return pythons
        .filter(({ version: [major, minor] }) => major === 3 && minor >= 11 && minor <= 14)
        .sort((a, b) => b.version[1] - a.version[1] || b.version[2] - a.version[2])[0];
}
/** Interpreters that uv installed in an earlier run, newest folder first. */
async function installedPythons(folder, machine) {
    let names = [];
    try {
        names = entriesIn({ path: folder, name: "The tool cache" })
            .map(({ name }) => name)
            .filter((name) => name.startsWith("cpython-3."));
    }
    catch {
        return [];
    }
    const files = names.map((name) => (0,external_node_path_.join)(folder, name, "bin", "python3")).filter(isExecutable);
    return (await Promise.all(files.map((file) => probe(file, machine)))).filter((python) => python !== undefined);
}

;// CONCATENATED MODULE: ./lib/toolchain/packages.js







/** The version of Python that uv brings where the runner has none that will do. */
const BROUGHT_PYTHON = "3.13";
/**
 * Makes a virtual environment with Ansible in it.
 *
 * @param work an empty folder of the tool cache.
 * @returns the environment's folder, in `work`.
 * @throws DeployError when the packages cannot be had.
 */
async function installPackages(uv, python, { lockFile, ansibleVersion, pythonPackages }, work, { environment, signal }) {
    const venv = (0,external_node_path_.join)(work, "venv");
    // A cache of its own on the same file system: files are linked, not copied, and the job's cache stays untouched.
    const own = { UV_CACHE_DIR: (0,external_node_path_.join)(work, "cache"), UV_PYTHON_DOWNLOADS: "never" };
    const env = extended(uvEnvironmentHere(environment), own);
    const options = { cwd: work, env, timeout: 300_000, signal, leashed: true };
    const pip = (...args) => [
        ...[uv, "pip", "install", "--quiet", "--no-build", "--python", (0,external_node_path_.join)(venv, "bin", "python")],
        ...args,
    ];
    const locked = ["--require-hashes", "--no-deps", "--requirement", lockFile];
    const steps = [
        [uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", python.path, venv],
        ansibleVersion === "" ? pip(...locked) : pip(`ansible-core==${ansibleVersion}`, ...pythonPackages),
    ];
    if (ansibleVersion === "" && pythonPackages.length > 0) {
        steps.push(pip("--constraint", lockFile, "--no-verify-hashes", ...pythonPackages));
    }
    for (const step of steps) {
        const { code, stderr } = await run_run(step, options);
        signal?.throwIfAborted();
        if (code !== 0) {
            const inputs = step.includes(lockFile) && !step.includes("--constraint")
                ? ""
                : ` with ${wanted(ansibleVersion, pythonPackages)}`;
            throw new errors/* DeployError */.sH(`Ansible could not be installed${inputs}: ${packages_oneLine(stderr) || `uv ended with ${code}`}.`);
        }
    }
    return venv;
}
function wanted(ansibleVersion, pythonPackages) {
    return [
        ansibleVersion === "" ? "" : `ansible-version ${ansibleVersion}`,
        pythonPackages.length === 0 ? "" : `python-packages ${pythonPackages.join(", ")}`,
    ]
        .filter((part) => part !== "")
        .join(" and ");
}
/**
 * Has uv install an interpreter for a runner that has none that will do.
 *
 * @throws DeployError when it cannot be had.
 */
async function bringPython(uv, folder, machine) {
    const { environment, signal } = machine;
    const { code, stderr } = await run_run([uv, "python", "install", "--no-progress", "--no-bin", BROUGHT_PYTHON], {
        env: extended(uvEnvironmentHere(environment), { UV_PYTHON_INSTALL_DIR: folder }),
        timeout: 300_000,
        signal,
    });
    // What uv has unpacked so far, when it was ended.
    if (signal?.aborted)
        removeFolder((0,external_node_path_.join)(folder, ".temp"));
    signal?.throwIfAborted();
    const python = preferredPython(await installedPythons(folder, machine));
    if (python)
        return python;
    throw new errors/* DeployError */.sH(`The runner has no Python from 3.11 to 3.14, and uv could not bring one (${packages_oneLine(stderr) || `code ${code}`}): install Python 3.12 or newer, for example with actions/setup-python.`);
}
/** The gist of uv's error output: its lines joined, without decoration and warnings (of a setting's old name, for one). */
function packages_oneLine(stderr) {
    return stderr
        .split("\n")
        .map((line) => line.replace(/^\s*([×╰│├─▶error:>-]+\s)*/u, "").trim())
        .filter((line) => line !== "" && !line.startsWith("warning:"))
        .join(": ")
        .replace(/\.$/, "")
        .slice(0, 400);
}

;// CONCATENATED MODULE: ./lib/toolchain/store.js





/** Where the installed environments are, and which of them this machine used last for the same interpreters. */
class AnsibleStore {
    #root;
    #lock;
    #memo;
    /**
     * @param lock text of ansible.lock.
     * @param candidates interpreters on PATH; as long as these files are the same, so is the choice among them, and none
     *   has to be run.
     */
    constructor(cacheRoot, lock, candidates) {
        this.#root = (0,external_node_path_.join)(cacheRoot, "django-ansible-deploy-ansible");
        this.#lock = hash(lock);
        this.#memo = (0,external_node_path_.join)(this.#root, `${hash(lock, ...candidates.map(fingerprint))}.json`);
    }
    /** The environment of an earlier run with the same lock and interpreters; it may have stopped working since. */
    known() {
        try {
            const { python, version } = JSON.parse(readText({ path: this.#memo, name: "The tool cache" }));
            if (typeof python !== "string" || typeof version !== "string" || !python.startsWith(this.#root))
                return undefined;
            return isComplete((0,external_node_path_.join)(python, "..", "..")) ? { python, version } : undefined;
        }
        catch {
            return undefined;
        }
    }
    /** Whether this user may add to it. */
    isWritable() {
        return isWritable(this.#root);
    }
    remember({ python, version }) {
        if (!this.isWritable())
            return;
        (0,external_node_fs_.mkdirSync)(this.#root, { recursive: true });
        const fresh = `${this.#memo}.${(0,external_node_crypto_.randomUUID)()}`;
        (0,external_node_fs_.writeFileSync)(fresh, JSON.stringify({ python, version }));
        (0,external_node_fs_.renameSync)(fresh, this.#memo);
    }
    /** Whether no environment was ever made of this lock. */
    isEmpty() {
        return !entriesIn({ path: this.#root, name: "The tool cache" }).some(({ name }) => name.includes(`-${this.#lock}-`));
    }
    /** The folder for an interpreter: packages and interpreter make an environment what it is. */
    place(version, python) {
        const key = hash(python.path, python.version.join("."));
        return { folder: (0,external_node_path_.join)(this.#root, `${version}-${this.#lock}-${key}`, process.arch), version };
    }
}
function hash(...parts) {
    return (0,external_node_crypto_.createHash)("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);
}
function fingerprint(file) {
    const { mtimeMs, size } = (0,external_node_fs_.statSync)(file);
    return [file, (0,external_node_fs_.realpathSync)(file), mtimeMs, size].join(" ");
}

;// CONCATENATED MODULE: ./lib/toolchain/uv-release.js
/** The uv that the action brings when the runner has none. `npm run lock` reads it for uv-requirements.lock. */
const UV_VERSION = "0.12.5";
/** The oldest uv on PATH that knows every flag and variable used here (`UV_SYSTEM_CERTS`). */
const UV_MINIMUM = "0.11.0";
const ARCHIVES = {
    "darwin-arm64": ["aarch64-apple-darwin", "5bb0e5fe008a773c3dbcb97ff79cd89e1241464fe9d2f986d52ad8f1b037bd62"],
    "darwin-x64": ["x86_64-apple-darwin", "b3b2137477cf96c9686ebfb71524614cec780c673fd73e59bce099aef02e70e8"],
    "linux-arm64": ["aarch64-unknown-linux-gnu", "9bf43b4d1a07665bf64d4c4e710930b382321a785e0eb10aac07f46471f86a31"],
    "linux-x64": ["x86_64-unknown-linux-gnu", "68a509da24b06b4223a1c0175fb5eb5bc79342b76cbeff0cfe51ac3f5b17b6b2"],
};
/**
 * The archive for a platform of Node (`process.platform`, `process.arch`).
 *
 * @returns undefined where uv publishes none that the action pins.
 */
function uvArchive(platform, arch) {
    const found = ARCHIVES[`${platform}-${arch}`];
    if (!found)
        return undefined;
    const [triple, sha256] = found;
    return { triple, sha256, url: `https://github.com/astral-sh/uv/releases/download/${UV_VERSION}/uv-${triple}.tar.gz` };
}
/** Whether `uv --version` text names a version the action can use. */
function isUsableUv(versionText) {
    const match = /^uv (\d+)\.(\d+)\.(\d+)/.exec(versionText);
    if (!match)
        return false;
    const found = match.slice(1, 4).map(Number);
    const minimum = UV_MINIMUM.split(".").map(Number);
    for (const [index, part] of found.entries()) {
        const least = minimum[index] ?? 0;
        if (part !== least)
            return part > least;
    }
    return true;
}

;// CONCATENATED MODULE: ./lib/toolchain/uv.js











/**
 * Path of a usable uv: on PATH, in the tool cache, or fetched once: by pip, which follows the machine's own package
 * index, else from uv's releases. Both are pinned by hash.
 *
 * @throws DeployError when there is no way to get it.
 */
async function findUv(sources) {
    const { environment, arch, signal } = sources.machine;
    const onPath = await run_run(["uv", "--version"], { env: helperEnvironment(environment), timeout: 30_000, signal });
    if (onPath.code === 0 && isUsableUv(onPath.stdout))
        return "uv";
    const folder = (0,external_node_path_.join)(sources.cacheRoot, "django-ansible-deploy-uv", UV_VERSION, arch);
    const uv = (0,external_node_path_.join)(folder, "uv");
    if (isComplete(folder) && (0,external_node_fs_.existsSync)(uv))
        return uv;
    const problems = [];
    await createToolFolder(folder, async (work) => {
        const made = (await withPip(sources, work, problems)) ?? (await withArchive(sources, work, problems));
        if (made === undefined) {
            throw new errors/* DeployError */.sH(`uv, which installs Ansible, is not on PATH and could not be fetched (${problems.join("; ")}): install uv ${UV_VERSION} or pip on the runner.`);
        }
        return made;
    });
    return uv;
}
async function withPip(sources, work, problems) {
    const target = (0,external_node_path_.join)(work, "pip");
    const tried = new Set();
    for (const probe of sources.pythons) {
        const executable = (await probe)?.executable;
        if (executable === undefined || tried.has(executable))
            continue;
        tried.add(executable);
        const { code, stderr } = await run_run([
            executable,
            ...[
                "-m",
                "pip",
                "install",
                "--quiet",
                "--target",
                target,
                "--no-deps",
                "--only-binary",
                ":all:",
                "--no-compile",
            ],
            ...["--no-cache-dir", "--require-hashes", "--requirement", sources.requirements],
        ], {
            cwd: work,
            // pip unpacks in TMPDIR and moves: on the same file system that is a rename.
            env: extended(pipEnvironment(sources.machine.environment), { TMPDIR: work }),
            timeout: 180_000,
            signal: sources.machine.signal,
        });
        const uv = (0,external_node_path_.join)(target, "bin", "uv");
        if (code === 0 && (0,external_node_fs_.existsSync)(uv))
            return alone(uv);
        const cause = /No module named pip\b/.test(stderr)
            ? "no pip"
            : (stderr.trim().split("\n").at(-1) ?? `code ${code}`);
        problems.push(`${executable}: ${cause}`);
    }
    return undefined;
}
async function withArchive(sources, work, problems) {
    const { platform, arch, signal } = sources.machine;
    const archive = uvArchive(platform, arch);
    if (!archive) {
        problems.push(`no release of uv is pinned for ${platform} ${arch}`);
        return undefined;
    }
    signal?.throwIfAborted();
    try {
        return alone(await sources.fetchArchive(archive, work, sources.machine));
    }
    catch (error) {
        if (error instanceof errors/* DeployError */.sH || signal?.aborted)
            throw error;
        problems.push(`its release could not be downloaded: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
    }
}
/** Moves uv's program into a folder of its own, which is what is kept. */
function alone(uv) {
    (0,external_node_fs_.chmodSync)(uv, 0o755);
    const folder = (0,external_node_path_.join)((0,external_node_path_.dirname)(uv), "..", "uv-only");
    // The folder `bin` or the unpacked one holds uvx too; keeping it whole saves a copy.
    (0,external_node_fs_.renameSync)((0,external_node_path_.dirname)(uv), folder);
    return folder;
}
/** uv's archives have about 25 MB. */
const MOST_ARCHIVE_BYTES = 256 * 1024 * 1024;
/**
 * Downloads a release archive, checks its hash and unpacks it.
 *
 * @throws DeployError when the hash is another one: then nothing else may be tried silently.
 */
async function fetchUvArchive(archive, work, { environment, signal }, download = downloadLater) {
    const file = await orStop(download(archive.url, (0,external_node_path_.join)(work, "uv.tar.gz")), signal);
    const sha256 = (0,external_node_crypto_.createHash)("sha256")
        .update(readBytes({ path: file, name: "The download of uv" }, MOST_ARCHIVE_BYTES))
        .digest("hex");
    if (sha256 !== archive.sha256) {
        throw new errors/* DeployError */.sH(`The download of uv ${UV_VERSION} has the SHA-256 ${sha256} and not ${archive.sha256}: it was changed on the way, so look at the proxy or mirror between.`);
    }
    const argv = ["tar", "-xzf", file, "-C", work];
    const { code, stderr } = await run_run(argv, { env: helperEnvironment(environment), timeout: 60_000, signal });
    if (code !== 0)
        throw new Error(`tar ended with ${code}: ${stderr.trim()}`);
    return (0,external_node_path_.join)(work, `uv-${archive.triple}`, "uv");
}
/** Rarely needed, and with an HTTP client of its own: it is loaded only then. */
const downloadLater = async (url, file) => (await __webpack_require__.e(/* import() */ 991).then(__webpack_require__.bind(__webpack_require__, 5991))).downloadTool(url, file);

;// CONCATENATED MODULE: ./lib/toolchain/install.js










/** Starts the Ansible of an earlier run, so that it loads while a run is looked at; undefined where there is none. */
function beginAnsible(actionRoot, wish, machine) {
    for (const root of rootsOf(machine)) {
        const known = storeIn(root, actionRoot, wish, machine).known();
        if (known !== undefined)
            return startAnsible(known.python, actionRoot, machine);
    }
    return undefined;
}
/**
 * Makes ansible-core ready, in the tool cache: the locked one, or the version and with the packages that the workflow
 * wants. The second time neither network nor uv is used. A tool cache that may not be written to is used where it has
 * what is needed; else Ansible is installed for this job alone.
 *
 * @param actionRoot folder of ansible.lock and uv-requirements.lock.
 * @param begun what {@link beginAnsible} started.
 * @throws DeployError when Python, uv or the packages cannot be had.
 */
async function ensureAnsible(actionRoot, wish, machine, begun) {
    const roots = rootsOf(machine);
    for (const root of roots) {
        const ansible = await ansibleIn(root, actionRoot, wish, machine, begun);
        if (ansible !== undefined)
            return ansible;
    }
    throw new errors/* DeployError */.sH(`Ansible has no place on this runner: its user may write neither to the tool cache nor to RUNNER_TEMP (${roots.join(", ")}), so make one of them writable.`);
}
function rootsOf({ environment }) {
    return [...new Set([toolCacheRoot(environment), temporaryTools(environment)])];
}
function lockOf(actionRoot) {
    return readText({ path: (0,external_node_path_.join)(actionRoot, "ansible.lock"), name: "The action's ansible.lock" });
}
function storeIn(root, actionRoot, wish, { environment }) {
    const wanted = [lockOf(actionRoot), wish.ansibleVersion, ...wish.pythonPackages].join("\n");
    return new AnsibleStore(root, wanted, pythonCandidates(environment.PATH ?? ""));
}
/** An installed Ansible, started; undefined where it does not work: its interpreter may be gone since, or a part of its files. */
async function started({ python, version }, actionRoot, machine, begun) {
    if (!(0,external_node_fs_.existsSync)(python))
        return undefined;
    const waiting = begun?.python === python ? begun : startAnsible(python, actionRoot, machine);
    if ((await waiting.version) === version)
        return waiting;
    waiting.end();
    return undefined;
}
/** Ansible in one place; undefined when it is not there and the place may not be written to. */
async function ansibleIn(root, actionRoot, wish, machine, begun) {
    const lockFile = (0,external_node_path_.join)(actionRoot, "ansible.lock");
    const lock = lockOf(actionRoot);
    const store = storeIn(root, actionRoot, wish, machine);
    const known = store.known();
    const first = known && (await started(known, actionRoot, machine, begun));
    if (known && first)
        return { ...known, waiting: first, cached: true };
    machine.signal?.throwIfAborted();
    const probes = probePythons(pythonCandidates(machine.environment.PATH ?? ""), machine);
    const pythonFolder = (0,external_node_path_.join)(root, "django-ansible-deploy-python");
    let fetching;
    const uv = () => {
        const requirements = (0,external_node_path_.join)(actionRoot, "uv-requirements.lock");
        fetching ??= findUv({
            ...{ machine, pythons: probes, cacheRoot: root, requirements, fetchArchive: fetchUvArchive },
        });
        return fetching;
    };
    try {
        // With an empty tool cache uv is needed for sure: its download need not wait for the slowest interpreter.
        if (store.isEmpty() && store.isWritable())
            uv().catch(() => undefined);
        const pythons = (await Promise.all(probes)).filter((python) => python !== undefined);
        const fitting = pythonsFor(wish.ansibleVersion, pythons);
        const environmentOf = (python) => {
            const { folder, version } = store.place(wish.ansibleVersion || lockedVersion(lock, python), python);
            return { folder, version, python: (0,external_node_path_.join)(folder, "bin", "python") };
        };
        const present = preferredPython(fitting) ?? preferredPython(await installedPythons(pythonFolder, machine));
        // An interpreter that did not answer since the run is to end is not missing.
        machine.signal?.throwIfAborted();
        const earlier = present && environmentOf(present);
        const other = earlier && isComplete(earlier.folder) ? await started(earlier, actionRoot, machine) : undefined;
        if (earlier && other) {
            store.remember(earlier);
            return { python: earlier.python, version: earlier.version, waiting: other, cached: true };
        }
        machine.signal?.throwIfAborted();
        if (!store.isWritable())
            return undefined;
        const python = present ?? (await bringPython(await uv(), pythonFolder, machine));
        const { folder, ...ansible } = environmentOf(python);
        const program = await uv();
        discardToolFolder(folder);
        await createToolFolder(folder, (work) => installPackages(program, python, { ...wish, lockFile }, work, machine));
        const waiting = await started(ansible, actionRoot, machine);
        if (waiting === undefined) {
            machine.signal?.throwIfAborted();
            throw new errors/* DeployError */.sH(`ansible-core ${ansible.version} was installed to ${folder} and does not start with ${python.path}.`);
        }
        store.remember(ansible);
        return { ...ansible, waiting, cached: false };
    }
    finally {
        // It clears up behind itself when it was ended.
        await fetching?.catch(() => undefined);
    }
}
/** The ansible-core that the lock has for an interpreter: it lists one for Python before 3.12 and one from there on. */
function lockedVersion(lock, python) {
    const old = python.version[1] < 12;
    for (const [, version = "", marker = ""] of lock.matchAll(/^ansible-core==([\w.]+) ; python_(?:full_)?version (<|>=) '3\.12'/gm)) {
        if ((marker === "<") === old)
            return version;
    }
    throw new errors/* DeployError */.sH("ansible.lock names no ansible-core: the action's copy is incomplete.");
}
/** Those interpreters that a wished version of ansible-core runs on: from 2.20 on it needs Python 3.12, from 2.22 on 3.13. */
function pythonsFor(ansibleVersion, pythons) {
    const minor = Number(ansibleVersion.split(".")[1] ?? 0);
    if (ansibleVersion === "")
        return [...pythons];
    const oldest = minor >= 22 ? 13 : 12;
    return pythons.filter(({ version }) => (minor >= 20 ? version[1] >= oldest : version[1] <= 13));
}

;// CONCATENATED MODULE: ./lib/toolchain/machine.js

function thisMachine(environment, signal) {
    return { environment, platform: process.platform, arch: process.arch, signal };
}
/**
 * Refuses a platform that Ansible cannot run on.
 *
 * @throws DeployError.
 */
function requirePlatform(platform) {
    if (platform === "linux" || platform === "darwin")
        return;
    const name = platform === "win32" ? "Windows" : platform;
    throw new errors/* DeployError */.sH(`The job runs on ${name}, where Ansible does not run: use a Linux or macOS runner, such as runs-on: ubuntu-latest.`);
}

;// CONCATENATED MODULE: ./lib/vault/become-password.js







/** Longer texts are no path. */
const LONGEST_PATH = 4096;
/**
 * The become password: the input as it is, or what the vault text holds that it is, or that the file holds that it names.
 *
 * @throws DeployError when no vault password opens the text.
 */
async function becomePassword(inputs, ground) {
    const given = inputs.becomePassword;
    const fromFile = vaultFileText(given, ground);
    const text = fromFile ?? given;
    if (!isVault(text.trimStart()))
        return given;
    const name = fromFile === undefined ? "become-password" : `The file ${given}, which become-password names,`;
    const passwords = passwordsOf(inputs);
    if (passwords.length === 0) {
        throw new errors/* DeployError */.sH(`${name} is encrypted with ansible-vault and ${missing("vault-password", inputs)}.`);
    }
    const plain = await decryptVault(text.trimStart(), passwords);
    if (plain !== undefined) {
        const held = (0,lib_text/* withoutLastLineEnds */.J7)(plain);
        if (held === "" || /[\r\n]/.test(held))
            throw new errors/* DeployError */.sH(`${name} holds no password of one line: encrypt the password alone.`);
        return held;
    }
    const id = vaultIdOf(text.trimStart());
    throw new errors/* DeployError */.sH(`${name} is encrypted with ansible-vault${id === "" ? "" : ` (vault id "${id}")`} and no given vault password opens it: check vault-password and vault-passwords.`);
}
/** What the repository's file holds that the text names, when it is a vault; a text that names no such file is the password. */
function vaultFileText(text, { folder, workspace }) {
    if (text === "" || text.length > LONGEST_PATH || /[\0\r\n]/.test(text))
        return undefined;
    const path = (0,external_node_path_.resolve)(folder, text);
    if (!path.startsWith(`${folder}/`))
        return undefined;
    try {
        const held = readText({ path, name: "become-password", workspace });
        return isVault(held.trimStart()) ? held : undefined;
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/watchdog.js

/** Milliseconds from the signal to end a run to the watchdog's bite; GitHub kills a cancelled step after 10 s. */
const AFTER_STOP = 7_300;
/** Milliseconds that report and clean-up have. */
const AFTER_RUN = 20_000;
/** Sees to it that a run ends: by itself in its time, or by {@link Bite.end}. */
class Watchdog {
    #stop;
    #bite;
    #timer;
    #bitten = false;
    #hearAgain;
    constructor(stop, bite) {
        this.#stop = stop;
        this.#bite = bite;
        process.on("uncaughtException", this.#broken);
        process.on("unhandledRejection", this.#broken);
        // A runner that is gone cancels nothing any more, and gets no result.
        this.#hearAgain = (0,announce/* onUnheard */.Z)(() => stop.give("cancelled"));
        // Nothing is left that the run could wait for, and yet it has not ended.
        process.on("beforeExit", this.#end);
        stop.signal.addEventListener("abort", () => this.#within(AFTER_STOP), { once: true });
    }
    /** Ansible has ended: what is left is short. */
    finishing() {
        if (!this.#stop.signal.aborted)
            this.#within(AFTER_RUN);
    }
    /** The run has ended. */
    release() {
        clearTimeout(this.#timer);
        process.off("uncaughtException", this.#broken);
        process.off("unhandledRejection", this.#broken);
        process.off("beforeExit", this.#end);
        this.#hearAgain();
    }
    #broken = (error) => {
        this.#bite.noteBroken(error);
        this.#stop.give("broken");
    };
    #end = () => {
        if (this.#bitten)
            return;
        this.#bitten = true;
        this.#bite.end();
    };
    #within(milliseconds) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(this.#end, milliseconds);
    }
}

;// CONCATENATED MODULE: ./lib/deploy.js





































/** The folder of action.yml, seen from dist/main/index.js. GITHUB_ACTION_PATH may be that of a composite action around this one. */
const ACTION_ROOT = (0,external_node_path_.dirname)((0,external_node_path_.dirname)((0,external_node_path_.dirname)((0,external_node_url_.fileURLToPath)(import.meta.url))));
/** Milliseconds for finding out why hosts could not be reached. */
const EXPLAIN_LIMIT = 16_000;
/**
 * One deploy in three stages, each of which ends in an outcome whatever happens: prepare, play, explain.
 *
 * @param known takes note of the run as it goes; what its mask has already stays hidden.
 */
async function run(known, actionRoot = ACTION_ROOT) {
    const stop = new Stop();
    const watchdog = new Watchdog(stop, { noteBroken: known.noteBroken, end: () => endNow(known, stop.reason) });
    const outcome = await outcomeOfRun(actionRoot, known, stop);
    stop.settle();
    watchdog.finishing();
    // An Ansible that was not needed after all.
    killAll();
    // Secrets go before anything else is said or done.
    known.folder?.close();
    removeSecrets(known);
    publish(outcome, known.reportParts());
    await removeConnections(known);
    if (outcome.status !== "succeeded")
        (0,announce/* fail */.fJ)(known.mask.redact(outcome.error));
    watchdog.release();
    stop.release();
}
async function outcomeOfRun(actionRoot, known, stop) {
    let ready;
    let result;
    try {
        ready = await prepare(actionRoot, known, stop);
        known.mark("played");
        result = await play(ready.play);
        known.mark("ended");
    }
    catch (error) {
        known.outcome = earlyOutcome(known.mask.redact((0,errors/* messageOf */.bD)(error)), stop.reason, known.inputs);
        return known.outcome;
    }
    // A cancel from here on changes nothing of what has happened.
    const { reason } = stop;
    known.outcome = bareOutcome(result, reason, ready.inputs);
    for await (const better of explanations(ready, result, reason, stop.signal))
        known.outcome = better;
    return known.outcome;
}
/** Inputs, masked secrets, private folder, Ansible: all that can fail before a host is touched. */
async function prepare(actionRoot, known, stop) {
    const { mask } = known;
    const job = process.env;
    const inputs = loadInputs((raw) => mask.add(secretsIn(raw)));
    known.inputs = inputs;
    requirePlatform(process.platform);
    validateInputs(inputs);
    stop.after(inputs.timeoutMinutes);
    const machine = thisMachine(job, stop.signal);
    const begun = beginAnsible(actionRoot, inputs, machine);
    const empty = emptySecretsWarning(inputs);
    for (const warning of [empty, cutWarning(inputs.envCut)])
        if (warning !== "")
            (0,announce/* warn */.R8)(warning);
    const project = await stop.step((signal) => inspectProject(inputs, job.GITHUB_WORKSPACE || process.cwd(), job, signal));
    (0,announce/* tell */.qz)(`${intent(inputs, project.revision)}.`);
    for (const line of project.django?.told ?? [])
        (0,announce/* tell */.qz)(line);
    const brought = broughtWarning(inputs, project, job.GITHUB_EVENT_NAME);
    if (brought !== "")
        (0,announce/* warn */.R8)(brought);
    const folder = PrivateFolder.create();
    known.folder = folder;
    saveState("privateFolder", folder.path);
    const controlFolder = createControlFolder();
    known.controlFolder = controlFolder;
    saveState("controlFolder", controlFolder);
    const password = await stop.step(() => becomePassword(inputs, project));
    mask.add([password]);
    for (const warning of weakSecrets(inputs, password))
        (0,announce/* warn */.R8)(warning);
    const identity = await stop.step((signal) => prepareIdentity(inputs, folder, controlFolder, signal));
    tellTrust(inputs, identity);
    const files = writeRunFiles({ inputs, project, folder, job, actionRoot, identity, becomePassword: password });
    const sources = sourcesOf(project, files, inputs.extraArgs, folder.path, job);
    requireHostKeys(inputs, project, sources, job);
    const closed = await stop.step((signal) => closedVaults(inputs, project, sources, job, signal));
    requireOpenVaults(closed, EVERY_HOST, inputs, project);
    known.mark("looked");
    const ansible = await stop.step((signal) => ensureAnsible(actionRoot, inputs, { ...machine, signal }, begun));
    known.ansibleVersion = ansible.version;
    known.mark("ready");
    (0,announce/* tell */.qz)(`ansible-core ${ansible.version} ${ansible.cached ? "from the tool cache" : "installed"}.`);
    if (!ansible.python.startsWith(toolCacheRoot(job))) {
        (0,announce/* warn */.R8)("The runner's tool cache may not be written to: each job installs Ansible anew.");
    }
    const { requirements } = project;
    const galaxy = await stop.step((signal) => installRequirements({ requirements, project: project.folder, ansible, folder, job, signal }));
    const prepared = preparePlay({
        ...{ inputs, project, files, identity, folder, controlFolder, ansible, galaxy, actionRoot },
        ...{ redact: mask.redact, signal: stop.signal },
    });
    if (closed.length > 0) {
        requireOpenVaults(closed, await stop.step(() => participantsOf(prepared)), inputs, project);
    }
    return { inputs, play: prepared, identity, closed: sentences(closed, inputs, project) };
}
/** What happened in words, better and better. Where that fails, what is known already holds. */
async function* explanations({ inputs, play: prepared, identity, closed }, result, reason, stopped) {
    try {
        yield outcomeOf(result, reason, { inputs, causes: new Map(), closed });
        if (reason !== undefined)
            return;
        const signal = AbortSignal.any([stopped, AbortSignal.timeout(EXPLAIN_LIMIT)]);
        const causes = await orStop(unreachableCauses(prepared, identity, result.events), signal);
        if (causes.size > 0)
            yield outcomeOf(result, reason, { inputs, causes, closed });
    }
    catch (error) {
        if (!stopped.aborted)
            (0,announce/* warn */.R8)(prepared.redact(`The cause was not found out: ${(0,errors/* messageOf */.bD)(error)}`));
    }
}


/***/ })

};
