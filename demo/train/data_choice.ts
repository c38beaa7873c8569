/**
 * Which data set: MNIST, some of it or all, with progress and a way to stop a download, or pictures of the visitor's own,
 * from files and from earlier visits. What concerns the latter is fetched when there are any (own_pictures.ts).
 */
import { setSetting, setting } from "../address.ts";
import { type Digits, isOwnId, loadDigits, type MnistSize } from "../digits.ts";
import { find, write } from "../dom.ts";
import { onFiles } from "../files.ts";
import { bytes, read, say, store } from "../language.ts";
import { Lazy } from "../lazy.ts";
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
  readonly #own = new Lazy(
    () => import("../own_pictures.ts"),
    ({ OwnPictures }) => new OwnPictures(() => this.#options.onChange()),
    () => this.#options.onChange(),
  );
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
    if (read(KEEPS_OWN) === "1") this.#own.load().catch(() => undefined);
  }

  /** The data set of the address; MNIST where those pictures are not here. Throws what loading MNIST throws. */
  async first(): Promise<Digits> {
    const { corrections } = this.#options;
    const wanted = setting("data");
    try {
      const own = isOwnId(wanted) ? await this.#ask((all) => all.find(wanted, "keptElsewhere")) : undefined;
      return corrections.take(own ?? (await this.#download(wanted === "full" ? "full" : "small")));
    } finally {
      this.#state = { state: "idle" };
    }
  }

  /** Takes a data set up; resolves when that is done, was stopped, or has failed. */
  async load(id: Digits["id"]): Promise<void> {
    if (isOwnId(id)) {
      const digits = await this.#ask((own) => own.find(id, "keptGone"));
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
    const digits = await this.#ask((own) => own.open(files));
    if (digits) {
      await this.#take(digits);
      this.#said = await this.#own.part?.keep(digits);
      this.#noteKept();
    }
    this.#options.onChange();
  }

  /** What `find` gives of the visitor's own data sets; where that is none, the page says why. */
  async #ask(find: (own: OwnPictures) => Promise<OwnDigits | Said>): Promise<OwnDigits | undefined> {
    let own: OwnPictures;
    try {
      own = await this.#own.load();
    } catch {
      this.#said = { words: () => say().mistakesNotLoaded, refused: true };
      return undefined;
    }
    const found = await find(own);
    if (!("refused" in found)) return found;
    this.#said = found;
    return undefined;
  }

  #noteKept(): void {
    store(KEEPS_OWN, this.#own.part?.keeps ? "1" : "");
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
    this.#own.part?.render(find("own-kept", HTMLElement), this.#options.corrections.original, (said) => {
      this.#said = said;
      this.#noteKept();
      this.#open.focus();
      this.#options.onChange();
    });
  }

  #fillOptions(): void {
    const text = say();
    const options = [
      { id: "small", words: text.dataSmall },
      { id: "full", words: text.dataFull },
      ...(this.#own.part?.choices ?? []),
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
