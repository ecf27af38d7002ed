import { StringDecoder } from "node:string_decoder";
import { readPiece } from "../read-file.js";

/** Bytes that are read at a time. */
const PIECE = 1_048_576;

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
    for (let piece = this.#next(); piece.length > 0; piece = this.#next()) {
      this.#position += piece.length;
      this.#rest += this.#decoder.write(piece);
    }
    const end = this.#rest.lastIndexOf("\n") + 1;
    const lines = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    return lines;
  }

  #next(): Buffer {
    try {
      return readPiece({ path: this.#path, name: "The file of events" }, this.#position, PIECE);
    } catch {
      return Buffer.alloc(0);
    }
  }
}
