/** "Where it is wrong": the confusion matrix, the pictures behind each of its cells, and what the visitor corrects in them. */
import type { Evaluation } from "../../src/index.ts";
import { className } from "../classes.ts";
import { find, write } from "../dom.ts";
import { errorWords } from "../error_words.ts";
import { count, percent, say, wordsKey } from "../language.ts";
import type { Session } from "../session.ts";
import { ChangeList } from "./change_list.ts";
import type { Part } from "./changes.ts";
import { ConfusionTable } from "./confusion_table.ts";
import type { Corrections } from "./corrections.ts";
import { type Cell, mistakes, picturesOf, type Reading, readingsOf } from "./mistakes.ts";
import { PictureList } from "./picture_list.ts";

/** What the network said of every picture of a part, and when. */
interface Read {
  readonly part: Part;
  readonly step: number;
  readonly evaluation: Evaluation;
  readonly readings: readonly Reading[];
  readonly wrong: number;
  /** The measurement and the pictures that it belongs to. */
  readonly of: Pick<Session, "latest" | "digits">;
}

export interface MistakesPanelOptions {
  readonly session: Session;
  readonly corrections: Corrections;
  /** Begins anew, with the changes. */
  trainAgain(): void;
  /** Something that the page shows changed. */
  onChange(): void;
}

export class MistakesPanel {
  readonly #options: MistakesPanelOptions;
  readonly #section = find("mistakes", HTMLElement);
  readonly #button = find("mistakes-read", HTMLButtonElement);
  readonly #shares = find("confusion-shares", HTMLInputElement);
  readonly #worst = find("pictures-worst", HTMLButtonElement);
  readonly #parts: readonly HTMLButtonElement[];
  readonly #table: ConfusionTable;
  readonly #pictures: PictureList;
  readonly #changes: ChangeList;
  #part: Part = "heldOut";
  /** The cell whose pictures are shown; undefined: the worst mistakes. */
  #cell: Cell | undefined;
  #read: Read | undefined;
  #reading: AbortController | undefined;
  /** Why nothing could be read, and of what network and pictures that holds. */
  #failure: { readonly error: unknown; readonly of: Read["of"] } | undefined;
  /** Whether it can be seen: what nobody looks at is not computed. */
  #seen = false;
  #shown: unknown[] = [];

  constructor(options: MistakesPanelOptions) {
    this.#options = options;
    const { session, corrections } = options;
    this.#table = new ConfusionTable((cell) => {
      this.#showPictures(cell);
      this.#pictures.focus();
    });
    this.#pictures = new PictureList(corrections, () => this.#changed());
    this.#changes = new ChangeList({
      session,
      corrections,
      onChange: () => this.#changed(),
      trainAgain: () => options.trainAgain(),
      use: () => void this.#use(),
    });
    this.#button.addEventListener("click", () => void this.#readAll());
    this.#shares.addEventListener("change", () => this.#renderTable());
    this.#worst.addEventListener("click", () => {
      this.#showPictures(undefined);
      this.#pictures.focus();
    });
    find("mistaken", HTMLElement).addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.#cell) this.#table.focus(this.#cell);
    });
    this.#parts = [...this.#section.querySelectorAll<HTMLButtonElement>("[data-part]")];
    for (const button of this.#parts) {
      button.addEventListener("click", () =>
        this.#choosePart(button.dataset["part"] === "train" ? "train" : "heldOut"),
      );
    }
    new IntersectionObserver((entries) => {
      this.#seen = entries.some(({ isIntersecting }) => isIntersecting);
      this.render();
    }).observe(this.#section);
  }

  /** Takes the changes of a file up. */
  open(file: Blob): Promise<void> {
    return this.#changes.open(file);
  }

  #choosePart(part: Part): void {
    if (part === this.#part) return;
    this.#part = part;
    this.#cell = undefined;
    void this.#readAll();
  }

  async #use(): Promise<void> {
    const digits = this.#options.corrections.use();
    if (digits) await this.#options.session.useDigits(digits);
    this.#changed();
    this.#button.focus();
  }

  #changed(): void {
    this.#changes.render();
    this.#pictures.render();
    this.#options.onChange();
  }

  /** Has the network read every picture of the part; the last call counts. */
  async #readAll(): Promise<void> {
    const { session } = this.#options;
    const part = this.#part;
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#failure = undefined;
    this.render();
    const of = { latest: session.latest, digits: session.digits };
    const { steps: step } = session;
    try {
      const evaluation = await session.readAll(part, reading.signal);
      if (reading.signal.aborted || evaluation?.outputs === undefined || of.digits === undefined) return;
      if (of.digits !== session.digits) return;
      const readings = readingsOf(evaluation.outputs, of.digits[part].labels);
      const wrong = readings.filter(({ label, answer }) => label !== answer).length;
      this.#read = { part, step, evaluation, readings, wrong, of };
      this.#showPictures(this.#cell);
    } catch (error) {
      // Of a training that failed the page tells already.
      if (!reading.signal.aborted && session.phase !== "failed") this.#failure = { error, of };
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
      this.render();
    }
  }

  /** Whether what is shown is of the network and the pictures as they are. */
  #isFresh(): boolean {
    const { latest, digits, steps } = this.#options.session;
    const { of, part, step } = this.#read ?? {};
    return part === this.#part && step === steps && of?.latest === latest && of?.digits === digits;
  }

  /** Reads again by itself where it can be seen and costs the training nothing. */
  #readAgain(): void {
    const { phase, steps, latest, hasLearned } = this.#options.session;
    // A training that ended is measured yet; a pause may come at any step.
    const rests = hasLearned && (phase === "paused" || (phase === "ready" && latest?.step === steps));
    if (this.#seen && rests && !this.#isFresh() && this.#reading === undefined && this.#failure === undefined) {
      void this.#readAll();
    }
  }

  #showPictures(cell: Cell | undefined): void {
    this.#cell = cell;
    const text = say();
    const { readings = [], part = this.#part } = this.#read ?? {};
    const chosen = cell ? picturesOf(readings, cell) : mistakes(readings);
    const many = count(chosen.length);
    const title = cell
      ? cell.label === cell.answer
        ? text.picturesRight(className(cell.label), many)
        : text.picturesCell(className(cell.label), className(cell.answer), many)
      : chosen.length === 0
        ? text.picturesNoMistakes
        : text.picturesWorstTitle(many);
    this.#pictures.show({ part, title, readings: chosen });
    this.#worst.disabled = cell === undefined;
    this.#renderTable();
  }

  #renderTable(): void {
    if (this.#read === undefined) return;
    const { confusion } = this.#read.evaluation;
    const { names = [] } = this.#options.session.digits ?? {};
    // A network of ten outputs may answer with a class that the pictures do not have.
    const used = confusion.map((row, label) => row.some((n) => n > 0) || confusion.some((other) => other[label]));
    const size = Math.max(names.length, used.lastIndexOf(true) + 1);
    this.#table.render({
      confusion: confusion.slice(0, size).map((row) => row.slice(0, size)),
      byShare: this.#shares.checked,
      selected: this.#cell,
    });
  }

  /** Writes what changed; cheap, it is called at every frame of a training. */
  render(): void {
    const { session } = this.#options;
    const { usable, digits, hasLearned } = session;
    // What belongs to another network or other pictures is not shown.
    const { of: failed } = this.#failure ?? {};
    if (failed && (!hasLearned || failed.latest !== session.latest || failed.digits !== digits))
      this.#failure = undefined;
    if (this.#read && (!hasLearned || this.#read.of.digits !== digits)) this.#read = undefined;
    this.#readAgain();
    const busy = this.#reading !== undefined;
    this.#button.disabled = !usable || busy || this.#isFresh();
    this.#section.ariaBusy = String(busy);
    for (const button of this.#parts) {
      button.ariaPressed = String(button.dataset["part"] === this.#part);
      button.disabled = !usable;
    }
    find("mistakes-choice", HTMLElement).hidden = !hasLearned;
    write(find("mistakes-status", HTMLElement), this.#sentence());
    find("mistakes-body", HTMLElement).hidden = this.#read === undefined;
    const { changes, pending } = this.#options.corrections;
    find("changes", HTMLElement).hidden = this.#read === undefined && changes.length === 0 && !pending;
    this.#changes.render();
    const now = [wordsKey(), this.#read, className(0)];
    if (now.some((value, index) => value !== this.#shown[index])) {
      this.#shown = now;
      if (this.#read) this.#showPictures(this.#cell);
    }
  }

  #sentence(): string {
    const text = say();
    if (this.#failure !== undefined) return text.mistakesFailed(errorWords(this.#failure.error));
    if (!this.#options.session.hasLearned) return text.mistakesUntrained;
    if (this.#reading !== undefined && this.#read?.part !== this.#part) return text.mistakesBusy;
    if (this.#read === undefined) return text.mistakesWaiting;
    const { readings, wrong, step, part } = this.#read;
    const found = text.mistakesFound(
      count(wrong),
      count(readings.length),
      count(step),
      percent(1 - wrong / readings.length, 1),
    );
    return part === "train" ? `${found} ${text.mistakesTrainNote}` : found;
  }
}
