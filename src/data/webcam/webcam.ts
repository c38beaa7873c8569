/** Records images from a camera, class by class. */
import { raceAbort } from "../../core/abort.ts";
import { ArgumentError, CameraError } from "../../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { imageBytes, seenPart } from "../pictures/fit.ts";
import { pictureOfBytes } from "../pictures/picture_of_bytes.ts";
import { checkedFormat, type ImageDataset, type PictureFormat } from "../pictures/types.ts";
import { type CameraChoice, closeCamera, mediaDevices, type OpenCamera, openCamera } from "./camera.ts";
import { RecordedImages } from "./recorded.ts";

/** Options of `webcam`. */
export interface WebcamOptions {
  /** Pixels of each image: [height, width]. */
  size: readonly [height: number, width: number];
  /** 1: grey; 3: red, green and blue. Default 3. */
  channels?: 1 | 3;
  /** How what the camera sees is fitted, as in `imageFolder`. Default "cover". */
  fit?: "cover" | "contain" | "stretch";
  /** On phones: "user", the camera of the screen's side (default of most browsers), or "environment", that of the back. */
  facingMode?: "user" | "environment";
  /** One camera, by what `cameras()` calls it. */
  deviceId?: string;
  /** Whether images are mirrored, as people expect to see themselves. Default false. */
  mirror?: boolean;
  /** The classes and their order. Default: the labels, in the order in which they were first recorded. */
  classNames?: readonly string[];
  /** Called when the camera ends by itself: it was unplugged, or taken away. What was recorded stays. */
  onEnded?: (error: CameraError) => void;
  /** Ends the opening, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** How `record` records. */
export interface RecordOptions {
  /** Images a second, at most as many as the camera gives. Default 10. */
  perSecond?: number;
  /** Called after each image, with the images of its class. */
  onCapture?: (count: number) => void;
}

/** A recording in progress. */
export interface Recording {
  /** Resolves with the images of the class when it was stopped; rejects with a `CameraError` where the camera ended. */
  readonly done: Promise<number>;
  /** Ends it; resolves with the images of the class. */
  stop(): Promise<number>;
}

/** A camera, and the images that were recorded from it. */
export interface Webcam {
  /** What the camera sees, playing: put it on the page. */
  readonly video: HTMLVideoElement;
  /** One image: [height, width, channels]. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The classes so far. */
  readonly classNames: readonly string[];
  /** Images of each class. */
  readonly counts: Readonly<Record<string, number>>;
  /** The camera's name for `deviceId`; empty where the browser does not tell. */
  readonly deviceId: string;
  /** Records what the camera sees now. Resolves with the images of the class. Throws `CameraError` when the camera has ended. */
  capture(label: string): Promise<number>;
  /** Records again and again until `stop()` of what it returns: a button or key that is held. */
  record(label: string, options?: RecordOptions): Recording;
  /** What the camera sees now as the network would get it, with grey in all three colours for one channel: to be classified. */
  image(): Promise<ImageData>;
  /** A recorded image. */
  recorded(label: string, index: number): ImageData;
  /** Takes one image of a class away, or the class with all of its images. */
  remove(label: string, index?: number): void;
  /** The cameras of this device. */
  cameras(): Promise<{ readonly deviceId: string; readonly label: string }[]>;
  /** Goes over to another camera, by default the next one. Where it does not open, the one before goes on. Throws `CameraError`. */
  switchCamera(deviceId?: string): Promise<void>;
  /** All that was recorded, sorted by class; a copy, also after `stop()`. Throws `ArgumentError` where there is nothing. */
  dataset(): ImageDataset;
  /** Turns the camera off. What was recorded stays. */
  stop(): void;
}

const OPTIONS: OptionKinds<WebcamOptions> = {
  ...{ size: "any", channels: "number", fit: "string", facingMode: "string", deviceId: "string", mirror: "boolean" },
  ...{ classNames: "any", onEnded: "any", signal: "any" },
};

/** How long a camera may take to its first frame, milliseconds. */
const LONGEST_START = 15_000;

/**
 * Opens a camera, for which the browser asks the visitor, and records images of classes:
 *
 *     const camera = await webcam({ size: [64, 64] });
 *     document.body.append(camera.video);
 *     button.onpointerdown = () => { recording = camera.record("cats"); };
 *     button.onpointerup = () => recording.stop();
 *     …
 *     await trainer.fit(camera.dataset(), { epochs: 10 });
 *     const { label } = await classifier.predict(await camera.image());
 *
 * Images are made as `imageFolder` makes them. For a network of one channel say `invert: false` to `createClassifier`.
 * Throws `CameraError`, whose `reason` tells why there is no camera, `ArgumentError` for options that are wrong, and the
 * signal's reason when it aborts.
 */
export async function webcam(options: WebcamOptions): Promise<Webcam> {
  checkOptions("webcam", options, OPTIONS);
  const format = checkedFormat("webcam", options);
  const { facingMode, deviceId, signal, classNames } = options;
  if (facingMode !== undefined && facingMode !== "user" && facingMode !== "environment") {
    throw new ArgumentError(`webcam: facingMode must be "user" or "environment", got ${describeValue(facingMode)}.`);
  }
  signal?.throwIfAborted();
  const camera = new RecordingWebcam(format, options, new RecordedImages(format, classNames));
  const opening = camera.open({ facingMode, deviceId });
  try {
    await raceAbort(opening, signal);
  } catch (error) {
    // It may open later.
    void opening.catch(() => undefined).then(() => camera.stop());
    throw error;
  }
  return camera;
}

class RecordingWebcam implements Webcam {
  readonly video: HTMLVideoElement;
  readonly #format: PictureFormat;
  readonly #options: WebcamOptions;
  readonly #images: RecordedImages;
  readonly #started = performance.now();
  #camera: OpenCamera | undefined;
  /** Why there is no camera. */
  #ended: CameraError | undefined;
  /** The end of the opening that is in progress: what asks for a frame waits for it. */
  #ready: Promise<unknown> = Promise.resolve();

  constructor(format: PictureFormat, options: WebcamOptions, images: RecordedImages) {
    [this.#format, this.#options, this.#images] = [format, options, images];
    // First of all: where there is no document, as in Node, there is no camera either.
    mediaDevices();
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
  }

  get shape(): [number, number, number] {
    return [this.#format.height, this.#format.width, this.#format.channels];
  }

  get classNames(): string[] {
    return this.#images.classNames;
  }

  get counts(): Record<string, number> {
    return this.#images.counts;
  }

  get deviceId(): string {
    return this.#camera?.deviceId ?? "";
  }

  /** Opens a camera, after what is being opened. */
  open(choice: CameraChoice): Promise<void> {
    const before = this.#ready.catch(() => undefined);
    const opening = before.then(() => this.#open(choice));
    this.#ready = opening;
    return opening;
  }

  async #open(choice: CameraChoice): Promise<void> {
    this.#turnOff();
    this.#ended = undefined;
    const camera = await openCamera(choice);
    if (this.#ended) {
      closeCamera(camera);
      throw this.#ended;
    }
    this.#camera = camera;
    try {
      await firstFrame(this.video, camera);
    } catch (cause) {
      this.#turnOff();
      throw cause;
    }
    camera.track.addEventListener("ended", () => this.#unplugged(camera));
  }

  #unplugged(camera: OpenCamera): void {
    if (this.#camera !== camera) return;
    this.#end(
      new CameraError(
        "unplugged",
        "webcam: the camera ended: it was unplugged, or taken away. What was recorded is still there; open another one with " +
          "switchCamera().",
      ),
    );
  }

  #turnOff(): void {
    const camera = this.#camera;
    this.#camera = undefined;
    if (camera) closeCamera(camera);
    this.video.srcObject = null;
  }

  #end(error: CameraError): void {
    this.#turnOff();
    this.#ended = error;
    this.#options.onEnded?.(error);
  }

  /** The event may be late, or have gone before anybody listened. */
  #lookForEnd(): void {
    if (this.#camera?.track.readyState === "ended") this.#unplugged(this.#camera);
  }

  async #frame(): Promise<Uint8Array> {
    await this.#ready;
    this.#lookForEnd();
    if (this.#ended) throw this.#ended;
    return imageBytes(seenFrame(this.video, this.#format, this.#options.mirror === true), this.#format);
  }

  async capture(label: string): Promise<number> {
    this.#images.checkLabel("capture", label);
    return this.#images.add(label, await this.#frame());
  }

  record(label: string, options: RecordOptions = {}): Recording {
    checkOptions("webcam: record", options, { perSecond: "number", onCapture: "any" });
    this.#images.checkLabel("record", label);
    const { perSecond = 10, onCapture } = options;
    if (!(perSecond > 0 && perSecond <= 100)) {
      throw new ArgumentError(
        `webcam: record: perSecond must be from above 0 to 100, got ${describeValue(perSecond)}.`,
      );
    }
    const ending = new AbortController();
    const done = this.#recordUntil(ending.signal, label, 1000 / perSecond, onCapture);
    // Whoever stops it need not look at it.
    done.catch(() => undefined);
    return {
      done,
      stop: () => {
        ending.abort();
        return done.catch((error: unknown) => {
          if (error instanceof CameraError) return this.counts[label] ?? 0;
          throw error;
        });
      },
    };
  }

  async #recordUntil(
    signal: AbortSignal,
    label: string,
    milliseconds: number,
    onCapture: RecordOptions["onCapture"],
  ): Promise<number> {
    let count = this.counts[label] ?? 0;
    let seenAt = Number.NaN;
    for (let next = performance.now(); !signal.aborted; next = Math.max(next + milliseconds, performance.now())) {
      await sleep(next - performance.now(), signal);
      this.#lookForEnd();
      const { currentTime } = this.video;
      // A camera that is slower than that would give each frame several times.
      if (signal.aborted || (currentTime === seenAt && this.#ended === undefined)) continue;
      count = await this.capture(label);
      seenAt = currentTime;
      onCapture?.(count);
    }
    return count;
  }

  async image(): Promise<ImageData> {
    return pictureOfBytes(await this.#frame(), this.#format);
  }

  recorded(label: string, index: number): ImageData {
    return pictureOfBytes(this.#images.image("recorded", label, index), this.#format);
  }

  remove(label: string, index?: number): void {
    this.#images.remove(label, index);
  }

  async cameras(): Promise<{ deviceId: string; label: string }[]> {
    const devices = await mediaDevices().enumerateDevices();
    return devices
      .filter(({ kind }) => kind === "videoinput")
      .map(({ deviceId, label }, index) => ({ deviceId, label: label || `camera ${index + 1}` }));
  }

  async switchCamera(deviceId?: string): Promise<void> {
    const before = this.deviceId;
    const choice = deviceId ?? (await this.#next(before));
    try {
      await this.open({ deviceId: choice });
    } catch (error) {
      if (before === "" || !(error instanceof CameraError) || error.reason === "stopped") throw error;
      await this.open({ deviceId: before }).catch((cause: unknown) => {
        if (cause instanceof CameraError) this.#end(cause);
      });
      throw error;
    }
  }

  async #next(before: string): Promise<string | undefined> {
    const cameras = await this.cameras();
    const place = cameras.findIndex(({ deviceId }) => deviceId === before);
    return cameras[(place + 1) % Math.max(1, cameras.length)]?.deviceId;
  }

  dataset(): ImageDataset {
    return this.#images.dataset((performance.now() - this.#started) / 1000);
  }

  stop(): void {
    this.#turnOff();
    this.#ended = new CameraError(
      "stopped",
      "webcam: the camera was stopped by stop(); open it again with switchCamera().",
    );
  }
}

/** Resolves after a time, or when the signal aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}

/** Resolves when the video shows a frame of the camera. Throws `CameraError` where none comes. */
async function firstFrame(video: HTMLVideoElement, { stream, track }: OpenCamera): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let remove = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const none = (why: string) =>
        reject(
          new CameraError(
            "busy",
            `webcam: the camera gave no picture: ${why}. Close what else uses it, and try again.`,
          ),
        );
      const loaded = () => resolve();
      const ended = () => none("it ended while it was opened");
      timer = setTimeout(() => none(`none came within ${LONGEST_START / 1000} seconds`), LONGEST_START);
      video.addEventListener("loadeddata", loaded);
      track.addEventListener("ended", ended);
      remove = () => {
        video.removeEventListener("loadeddata", loaded);
        track.removeEventListener("ended", ended);
      };
      video.srcObject = stream;
      // It waits until the video may play; that it is replaced by another one meanwhile is no fault.
      video.play().catch(() => undefined);
    });
  } finally {
    clearTimeout(timer);
    remove();
  }
}

/** The pixels of the video that an image shows. */
function seenFrame(video: HTMLVideoElement, format: PictureFormat, mirror: boolean) {
  const seen = seenPart(video.videoWidth, video.videoHeight, format);
  const context = new OffscreenCanvas(seen.width, seen.height).getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new CameraError(
      "unsupported",
      "webcam: this browser has no 2-D canvas to read frames with; try another one.",
    );
  }
  if (mirror) context.transform(-1, 0, 0, 1, seen.width, 0);
  context.drawImage(video, -seen.left, -seen.top);
  return context.getImageData(0, 0, seen.width, seen.height);
}
