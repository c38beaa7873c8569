/**
 * A field for a number, in the page's language. What cannot be read, or is not allowed, stays in the field, is told beside it,
 * and changes nothing.
 */
import { announce, make, write } from "./dom.ts";
import { fieldMarks, fieldNumber, say } from "./language.ts";
import { readNumber } from "./number_text.ts";

export interface NumberFieldOptions {
  readonly least: number;
  readonly most: number;
  /** Whether it takes whole numbers only. */
  readonly whole?: boolean;
  /** Whether it may be empty. */
  readonly optional?: boolean;
  /** What the up and down arrows add; nothing where it is left out. */
  readonly step?: number;
  /** Whether it is heard at each key, not only when the field is left. */
  readonly live?: boolean;
  /** Where refusals are told; below the field where it is left out. */
  readonly note?: HTMLElement;
  /** Hears of a number that was typed; of undefined where an optional field was emptied. */
  take(value: number | undefined): void;
}

let made = 0;

export class NumberField {
  readonly input: HTMLInputElement;
  readonly note: HTMLElement;
  readonly #options: NumberFieldOptions;
  #value: number | undefined;
  /** Why what is in the field does not count. */
  #refused: "unreadable" | "range" | undefined;
  /** Whether its note says why. */
  #told = false;

  constructor(input: HTMLInputElement, options: NumberFieldOptions) {
    this.input = input;
    this.#options = options;
    const { step, least, most, whole, note } = options;
    input.type = "text";
    input.inputMode = whole ? "numeric" : "decimal";
    input.autocomplete = "off";
    input.classList.add("number-field");
    this.note = note ?? make("span");
    this.note.classList.add("field-note");
    this.note.hidden = true;
    this.note.id ||= `field-note-${++made}`;
    // Beside the label, not in it: it is no part of the field's name.
    if (note === undefined) (input.closest("label") ?? input).after(this.note);
    if (step !== undefined) {
      input.setAttribute("role", "spinbutton");
      input.setAttribute("aria-valuemin", String(least));
      input.setAttribute("aria-valuemax", String(most));
      input.addEventListener("keydown", (event) => this.#step(event, step));
    }
    input.addEventListener("input", () => this.#read(options.live ?? false, false));
    input.addEventListener("change", () => {
      this.#read(true, true);
      if (this.#refused === undefined) this.#write();
      else announce(this.note.textContent ?? "");
    });
  }

  /** The last number that counted. */
  get value(): number | undefined {
    return this.#value;
  }

  /** Shows a number that came from elsewhere; over what is being typed or was refused only where it is another one. */
  show(value: number | undefined): void {
    if (value === this.#value) {
      if (this.#refused === undefined && document.activeElement !== this.input) this.#write();
      return;
    }
    this.#value = value;
    this.#refused = undefined;
    this.#write();
    this.#tell();
  }

  /** Takes what the address says, whose numbers are no language's; what is none is shown and refused, as if it were typed. */
  start(text: string, usual: number | undefined): void {
    this.#value = usual;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    this.#refused = Number.isNaN(value) ? "unreadable" : this.#allows(value) ? undefined : "range";
    if (this.#refused === undefined) {
      this.#value = value;
      this.#write();
    } else this.input.value = text;
    this.#tell();
  }

  /** What is in the field and does not count; undefined where it does. */
  get refusedText(): string | undefined {
    return this.#refused === undefined ? undefined : this.input.value;
  }

  /** Puts a text into the field, as if it were typed. */
  type(text: string): void {
    this.input.value = text;
    this.#read(true, true);
  }

  /** Writes everything, in the page's language. */
  translate(): void {
    if (this.#refused === undefined && document.activeElement !== this.input) this.#write();
    this.#tell();
  }

  #allows(value: number): boolean {
    const { least, most, whole = false } = this.#options;
    return value >= least && value <= most && (!whole || Number.isInteger(value));
  }

  /** Reads what is in the field; `counts`: whether it is to be taken already, `left`: whether the field was left. */
  #read(counts: boolean, left: boolean): void {
    const text = this.input.value;
    const { optional = false, take } = this.#options;
    const empty = text.trim() === "";
    const value = empty ? undefined : readNumber(text, fieldMarks());
    const fine = empty ? optional : value !== undefined && this.#allows(value);
    // Who is still typing is not told off for the beginning of a number.
    const begun = /^[\s+\u2212\u2013.,-]*$/.test(text) || /\d[eE][+-]?$/.test(text);
    if (!fine && (!counts || (begun && !left))) return;
    this.#refused = fine ? undefined : value === undefined ? "unreadable" : "range";
    this.#tell();
    if (!fine || !counts || value === this.#value) return;
    this.#value = value;
    take(value);
  }

  #step(event: KeyboardEvent, step: number): void {
    if (event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const { least, most, take } = this.#options;
    const from = readNumber(this.input.value, fieldMarks()) ?? this.#value ?? least - step;
    const to = Math.min(Math.max(from + (event.key === "ArrowUp" ? step : -step), least), most);
    this.#refused = undefined;
    const changed = to !== this.#value;
    this.#value = to;
    this.#write();
    this.#tell();
    if (changed) take(to);
  }

  #write(): void {
    const text = this.#value === undefined ? "" : fieldNumber(this.#value);
    if (this.input.value !== text) this.input.value = text;
  }

  #tell(): void {
    const { input, note } = this;
    if (this.#options.step !== undefined) {
      if (this.#value === undefined) input.removeAttribute("aria-valuenow");
      else input.setAttribute("aria-valuenow", String(this.#value));
    }
    // Several fields may share a place for their notes: each clears its own only.
    if (this.#refused === undefined) {
      if (!this.#told) return;
      this.#told = false;
      note.hidden = true;
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      write(note, "");
      return;
    }
    this.#told = true;
    note.hidden = false;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", note.id);
    write(note, this.#words());
  }

  #words(): string {
    const text = say();
    const { least, most, whole = false, optional = false } = this.#options;
    const range = (whole ? text.fieldWhole : text.fieldRange)(fieldNumber(least), fieldNumber(most));
    const allowed = optional ? text.fieldOrNothing(range) : range;
    const kept = this.#value === undefined ? text.fieldNone : text.fieldKept(fieldNumber(this.#value));
    return [...(this.#refused === "unreadable" ? [text.fieldUnreadable] : []), text.fieldAllowed(allowed), kept].join(
      " ",
    );
  }
}
