/** Reads a picture that was dropped, pasted or chosen, with the network as it is. */
import { signal } from "@preact/signals";
import { readRows } from "../../src/data/data_source.ts";
import { decodeOrTell } from "../../src/data/pictures/decode.ts";
import type { SkipReason } from "../../src/data/pictures/types.ts";
import type { Webcam } from "../../src/data/webcam/webcam.ts";
import { type FeatureMap, gradCam } from "../inside/maps.ts";
import type { Learner } from "./learner.ts";
import type { PictureForm, PictureSet } from "./picture_set.ts";
import { type CameraReason, openWebcam, reasonOf } from "./recorder.ts";

/** A picture and what the network says of it. */
export interface Reading extends PictureForm {
  /** What the network sees: bytes of the set's form. */
  readonly bytes: Uint8Array;
  /** Of each class; undefined until it has answered. */
  readonly probabilities: Float32Array | undefined;
  /** Which parts spoke for the class; undefined until it is known, or where nobody asked. */
  readonly heat: FeatureMap | undefined;
}

/** Bytes of a picture, its red for one channel: grey pictures have the same in all. */
function bytesOf({ data }: ImageData, channels: 1 | 3): Uint8Array {
  const pixels = data.length / 4;
  return Uint8Array.from(
    { length: pixels * channels },
    (_, at) => data[4 * Math.floor(at / channels) + (at % channels)] ?? 0,
  );
}

export class Reader {
  readonly reading = signal<Reading | undefined>(undefined);
  /** Why a file is no picture. */
  readonly refused = signal<SkipReason | undefined>(undefined);
  /** The camera whose pictures are read. */
  readonly live = signal<Webcam | "opening" | undefined>(undefined);
  /** Why there is no camera. */
  readonly missing = signal<CameraReason | undefined>(undefined);
  readonly #learner: Learner;
  readonly #set: () => PictureSet | undefined;
  #asked = 0;

  constructor(learner: Learner, set: () => PictureSet | undefined) {
    this.#learner = learner;
    this.#set = set;
  }

  /** Reads a file. */
  async open(file: Blob): Promise<void> {
    this.#endLive();
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
    this.#endLive();
    const set = this.#set();
    if (set === undefined) return;
    const { size, channels } = set;
    this.refused.value = undefined;
    this.reading.value = { size, channels, bytes, probabilities: undefined, heat: undefined };
    await this.again();
  }

  /** Reads one of the held-out pictures, any of them. */
  async showHeldOut(): Promise<void> {
    const set = this.#set();
    if (set === undefined || set.heldOut.count === 0) return;
    const { images } = await readRows(set.heldOut, [Math.floor(Math.random() * set.heldOut.count)]);
    await this.show(Uint8Array.from(images));
  }

  /** Asks again, since the network has learned. */
  async again(): Promise<void> {
    const before = this.reading.value;
    // What the camera sees is asked anyway.
    if (before === undefined || this.live.value !== undefined) return;
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

  /** Reads what the camera sees, again and again, until it is stopped. */
  async startLive(): Promise<void> {
    const set = this.#set();
    if (set === undefined || this.live.value !== undefined) return;
    const { size, channels } = set;
    this.missing.value = this.refused.value = undefined;
    this.live.value = "opening";
    let camera: Webcam;
    try {
      camera = await openWebcam({ size, channels }, ({ reason }) => {
        this.missing.value = reason;
        this.#endLive();
      });
    } catch (error) {
      this.live.value = undefined;
      this.missing.value = reasonOf(error);
      return;
    }
    // It may have been stopped, or another set taken, meanwhile.
    if (this.live.value !== "opening" || this.#set()?.id !== set.id) {
      camera.stop();
      return;
    }
    this.live.value = camera;
    await this.#readLive(camera, { size, channels });
  }

  async #readLive(camera: Webcam, form: PictureForm): Promise<void> {
    try {
      while (this.live.value === camera) {
        const bytes = bytesOf(await camera.image(), form.channels);
        const probabilities = await this.#learner.predict(bytes);
        if (this.live.value !== camera) return;
        this.reading.value = { ...form, bytes, probabilities, heat: undefined };
        // No faster than the page is drawn.
        await new Promise(requestAnimationFrame);
      }
    } catch {
      // The camera's end was told; the training's failure is told beside it.
      this.#endLive();
    }
  }

  #endLive(): void {
    const camera = this.live.value;
    this.live.value = undefined;
    if (camera !== undefined && camera !== "opening") camera.stop();
  }

  /** Turns the camera off; its last picture stays, and is looked at more closely. */
  stopLive(): void {
    if (this.live.value === undefined) return;
    this.#endLive();
    void this.again();
  }

  forget(): void {
    this.#endLive();
    this.missing.value = undefined;
    this.#asked++;
    this.reading.value = this.refused.value = undefined;
  }
}
