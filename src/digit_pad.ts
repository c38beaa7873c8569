/** "corteza/digit-pad": <digit-pad>, a form's field that reads a drawn digit. Importing it defines the element. */
import { bestBackend } from "./best_backend.ts";
import { ShapeError } from "./core/errors.ts";
import { DigitPadElement } from "./elements/digit_pad.ts";
import type { OpenedClassifier, OpeningOptions } from "./elements/pad_types.ts";
import { openModel } from "./formats/open_model.ts";
import type { Backend } from "./graph/backend.ts";
import { createClassifier } from "./train/classifier.ts";

export type { Stroke, StrokePoint } from "./data/stroke.ts";
export type {
  DigitPadEventMap,
  OpenedClassifier,
  OpeningOptions,
  PadClassifier,
  PadCorrection,
  PadPrediction,
} from "./elements/pad_types.ts";
export type { Backend } from "./graph/backend.ts";

/** What pads run on that are given no backend: opened once. */
let shared: Promise<Backend> | undefined;

function sharedBackend(): Promise<Backend> {
  shared ??= bestBackend();
  // Another attempt may succeed.
  shared.catch(() => {
    shared = undefined;
  });
  return shared;
}

/** <digit-pad>: a square to draw a digit on, read by a network after each stroke. docs/digit-pad.md has all of it. */
export class DigitPad extends DigitPadElement {
  protected override async openClassifier(source: string, options: OpeningOptions): Promise<OpenedClassifier> {
    const { labels, signal } = options;
    const [model, backend] = await Promise.all([
      openModel(new URL(source, document.baseURI), { signal }),
      options.backend ?? sharedBackend(),
    ]);
    signal.throwIfAborted();
    if (model.inputShape.join() !== "28,28,1") {
      throw new ShapeError(
        `digit-pad: a network for it takes 28×28×1 values, what is drawn; this one takes ${model.inputShape.join("×")}.`,
      );
    }
    return createClassifier(model, { backend, ...(labels && { labels }) });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "digit-pad": DigitPad;
  }
}

// In Node there are no elements; where another copy of the library is on the page, the first one stays.
if (globalThis.customElements?.get("digit-pad") === undefined) globalThis.customElements?.define("digit-pad", DigitPad);
