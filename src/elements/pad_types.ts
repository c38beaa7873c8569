/** What <digit-pad> gives and takes. */
import type { Backend } from "../graph/backend.ts";

/** What reads a drawing: a classifier of `createClassifier`, or anything else with this call. */
export interface PadClassifier {
  /** `image`: 784 values from 0 (paper) to 1 (ink), row by row. */
  predict(image: Float32Array): Promise<{ index: number; probabilities: Float32Array }>;
}

/** A network at work, and how its memory is freed. */
export interface OpenedClassifier extends PadClassifier {
  /** Frees what the device holds for it. */
  dispose(): void;
}

/** How a pad has its network opened. */
export interface OpeningOptions {
  /** Names of the classes, where the pad has some. */
  readonly labels: readonly string[] | undefined;
  /** Where it is to run. */
  readonly backend: Backend | undefined;
  /** Ends the opening. */
  readonly signal: AbortSignal;
}

/** What a network says of a drawing: `detail` of the event "prediction". */
export interface PadPrediction {
  /** Name of the most probable class. */
  readonly label: string;
  /** Its index. */
  readonly index: number;
  /** One a class, in the order of the labels. */
  readonly probabilities: Float32Array;
  /** Whether the largest of them is at least 0.6. */
  readonly sure: boolean;
  /** How long the reading took. */
  readonly milliseconds: number;
}

/** What somebody says a drawing is: `detail` of the event "correction". */
export interface PadCorrection {
  /** Name of the class that it is. */
  readonly label: string;
  /** Its index. */
  readonly index: number;
  /** The drawing as the network sees it: 784 values from 0 (paper) to 1 (ink). */
  readonly image: Float32Array;
  /** What the network took it for; undefined where it has not answered. */
  readonly prediction: PadPrediction | undefined;
}

/** What `addEventListener` of a pad knows beside the events of every element. */
export interface DigitPadEventMap extends HTMLElementEventMap {
  /** The drawing has been read. */
  prediction: CustomEvent<PadPrediction>;
  /** Somebody said what the drawing is. */
  correction: CustomEvent<PadCorrection>;
  /** A network did not come or did not fit, or a reading failed: `error` is why. */
  error: ErrorEvent;
  /** The keyboard's pen went down or up. */
  pen: Event;
}
