/** The camera as grey pictures, for as long as somebody wants them. */
import type { FeatureMap } from "./maps.ts";
import { greyPicture } from "./picture.ts";

/** Longest side of a camera's picture: small enough to filter each one in a frame's time. */
const MOST_PIXELS = 160;

/** Why there is no picture: nobody allowed it, there is no camera, the page may not ask, or something else. */
export type CameraProblem = "refused" | "missing" | "insecure" | "failed";

const PROBLEMS: Readonly<Record<string, CameraProblem>> = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};

export class Camera {
  readonly #video = document.createElement("video");
  readonly #onPicture: (picture: FeatureMap) => void;
  #stream: MediaStream | undefined;
  /** Counts starts and stops: a permission that comes after a stop starts nothing. */
  #turn = 0;

  /** `onPicture` hears of each new picture. */
  constructor(onPicture: (picture: FeatureMap) => void) {
    this.#onPicture = onPicture;
    this.#video.muted = true;
    this.#video.playsInline = true;
  }

  /** Asks for the camera and shows its pictures until `stop`; says what is in the way, if anything. */
  async start(): Promise<CameraProblem | undefined> {
    this.stop();
    const turn = this.#turn;
    // Browsers hide it from pages that came without https.
    const devices: MediaDevices | undefined = navigator.mediaDevices;
    if (devices?.getUserMedia === undefined) return "insecure";
    try {
      const stream = await devices.getUserMedia({ video: { width: { ideal: 640 }, facingMode: "environment" } });
      if (turn !== this.#turn) {
        stopTracks(stream);
        return undefined;
      }
      this.#stream = stream;
      this.#video.srcObject = stream;
      await this.#video.play();
    } catch (error) {
      if (turn !== this.#turn) return undefined;
      this.stop();
      return PROBLEMS[error instanceof DOMException ? error.name : ""] ?? "failed";
    }
    const show = () => {
      if (turn !== this.#turn) return;
      const { videoWidth, videoHeight } = this.#video;
      if (videoWidth > 0) this.#onPicture(greyPicture(this.#video, videoWidth, videoHeight, MOST_PIXELS));
      requestAnimationFrame(show);
    };
    show();
    return undefined;
  }

  /** Lets go of the camera; its light goes out. */
  stop(): void {
    this.#turn++;
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
