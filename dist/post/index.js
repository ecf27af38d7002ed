import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "os"
const external_os_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("os");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/utils.js
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */
/**
 * Sanitizes an input into a string so it can be passed into issueCommand safely
 * @param input input to sanitize into a string
 */
function utils_toCommandValue(input) {
    if (input === null || input === undefined) {
        return '';
    }
    else if (typeof input === 'string' || input instanceof String) {
        return input;
    }
    return JSON.stringify(input);
}
/**
 *
 * @param annotationProperties
 * @returns The command properties to send with the actual annotation command
 * See IssueCommandProperties: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs#L646
 */
function utils_toCommandProperties(annotationProperties) {
    if (!Object.keys(annotationProperties).length) {
        return {};
    }
    return {
        title: annotationProperties.title,
        file: annotationProperties.file,
        line: annotationProperties.startLine,
        endLine: annotationProperties.endLine,
        col: annotationProperties.startColumn,
        endColumn: annotationProperties.endColumn
    };
}
//# sourceMappingURL=utils.js.map
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/command.js


/**
 * Issues a command to the GitHub Actions runner
 *
 * @param command - The command name to issue
 * @param properties - Additional properties for the command (key-value pairs)
 * @param message - The message to include with the command
 * @remarks
 * This function outputs a specially formatted string to stdout that the Actions
 * runner interprets as a command. These commands can control workflow behavior,
 * set outputs, create annotations, mask values, and more.
 *
 * Command Format:
 *   ::name key=value,key=value::message
 *
 * @example
 * ```typescript
 * // Issue a warning annotation
 * issueCommand('warning', {}, 'This is a warning message');
 * // Output: ::warning::This is a warning message
 *
 * // Set an environment variable
 * issueCommand('set-env', { name: 'MY_VAR' }, 'some value');
 * // Output: ::set-env name=MY_VAR::some value
 *
 * // Add a secret mask
 * issueCommand('add-mask', {}, 'secretValue123');
 * // Output: ::add-mask::secretValue123
 * ```
 *
 * @internal
 * This is an internal utility function that powers the public API functions
 * such as setSecret, warning, error, and exportVariable.
 */
function command_issueCommand(command, properties, message) {
    const cmd = new Command(command, properties, message);
    process.stdout.write(cmd.toString() + external_os_namespaceObject.EOL);
}
function command_issue(name, message = '') {
    command_issueCommand(name, {}, message);
}
const CMD_STRING = '::';
class Command {
    constructor(command, properties, message) {
        if (!command) {
            command = 'missing.command';
        }
        this.command = command;
        this.properties = properties;
        this.message = message;
    }
    toString() {
        let cmdStr = CMD_STRING + this.command;
        if (this.properties && Object.keys(this.properties).length > 0) {
            cmdStr += ' ';
            let first = true;
            for (const key in this.properties) {
                if (this.properties.hasOwnProperty(key)) {
                    const val = this.properties[key];
                    if (val) {
                        if (first) {
                            first = false;
                        }
                        else {
                            cmdStr += ',';
                        }
                        cmdStr += `${key}=${escapeProperty(val)}`;
                    }
                }
            }
        }
        cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
        return cmdStr;
    }
}
function escapeData(s) {
    return utils_toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A');
}
function escapeProperty(s) {
    return utils_toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A')
        .replace(/:/g, '%3A')
        .replace(/,/g, '%2C');
}
//# sourceMappingURL=command.js.map
;// CONCATENATED MODULE: external "fs"
const external_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("fs");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/file-command.js
// For internal use, subject to change.
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */




function file_command_issueFileCommand(command, message) {
    const filePath = process.env[`GITHUB_${command}`];
    if (!filePath) {
        throw new Error(`Unable to find environment variable for file command ${command}`);
    }
    if (!fs.existsSync(filePath)) {
        throw new Error(`Missing file at path: ${filePath}`);
    }
    fs.appendFileSync(filePath, `${toCommandValue(message)}${os.EOL}`, {
        encoding: 'utf8'
    });
}
function file_command_prepareKeyValueMessage(key, value) {
    const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
    const convertedValue = toCommandValue(value);
    // These should realistically never happen, but just in case someone finds a
    // way to exploit uuid generation let's not allow keys or values that contain
    // the delimiter.
    if (key.includes(delimiter)) {
        throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
    }
    if (convertedValue.includes(delimiter)) {
        throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
    }
    return `${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`;
}
//# sourceMappingURL=file-command.js.map
;// CONCATENATED MODULE: external "path"
const external_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("path");
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/path-utils.js

/**
 * toPosixPath converts the given path to the posix form. On Windows, \\ will be
 * replaced with /.
 *
 * @param pth. Path to transform.
 * @return string Posix path.
 */
function toPosixPath(pth) {
    return pth.replace(/[\\]/g, '/');
}
/**
 * toWin32Path converts the given path to the win32 form. On Linux, / will be
 * replaced with \\.
 *
 * @param pth. Path to transform.
 * @return string Win32 path.
 */
function toWin32Path(pth) {
    return pth.replace(/[/]/g, '\\');
}
/**
 * toPlatformPath converts the given path to a platform-specific path. It does
 * this by replacing instances of / and \ with the platform-specific path
 * separator.
 *
 * @param pth The path to platformize.
 * @return string The platform-specific path.
 */
function toPlatformPath(pth) {
    return pth.replace(/[/\\]/g, path.sep);
}
//# sourceMappingURL=path-utils.js.map
;// CONCATENATED MODULE: ./lib/node_modules/@actions/core/lib/core.js
var __awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};






/**
 * The code to exit an action
 */
var ExitCode;
(function (ExitCode) {
    /**
     * A code indicating that the action was successful
     */
    ExitCode[ExitCode["Success"] = 0] = "Success";
    /**
     * A code indicating that the action was a failure
     */
    ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
//-----------------------------------------------------------------------
// Variables
//-----------------------------------------------------------------------
/**
 * Sets env variable for this action and future actions in the job
 * @param name the name of the variable to set
 * @param val the value of the variable. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function exportVariable(name, val) {
    const convertedVal = toCommandValue(val);
    process.env[name] = convertedVal;
    const filePath = process.env['GITHUB_ENV'] || '';
    if (filePath) {
        return issueFileCommand('ENV', prepareKeyValueMessage(name, val));
    }
    issueCommand('set-env', { name }, convertedVal);
}
/**
 * Registers a secret which will get masked from logs
 *
 * @param secret - Value of the secret to be masked
 * @remarks
 * This function instructs the Actions runner to mask the specified value in any
 * logs produced during the workflow run. Once registered, the secret value will
 * be replaced with asterisks (***) whenever it appears in console output, logs,
 * or error messages.
 *
 * This is useful for protecting sensitive information such as:
 * - API keys
 * - Access tokens
 * - Authentication credentials
 * - URL parameters containing signatures (SAS tokens)
 *
 * Note that masking only affects future logs; any previous appearances of the
 * secret in logs before calling this function will remain unmasked.
 *
 * @example
 * ```typescript
 * // Register an API token as a secret
 * const apiToken = "abc123xyz456";
 * setSecret(apiToken);
 *
 * // Now any logs containing this value will show *** instead
 * console.log(`Using token: ${apiToken}`); // Outputs: "Using token: ***"
 * ```
 */
function setSecret(secret) {
    issueCommand('add-mask', {}, secret);
}
/**
 * Prepends inputPath to the PATH (for this action and future actions)
 * @param inputPath
 */
function addPath(inputPath) {
    const filePath = process.env['GITHUB_PATH'] || '';
    if (filePath) {
        issueFileCommand('PATH', inputPath);
    }
    else {
        issueCommand('add-path', {}, inputPath);
    }
    process.env['PATH'] = `${inputPath}${path.delimiter}${process.env['PATH']}`;
}
/**
 * Gets the value of an input.
 * Unless trimWhitespace is set to false in InputOptions, the value is also trimmed.
 * Returns an empty string if the value is not defined.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string
 */
function getInput(name, options) {
    const val = process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] || '';
    if (options && options.required && !val) {
        throw new Error(`Input required and not supplied: ${name}`);
    }
    if (options && options.trimWhitespace === false) {
        return val;
    }
    return val.trim();
}
/**
 * Gets the values of an multiline input.  Each value is also trimmed.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string[]
 *
 */
function getMultilineInput(name, options) {
    const inputs = getInput(name, options)
        .split('\n')
        .filter(x => x !== '');
    if (options && options.trimWhitespace === false) {
        return inputs;
    }
    return inputs.map(input => input.trim());
}
/**
 * Gets the input value of the boolean type in the YAML 1.2 "core schema" specification.
 * Support boolean input list: `true | True | TRUE | false | False | FALSE` .
 * The return value is also in boolean type.
 * ref: https://yaml.org/spec/1.2/spec.html#id2804923
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   boolean
 */
function getBooleanInput(name, options) {
    const trueValue = ['true', 'True', 'TRUE'];
    const falseValue = ['false', 'False', 'FALSE'];
    const val = getInput(name, options);
    if (trueValue.includes(val))
        return true;
    if (falseValue.includes(val))
        return false;
    throw new TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${name}\n` +
        `Support boolean input list: \`true | True | TRUE | false | False | FALSE\``);
}
/**
 * Sets the value of an output.
 *
 * @param     name     name of the output to set
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function setOutput(name, value) {
    const filePath = process.env['GITHUB_OUTPUT'] || '';
    if (filePath) {
        return issueFileCommand('OUTPUT', prepareKeyValueMessage(name, value));
    }
    process.stdout.write(os.EOL);
    issueCommand('set-output', { name }, toCommandValue(value));
}
/**
 * Enables or disables the echoing of commands into stdout for the rest of the step.
 * Echoing is disabled by default if ACTIONS_STEP_DEBUG is not set.
 *
 */
function setCommandEcho(enabled) {
    issue('echo', enabled ? 'on' : 'off');
}
//-----------------------------------------------------------------------
// Results
//-----------------------------------------------------------------------
/**
 * Sets the action status to failed.
 * When the action exits it will be with an exit code of 1
 * @param message add error issue message
 */
function setFailed(message) {
    process.exitCode = ExitCode.Failure;
    error(message);
}
//-----------------------------------------------------------------------
// Logging Commands
//-----------------------------------------------------------------------
/**
 * Gets whether Actions Step Debug is on or not
 */
function isDebug() {
    return process.env['RUNNER_DEBUG'] === '1';
}
/**
 * Writes debug message to user log
 * @param message debug message
 */
function debug(message) {
    issueCommand('debug', {}, message);
}
/**
 * Adds an error issue
 * @param message error issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function error(message, properties = {}) {
    issueCommand('error', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a warning issue
 * @param message warning issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function warning(message, properties = {}) {
    command_issueCommand('warning', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a notice issue
 * @param message notice issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function notice(message, properties = {}) {
    issueCommand('notice', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Writes info to log with console.log.
 * @param message info message
 */
function info(message) {
    process.stdout.write(message + os.EOL);
}
/**
 * Begin an output group.
 *
 * Output until the next `groupEnd` will be foldable in this group
 *
 * @param name The name of the output group
 */
function startGroup(name) {
    issue('group', name);
}
/**
 * End an output group.
 */
function endGroup() {
    issue('endgroup');
}
/**
 * Wrap an asynchronous function call in a group.
 *
 * Returns the same type as the function itself.
 *
 * @param name The name of the group
 * @param fn The function to wrap in the group
 */
function group(name, fn) {
    return __awaiter(this, void 0, void 0, function* () {
        startGroup(name);
        let result;
        try {
            result = yield fn();
        }
        finally {
            endGroup();
        }
        return result;
    });
}
//-----------------------------------------------------------------------
// Wrapper action state
//-----------------------------------------------------------------------
/**
 * Saves state for current action, the state can only be retrieved by this action's post job execution.
 *
 * @param     name     name of the state to store
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function saveState(name, value) {
    const filePath = process.env['GITHUB_STATE'] || '';
    if (filePath) {
        return issueFileCommand('STATE', prepareKeyValueMessage(name, value));
    }
    issueCommand('save-state', { name }, toCommandValue(value));
}
/**
 * Gets the value of an state set by this action's main execution.
 *
 * @param     name     name of the state to get
 * @returns   string
 */
function getState(name) {
    return process.env[`STATE_${name}`] || '';
}
function getIDToken(aud) {
    return __awaiter(this, void 0, void 0, function* () {
        return yield OidcClient.getIDToken(aud);
    });
}
/**
 * Summary exports
 */

/**
 * @deprecated use core.summary
 */

/**
 * Path exports
 */

/**
 * Platform utilities exports
 */

//# sourceMappingURL=core.js.map
;// CONCATENATED MODULE: ./lib/announce.js

/**
 * The one way to speak to the runner in commands. While Ansible's output passes through, commands are stopped: what is
 * announced then would be printed as a plain line that nobody sees, so it waits until they count again.
 */
let token = "";
const waiting = [];
/**
 * Calls back once nobody reads any more what this process says: its runner is gone. Without this each line that is said then
 * would be an error that nobody caught, which is said, and so on for ever.
 *
 * @returns what takes that back.
 */
function onUnheard(act) {
    const streams = [process.stdout, process.stderr];
    for (const stream of streams)
        stream.on("error", act);
    return () => {
        for (const stream of streams)
            stream.off("error", act);
    };
}
/** Stops commands until {@link resumeCommands}, under a random token. */
function stopCommands(random) {
    process.stdout.write(`::stop-commands::${random}\n`);
    token = random;
}
/** Lets commands count again, and says what has waited for that. */
function resumeCommands() {
    if (token !== "")
        process.stdout.write(`::${token}::\n`);
    token = "";
    for (const say of waiting.splice(0))
        say();
}
function announce(say) {
    if (token === "")
        say();
    else
        waiting.push(say);
}
/** Bytes of one annotation: the page shows no more, and a host may say as much as it likes. */
const LONGEST = 4_096;
function limited(text) {
    const bytes = Buffer.from(text);
    if (bytes.length <= LONGEST)
        return text;
    // Not in the middle of a character.
    let end = LONGEST - Buffer.byteLength(" …");
    while (((bytes[end] ?? 0) & 0xc0) === 0x80)
        end--;
    return `${bytes.toString("utf8", 0, end)} …`;
}
/** A warning, shown on the run's page. */
function warn(text) {
    announce(() => warning(limited(text)));
}
/** An error at a place of the repository, shown on the run's page. The step does not fail by it. */
function annotate(text, properties) {
    announce(() => core.error(limited(text), properties));
}
/** Fails the step, for this reason. */
function fail(text) {
    process.exitCode = core.ExitCode.Failure;
    announce(() => core.error(limited(text)));
}
/** A line for runs with debug logging. */
function announce_debug(text) {
    announce(() => core.debug(text));
}
/** Writes a line to the log that holds texts of hosts or of the repository: nothing in it acts as a command of the runner. */
function tell(line) {
    core.info(plainLine(line));
}
/** One line in which the runner finds no command, in neither of its two forms (`::name::`, `##[name]`). */
function plainLine(text) {
    return text.replaceAll(/\s+/g, " ").trimStart().replace(/^::/, ":\u200b:").replaceAll("##[", "##\u200b[");
}

;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;// CONCATENATED MODULE: external "node:timers/promises"
const promises_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:timers/promises");
;// CONCATENATED MODULE: external "node:os"
const external_node_os_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:os");
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

;// CONCATENATED MODULE: external "node:child_process"
const external_node_child_process_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:child_process");
;// CONCATENATED MODULE: ./lib/errors.js
/** A mistake or a failure that its message explains in one sentence; printed without a stack. */
class errors_DeployError extends Error {
    name = "DeployError";
}
/** What Node's codes of the system's errors mean. */
const REASONS = {
    EACCES: "the runner's user may not do that there",
    EPERM: "the runner's user may not do that there",
    EROFS: "the file system there is read-only",
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    ENOENT: "a file or folder of its path does not exist",
    ENOTDIR: "a part of its path is no folder",
    EISDIR: "a folder is in its place",
    EEXIST: "another file is in its place",
    EMFILE: "the runner has too many open files",
    ENOMEM: "the runner has no memory left",
};
/** The message of whatever was thrown, that of the system in words and without its paths. */
function errors_messageOf(error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
/** Characters of what a sentence repeats of a user's text. */
const LONGEST_ECHO = 200;
/** A user's text in a sentence: in quotes, on one line, and never longer than a reader can take. */
function errors_quoted(text) {
    return JSON.stringify(shortened(text));
}
/** A text cut to what fits into a sentence. */
function shortened(text, most = LONGEST_ECHO) {
    return text.length <= most ? text : `${text.slice(0, most)}…`;
}

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
    const watch = (0,external_node_child_process_namespaceObject.spawn)("/bin/sh", ["-c", WATCH, "sh", String(group)], {
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
        throw new errors_DeployError(`${place.name} holds a NUL byte, so it is no text: store it as UTF-8.`);
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
            throw new errors_DeployError(limit);
        // What the system makes up as it is read (/proc) has no size, and what is written to meanwhile has another one.
        const bytes = piece(descriptor, 0, most + 1, Math.max(size + 1, 4_096));
        if (bytes.length > most)
            throw new errors_DeployError(limit);
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
        return (0,external_node_fs_namespaceObject.readdirSync)(real(place), { withFileTypes: true })
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
        const stats = statSync(real(place));
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
        return (0,external_node_fs_namespaceObject.statSync)(path, { throwIfNoEntry: false }) !== undefined;
    }
    catch (error) {
        return codeOf(error) !== "ENOTDIR";
    }
}
function opened(place, use) {
    let descriptor;
    try {
        // A FIFO is opened without a writer, a terminal never becomes the process's own, and the way there has no link left.
        const flags = external_node_fs_namespaceObject.constants.O_RDONLY | external_node_fs_namespaceObject.constants.O_NONBLOCK | external_node_fs_namespaceObject.constants.O_NOCTTY | external_node_fs_namespaceObject.constants.O_NOFOLLOW;
        descriptor = (0,external_node_fs_namespaceObject.openSync)(real(place), flags);
        const stats = (0,external_node_fs_namespaceObject.fstatSync)(descriptor);
        requireRegular(place, stats);
        return use(descriptor, stats);
    }
    catch (error) {
        throw refusal(place, error);
    }
    finally {
        if (descriptor !== undefined)
            (0,external_node_fs_namespaceObject.closeSync)(descriptor);
    }
}
/** The path without links, refused where these lead from the workspace to what is not in it. */
function real({ path, name, workspace }) {
    const found = (0,external_node_fs_namespaceObject.realpathSync)(path);
    if (workspace === undefined)
        return found;
    if (isInside(path, workspace) && !isInside(found, (0,external_node_fs_namespaceObject.realpathSync)(workspace))) {
        throw new errors_DeployError(`${name} is a link that leads out of the workspace: put the file itself there.`);
    }
    return found;
}
function isInside(path, folder) {
    const way = (0,external_node_path_namespaceObject.relative)(folder, path);
    return !(way === ".." || way.startsWith("../") || (0,external_node_path_namespaceObject.isAbsolute)(way));
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
    throw new errors_DeployError(`${name} is ${what}: a regular file is needed.`);
}
function piece(descriptor, from, most, step) {
    const pieces = [];
    for (let length = 0; length < most;) {
        const buffer = Buffer.allocUnsafe(Math.min(step, most - length));
        const count = (0,external_node_fs_namespaceObject.readSync)(descriptor, buffer, 0, buffer.length, from + length);
        if (count === 0)
            break;
        pieces.push(buffer.subarray(0, count));
        length += count;
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}
const read_file_REASONS = {
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
    if (error instanceof errors_DeployError)
        return error;
    const code = codeOf(error);
    return new errors_DeployError(`${place.name} ${read_file_REASONS[code] ?? `cannot be read (${code || "for no reason given"})`}.`);
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
    return rowsOf((0,external_node_child_process_namespaceObject.execFileSync)("ps", ["-A", "-o", "pid=,ppid=,lstart="], { env, encoding: "utf8", timeout: 2_000 }));
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
function run(argv, options) {
    if (options.signal?.aborted)
        return Promise.resolve({ code: 130, stdout: "", stderr: "" });
    return new Promise((resolve) => {
        let child;
        try {
            const [command, ...args] = argv;
            const { cwd, env } = options;
            const stdin = options.input === undefined ? "ignore" : "pipe";
            child = (0,external_node_child_process_namespaceObject.spawn)(command, args, { cwd, env, detached: true, stdio: [stdin, "pipe", "pipe"] });
        }
        catch (error) {
            // A NUL in an argument, for one.
            resolve({ code: 127, stdout: "", stderr: errors_messageOf(error) });
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
function remove_removeFolder(path) {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
        (0,external_node_fs_namespaceObject.rmSync)(path, { recursive: true, force: true, maxRetries: 3 });
        if (!(0,external_node_fs_namespaceObject.existsSync)(path))
            return;
        // Whoever else is at work there gets on with it.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_TRIES);
    }
    throw new Error("it is changed again and again");
}

;// CONCATENATED MODULE: ./lib/connection/control-folder.js







/** Name of the folders created for sockets; clean-up removes nothing else. */
const control_folder_CONTROL_PREFIX = "dad-";
/** The socket of the action's own agent, and the file with its process id. */
const AGENT_SOCKET = "agent";
const AGENT_PID = "agent.pid";
/** Bytes of the longest parent: a socket's path may have about 100, and ssh adds 28 for its name while it is made. */
const LONGEST_PARENT = 60;
/**
 * A fresh folder, mode 0700, for the sockets of SSH's shared connections. Not in RUNNER_TEMP, since self-hosted runners
 * live in deep folders; nor in TMPDIR where that is missing, deep or has what an ssh option does not take.
 */
function createControlFolder(temporary = tmpdir()) {
    const parent = existsSync(temporary) ? realpathSync(temporary) : "";
    const isFit = Buffer.byteLength(parent) <= LONGEST_PARENT && /^[\w./-]+$/.test(parent);
    return mkdtempSync(join(isFit ? parent : "/tmp", control_folder_CONTROL_PREFIX));
}
/**
 * Ends the agent and the shared connections and removes the folder. Safe to call twice.
 *
 * An open connection would keep the hosts reachable for whoever uses the runner next, until ControlPersist ends it.
 */
async function closeConnections(folder) {
    if (!(0,external_node_fs_namespaceObject.existsSync)(folder))
        return;
    const sockets = entriesIn({ path: folder, name: "The folder of connections" }).map(({ name }) => name);
    await stopAgent(folder);
    await Promise.allSettled(sockets
        .filter((name) => name !== AGENT_SOCKET && name !== AGENT_PID)
        .map((socket) => run(["ssh", "-O", "exit", "-o", `ControlPath=${(0,external_node_path_namespaceObject.join)(folder, socket)}`, "x"], helper(2_000))));
    remove_removeFolder(folder);
}
const helper = (timeout) => ({ env: helperEnvironment(process.env), timeout });
/** Ends the agent whose socket is in the folder, unless another process has its id by now. */
async function stopAgent(folder) {
    let pid;
    try {
        pid = Number(readText({ path: (0,external_node_path_namespaceObject.join)(folder, AGENT_PID), name: AGENT_PID }));
    }
    catch {
        return;
    }
    if (!Number.isInteger(pid) || pid <= 1)
        return;
    if (!(await commandLine(pid)).includes((0,external_node_path_namespaceObject.join)(folder, AGENT_SOCKET)))
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
        return (await run(["ps", "-o", "args=", "-p", String(pid)], helper(2_000))).stdout;
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
    static create(parent = process.env.RUNNER_TEMP || tmpdir()) {
        try {
            mkdirSync(parent, { recursive: true });
            const path = mkdtempSync(join(realpathSync(parent), PRIVATE_PREFIX));
            chmodSync(path, 0o700);
            return new PrivateFolder(path);
        }
        catch {
            throw new DeployError(`RUNNER_TEMP ${quoted(parent)} is no folder that the runner's user may write to: the runner's own setting for temporary files is wrong.`);
        }
    }
    /** From now on nothing is written into it: it is about to be removed, and work that was stopped may not know yet. */
    close() {
        this.#closed = true;
    }
    /** Creates a folder inside, mode 0700, and returns its path. */
    folder(name) {
        const path = this.#place(name);
        mkdirSync(path, { recursive: true, mode: 0o700 });
        return path;
    }
    /** Writes a new file, mode 0600, and returns its path. A file that exists already is an error. */
    file(name, content) {
        const path = this.#place(name);
        writeFileSync(path, content, { flag: "wx", mode: 0o600 });
        return path;
    }
    #place(name) {
        if (this.#closed)
            throw new Error(`${name} was not written: the run has ended.`);
        return join(this.path, name);
    }
}

;// CONCATENATED MODULE: ./lib/state.js


/** Saves a path as soon as it exists, so that post finds it even when main is killed. */
function state_saveState(name, path) {
    save(name, path);
}
/** @throws DeployError: without its state, post would not clean up. */
function save(name, text) {
    try {
        core.saveState(name, text);
    }
    catch (error) {
        const missing = error instanceof Error && error.message.startsWith("Missing file");
        const cause = missing ? "it does not exist" : messageOf(error);
        throw new DeployError(`The runner's file GITHUB_STATE could not be written: ${cause}. Make room on the runner's disk, or start the runner anew.`);
    }
}
/** Folders in the tool cache that were filled in this run; those that are done are gone. */
const workFolders = (/* unused pure expression or super */ null && ([]));
/** Saves one more folder that would be left half-filled when main is killed. */
function state_saveWorkFolder(path) {
    workFolders.push(path);
    save("workFolders", JSON.stringify(workFolders));
}
function loadState() {
    return {
        privateFolder: getState("privateFolder"),
        controlFolder: getState("controlFolder"),
        workFolders: pathsIn(getState("workFolders")),
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
    return environment.RUNNER_TOOL_CACHE ? resolve(environment.RUNNER_TOOL_CACHE) : temporaryTools(environment);
}
/** What stands in for the tool cache. */
function temporaryTools({ RUNNER_TEMP }) {
    return resolve(RUNNER_TEMP || tmpdir(), "django-ansible-deploy-tools");
}
/** Whether this user may write into a folder, or make it. */
function isWritable(folder) {
    let place = resolve(folder);
    while (!existsSync(place) && dirname(place) !== place)
        place = dirname(place);
    try {
        accessSync(place, constants.W_OK | constants.X_OK);
        return statSync(place).isDirectory();
    }
    catch {
        return false;
    }
}
/** Whether a path is one in which {@link createToolFolder} works: post removes nothing else. */
function isWorkFolder(path) {
    const isOurs = (0,external_node_path_namespaceObject.dirname)(path)
        .split("/")
        .some((name) => /^django-ansible-deploy-[\w-]+$/.test(name));
    return isOurs && /^\..+-[A-Za-z0-9]{6}$/.test((0,external_node_path_namespaceObject.basename)(path)) && path === (0,external_node_path_namespaceObject.resolve)(path);
}
/** Whether a folder of the tool cache was finished and not withdrawn since. */
function isComplete(folder) {
    return existsSync(join(folder, MARKER));
}
/**
 * Fills a folder of the tool cache: in a sibling first, then by one rename, so that jobs that run at once never see a
 * half-filled one. Whoever comes second keeps what the first one made.
 *
 * @param fill gets the folder to work in and returns the path inside it that becomes `folder`.
 */
async function createToolFolder(folder, fill) {
    mkdirSync(dirname(folder), { recursive: true });
    const work = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
    saveWorkFolder(work);
    try {
        const made = await fill(work);
        writeFileSync(join(made, MARKER), "");
        try {
            renameSync(made, folder);
        }
        catch (error) {
            if (isComplete(folder))
                return;
            // Withdrawn because it does not work any more.
            if (!existsSync(folder))
                throw error;
            renameSync(folder, join(work, "old"));
            renameSync(made, folder);
        }
    }
    finally {
        removeFolder(work);
    }
}
/** Withdraws a folder that turned out not to work; the next {@link createToolFolder} replaces it. */
function discardToolFolder(folder) {
    rmSync(join(folder, MARKER), { force: true });
}

;// CONCATENATED MODULE: ./lib/cleanup.js










/** How often post looks whether the private folder of a run that was killed stays away, and the milliseconds between. */
const LOOKS = 20;
const BETWEEN_LOOKS = 300;
/** The post step: removes what a run left, also one that was killed. Safe to run twice; warns, never fails. */
async function cleanUp() {
    const state = loadState();
    // An Ansible whose step was killed runs on until it finds that nobody reads what it says, and may write into the folder again.
    for (let look = 0; look < LOOKS && isPrivate(state.privateFolder) && (0,external_node_fs_namespaceObject.existsSync)(state.privateFolder); look++) {
        try {
            removePrivateFolder(state.privateFolder);
        }
        catch {
            // What writes there still may end by the next look; the last word is below.
        }
        await (0,promises_namespaceObject.setTimeout)(BETWEEN_LOOKS);
    }
    removeSecrets(state);
    removeWork(state);
    await removeConnections(state);
}
const isPrivate = (path) => (0,external_node_path_namespaceObject.basename)(path).startsWith(PRIVATE_PREFIX);
function removePrivateFolder(path) {
    if (isPrivate(path))
        remove_removeFolder(path);
}
/** Removes the private folder. Warns where that fails. */
function removeSecrets({ privateFolder }) {
    try {
        removePrivateFolder(privateFolder);
    }
    catch (error) {
        warn(`The private folder ${privateFolder} was not removed: ${errors_messageOf(error)}`);
    }
}
/** Ends the agent and the shared connections. Warns where that fails. */
async function removeConnections({ controlFolder }) {
    try {
        if ((0,external_node_path_namespaceObject.basename)(controlFolder).startsWith(control_folder_CONTROL_PREFIX))
            await closeConnections(controlFolder);
    }
    catch (error) {
        warn(`The connections in ${controlFolder} were not closed: ${errors_messageOf(error)}`);
    }
}
/** Removes the folder of the shared connections at once, whether they have ended or not. */
function removeControlFolder({ controlFolder }) {
    if (basename(controlFolder).startsWith(CONTROL_PREFIX))
        removeFolder(controlFolder);
}
/** Removes what an installation that was killed left half-filled in the tool cache. */
function removeWork({ workFolders }) {
    for (const folder of workFolders.filter(isWorkFolder)) {
        try {
            remove_removeFolder(folder);
        }
        catch (error) {
            warn(`The folder ${folder} in the tool cache was not removed: ${errors_messageOf(error)}`);
        }
    }
}

;// CONCATENATED MODULE: ./lib/post.js


// What it cleans up it cleans up also when nobody listens.
onUnheard(() => undefined);
cleanUp();

