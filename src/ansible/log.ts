/** What the log is written with; @actions/core in the action. */
export interface LogCommands {
  readonly startGroup: (name: string) => void;
  readonly endGroup: () => void;
  /** Stops commands, and lets them count again. */
  readonly stop: (token: string) => void;
  readonly resume: () => void;
  readonly write: (line: string) => void;
}

/**
 * Passes Ansible's output on, line by line as it comes, with plays as groups.
 *
 * Nothing in the output can act as a workflow command: commands are stopped under a token that only this class knows,
 * and resumed only for its own group lines.
 */
export class LogLines {
  #rest: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  /** Lines that wait for the next one: the banners of a play and of a phase's first task come before the marker, and belong into the new group. */
  #held: string[] = [];
  #grouped = false;
  readonly #commands: LogCommands;
  readonly #token: string;
  readonly #playMarker: string;

  /**
   * @param token random; stops commands.
   * @param playMarker random; the events callback prints it before each play's name.
   */
  constructor(commands: LogCommands, token: string, playMarker: string) {
    this.#commands = commands;
    this.#token = token;
    this.#playMarker = playMarker;
    this.#stop();
  }

  /** Takes a piece of output as it came. */
  push(stream: "stdout" | "stderr", chunk: string): void {
    const lines = (this.#rest[stream] + chunk).split("\n");
    this.#rest[stream] = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** Writes a line of the action's own between Ansible's. */
  say(line: string): void {
    this.#flush();
    this.#commands.write(line);
  }

  /** Writes what is left and lets commands through again. */
  end(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.#rest[stream] !== "") this.#line(this.#rest[stream]);
      this.#rest[stream] = "";
    }
    this.#flush();
    this.#resume();
    if (this.#grouped) this.#commands.endGroup();
  }

  #line(line: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const plain = line.replaceAll(/\x1b\[[0-9;]*m/g, "");
    if (plain.startsWith(`${this.#playMarker} `) || plain === this.#playMarker) {
      this.#group(plain.slice(this.#playMarker.length + 1) || "play");
    } else if (plain.startsWith("PLAY RECAP")) {
      // The recap is what a reader looks for first: it stands outside the groups.
      this.#ungroup();
      this.#flush();
      this.#commands.write(line);
    } else if (plain.trim() === "" || /^(PLAY|TASK) \[/.test(plain)) {
      this.#held.push(line);
    } else {
      this.#flush();
      this.#commands.write(line);
    }
  }

  #flush(): void {
    for (const line of this.#held) this.#commands.write(line);
    this.#held = [];
  }

  #group(name: string): void {
    this.#resume();
    if (this.#grouped) this.#commands.endGroup();
    this.#commands.startGroup(name);
    this.#grouped = true;
    this.#stop();
    this.#flush();
  }

  #ungroup(): void {
    if (!this.#grouped) return;
    this.#resume();
    this.#commands.endGroup();
    this.#grouped = false;
    this.#stop();
  }

  #stop(): void {
    this.#commands.stop(this.#token);
  }

  #resume(): void {
    this.#commands.resume();
  }
}
