/** Records pictures from a camera, class by class, while a button or a key is held. */
import { signal } from "@preact/signals";
import { CameraError } from "../../src/core/errors.ts";
import type { ImageDataset } from "../../src/data/pictures/types.ts";
import { type Recording, type Webcam, webcam } from "../../src/data/webcam/webcam.ts";
import type { PictureForm } from "./picture_set.ts";

/** A class that is recorded. */
export interface RecordedClass {
  /** What the camera calls it: names may change. */
  readonly key: string;
  readonly name: string;
  readonly count: number;
}

/** Why there is no camera at the moment; other errors are faults of the page. */
export type CameraReason = CameraError["reason"];

const PER_SECOND = 8;
/** Pictures of each class that are wanted at least: one to learn from, one to hold out. */
const FEWEST = 2;

/** On a desk people expect to see themselves as in a mirror; a phone's other side shows what is before it. */
export const isMirrored = () => !matchMedia("(pointer: coarse)").matches;

/** Opens a camera for pictures of a form. Throws what `webcam` throws. */
export function openWebcam(form: PictureForm, onEnded: (error: CameraError) => void): Promise<Webcam> {
  const { size, channels } = form;
  const mirror = isMirrored();
  return webcam({ size: [size, size], channels, mirror, facingMode: mirror ? "user" : "environment", onEnded });
}

/** Why a camera did not open. Throws what is no fault of a camera. */
export function reasonOf(error: unknown): CameraReason {
  if (error instanceof CameraError) return error.reason;
  throw error;
}

export class Recorder {
  readonly form: PictureForm;
  readonly camera = signal<Webcam | undefined>(undefined);
  readonly classes = signal<readonly RecordedClass[]>([]);
  /** Why there is no camera. */
  readonly missing = signal<CameraReason | undefined>(undefined);
  readonly opening = signal(true);
  /** Cameras of the device. */
  readonly cameras = signal(1);
  /** The class that is being recorded. */
  readonly recording = signal<string | undefined>(undefined);
  #recording: Recording | undefined;
  #closed = false;
  #nextKey = 1;

  /** `name` gives the first classes names, by their numbers. */
  constructor(form: PictureForm, name: (number: number) => string) {
    this.form = form;
    this.addClass(name(1));
    this.addClass(name(2));
    void this.open();
  }

  /** Opens the camera, or opens it again. */
  async open(): Promise<void> {
    this.opening.value = true;
    this.missing.value = undefined;
    try {
      const before = this.camera.value;
      if (before) await before.switchCamera();
      else this.camera.value = await openWebcam(this.form, ({ reason }) => this.#ended(reason));
      this.cameras.value = (await this.camera.value?.cameras())?.length ?? 1;
    } catch (error) {
      this.missing.value = reasonOf(error);
    } finally {
      this.opening.value = false;
    }
    if (this.#closed) this.camera.value?.stop();
  }

  #ended(reason: CameraReason): void {
    this.release();
    this.missing.value = reason;
  }

  /** Goes over to the next camera; where that does not open, the one before goes on. */
  async switchCamera(): Promise<void> {
    this.release();
    await this.camera.value?.switchCamera().catch((error: unknown) => {
      reasonOf(error);
    });
  }

  addClass(name: string): void {
    this.classes.value = [...this.classes.value, { key: String(this.#nextKey++), name, count: 0 }];
  }

  rename(key: string, name: string): void {
    const wanted = name.trim();
    if (wanted === "" || this.classes.value.some((one) => one.name === wanted)) return;
    this.#change(key, (one) => ({ ...one, name: wanted }));
  }

  /** Takes a class away with what was recorded of it; two stay. */
  removeClass(key: string): void {
    if (this.classes.value.length <= 2) return;
    if (this.camera.value?.counts[key]) this.camera.value.remove(key);
    this.classes.value = this.classes.value.filter((one) => one.key !== key);
  }

  /** Takes back all that was recorded of a class. */
  empty(key: string): void {
    if (this.camera.value?.counts[key]) this.camera.value.remove(key);
    this.#change(key, (one) => ({ ...one, count: 0 }));
  }

  #change(key: string, change: (one: RecordedClass) => RecordedClass): void {
    this.classes.value = this.classes.value.map((one) => (one.key === key ? change(one) : one));
  }

  /** Records a class until it is released. */
  hold(key: string): void {
    const camera = this.camera.value;
    if (camera === undefined || this.missing.value !== undefined || this.#recording) return;
    this.recording.value = key;
    this.#recording = camera.record(key, {
      perSecond: PER_SECOND,
      onCapture: (count) => this.#change(key, (one) => ({ ...one, count })),
    });
  }

  /** Ends the recording; only that of one class, where it is named: the focus leaves one button when another is pressed. */
  release(only?: string): void {
    if (only !== undefined && only !== this.recording.value) return;
    const recording = this.#recording;
    const key = this.recording.value;
    this.#recording = undefined;
    this.recording.value = undefined;
    void recording?.stop().then((count) => {
      if (key !== undefined) this.#change(key, (one) => ({ ...one, count }));
    });
  }

  /** The last picture of a class. */
  last({ key, count }: RecordedClass): ImageData | undefined {
    return count > 0 ? this.camera.value?.recorded(key, count - 1) : undefined;
  }

  /** Whether there is something to learn from. */
  get isEnough(): boolean {
    const { value: classes } = this.classes;
    return classes.filter(({ count }) => count >= FEWEST).length >= 2 && classes.every(({ count }) => count !== 1);
  }

  /** All that was recorded, with the classes' names as they are now. Of a class without pictures nothing is there. */
  dataset(): ImageDataset | undefined {
    const recorded = this.camera.value?.dataset();
    if (recorded === undefined) return undefined;
    const name = (key: string) => this.classes.value.find((one) => one.key === key)?.name ?? key;
    return { ...recorded, classNames: recorded.classNames.map(name) };
  }

  /** Turns the camera off; what was recorded stays until the recorder goes. */
  turnOff(): void {
    this.release();
    if (this.camera.value === undefined) return;
    this.camera.value.stop();
    this.missing.value = "stopped";
  }

  /** It is no longer needed. */
  close(): void {
    this.#closed = true;
    this.release();
    this.camera.value?.stop();
  }
}
