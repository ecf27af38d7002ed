import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** Reads what comes to a file, whole lines at a time. */
export class FollowedFile {
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  #position = 0;
  #rest = "";

  /** @param path a file that may not be there yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that came since the last call; "" when there are none. */
  read(): string {
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, "r");
    } catch {
      return "";
    }
    try {
      const buffer = Buffer.alloc(65_536);
      for (;;) {
        const count = readSync(descriptor, buffer, 0, buffer.length, this.#position);
        if (count === 0) break;
        this.#position += count;
        this.#rest += this.#decoder.write(buffer.subarray(0, count));
      }
    } finally {
      closeSync(descriptor);
    }
    const end = this.#rest.lastIndexOf("\n") + 1;
    const lines = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    return lines;
  }
}
