/** Which data set: MNIST, some of it or all, or files of the visitor's own; with progress and a way to stop a download. */
import { setSetting, setting } from "../address.ts";
import { type Digits, loadDigits, type MnistSize } from "../digits.ts";
import { find, write } from "../dom.ts";
import { onFiles } from "../files.ts";
import { bytes, count, say } from "../language.ts";
import { downloadNotice, type Notice } from "../notices.ts";
import { OwnFilesError } from "../own_files_error.ts";
import type { Corrections } from "./corrections.ts";

type State =
  | { state: "idle" }
  | { state: "running"; loaded: number; total: number; abort: AbortController }
  | { state: "failed"; error: unknown };

export interface DataChoiceOptions {
  readonly corrections: Corrections;
  /** Hears of another data set, with the visitor's changes in it. */
  onDigits(digits: Digits): Promise<void>;
  /** Whether the network has learned from the pictures before. */
  hasLearned(): boolean;
  onChange(): void;
  /** The choice went into the address. */
  onSetting(): void;
}

export class DataChoice {
  readonly #options: DataChoiceOptions;
  readonly #select = find("data-set", HTMLSelectElement);
  readonly #open = find("open-idx", HTMLButtonElement);
  readonly #cancel = find("load-cancel", HTMLButtonElement);
  #state: State = { state: "idle" };
  /** The visitor's own pictures, once files of them were opened. */
  #own: Digits | undefined;
  /** What files were wrong, or what to know after a change. */
  #said: { kind: "wrong"; error: OwnFilesError } | { kind: "keeps" } | undefined;

  constructor(options: DataChoiceOptions) {
    this.#options = options;
    this.#select.addEventListener("change", () => {
      const { value } = this.#select;
      if (value === "small" || value === "full") void this.load(value);
      else if (this.#own) void this.#take(this.#own);
    });
    this.#cancel.addEventListener("click", () => {
      if (this.#state.state === "running") this.#state.abort.abort();
      this.#select.focus();
    });
    onFiles(this.#open, find("idx-files", HTMLInputElement), (files) => void this.openFiles(files));
  }

  /** The data set of the address. Throws what loading it throws. */
  async first(): Promise<Digits> {
    try {
      return this.#options.corrections.take(await this.#download(setting("data") === "full" ? "full" : "small"));
    } finally {
      this.#state = { state: "idle" };
    }
  }

  /** Fetches MNIST and hands it on; resolves when that is done, was stopped, or has failed. */
  async load(size: MnistSize): Promise<void> {
    try {
      await this.#take(await this.#download(size));
    } catch (error) {
      const stopped = this.#state.state === "running" && this.#state.abort.signal.aborted;
      if (error !== SUPERSEDED) this.#state = stopped ? { state: "idle" } : { state: "failed", error };
    }
    this.#options.onChange();
  }

  async #download(size: MnistSize): Promise<Digits> {
    if (this.#state.state === "running") this.#state.abort.abort(SUPERSEDED);
    const abort = new AbortController();
    const running = (loaded: number, total: number) => {
      if (abort.signal.aborted) return;
      this.#state = { state: "running", loaded, total, abort };
      this.#options.onChange();
    };
    running(0, 0);
    const digits = await loadDigits(size, { signal: abort.signal, onProgress: running });
    abort.signal.throwIfAborted();
    this.#state = { state: "idle" };
    return digits;
  }

  async #take(digits: Digits): Promise<void> {
    const { corrections, hasLearned, onDigits, onSetting, onChange } = this.#options;
    this.#said = hasLearned() ? { kind: "keeps" } : undefined;
    setSetting("data", digits.id === "full" ? "full" : undefined);
    onSetting();
    await onDigits(corrections.take(digits));
    onChange();
  }

  /** Reads IDX files of the visitor's and hands them on, or says what is wrong with them. */
  async openFiles(files: readonly File[]): Promise<void> {
    try {
      const named = files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }));
      const { readOwnFiles } = await import("../own_files.ts");
      this.#own = await readOwnFiles(await Promise.all(named));
      await this.#take(this.#own);
    } catch (error) {
      const [first] = files;
      this.#said = {
        kind: "wrong",
        error:
          error instanceof OwnFilesError ? error : new OwnFilesError("unreadable", [first?.name ?? "", String(error)]),
      };
    }
    this.#options.onChange();
  }

  /** What to say where the digits did not come. */
  get notice(): Notice | undefined {
    if (this.#state.state !== "failed") return undefined;
    return downloadNotice(this.#state.error, () => {
      this.#state = { state: "idle" };
      this.#options.onChange();
    });
  }

  /** `usable`: whether there is a session that could take other pictures. */
  render(usable: boolean): void {
    const text = say();
    const state = this.#state;
    const running = state.state === "running" && usable;
    this.#select.disabled = this.#open.disabled = !usable;
    this.#fillOptions();
    const bar = find("load-progress", HTMLProgressElement);
    bar.hidden = this.#cancel.hidden = !running;
    const note = find("load-note", HTMLElement);
    if (running) {
      const { loaded, total } = state;
      if (total > 0) bar.value = loaded / total;
      else bar.removeAttribute("value");
      write(note, total > 0 ? text.loading(bytes(loaded), bytes(total)) : bytes(loaded));
    } else write(note, "");
    const said = this.#said?.kind === "keeps" && !this.#options.hasLearned() ? undefined : this.#said;
    const status = find("data-status", HTMLElement);
    write(status, said === undefined ? "" : said.kind === "keeps" ? text.dataKeeps : problemSentence(said.error));
    status.classList.toggle("refused", said?.kind === "wrong");
  }

  #fillOptions(): void {
    const text = say();
    const own =
      this.#own && text.dataOwn(this.#own.title ?? "", count(this.#own.train.count + this.#own.heldOut.count));
    const options = [
      ["small", text.dataSmall],
      ["full", text.dataFull],
      ...(own === undefined ? [] : [["own", own]]),
    ] as const;
    if ([...this.#select.options].map((option) => option.text).join() !== options.map(([, words]) => words).join()) {
      this.#select.replaceChildren(...options.map(([value, words]) => new Option(words, value)));
    }
    if (document.activeElement === this.#select && this.#state.state === "running") return;
    const { id = setting("data") } = this.#options.corrections.original ?? {};
    this.#select.value = id === undefined || id === "small" ? "small" : id === "full" ? "full" : "own";
  }
}

/** Why a download that another one took the place of ended. */
const SUPERSEDED = new DOMException("Another data set was chosen.", "AbortError");

/** What is wrong with the files, and what to do. */
function problemSentence({ why, words }: OwnFilesError): string {
  const [first = "", second = "", third = ""] = words;
  return say()[`own_${why}`](first, second, third);
}
