/** "Teach it": the right digit for a misread drawing, what the lesson did, and the list of what was taught. */

import { chance } from "./bars.ts";
import { CLASSES, className, ownTitle } from "./classes.ts";
import { announce, find, make, write } from "./dom.ts";
import { fileWords } from "./error_words.ts";
import { download, onFile } from "./files.ts";
import { inkCanvas } from "./ink.ts";
import { kept } from "./kept.ts";
import { count, language, percent, say } from "./language.ts";
import type { Session } from "./session.ts";
import { keepLessons, keptLessons } from "./storage.ts";
import { type Lesson, lessonsFromJson, lessonsToJson, type Taught } from "./teaching.ts";
import { atTemperature } from "./temperature.ts";

type Outcome =
  | { kind: "taught"; taught: Taught; lessons: readonly Lesson[] }
  | { kind: "busy"; lessons: readonly Lesson[] }
  | { kind: "undone" }
  | { kind: "interrupted" };

type FileOutcome = { kind: "added"; count: number } | { kind: "bad"; error: unknown };

export interface TeachPanelOptions {
  session: Session;
  /** What the network sees of the drawing now. */
  pixels(): Float32Array | undefined;
  /** There is something to tell, of the network as it now is: writes the whole page, this panel too, at once. */
  onOutcome(): void;
}

export class TeachPanel {
  readonly #session: Session;
  readonly #pixels: () => Float32Array | undefined;
  readonly #onOutcome: () => void;
  readonly #ask = find("teach-ask", HTMLElement);
  readonly #status = find("teach-status", HTMLElement);
  readonly #undo = find("unteach", HTMLButtonElement);
  readonly #list = find("lesson-list", HTMLElement);
  readonly #practise = find("practise", HTMLButtonElement);
  readonly #export = find("export-lessons", HTMLButtonElement);
  readonly #digits: readonly HTMLButtonElement[];
  #lessons: readonly Lesson[] = [];
  /** The lesson that `unteach` takes back, where it added one to the list. */
  #newest: Lesson | undefined;
  #outcome: Outcome | undefined;
  /** The network that the outcome is of: a training at a step. */
  #of = "";
  #file: FileOutcome | undefined;
  #shown: readonly Lesson[] | undefined;
  /** Language and classes of what is shown. */
  #shownNames = "";

  constructor({ session, pixels, onOutcome }: TeachPanelOptions) {
    this.#session = session;
    this.#pixels = pixels;
    this.#onOutcome = onOutcome;
    this.#digits = Array.from({ length: CLASSES }, (_, digit) => {
      const button = make("button");
      button.type = "button";
      button.addEventListener("click", () => void this.#teachDrawing(digit));
      return button;
    });
    find("teach-digits", HTMLFieldSetElement).append(...this.#digits);
    this.#undo.addEventListener("click", () => void this.#unteach());
    this.#practise.addEventListener("click", () => void this.#teach(this.#lessons, []));
    this.#export.addEventListener("click", () =>
      download("corteza-drawings.json", lessonsToJson(this.#lessons), "application/json"),
    );
    onFile(find("import-lessons", HTMLButtonElement), find("lessons-file", HTMLInputElement), (file) => {
      void this.open(file);
    });
    void keptLessons().then((kept) => {
      this.#lessons = [...kept, ...this.#lessons];
      this.#onOutcome();
    });
  }

  /** The drawings that it was taught, as the network sees them. */
  get drawings(): readonly Float32Array[] {
    return this.#lessons.map(({ pixels }) => pixels);
  }

  /** Adds the drawings of a file to the list; what is in the list stays. */
  async open(file: File): Promise<void> {
    try {
      const added = lessonsFromJson(await file.text());
      this.#setLessons([...this.#lessons, ...added]);
      this.#file = { kind: "added", count: added.length };
    } catch (error) {
      this.#file = { kind: "bad", error };
    }
    this.#onOutcome();
  }

  #setLessons(lessons: readonly Lesson[]): void {
    this.#lessons = lessons;
    void keepLessons(lessons);
  }

  async #teachDrawing(label: number): Promise<void> {
    const pixels = this.#pixels()?.slice();
    if (pixels === undefined) return;
    const lesson = { pixels, label };
    // A drawing that is corrected again is one drawing.
    const others = this.#lessons.filter((one) => !sameDrawing(one, lesson));
    const taught = await this.#teach([lesson], others);
    if (!taught?.kept) return;
    this.#newest = lesson;
    this.#setLessons([...others, lesson]);
    this.#onOutcome();
  }

  async #teach(lessons: readonly Lesson[], older: readonly Lesson[]): Promise<Taught | undefined> {
    this.#newest = undefined;
    this.#outcome = { kind: "busy", lessons };
    this.#onOutcome();
    const taught = await this.#session.teach(lessons, older);
    this.#outcome = taught ? { kind: "taught", taught, lessons } : { kind: "interrupted" };
    this.#of = this.#network;
    this.#onOutcome();
    announce(this.#status.textContent ?? "");
    return taught;
  }

  async #unteach(): Promise<void> {
    const lesson = this.#newest;
    await this.#session.unteach();
    if (lesson) this.#setLessons(this.#lessons.filter((one) => one !== lesson));
    this.#newest = undefined;
    this.#outcome = { kind: "undone" };
    this.#of = this.#network;
    this.#onOutcome();
    this.#digits[0]?.focus();
  }

  get #network(): string {
    const { run, steps } = this.#session;
    return `${run.id} ${steps}`;
  }

  /** Writes everything, in the page's language. */
  render(): void {
    const text = say();
    const { phase, hasLearned: trained, canUnteach } = this.#session;
    const busy = this.#outcome?.kind === "busy";
    // What a lesson found says nothing of a network that has trained on, or of another one.
    if (!busy && this.#of !== this.#network) this.#outcome = undefined;
    const own = ownTitle() !== undefined;
    const free = (phase === "ready" || phase === "paused") && !busy && !own;
    const drawn = this.#pixels() !== undefined;
    this.#digits.forEach((button, digit) => {
      button.disabled = !(free && trained && drawn);
      write(button, className(digit));
      button.ariaLabel = text.teachDigit(className(digit));
    });
    write(
      this.#ask,
      own
        ? text.teachOwn
        : !trained
          ? text.teachUntrained
          : phase === "training" && !busy
            ? text.teachWaits
            : text.teachAsk,
    );
    write(this.#status, this.#sentence());
    this.#status.classList.toggle("refused", this.#outcome?.kind === "taught" && !this.#outcome.taught.kept);
    this.#undo.hidden = !(this.#outcome?.kind === "taught" && canUnteach && free);
    this.#practise.disabled = !(free && trained) || this.#lessons.length === 0;
    this.#export.disabled = this.#lessons.length === 0;
    const note = this.#lessons.length === 0 ? text.lessonsNone : text.lessonsNote;
    write(find("lessons-note", HTMLElement), kept().database ? note : `${note} ${text.lessonsNotKept}`);
    const status = find("lessons-status", HTMLElement);
    write(status, this.#fileSentence());
    status.classList.toggle("refused", this.#file?.kind === "bad");
    const names = `${language()} ${this.#digits.map(({ textContent }) => textContent).join()}`;
    if (this.#shown !== this.#lessons || this.#shownNames !== names) {
      this.#shown = this.#lessons;
      this.#shownNames = names;
      this.#list.replaceChildren(...this.#lessons.map((lesson) => this.#item(lesson)));
    }
  }

  #sentence(): string {
    const text = say();
    const outcome = this.#outcome;
    if (outcome === undefined) return "";
    if (outcome.kind === "undone") return text.teachUndone;
    if (outcome.kind === "interrupted") return text.teachInterrupted;
    const { lessons } = outcome;
    const [lesson] = lessons;
    const one = lessons.length === 1 && lesson ? lesson : undefined;
    if (outcome.kind === "busy") return one ? text.teachBusy(className(one.label)) : text.teachBusyMany;
    const { kept, readings, before, after, count: digits } = outcome.taught;
    if (!kept) return text.teachRefused(percent(before, 1), percent(after, 1));
    const measured = text.teachMeasured(percent(before, 1), percent(after, 1), count(digits));
    const [reading] = readings;
    if (one && reading) {
      // The same figure as beside the bars, which the same drawing has.
      const shares = atTemperature(reading.probabilities, this.#session.temperature);
      const [read, label, share] = [className(reading.read), className(one.label), chance(shares[one.label] ?? 0)];
      return `${reading.read === one.label ? text.teachLearned(read, share) : text.teachNotYet(read, label, share)} ${measured}`;
    }
    const right = readings.filter(({ read }, index) => read === lessons[index]?.label).length;
    return `${text.teachManyLearned(count(right), count(lessons.length))} ${measured}`;
  }

  #fileSentence(): string {
    if (this.#file === undefined) return "";
    return this.#file.kind === "added"
      ? say().lessonsImported(count(this.#file.count))
      : say().lessonsBadFile(fileWords(this.#file.error));
  }

  #item(lesson: Lesson): HTMLElement {
    const text = say();
    const label = className(lesson.label);
    const canvas = inkCanvas(lesson.pixels, text.lessonLabel(label));
    const digit = make("span", { className: "lesson-digit", text: label });
    digit.ariaHidden = "true";
    const remove = make("button", { text: "×" });
    remove.type = "button";
    remove.ariaLabel = text.lessonDelete(label);
    remove.title = text.lessonDelete(label);
    remove.addEventListener("click", () => {
      this.#setLessons(this.#lessons.filter((one) => one !== lesson));
      this.#onOutcome();
      // The focus stays near: on the list's next button, or on what adds to it.
      const next = this.#list.querySelector("button") ?? find("import-lessons", HTMLButtonElement);
      next.focus();
    });
    return make("li", {}, canvas, digit, remove);
  }
}

function sameDrawing(a: Lesson, b: Lesson): boolean {
  return a.pixels.every((value, index) => Math.abs(value - (b.pixels[index] ?? 0)) < 1 / 255);
}
