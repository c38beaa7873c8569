/**
 * Which data set: MNIST, some of it or all, with progress and a way to stop a download, or pictures of the visitor's own,
 * from files and from earlier visits. What concerns the latter is fetched when there are any (own_pictures.ts).
 */
import { setSetting, setting } from "../address.ts";
import { type Digits, isOwnId, loadDigits, type MnistSize, type OwnId } from "../digits.ts";
import { find, write } from "../dom.ts";
import { errorWords } from "../error_words.ts";
import { onFiles } from "../files.ts";
import { bytes, read, say, store } from "../language.ts";
import { downloadNotice, type Notice } from "../notices.ts";
import type { OwnDigits, OwnPictures, Said } from "../own_pictures.ts";
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

/** Where it is noted that this browser keeps pictures of the visitor's: what lists them is fetched only then. */
const KEEPS_OWN = "corteza.keeps-own";

export class DataChoice {
  readonly #options: DataChoiceOptions;
  readonly #select = find("data-set", HTMLSelectElement);
  readonly #open = find("open-idx", HTMLButtonElement);
  readonly #cancel = find("load-cancel", HTMLButtonElement);
  #state: State = { state: "idle" };
  /** The visitor's own data sets, once there were some. */
  #own: OwnPictures | undefined;
  #fetching: Promise<typeof import("../own_pictures.ts")> | undefined;
  #said: Said | undefined;
  /** Whether the network may have learned from other pictures than these. */
  #changed = false;

  constructor(options: DataChoiceOptions) {
    this.#options = options;
    this.#select.addEventListener("change", () => {
      const { value } = this.#select;
      if (value === "small" || value === "full" || isOwnId(value)) void this.load(value);
    });
    this.#cancel.addEventListener("click", () => {
      if (this.#state.state === "running") this.#state.abort.abort();
      this.#select.focus();
    });
    onFiles(this.#open, find("idx-files", HTMLInputElement), (files) => void this.openFiles(files));
    // Where it cannot be fetched, the choice goes without them.
    if (read(KEEPS_OWN) === "1") this.#withOwn(async () => undefined).catch(() => undefined);
  }

  /** The data set of the address; MNIST where those pictures are not here. Throws what loading MNIST throws. */
  async first(): Promise<Digits> {
    const { corrections } = this.#options;
    const wanted = setting("data");
    try {
      const own = isOwnId(wanted) ? await this.#find(wanted, "ELSEWHERE") : undefined;
      return corrections.take(own ?? (await this.#download(wanted === "full" ? "full" : "small")));
    } finally {
      this.#state = { state: "idle" };
    }
  }

  /** Takes a data set up; resolves when that is done, was stopped, or has failed. */
  async load(id: Digits["id"]): Promise<void> {
    if (isOwnId(id)) {
      const digits = await this.#find(id, "GONE");
      if (digits) await this.#take(digits);
    } else await this.#loadMnist(id);
    this.#options.onChange();
  }

  async #loadMnist(size: MnistSize): Promise<void> {
    try {
      await this.#take(await this.#download(size));
    } catch (error) {
      const stopped = this.#state.state === "running" && this.#state.abort.signal.aborted;
      if (error !== SUPERSEDED) this.#state = stopped ? { state: "idle" } : { state: "failed", error };
    }
  }

  async #download(size: MnistSize): Promise<Digits> {
    this.#supersede();
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

  /** Another choice takes the place of a download. */
  #supersede(): void {
    if (this.#state.state !== "running") return;
    this.#state.abort.abort(SUPERSEDED);
    this.#state = { state: "idle" };
  }

  async #take(digits: Digits): Promise<void> {
    const { corrections, hasLearned, onDigits, onSetting, onChange } = this.#options;
    this.#supersede();
    this.#said = undefined;
    this.#changed = hasLearned();
    setSetting("data", digits.id === "small" ? undefined : digits.id);
    onSetting();
    await onDigits(corrections.take(digits));
    onChange();
  }

  /** Reads IDX files of the visitor's, hands them on and keeps them, or says what is wrong with them. */
  async openFiles(files: readonly File[]): Promise<void> {
    await this.#withOwn(async (own, { problemSaid, OwnFilesError }) => {
      let digits: OwnDigits;
      try {
        digits = await own.open(files);
      } catch (error) {
        if (!(error instanceof OwnFilesError)) throw error;
        this.#said = problemSaid(error);
        return;
      }
      await this.#take(digits);
      this.#said = await own.keep(digits);
    }).catch((error: unknown) => {
      this.#said = { words: () => errorWords(error), refused: true };
    });
    this.#options.onChange();
  }

  /** One of the visitor's own data sets, or why there is none. */
  async #find(id: OwnId, missing: "ELSEWHERE" | "GONE"): Promise<OwnDigits | undefined> {
    try {
      return await this.#withOwn(async (own, sentences) => {
        const digits = await own.load(id);
        if (digits === undefined) this.#said = sentences[missing];
        return digits;
      });
    } catch (error) {
      this.#said = { words: () => errorWords(error), refused: true };
      return undefined;
    }
  }

  /** Has `use` work with the visitor's own data sets. Throws what it throws, and where the program cannot be fetched. */
  async #withOwn<Result>(
    use: (own: OwnPictures, fetched: typeof import("../own_pictures.ts")) => Promise<Result>,
  ): Promise<Result> {
    this.#fetching ??= import("../own_pictures.ts");
    const fetched = await this.#fetching.catch((error: unknown) => {
      this.#fetching = undefined;
      throw error;
    });
    const own = this.#own ?? new fetched.OwnPictures();
    if (this.#own === undefined) {
      this.#own = own;
      await own.refresh();
    }
    const result = await use(own, fetched);
    if (own.keeps) store(KEEPS_OWN, "1");
    this.#options.onChange();
    return result;
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
    const status = find("data-status", HTMLElement);
    const keeps = this.#changed && this.#options.hasLearned() ? text.dataKeeps : "";
    write(status, this.#said?.words() ?? keeps);
    status.classList.toggle("refused", this.#said?.refused ?? false);
    const own = this.#own;
    own?.render(find("own-kept", HTMLElement), this.#options.corrections.original, (said) => {
      this.#said = said;
      if (!own.keeps) store(KEEPS_OWN, "");
      this.#open.focus();
      this.#options.onChange();
    });
  }

  #fillOptions(): void {
    const text = say();
    const options = [
      { id: "small", words: text.dataSmall },
      { id: "full", words: text.dataFull },
      ...(this.#own?.choices ?? []),
    ];
    if ([...this.#select.options].map((option) => option.text).join() !== options.map(({ words }) => words).join()) {
      this.#select.replaceChildren(...options.map(({ id, words }) => new Option(words, id)));
    }
    if (document.activeElement === this.#select && this.#state.state === "running") return;
    this.#select.value = this.#options.corrections.original?.id ?? setting("data") ?? "small";
    if (this.#select.value === "") this.#select.value = "small";
  }
}

/** Why a download that another one took the place of ended. */
const SUPERSEDED = new DOMException("Another data set was chosen.", "AbortError");
