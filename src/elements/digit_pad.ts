import { ArgumentError } from "../core/errors.ts";
import type { Backend } from "../graph/backend.ts";
import { AnswerPanel, button, chance, part } from "./answer.ts";
import { DrawingField } from "./drawing_field.ts";
import type {
  DigitPadEventMap,
  OpenedClassifier,
  OpeningOptions,
  PadClassifier,
  PadCorrection,
  PadPrediction,
} from "./pad_types.ts";

const SURE = 0.6;
const DIGITS: readonly string[] = Array.from({ length: 10 }, (_, digit) => String(digit));
/** Properties that a page may have set before the element was defined. */
const EARLY = [
  ...["src", "labels", "classifier", "backend", "penWidth", "teachable", "theme", "disabled", "required", "name"],
  ...["bare", "erasing", "label"],
];

/** What became of the drawing. */
type State = "empty" | "reading" | "answered" | "typed" | "corrected";

/** <digit-pad> but for what opens a network from an address, which "corteza/digit-pad" adds. */
export class DigitPadElement extends DrawingField {
  /** Attributes that change what is shown. */
  static readonly observedAttributes = [
    ...["src", "labels", "lang", "pen-width", "teachable", "bare", "required", "aria-label"],
  ];

  readonly #panel = new AnswerPanel({ choose: (index) => this.#choose(index), retry: () => this.#load() });
  readonly #hint = part("span", "hint");
  readonly #keys = part("p", "unseen");
  readonly #undo = button("undo", () => this.undo());
  readonly #clear = button("clear", () => {
    this.clear();
    this.focus();
  });
  #classifier: PadClassifier | undefined;
  #backend: Backend | undefined;
  /** The network of `src`, on its way or here. */
  #opened: Promise<OpenedClassifier> | undefined;
  #opening: AbortController | undefined;
  #loading = false;
  #failure: unknown;
  /** Whether the failure is that of a reading, and not of the opening. */
  #failedReading = false;
  #state: State = "empty";
  #prediction: PadPrediction | undefined;
  #classes = DIGITS;
  #asking = false;
  #askAgain = false;

  constructor() {
    super();
    this.#keys.id = "keys";
    this.#hint.ariaHidden = "true";
    const { element } = this.surface;
    element.setAttribute("aria-describedby", "keys");
    element.addEventListener("keydown", (event) => this.#typed(event));
  }

  override connectedCallback(): void {
    for (const name of EARLY) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = Reflect.get(this, name);
      // What was set on the plain element hides the accessor of the same name.
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
    super.connectedCallback();
    this.surface.penWidth = this.penWidth;
    this.#arrange();
    this.#load();
    this.render();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // An element that is moved is connected again at once.
    queueMicrotask(() => {
      if (!this.attached) this.#release();
    });
  }

  /** An attribute changed. */
  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || !this.attached) return;
    if (name === "src" || name === "labels") {
      this.#release();
      this.#load();
    }
    if (name === "pen-width") this.surface.penWidth = this.penWidth;
    if (name === "bare") this.#arrange();
    this.render();
  }

  /** Address of a file that `saveModel` or a trainer's `checkpoint` wrote: a network with an input of 28×28×1. */
  get src(): string {
    return this.getAttribute("src") ?? "";
  }

  set src(address: string) {
    this.setAttribute("src", address);
  }

  /** Names of the classes; as an attribute separated by commas. Undefined, the default: "0", "1" … */
  get labels(): readonly string[] | undefined {
    return this.getAttribute("labels")
      ?.split(",")
      .map((label) => label.trim());
  }

  set labels(labels: readonly string[] | undefined) {
    if (labels === undefined) this.removeAttribute("labels");
    else this.setAttribute("labels", labels.join(","));
  }

  /** Reads the drawings in the place of a network from `src`: a classifier over a model that is being trained, say. */
  get classifier(): PadClassifier | undefined {
    return this.#classifier;
  }

  set classifier(classifier: PadClassifier | undefined) {
    this.#classifier = classifier;
    this.refresh();
  }

  /** Where the network of `src` runs; to be set before the pad is on the page. By default `bestBackend()`, one for all pads. */
  get backend(): Backend | undefined {
    return this.#backend;
  }

  set backend(backend: Backend | undefined) {
    this.#backend = backend;
  }

  /** Whether there are buttons to say what a drawing is. */
  get teachable(): boolean {
    return this.hasAttribute("teachable");
  }

  set teachable(teachable: boolean) {
    this.toggleAttribute("teachable", teachable);
  }

  /** Reads the same drawing again, because the network has changed. */
  refresh(): void {
    if (!this.attached) return;
    if (!this.empty) void this.#read();
    this.render();
  }

  /**
   * Reads the drawing now; undefined for an empty pad. It is read by itself after each change, which the event "prediction" tells.
   * Throws `ArgumentError` where there is neither `src` nor `classifier`, what `openModel` and `createClassifier` throw for a
   * network that does not come or does not fit, and what the classifier throws.
   */
  async predict(): Promise<PadPrediction | undefined> {
    const { pixels } = this;
    if (pixels === undefined) return undefined;
    const classifier = this.#classifier ?? (await this.#opened);
    if (classifier === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      throw new ArgumentError(
        "digit-pad: there is no network to read with; give the address of a model file as src, or set classifier.",
      );
    }
    const began = performance.now();
    const { index, probabilities } = await classifier.predict(pixels);
    const milliseconds = performance.now() - began;
    const label = this.#names(probabilities.length)[index] ?? String(index);
    return { label, index, probabilities, sure: (probabilities[index] ?? 0) >= SURE, milliseconds };
  }

  override addEventListener<Type extends keyof DigitPadEventMap>(
    type: Type,
    listener: (this: this, event: DigitPadEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /** Opens the network at an address. The class without "corteza/digit-pad" cannot. */
  protected openClassifier(_source: string, _options: OpeningOptions): Promise<OpenedClassifier> {
    throw new ArgumentError('digit-pad: src wants the element of "corteza/digit-pad".');
  }

  protected override redrawn(): void {
    this.#prediction = undefined;
    this.#state = this.empty ? "empty" : this.#classifier || this.#opened ? "reading" : "answered";
    if (this.empty) this.setValue("");
    else void this.#read();
    this.render();
  }

  protected override penMoved(): void {
    this.dispatchEvent(new Event("pen", { bubbles: true, composed: true }));
    this.#panel.announce(this.penDown ? this.words.penDown : this.words.penUp);
  }

  protected override render(): void {
    if (!this.attached) return;
    const { words } = this;
    this.nameSurface();
    this.checkRequired();
    this.#keys.textContent = this.bare ? words.keys : `${words.keys} ${words.typing}`;
    if (this.bare) return;
    this.#hint.textContent = words.hint;
    this.#hint.hidden = !this.empty;
    this.#undo.textContent = words.undo;
    this.#undo.disabled = this.isDisabled || !this.undoable;
    this.#clear.textContent = words.clear;
    this.#clear.disabled = this.isDisabled || (this.empty && this.value === "");
    this.#panel.render({
      ...{ words, language: this.language, labels: this.#names(this.#classes.length), pixels: this.pixels },
      ...{ value: this.value, probabilities: this.#prediction?.probabilities },
      ...{ caption: this.#caption(), failed: this.#failure !== undefined },
      sure: this.#prediction?.sure ?? true,
      retry: this.#isAway(),
      busy: this.#loading || this.#state === "reading",
      teach: !this.teachable ? "none" : this.pixels && !this.isDisabled ? "ready" : "waits",
    });
  }

  /** Puts the surface alone, or all of it, into the shadow root. */
  #arrange(): void {
    const { element } = this.surface;
    if (this.bare) {
      this.shadowRoot?.replaceChildren(element, this.#keys);
      return;
    }
    const place = part("div", "place", element, this.#hint);
    const drawing = part("div", "drawing", place, part("div", "buttons", this.#undo, this.#clear));
    this.shadowRoot?.replaceChildren(part("div", "all", drawing, this.#panel.element), this.#keys);
  }

  #names(classes: number): readonly string[] {
    const { labels } = this;
    const names =
      labels ?? (classes === DIGITS.length ? DIGITS : Array.from({ length: classes }, (_, name) => `${name}`));
    // The panel makes its rows anew only for others.
    if (names.join() !== this.#classes.join()) this.#classes = names;
    return this.#classes;
  }

  /** Whether the network, or a part of the library, did not come: another attempt may help. */
  #isAway(): boolean {
    const { code } = (this.#failure ?? {}) as { code?: unknown };
    return !this.#failedReading && (code === "network" || code === "module-load");
  }

  #caption(): string {
    const { words } = this;
    if (this.#isAway()) return words.failedNetwork;
    if (this.#failure !== undefined) return this.#failedReading ? words.failedReading : words.failedFile;
    if (this.#state === "corrected") return words.corrected;
    if (this.#state === "typed") return words.typed;
    if (this.#loading) return words.loading;
    if (this.#state === "empty") return words.nothing;
    if (this.#prediction === undefined) return this.#state === "reading" ? words.reading : "";
    const { sure, index, probabilities } = this.#prediction;
    const share = chance(probabilities[index] ?? 0, this.language);
    return sure ? words.sure(share) : words.unsure(share);
  }

  /** Opens the network of `src`, if it has one and none is on its way. */
  #load(): void {
    if (this.src === "" || this.#opened) return;
    const opening = new AbortController();
    this.#opening = opening;
    this.#failure = undefined;
    this.#loading = true;
    const { labels, backend } = this;
    const opened = (async () => this.openClassifier(this.src, { labels, backend, signal: opening.signal }))();
    this.#opened = opened;
    opened.then(
      () => {
        if (this.#opened !== opened) return;
        this.#loading = false;
        this.refresh();
      },
      (error: unknown) => {
        if (this.#opened !== opened) return;
        this.#opened = undefined;
        this.#loading = false;
        this.#fail(error);
      },
    );
    this.render();
  }

  #release(): void {
    this.#opening?.abort();
    this.#opened?.then(
      (classifier) => classifier.dispose(),
      () => undefined,
    );
    this.#opened = undefined;
    this.#loading = false;
    this.#failure = undefined;
  }

  /** One question at a time; what changed meanwhile is asked next, once. */
  async #read(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    if (this.#classifier === undefined && this.#opened === undefined) return;
    this.#asking = true;
    try {
      do {
        this.#askAgain = false;
        const { pixels } = this;
        const prediction = await this.predict();
        if (pixels === this.pixels && prediction) this.#answer(prediction);
      } while (this.#askAgain);
    } catch (error) {
      // What failed to open has told so already.
      if (this.#opened || this.#classifier) this.#fail(error, true);
    } finally {
      this.#asking = false;
    }
  }

  #answer(prediction: PadPrediction): void {
    if (this.#state === "corrected") return;
    this.#failure = undefined;
    this.#prediction = prediction;
    this.#state = "answered";
    this.#names(prediction.probabilities.length);
    this.setValue(prediction.label);
    this.render();
    const { label, sure, index, probabilities } = prediction;
    this.#panel.announce(this.words.answer(label, sure, chance(probabilities[index] ?? 0, this.language)));
    this.#tell("prediction", prediction);
  }

  #fail(error: unknown, isReading = false): void {
    this.#failure = error;
    this.#failedReading = isReading;
    this.render();
    this.#panel.announce(this.#caption());
    const message = error instanceof Error ? error.message : String(error);
    this.dispatchEvent(new ErrorEvent("error", { error, message }));
  }

  #tell(type: string, detail: PadPrediction | PadCorrection): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** A class's key answers for an empty pad, and corrects where that may be. */
  #typed(event: KeyboardEvent): void {
    if (this.bare || this.isDisabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const index = this.#names(this.#classes.length).findIndex((label) => label.toLowerCase() === key);
    if (index < 0) return;
    event.preventDefault();
    this.#choose(index);
  }

  #choose(index: number): void {
    const label = this.#classes[index] ?? "";
    const { pixels } = this;
    if (pixels && !this.teachable) return;
    this.#state = pixels ? "corrected" : "typed";
    this.setValue(label);
    this.render();
    this.#panel.announce(`${label}. ${this.#caption()}`);
    if (pixels) this.#tell("correction", { label, index, image: pixels, prediction: this.#prediction });
  }
}
