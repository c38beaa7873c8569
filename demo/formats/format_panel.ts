/** In which format a network is saved, and what that keeps; the formats of others, to be opened. Their programs are fetched when they are wanted. */
import { isSafetensors } from "../../src/formats/is_safetensors.ts";
import { find, write } from "../dom.ts";
import { language } from "../language.ts";
import type { NetworkFile } from "../network_file.ts";
import type { Session } from "../session.ts";
import type { FormatName } from "./messages.ts";

const OWN = "corteza";

export class FormatPanel {
  readonly #session: Session;
  readonly #select = find("save-format", HTMLSelectElement);
  readonly #note = find("save-note", HTMLElement);
  #noted = "";

  constructor(session: Session) {
    this.#session = session;
    this.#select.addEventListener("change", () => this.render());
  }

  /** Whether the format is one of others. */
  get isForeign(): boolean {
    return this.#select.value !== OWN;
  }

  /** Saves the network in the format that is chosen, one of others; resolves to what to say of it. */
  async save(): Promise<() => string> {
    const { isFormat, saveAs } = await import("./save.ts");
    const { value } = this.#select;
    if (!isFormat(value)) throw new Error(`index.html offers the format "${value}", which there is none of.`);
    return saveAs(value, this.#session);
  }

  /** A network of another program, and what to say of it; undefined for a file of safetensors. */
  async open(files: readonly File[]): Promise<{ network: NetworkFile; words: () => string } | undefined> {
    const read = await Promise.all(
      files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    );
    const [first] = read;
    if (first === undefined || (read.length === 1 && isSafetensors(first.bytes))) return undefined;
    // Files that no format begins as are safetensors that are damaged, by their name.
    if (read.length === 1 && first.name.endsWith(".safetensors")) return undefined;
    const { openForeign } = await import("./open.ts");
    return openForeign(read, this.#session);
  }

  /** Writes what the format keeps, in the page's language. */
  render(): void {
    const { value } = this.#select;
    const key = `${language()} ${value}`;
    if (key === this.#noted || (value === OWN && this.#noted === "")) return;
    this.#noted = key;
    void import("./save.ts")
      .then(({ formatNote }) => {
        if (key === this.#noted) write(this.#note, formatNote(value as FormatName));
      })
      // Saving meets the same failure and tells of it.
      .catch(() => undefined);
  }
}
