/** Pictures with what the network reads in each, a page at a time; one of them can be corrected or taken out. */
import { sample } from "../../src/data/subset.ts";
import { className } from "../classes.ts";
import { announce, find, make, write } from "../dom.ts";
import { inkCanvas, paintInk } from "../ink.ts";
import { count, percent, say } from "../language.ts";
import { changeOf, type Part } from "./changes.ts";
import type { Corrections } from "./corrections.ts";
import type { Reading } from "./mistakes.ts";

/** Pictures of a page. */
const PAGE = 24;

export interface Shown {
  readonly part: Part;
  readonly title: string;
  readonly readings: readonly Reading[];
}

/** A probability that is rounded to 100 % would claim a certainty that no network has, and 0 % likewise. */
function chance(probability: number): string {
  if (probability > 0.99) return `>\u2009${percent(0.99)}`;
  return probability < 0.01 ? `<\u2009${percent(0.01)}` : percent(probability);
}

export class PictureList {
  readonly #corrections: Corrections;
  readonly #onChange: () => void;
  readonly #title = find("pictures-title", HTMLElement);
  readonly #list = find("pictures-list", HTMLUListElement);
  readonly #back = find("pictures-back", HTMLButtonElement);
  readonly #next = find("pictures-next", HTMLButtonElement);
  readonly #labels = find("picture-labels", HTMLFieldSetElement);
  readonly #remove = find("picture-remove", HTMLButtonElement);
  readonly #undo = find("picture-undo", HTMLButtonElement);
  #shown: Shown | undefined;
  #first = 0;
  /** The picture that is being looked at: its place among the readings. */
  #chosen: number | undefined;

  /** `onChange`: something was changed of a picture. */
  constructor(corrections: Corrections, onChange: () => void) {
    this.#corrections = corrections;
    this.#onChange = onChange;
    this.#back.addEventListener("click", () => this.#turn(-PAGE));
    this.#next.addEventListener("click", () => this.#turn(PAGE));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#remove.addEventListener("click", () => this.#change(undefined));
    this.#undo.addEventListener("click", () => this.#undoChosen());
  }

  /** Shows other pictures, from the first page on; the same picture stays chosen where it is among them. */
  show(shown: Shown): void {
    const before = this.#chosen === undefined ? undefined : this.#shown?.readings[this.#chosen]?.row;
    const same = this.#shown?.part === shown.part;
    const place = same ? shown.readings.findIndex(({ row }) => row === before) : -1;
    this.#shown = shown;
    this.#chosen = place < 0 ? undefined : place;
    this.#first = place < 0 ? 0 : place - (place % PAGE);
    this.render();
  }

  /** Puts the focus on what the pictures are. */
  focus(): void {
    this.#title.focus({ preventScroll: true });
    this.#title.scrollIntoView({ block: "nearest" });
  }

  #turn(by: number): void {
    this.#first += by;
    this.#chosen = undefined;
    this.render();
    // A button that is switched off keeps no focus.
    if (this.#back.disabled && document.activeElement !== this.#next) this.#next.focus();
    if (this.#next.disabled && document.activeElement !== this.#back) this.#back.focus();
  }

  #choose(place: number): void {
    this.#chosen = place;
    this.render();
    this.#thumb(place)?.focus({ preventScroll: true });
    find("picture-editor", HTMLElement).scrollIntoView({ block: "nearest" });
  }

  #thumb(place: number): HTMLButtonElement | undefined {
    const thumb = this.#list.children[place - this.#first]?.firstElementChild;
    return thumb instanceof HTMLButtonElement ? thumb : undefined;
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== "z")) return;
    const thumbs = [...this.#list.children];
    const at = thumbs.findIndex((item) => item.contains(document.activeElement));
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowDown: this.#columns(), ArrowLeft: -1, ArrowUp: -this.#columns() }[event.key];
    const to = step === undefined ? undefined : at + step;
    if (to !== undefined) {
      if (to >= 0 && to < thumbs.length) this.#thumb(this.#first + to)?.focus();
    } else if (/^\d$/.test(event.key) && Number(event.key) < this.#classes()) {
      this.#chosen = this.#first + at;
      this.#change(Number(event.key));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.#chosen = this.#first + at;
      this.#change(undefined);
    } else if (event.ctrlKey) {
      this.#chosen = this.#first + at;
      this.#undoChosen();
    } else return;
    event.preventDefault();
  }

  /** Thumbs that stand side by side. */
  #columns(): number {
    const [first, ...others] = [...this.#list.children].map((item) => item.getBoundingClientRect().top);
    const next = others.findIndex((top) => top !== first);
    return next < 0 ? others.length + 1 : next + 1;
  }

  #classes(): number {
    return this.#shown ? (this.#corrections.original?.[this.#shown.part].classes ?? 0) : 0;
  }

  /** The chosen picture, and its place in the part as it came. */
  #looked(): { reading: Reading; part: Part; index: number } | undefined {
    const reading = this.#chosen === undefined ? undefined : this.#shown?.readings[this.#chosen];
    const part = this.#shown?.part;
    return reading && part && { reading, part, index: this.#corrections.indexOf(part, reading.row) };
  }

  #change(label: number | undefined): void {
    const looked = this.#looked();
    if (looked === undefined || (label === undefined && !this.#corrections.canRemove(looked.part))) return;
    const { part, index } = looked;
    const text = say();
    this.#corrections.change(part, index, label);
    const number = count(index + 1);
    announce(label === undefined ? text.announceOut(number) : text.announceRelabelled(number, className(label)));
    this.#changed();
  }

  #undoChosen(): void {
    const looked = this.#looked();
    if (looked === undefined) return;
    this.#corrections.undo(looked.part, looked.index);
    announce(say().announceUndone(count(looked.index + 1)));
    this.#changed();
  }

  #changed(): void {
    const within = this.#list.contains(document.activeElement) ? this.#chosen : undefined;
    const undoing = document.activeElement === this.#undo;
    this.#onChange();
    if (within !== undefined) this.#thumb(within)?.focus({ preventScroll: true });
    if (undoing) this.#remove.focus();
  }

  /** Writes everything, in the page's language. */
  render(): void {
    const text = say();
    const shown = this.#shown;
    if (shown === undefined) return;
    const { readings } = shown;
    const last = Math.min(this.#first + PAGE, readings.length);
    write(this.#title, shown.title);
    this.#list.ariaLabel = text.picturesList;
    this.#list.replaceChildren(
      ...readings.slice(this.#first, last).map((reading, place) => this.#item(reading, this.#first + place)),
    );
    find("pictures-pager", HTMLElement).hidden = readings.length <= PAGE;
    this.#back.disabled = this.#first === 0;
    this.#next.disabled = last === readings.length;
    write(
      find("pictures-place", HTMLElement),
      text.picturesPlace(count(this.#first + 1), count(last), count(readings.length)),
    );
    find("picture-editor", HTMLElement).hidden = readings.length === 0;
    this.#renderEditor();
  }

  #item(reading: Reading, place: number): HTMLLIElement {
    const text = say();
    const { original } = this.#corrections;
    const part = this.#shown?.part ?? "heldOut";
    const index = this.#corrections.indexOf(part, reading.row);
    const change = changeOf(this.#corrections.changes, part, index);
    const now = change && (change.label === undefined ? text.pictureOut : text.pictureNow(className(change.label)));
    const [label, answer] = [className(reading.label), className(reading.answer)];
    const share = chance(reading.probability);
    const thumb = make("button", { className: "thumb" });
    thumb.type = "button";
    if (original) thumb.append(inkCanvas(sample(original[part], index).image));
    const arrow = make("span", { text: `→\u00a0${answer}` });
    const words = make("span", { className: "thumb-words" }, make("span", { text: label }), new Text(" "), arrow);
    thumb.append(words, make("span", { className: now ? "thumb-now" : "thumb-share", text: now ?? share }));
    thumb.ariaLabel = [text.pictureLabel(count(index + 1), label, answer, share), now].filter(Boolean).join(", ");
    thumb.ariaPressed = String(place === this.#chosen);
    thumb.classList.toggle("out", change !== undefined && change.label === undefined);
    // One Tab stop for all of them; the arrow keys go on from there.
    thumb.tabIndex = place === (this.#chosen ?? this.#first) ? 0 : -1;
    thumb.addEventListener("click", () => this.#choose(place));
    return make("li", {}, thumb);
  }

  #renderEditor(): void {
    const text = say();
    const looked = this.#looked();
    const canvas = find("picture-large", HTMLCanvasElement);
    canvas.hidden = looked === undefined;
    find("picture-controls", HTMLElement).hidden = looked === undefined;
    const words = find("picture-words", HTMLElement);
    if (looked === undefined) {
      write(words, text.pictureChoose);
      return;
    }
    const { reading, part, index } = looked;
    const { original, changes } = this.#corrections;
    if (original) paintInk(canvas, sample(original[part], index).image);
    const [number, label, answer] = [count(index + 1), className(reading.label), className(reading.answer)];
    canvas.ariaLabel = text.pictureLabel(number, label, answer, chance(reading.probability));
    write(
      words,
      reading.label === reading.answer
        ? text.pictureRight(number, label, chance(reading.probability))
        : text.pictureWords(number, label, answer, chance(reading.probability), chance(reading.labelProbability)),
    );
    this.#renderLabels(this.#corrections.labelOf(part, index));
    const change = changeOf(changes, part, index);
    this.#remove.disabled = (change !== undefined && change.label === undefined) || !this.#corrections.canRemove(part);
    this.#undo.disabled = change === undefined;
  }

  #renderLabels(now: number | undefined): void {
    const text = say();
    const classes = this.#classes();
    if (this.#labels.childElementCount !== classes) {
      this.#labels.replaceChildren(
        ...Array.from({ length: classes }, (_, label) => {
          const button = make("button");
          button.type = "button";
          button.addEventListener("click", () => this.#change(label));
          return button;
        }),
      );
    }
    [...this.#labels.children].forEach((button, label) => {
      write(button as HTMLElement, className(label));
      button.ariaLabel = text.pictureSetLabel(className(label));
      button.ariaPressed = String(label === now);
    });
  }
}
