/** Opens cameras, and says why one does not open. */
import { CameraError } from "../../core/errors.ts";

/** Which camera is wanted. */
export interface CameraChoice {
  readonly facingMode?: "user" | "environment" | undefined;
  readonly deviceId?: string | undefined;
}

/** A camera that is on. */
export interface OpenCamera {
  readonly stream: MediaStream;
  readonly track: MediaStreamTrack;
  /** Empty where the browser does not tell. */
  readonly deviceId: string;
}

/** Pixels that are asked for: more cost time at each picture, and networks see at most a few hundred. */
const [WIDTH, HEIGHT] = [640, 480];

/** What a page has to open cameras with. Throws `CameraError` where it has nothing. */
export function mediaDevices(): MediaDevices {
  const devices: MediaDevices | undefined = globalThis.navigator?.mediaDevices;
  if (typeof devices?.getUserMedia === "function") return devices;
  if (globalThis.isSecureContext === false) {
    throw new CameraError(
      "insecure",
      "webcam: browsers give cameras to secure pages alone; open this one by https:// or at localhost.",
    );
  }
  throw new CameraError(
    "unsupported",
    "webcam: this browser gives pages no camera; try another one, or give pictures.",
  );
}

/** Opens a camera, for which the browser may ask the visitor. Throws `CameraError`. */
export async function openCamera({ facingMode, deviceId }: CameraChoice): Promise<OpenCamera> {
  const devices = mediaDevices();
  const which = deviceId === undefined ? facingMode && { facingMode } : { deviceId: { exact: deviceId } };
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia({
      audio: false,
      video: { width: { ideal: WIDTH }, height: { ideal: HEIGHT }, ...which },
    });
  } catch (cause) {
    throw cameraError(cause);
  }
  const [track] = stream.getVideoTracks();
  if (track === undefined)
    throw new CameraError("none", "webcam: the browser gave a stream without pictures; choose another camera.");
  return { stream, track, deviceId: track.getSettings().deviceId ?? "" };
}

/** Turns a camera off. */
export function closeCamera({ stream }: OpenCamera): void {
  for (const track of stream.getTracks()) track.stop();
}

/** What `getUserMedia` rejects with (W3C, Media Capture and Streams, 10.2) in words. */
function cameraError(cause: unknown): CameraError {
  const { name, message } = cause instanceof Error ? cause : { name: "", message: String(cause) };
  if (name === "NotAllowedError" || name === "SecurityError") {
    return new CameraError(
      "refused",
      "webcam: the camera was refused. Allow it for this page in the browser's settings (the camera beside the address), or in " +
        "those of the system, and try again.",
      { cause },
    );
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new CameraError("none", "webcam: there is no such camera; plug one in, or choose another one.", { cause });
  }
  return new CameraError(
    "busy",
    `webcam: the camera does not start (${message.replace(/\.$/, "")}); another program or page may have it. Close that, and try again.`,
    { cause },
  );
}
