/** The drawing pad with what the network sees of it and what it answers. */
import type { DigitPadElement } from "../src/elements/digit_pad.ts";
import { Bars, chance } from "./bars.ts";
import { CLASSES, className, hasLongNames, ownTitle } from "./classes.ts";
import { announce, find, write } from "./dom.ts";
import { onFile } from "./files.ts";
import { say } from "./language.ts";
import { largestOf } from "./largest.ts";
import { readPicture } from "./picture.ts";
import { atTemperature } from "./temperature.ts";

export interface DrawPanelOptions {
  pad: DigitPadElement;
  /** Probabilities of the ten digits for 28×28 values; undefined while there is no network. */
  predict(pixels: Float32Array): Promise<Float32Array | undefined>;
  /** Whether the network has learned anything yet. */
  trained(): boolean;
  /** What its scores are divided by, for probabilities that held-out digits bear out. */
  temperature(): number;
  /** Whether something in the training set is drawn like this. */
  knows(pixels: Float32Array): Promise<boolean>;
  /** Hears what the network sees of the drawing, whenever that changed. */
  onPixels?(pixels: Float32Array | undefined): void;
  /** A held-out digit, drawn by lot. */
  testDigit(): { image: Float32Array; label: number } | undefined;
}

/** A drawing of less ink than this is hardly a digit; a 1 has about 60, a mere dot less than 10. */
const LITTLE_INK = 15;
/**
 * Below this probability, which is that of being right on held-out digits, an answer is called unsure; and so is every answer
 * to ink that nothing in the training set is like (known_ink.ts). After the five epochs that the page offers (reference
 * network, seed 1): 3.9 % of 1,500 other MNIST digits and 1 of 65 drawn ones are called unsure, and 102 of 112 scribbles,
 * shapes, letters and pairs of digits (test/support/scribbles.ts). By the probability alone it would be 14 of those 112. At
 * 0.8 it would be 7.2 % of the digits for one more in fifty of the scribbles.
 */
const SURE = 0.6;
const SIDE = 28;

interface Answer {
  readonly digit: number;
  readonly probabilities: Float32Array;
  /** Whether it is drawn like something that the network learned from. */
  readonly known: boolean;
}

export class DrawPanel {
  readonly #options: DrawPanelOptions;
  readonly #bars = new Bars(find("bars", HTMLElement), CLASSES);
  readonly #seen = find("seen", HTMLCanvasElement);
  readonly #digit = find("verdict-digit", HTMLElement);
  readonly #caption = find("verdict-caption", HTMLElement);
  readonly #note = find("draw-note", HTMLElement);
  readonly #undo = find("undo", HTMLButtonElement);
  readonly #clear = find("clear", HTMLButtonElement);
  readonly #test = find("test-digit", HTMLButtonElement);
  readonly #eraser = find("eraser", HTMLButtonElement);
  readonly #width = find("pen-width", HTMLInputElement);
  #shown: { image: Float32Array; label: number } | undefined;
  /** What became of the last picture that was given. */
  #picture: "shown" | "empty" | "unreadable" | undefined;
  #pixels: Float32Array | undefined;
  #answer: Answer | undefined;
  #ink = 0;
  #asking = false;
  #askAgain = false;

  constructor(options: DrawPanelOptions) {
    this.#options = options;
    const { pad } = options;
    pad.addEventListener("input", () => this.#redrawn());
    this.#undo.addEventListener("click", () => pad.undo());
    this.#clear.addEventListener("click", () => {
      pad.clear();
      announce(say().announceCleared);
    });
    this.#test.addEventListener("click", () => void this.showTestDigit());
    this.#eraser.addEventListener("click", () => {
      pad.erasing = !pad.erasing;
      this.#eraser.ariaPressed = String(pad.erasing);
    });
    this.#width.addEventListener("input", () => {
      pad.penWidth = Number(this.#width.value);
    });
    pad.addEventListener("pen", () => announce(pad.penDown ? say().announcePenDown : say().announcePenUp));
    onFile(find("open-picture", HTMLButtonElement), find("picture-file", HTMLInputElement), (file) => {
      void this.showPicture(file);
    });
    this.render();
  }

  /** Lets the test button work, once there are digits. */
  set ready(value: boolean) {
    this.#test.disabled = !value;
  }

  /** What the network sees of the drawing; undefined while there is none. */
  get pixels(): Float32Array | undefined {
    return this.#pixels;
  }

  /** Asks the network again about the same drawing, because it has learned. */
  refresh(): void {
    if (this.#pixels) void this.#ask();
  }

  /** Shows a held-out digit on the pad, as if it had been drawn. */
  async showTestDigit(): Promise<void> {
    const digit = this.#options.testDigit();
    if (digit === undefined) return;
    await this.#options.pad.show(digit.image);
    this.#shown = digit;
    this.#picture = undefined;
    this.#look(digit.image);
  }

  /** Shows the digit of a picture on the pad, as if it had been drawn. What is on the pad stays where there is none. */
  async showPicture(file: Blob): Promise<void> {
    let pixels: Float32Array | undefined;
    try {
      pixels = await readPicture(file);
      this.#picture = pixels ? "shown" : "empty";
    } catch {
      this.#picture = "unreadable";
    }
    if (pixels) {
      await this.#options.pad.show(pixels);
      this.#shown = undefined;
      this.#picture = "shown";
      this.#look(pixels);
    } else {
      this.render();
      announce(find("draw-note", HTMLElement).textContent ?? "");
    }
  }

  #redrawn(): void {
    const { pad } = this.#options;
    this.#shown = undefined;
    this.#picture = undefined;
    const pixels = pad.strokes.length > 0 ? pad.pixels : undefined;
    this.#ink = pixels?.reduce((sum, value) => sum + value, 0) ?? 0;
    this.#look(pixels);
  }

  #look(pixels: Float32Array | undefined): void {
    this.#pixels = pixels;
    this.#options.onPixels?.(pixels);
    if (pixels === undefined) this.#answer = undefined;
    this.#showSeen();
    this.render();
    if (pixels) void this.#ask();
  }

  /** One question at a time; what changed meanwhile is asked next, once. */
  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#setAsking(true);
    try {
      do {
        this.#askAgain = false;
        const pixels = this.#pixels;
        if (pixels === undefined) break;
        const { predict, trained, knows, temperature } = this.#options;
        // Random weights are unsure of everything: nobody need look at the ink.
        const [found, known] = await Promise.all([predict(pixels), trained() ? knows(pixels) : true]);
        if (this.#pixels === undefined || found === undefined) continue;
        const probabilities = atTemperature(found, temperature());
        this.#answer = { digit: largestOf(probabilities), probabilities, known };
        this.render();
      } while (this.#askAgain);
      if (this.#answer && this.#options.trained()) announce(this.#sentence(this.#answer));
    } catch {
      // The session's own calls meet the same failure and tell the visitor.
    } finally {
      this.#setAsking(false);
    }
  }

  #setAsking(asking: boolean): void {
    this.#asking = asking;
    find("reading", HTMLElement).ariaBusy = String(asking);
  }

  #sentence({ digit, probabilities, known }: Answer): string {
    const probability = probabilities[digit] ?? 0;
    if (!known) return say().verdictUnknown;
    const words = probability < SURE ? say().announceUnsure : say().announceAnswer;
    return words(className(digit), chance(probability));
  }

  #showSeen(): void {
    const context = this.#seen.getContext("2d");
    if (context === null) return;
    context.clearRect(0, 0, SIDE, SIDE);
    if (this.#pixels === undefined) return;
    const image = context.createImageData(SIDE, SIDE);
    image.data.fill(255);
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      image.data.fill(Math.round(255 * (this.#pixels[pixel] ?? 0)), 4 * pixel, 4 * pixel + 3);
    }
    context.putImageData(image, 0, 0);
  }

  /** Writes everything, in the page's language. */
  render(): void {
    const text = say();
    const { pad, trained } = this.#options;
    const { empty } = pad;
    find("pad-hint", HTMLElement).hidden = !empty;
    this.#undo.disabled = !pad.undoable;
    this.#clear.disabled = empty;
    pad.lang = document.documentElement.lang;
    pad.ariaLabel = text.padName;
    pad.label = this.#shown ? text.padLabelTest(className(this.#shown.label)) : text.padLabel(pad.strokes.length);
    this.#seen.ariaLabel = empty ? text.seenLabelEmpty : text.seenLabel;
    const own = ownTitle();
    write(find("draw-own", HTMLElement), own === undefined ? "" : text.drawOwn(own));
    find("reading", HTMLElement).classList.toggle("named", hasLongNames());
    const answer = this.#answer;
    this.#bars.show(answer?.probabilities, trained() ? answer?.digit : undefined);
    this.#renderVerdict(answer);
  }

  #renderVerdict(answer: Answer | undefined): void {
    const text = say();
    const { trained } = this.#options;
    const probability = answer?.probabilities[answer.digit] ?? 0;
    const known = answer?.known ?? true;
    const sure = probability >= SURE && trained() && known;
    const perhaps = trained() && known;
    write(
      this.#digit,
      answer === undefined ? "" : sure ? className(answer.digit) : perhaps ? `${className(answer.digit)}?` : "?",
    );
    this.#digit.classList.toggle("sure", sure);
    find("bars", HTMLElement).classList.toggle("unknown", !known);
    write(this.#caption, this.#verdict(answer, sure, chance(probability)));
    const read = answer === undefined ? "" : className(answer.digit);
    if (this.#picture === "unreadable") write(this.#note, text.pictureUnreadable);
    else if (this.#picture === "empty") write(this.#note, text.pictureEmpty);
    else if (this.#pixels && !trained()) write(this.#note, text.noteUntrained);
    else if (this.#picture === "shown") write(this.#note, text.pictureShown);
    else if (this.#shown && answer) {
      const label = className(this.#shown.label);
      write(this.#note, read === label ? text.noteTestRight(label) : text.noteTestWrong(label, read));
    } else if (answer && !answer.known) write(this.#note, text.noteUnknown);
    else write(this.#note, this.#pixels && this.#ink < LITTLE_INK ? text.noteSmall : "");
  }

  #verdict(answer: Answer | undefined, sure: boolean, share: string): string {
    const text = say();
    if (answer === undefined) return this.#pixels === undefined ? text.verdictEmpty : text.verdictBusy;
    if (!this.#options.trained()) return text.verdictUntrained;
    if (!answer.known) return text.verdictUnknown;
    return sure ? text.verdictSure(share) : text.verdictUnsure(share);
  }
}
