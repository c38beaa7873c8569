/** The pad, what the network reads on it, and what it is taught by it. */
import { sample } from "../src/data/subset.ts";
import { DigitPadElement } from "../src/elements/digit_pad.ts";
import { find, write } from "./dom.ts";
import { DrawPanel } from "./draw_panel.ts";
import type { KnownInk } from "./known_ink.ts";
import { say } from "./language.ts";
import { Lazy } from "./lazy.ts";
import type { Session } from "./session.ts";
import type { TeachPanel } from "./teach_panel.ts";

// The page itself reads what is drawn.
customElements.define("digit-pad", DigitPadElement);

export interface DrawViewOptions {
  session: Session;
  /** Hears what the network sees of the drawing, whenever that changed. */
  onPixels(pixels: Float32Array | undefined): void;
  /** A lesson told something of the network as it now is: writes the whole page, this view too, at once. */
  onOutcome(): void;
  /** The view Draw has all its parts, or they could not be fetched. */
  onComplete(): void;
}

/** What only the view Draw has: lessons, and what is known of the ink that was learned from. */
interface Parts {
  readonly teaching: TeachPanel;
  readonly ink: typeof KnownInk;
}

const fetchParts = () => Promise.all([import("./teach_panel.ts"), import("./known_ink.ts")]);

export class DrawView {
  readonly #session: Session;
  readonly #pad = find("pad", DigitPadElement);
  readonly #panel: DrawPanel;
  readonly #parts: Lazy<Awaited<ReturnType<typeof fetchParts>>, Parts>;
  #inkOf: Session["digits"];
  #ink: Promise<KnownInk | undefined> | undefined;

  constructor({ session, onPixels, onOutcome, onComplete }: DrawViewOptions) {
    this.#session = session;
    this.#panel = new DrawPanel({
      pad: this.#pad,
      predict: (pixels) => session.predict(pixels),
      trained: () => session.hasLearned,
      temperature: () => session.temperature,
      knows: async (pixels) =>
        (await this.#knownInk())?.knows(pixels, this.#parts.part?.teaching.drawings ?? []) ?? true,
      onPixels,
      testDigit() {
        const heldOut = session.digits?.heldOut;
        return heldOut && sample(heldOut, Math.floor(Math.random() * heldOut.count));
      },
    });
    this.#parts = new Lazy(
      fetchParts,
      ([{ TeachPanel }, { KnownInk }]) => ({
        teaching: new TeachPanel({ session, pixels: () => this.#panel.pixels, onOutcome }),
        ink: KnownInk,
      }),
      () => {
        // Whether the ink is known was not asked so far.
        this.#panel.refresh();
        onComplete();
      },
    );
  }

  /** Fetches what only the view Draw has; after a failure the next call tries again. */
  open(): void {
    if (this.#parts.part === undefined) this.#parts.load().catch(() => undefined);
  }

  /** Whether the view Draw can be shown: all of it is there, or known not to come. */
  get complete(): boolean {
    return this.#parts.part !== undefined || this.#parts.failed;
  }

  /** The ink of the training set at hand, from the first drawing on that is asked about. */
  #knownInk(): Promise<KnownInk | undefined> | undefined {
    const { digits } = this.#session;
    const ink = this.#parts.part?.ink;
    if (ink === undefined) return undefined;
    if (digits !== this.#inkOf) this.#ink = digits && ink.of(digits.train, digits.heldOut);
    this.#inkOf = digits;
    return this.#ink;
  }

  /** Shows the digit of a picture on the pad. */
  showPicture(file: Blob): Promise<void> {
    return this.#panel.showPicture(file);
  }

  /** Shows a held-out digit on an empty pad, once there are digits. */
  async fill(): Promise<void> {
    if (this.#pad.empty && this.#session.digits) await this.#panel.showTestDigit();
  }

  /** Takes the drawings of a file up. */
  async openDrawings(file: File): Promise<void> {
    // Where they cannot be fetched, the view says so.
    const parts = await this.#parts.load().catch(() => undefined);
    await parts?.teaching.open(file);
  }

  /** Asks the network again about the same drawing, because it has learned. */
  refresh(): void {
    this.#panel.refresh();
  }

  /** Draws again what the style sheet does not colour. */
  redraw(): void {
    this.#pad.redraw();
  }

  /** Writes everything, in the page's language. */
  render(): void {
    this.#panel.ready = this.#session.digits !== undefined;
    this.#panel.render();
    this.#parts.part?.teaching.render();
    if (this.#parts.failed) write(find("teach-status", HTMLElement), say().insideNotLoaded);
  }
}
