import { rasterizeDigit } from "../data/digit.ts";
import type { Stroke } from "../data/stroke.ts";
import { imageDataOf } from "./answer.ts";
import { PAD_STYLE } from "./pad_style.ts";
import { PEN_WIDTH, Surface } from "./surface.ts";
import { type PadWords, wordsOf } from "./words.ts";

/** In Node, where a page is rendered to text, there are no elements; importing this must not fail there. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? class {};

let sheet: CSSStyleSheet | undefined;

function styleSheet(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(PAD_STYLE);
  }
  return sheet;
}

const WIDEST = 140;

/** A form's field that is drawn: the surface, its attributes and the form's side. What reads the drawing is a subclass. */
export abstract class DrawingField extends Base {
  /** Takes part in forms. */
  static readonly formAssociated = true;

  /** @internal */
  protected readonly internals: ElementInternals;
  /** @internal */
  protected readonly surface: Surface;
  #value = "";
  #pixels: Float32Array | undefined;
  #ownLabel: string | undefined;
  #isDisabled = false;
  /** Whether it is on a page and was told so: attributes of a page's markup come before. */
  protected attached = false;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.internals.role = "group";
    this.surface = new Surface(this, { changed: () => this.#redrawn(), pen: () => this.penMoved() });
    this.surface.element.classList.add("surface");
    this.attachShadow({ mode: "open", delegatesFocus: true }).adoptedStyleSheets = [styleSheet()];
  }

  /** Strokes or a picture have changed; `pixels` are those of before where nothing is drawn. */
  protected abstract redrawn(): void;
  /** The keyboard's pen went down or up. */
  protected abstract penMoved(): void;
  /** Writes everything. */
  protected abstract render(): void;

  /** Begins to follow the page. */
  connectedCallback(): void {
    this.attached = true;
    this.surface.connect();
  }

  /** Lets the page go. */
  disconnectedCallback(): void {
    this.attached = false;
    this.surface.disconnect();
  }

  /** The form is reset: the pad is empty. */
  formResetCallback(): void {
    this.clear();
  }

  /** The element, or a fieldset around it, is disabled or no longer. */
  formDisabledCallback(disabled: boolean): void {
    this.#isDisabled = disabled;
    this.surface.disabled = disabled;
    this.render();
  }

  /** The browser brings back what was drawn before the page was left. */
  formStateRestoreCallback(state: unknown): void {
    if (typeof state === "string" && state.startsWith("[")) this.surface.restore(JSON.parse(state));
  }

  /** Name in the form. */
  get name(): string {
    return this.getAttribute("name") ?? "";
  }

  set name(name: string) {
    this.setAttribute("name", name);
  }

  /** Label of the class that was read, typed or chosen; "" while there is none. What the form sends. */
  get value(): string {
    return this.#value;
  }

  /** Width of the pen, in 280ths of the pad's side, up to 140. Default 20. */
  get penWidth(): number {
    const width = Number(this.getAttribute("pen-width"));
    return width > 0 ? Math.min(width, WIDEST) : PEN_WIDTH;
  }

  set penWidth(width: number) {
    this.setAttribute("pen-width", String(width));
  }

  /** "light" or "dark"; "" takes the colours of the page. */
  get theme(): string {
    return this.getAttribute("theme") ?? "";
  }

  set theme(theme: string) {
    this.setAttribute("theme", theme);
  }

  /** Whether the square stands alone, without buttons and answer. */
  get bare(): boolean {
    return this.hasAttribute("bare");
  }

  set bare(bare: boolean) {
    this.toggleAttribute("bare", bare);
  }

  /** Whether its own attribute has it take nothing, and leaves it out of the form. */
  get disabled(): boolean {
    return this.hasAttribute("disabled");
  }

  set disabled(disabled: boolean) {
    this.toggleAttribute("disabled", disabled);
  }

  /** Whether the form wants an answer. */
  get required(): boolean {
    return this.hasAttribute("required");
  }

  set required(required: boolean) {
    this.toggleAttribute("required", required);
  }

  /** The form that it belongs to. */
  get form(): HTMLFormElement | null {
    return this.internals.form;
  }

  /** Whether its value may be sent, and why not. */
  get validity(): ValidityState {
    return this.internals.validity;
  }

  /** The same as a sentence. */
  get validationMessage(): string {
    return this.internals.validationMessage;
  }

  /** False where the value may not be sent; the event "invalid" then comes. */
  checkValidity(): boolean {
    return this.internals.checkValidity();
  }

  /** The same, and the browser says so. */
  reportValidity(): boolean {
    return this.internals.reportValidity();
  }

  /** The strokes drawn so far, oldest first, in 280ths of the pad's side. */
  get strokes(): readonly Stroke[] {
    return this.surface.strokes;
  }

  /** Whether there is neither a stroke nor a picture. */
  get empty(): boolean {
    return this.surface.empty;
  }

  /** Whether `undo` has something to take back. */
  get undoable(): boolean {
    return this.surface.undoable;
  }

  /** Whether pointers take away the strokes that they touch, instead of drawing. */
  get erasing(): boolean {
    return this.surface.erasing;
  }

  set erasing(erasing: boolean) {
    this.surface.erasing = erasing;
  }

  /** Whether the keyboard's pen draws. */
  get penDown(): boolean {
    return this.surface.penDown;
  }

  /** What assistive technology calls the drawing; by default how many strokes it has. */
  get label(): string {
    return this.surface.label;
  }

  set label(text: string) {
    this.#ownLabel = text;
    this.surface.label = text;
  }

  /** The drawing as a network sees it: 784 values from 0 (paper) to 1 (ink), as MNIST's digits are; undefined for an empty pad. */
  get pixels(): Float32Array | undefined {
    return this.#pixels;
  }

  /** The same as a picture of 28×28, white on black; undefined for an empty pad. */
  toImageData(): ImageData | undefined {
    return this.#pixels && imageDataOf(this.#pixels);
  }

  /** Takes the last stroke back, or what was erased last, or the picture. */
  undo(): void {
    this.surface.undo();
  }

  /** Empties the pad. */
  clear(): void {
    this.surface.clear();
  }

  /** Shows a grey picture, 28×28 values from 0 (paper) to 1 (ink), instead of strokes, until the next stroke. */
  show(pixels: Float32Array): Promise<void> {
    return this.surface.show(pixels, 28);
  }

  /** Draws again, after the ink's colour changed. */
  redraw(): void {
    this.surface.redraw();
  }

  /** Whether it, or a fieldset around it, is disabled. */
  protected get isDisabled(): boolean {
    return this.#isDisabled;
  }

  /** The language of the nearest `lang`, its own first. */
  protected get language(): string {
    return this.closest<HTMLElement>("[lang]")?.lang || "en";
  }

  protected get words(): PadWords {
    return wordsOf(this.language);
  }

  /** What the form sends from now on. */
  protected setValue(value: string): void {
    const changed = value !== this.#value;
    this.#value = value;
    this.checkRequired();
    this.internals.setFormValue(value === "" ? null : value, JSON.stringify(this.surface.strokes));
    if (changed) this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  protected checkRequired(): void {
    const missing = this.required && this.#value === "";
    this.internals.setValidity(missing ? { valueMissing: true } : {}, this.words.required, this.surface.element);
  }

  /** What the surface and the drawing on it are called. */
  protected nameSurface(): void {
    const { words, surface } = this;
    const name = this.ariaLabel ?? words.name;
    this.internals.ariaLabel = name;
    surface.element.ariaLabel = name;
    const strokes = surface.strokes.length;
    surface.label =
      this.#ownLabel ?? (surface.shown ? words.shown : strokes === 0 ? words.empty : words.drawn(strokes));
  }

  #redrawn(): void {
    this.#pixels = this.surface.shown ?? rasterizeDigit(this.surface.strokes)?.image;
    this.redrawn();
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }
}
