/** Reads a picture that was dropped, pasted or chosen, with the network as it is. */
import { signal } from "@preact/signals";
import { decodeOrTell } from "../../src/data/pictures/decode.ts";
import type { SkipReason } from "../../src/data/pictures/types.ts";
import { type FeatureMap, gradCam } from "../inside/maps.ts";
import type { Learner } from "./learner.ts";
import type { PictureForm, PictureSet } from "./picture_set.ts";

/** A picture and what the network says of it. */
export interface Reading extends PictureForm {
  /** What the network sees: bytes of the set's form. */
  readonly bytes: Uint8Array;
  /** Of each class; undefined until it has answered. */
  readonly probabilities: Float32Array | undefined;
  /** Which parts spoke for the class; undefined until it is known, or where nobody asked. */
  readonly heat: FeatureMap | undefined;
}

export class Reader {
  readonly reading = signal<Reading | undefined>(undefined);
  /** Why a file is no picture. */
  readonly refused = signal<SkipReason | undefined>(undefined);
  readonly #learner: Learner;
  readonly #set: () => PictureSet | undefined;
  #asked = 0;

  constructor(learner: Learner, set: () => PictureSet | undefined) {
    this.#learner = learner;
    this.#set = set;
  }

  /** Reads a file. */
  async open(file: Blob): Promise<void> {
    const set = this.#set();
    if (set === undefined) return;
    const { size, channels } = set;
    const form = { height: size, width: size, channels, fit: "cover", background: "auto" } as const;
    const decoded = await decodeOrTell(file, form, true);
    if (decoded === "large" || "reason" in decoded) {
      this.refused.value = decoded === "large" ? "too-large" : decoded.reason;
      return;
    }
    await this.show(decoded.bytes);
  }

  /** Reads bytes of the set's form. */
  async show(bytes: Uint8Array): Promise<void> {
    const set = this.#set();
    if (set === undefined) return;
    const { size, channels } = set;
    this.refused.value = undefined;
    this.reading.value = { size, channels, bytes, probabilities: undefined, heat: undefined };
    await this.again();
  }

  /** Asks again, since the network has learned. */
  async again(): Promise<void> {
    const before = this.reading.value;
    if (before === undefined) return;
    const asked = ++this.#asked;
    const isNew = () => asked === this.#asked && this.reading.value?.bytes === before.bytes;
    try {
      const probabilities = await this.#learner.predict(before.bytes);
      if (!isNew() || probabilities === undefined) return;
      this.reading.value = { ...before, probabilities };
      const inspection = await this.#learner.inspect(before.bytes);
      const layer = inspection?.layers.findLast(
        ({ kind, output }) => /^(conv2d|activation)$/.test(kind) && output.shape.length === 3,
      );
      if (!isNew() || layer === undefined) return;
      this.reading.value = { ...before, probabilities, heat: gradCam(layer) };
    } catch {
      // The training's own calls meet the same failure and tell the visitor.
    }
  }

  forget(): void {
    this.#asked++;
    this.reading.value = this.refused.value = undefined;
  }
}
