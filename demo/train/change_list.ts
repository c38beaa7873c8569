/** What the visitor changed of the data: a list to undo from, a file out and in, and the training that uses it. */
import { sample } from "../../src/data/subset.ts";
import { className } from "../classes.ts";
import { find, make, write } from "../dom.ts";
import { errorWords } from "../error_words.ts";
import { download, onFile } from "../files.ts";
import { inkCanvas } from "../ink.ts";
import { kept } from "../kept.ts";
import { count, language, say } from "../language.ts";
import type { Session } from "../session.ts";
import { type Change, ChangesError } from "./changes.ts";
import { changesProblemWords } from "./changes_words.ts";
import type { Corrections } from "./corrections.ts";

/** The newest changes are listed; there may be thousands. */
const MOST_LISTED = 40;

type FileOutcome = { kind: "opened"; count: number } | { kind: "bad"; error: unknown };

export interface ChangeListOptions {
  readonly session: Session;
  readonly corrections: Corrections;
  /** Something was changed. */
  onChange(): void;
  /** Begins anew with the changes. */
  trainAgain(): void;
  /** The training goes on with the changes. */
  use(): void;
}

export class ChangeList {
  readonly #options: ChangeListOptions;
  readonly #trainAgain = find("changes-train", HTMLButtonElement);
  readonly #use = find("changes-use", HTMLButtonElement);
  readonly #save = find("changes-save", HTMLButtonElement);
  readonly #undoAll = find("changes-undo", HTMLButtonElement);
  readonly #open = find("changes-open", HTMLButtonElement);
  readonly #list = find("change-list", HTMLUListElement);
  #file: FileOutcome | undefined;
  #shown: readonly unknown[] = [];

  constructor(options: ChangeListOptions) {
    this.#options = options;
    const { corrections } = options;
    this.#trainAgain.addEventListener("click", () => options.trainAgain());
    this.#use.addEventListener("click", () => options.use());
    this.#save.addEventListener("click", () =>
      download(`corteza-changes-${corrections.original?.id ?? ""}.json`, corrections.toJson(), "application/json"),
    );
    this.#undoAll.addEventListener("click", () => {
      corrections.undoAll();
      this.#changed(this.#open);
    });
    onFile(this.#open, find("changes-file", HTMLInputElement), (file) => void this.open(file));
  }

  /** Adds the changes of a file. */
  async open(file: Blob): Promise<void> {
    try {
      this.#file = { kind: "opened", count: this.#options.corrections.addJson(await file.text()) };
    } catch (error) {
      this.#file = { kind: "bad", error };
    }
    this.#options.onChange();
  }

  #changed(focus: HTMLElement): void {
    this.#file = undefined;
    this.#options.onChange();
    focus.focus();
  }

  /** Writes everything, in the page's language. */
  render(): void {
    const text = say();
    const { corrections, session } = this.#options;
    const { changes, pending } = corrections;
    this.#trainAgain.hidden = this.#use.hidden = !pending;
    this.#trainAgain.disabled = this.#use.disabled = !session.usable;
    this.#save.hidden = this.#undoAll.hidden = changes.length === 0;
    write(find("changes-note", HTMLElement), this.#sentence());
    const file = find("changes-status", HTMLElement);
    write(file, this.#fileSentence());
    file.classList.toggle("refused", this.#file?.kind === "bad");
    const shown = [language(), changes, corrections.original, className(0)];
    if (shown.every((value, index) => value === this.#shown[index])) return;
    this.#shown = shown;
    const listed = changes.slice(-MOST_LISTED).reverse();
    this.#list.replaceChildren(...listed.map((change) => this.#item(change)));
    if (changes.length > listed.length) {
      const more = text.changesMore(count(changes.length - listed.length));
      this.#list.append(make("li", { className: "note", text: more }));
    }
  }

  #sentence(): string {
    const text = say();
    const { corrections, session } = this.#options;
    const { changes, pending } = corrections;
    const many = text.changesCount(changes.length, count(changes.length));
    if (pending) return changes.length === 0 ? text.changesUnused : text.changesPending(many);
    if (changes.length === 0) return kept().texts ? text.changesNone : text.changesNotKept;
    const { train, heldOut } = session.digits ?? {};
    return text.changesUsed(many, count(train?.count ?? 0), count(heldOut?.count ?? 0));
  }

  #fileSentence(): string {
    if (this.#file === undefined) return "";
    const text = say();
    if (this.#file.kind === "opened")
      return text.changesOpened(text.changesCount(this.#file.count, count(this.#file.count)));
    const { error } = this.#file;
    return text.changesBadFile(error instanceof ChangesError ? changesProblemWords(error.problem) : errorWords(error));
  }

  #item(change: Change): HTMLLIElement {
    const text = say();
    const { corrections } = this.#options;
    const { part, index, label } = change;
    const original = corrections.original?.[part];
    const set = part === "train" ? text.mistakesTrain : text.mistakesHeldOut;
    const was = className(original?.labels[index] ?? 0);
    const number = count(index + 1);
    const words =
      label === undefined
        ? text.changeRemoved(set, number, was)
        : text.changeRelabelled(set, number, was, className(label));
    const undo = make("button", { text: "×" });
    undo.type = "button";
    undo.ariaLabel = undo.title = text.changeUndo(words);
    undo.addEventListener("click", () => {
      corrections.undo(part, index);
      this.#changed(this.#open);
      this.#list.querySelector("button")?.focus();
    });
    const picture = original ? [inkCanvas(sample(original, index).image)] : [];
    return make("li", {}, ...picture, make("span", { text: words }), undo);
  }
}
