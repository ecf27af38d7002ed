import { StringDecoder } from "node:string_decoder";
import { readPiece } from "../read-file.js";

/** Bytes that are read at a time, of a file in all, and characters of the longest line: a host may never stop talking. */
const PIECE = 1_048_576;
const MOST = 256 * PIECE;
const LONGEST_LINE = 16 * PIECE;

/** Reads what comes to a file, whole lines at a time. */
export class FollowedFile {
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  #position = 0;
  #rest = "";
  #skips = false;

  /** @param path a file that may not be there yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that came since the last call; "" when there are none. */
  read(): string {
    return [...this.pieces()].join("");
  }

  /** Likewise, piece by piece. A line that is too long is left out. */
  *pieces(): Generator<string> {
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

  #next(): Buffer {
    if (this.#position >= MOST) return Buffer.alloc(0);
    try {
      return readPiece({ path: this.#path, name: "The file of events" }, this.#position, PIECE);
    } catch {
      return Buffer.alloc(0);
    }
  }
}
