/** The large data set: its download, with progress and a way to stop it. */
import { type Digits, loadDigits } from "../digits.ts";
import { find, write } from "../dom.ts";
import { bytes, say } from "../language.ts";
import { downloadNotice, type Notice } from "../notices.ts";

type State =
  | { state: "idle" | "done" }
  | { state: "running"; loaded: number; total: number; abort: AbortController }
  | { state: "failed"; error: unknown };

export class Download {
  readonly #onDigits: (digits: Digits) => Promise<void>;
  readonly #onChange: () => void;
  readonly #button = find("load-all", HTMLButtonElement);
  #state: State = { state: "idle" };

  constructor(options: { onDigits(digits: Digits): Promise<void>; onChange(): void }) {
    this.#onDigits = options.onDigits;
    this.#onChange = options.onChange;
    this.#button.addEventListener("click", () => {
      if (this.#state.state === "running") this.#state.abort.abort();
      else void this.load();
    });
  }

  /** Fetches all digits and hands them on; resolves when that is done, or has failed. */
  async load(): Promise<void> {
    const abort = new AbortController();
    this.#state = { state: "running", loaded: 0, total: 0, abort };
    this.#onChange();
    try {
      const digits = await loadDigits("full", {
        signal: abort.signal,
        onProgress: (loaded, total) => {
          if (abort.signal.aborted) return;
          this.#state = { state: "running", loaded, total, abort };
          this.render(true);
        },
      });
      this.#state = { state: "done" };
      await this.#onDigits(digits);
    } catch (error) {
      this.#state = abort.signal.aborted ? { state: "idle" } : { state: "failed", error };
    }
    this.#onChange();
  }

  /** What to say where the digits did not come. */
  get notice(): Notice | undefined {
    if (this.#state.state !== "failed") return undefined;
    return downloadNotice(this.#state.error, () => {
      this.#state = { state: "idle" };
      this.#onChange();
    });
  }

  /** `usable`: whether there is a session that could take the digits. */
  render(usable: boolean): void {
    const text = say();
    const state = this.#state;
    const bar = find("load-progress", HTMLProgressElement);
    bar.hidden = state.state !== "running";
    this.#button.hidden = state.state === "done";
    this.#button.disabled = !usable;
    write(this.#button, state.state === "running" ? text.loadCancel : text.loadAll);
    const note = find("load-note", HTMLElement);
    if (state.state === "running") {
      const { loaded, total } = state;
      if (total > 0) bar.value = loaded / total;
      else bar.removeAttribute("value");
      write(note, total > 0 ? text.loading(bytes(loaded), bytes(total)) : text.loadedSome(bytes(loaded)));
    } else write(note, state.state === "done" ? text.loadedAll : text.loadAllSize);
  }
}
