import { FormatError } from "../../core/errors.ts";

/** Entries of a list in a message at most, and characters of a file's text. */
const TOLD = 50;
const SHOWN = 60;

/** A text of a file, short and in quotes: for messages. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

/** What is found while a file's layers are read: all of it is told at once. */
export class Findings {
  readonly #what: string;
  readonly #unsupported = new Map<string, string[]>();
  readonly #lost = new Set<string>();

  /** `what` begins messages: "TF.js model". */
  constructor(what: string) {
    this.#what = what;
  }

  /** Something without which the network would compute other values: the file is refused. */
  unsupported(thing: string, layer: string): void {
    const layers = this.#unsupported.get(thing) ?? [];
    layers.push(layer);
    this.#unsupported.set(thing, layers);
  }

  /** Something that does not change predictions. */
  lose(thing: string): void {
    this.#lost.add(thing);
  }

  get lost(): readonly string[] {
    return [...this.#lost];
  }

  /** Throws one `FormatError` that lists everything that is not supported, with the names of the layers. */
  check(): void {
    if (this.#unsupported.size === 0) return;
    const list = [...this.#unsupported]
      .slice(0, TOLD)
      .map(([thing, layers]) => `${thing} (${layers.slice(0, 8).map(quoted).join(", ")})`)
      .join("; ");
    throw new FormatError(
      `${this.#what}: it has what this library has no counterpart of: ${list}. docs/keras.md lists the layers that are read.`,
    );
  }
}
