/** `webcam` on the camera that the browser pretends to have (a disc that turns, on a moving ground). */
import { afterEach, describe, expect, it, vi } from "vitest";
import { ArgumentError, CameraError, checkData, type Webcam, type WebcamOptions, webcam } from "../../src/index.ts";

const open: Webcam[] = [];
async function opened(options: Partial<WebcamOptions> = {}): Promise<Webcam> {
  const camera = await webcam({ size: [12, 16], ...options });
  open.push(camera);
  return camera;
}

afterEach(() => {
  for (const camera of open.splice(0)) camera.stop();
  vi.restoreAllMocks();
});

const trackOf = (camera: Webcam) => (camera.video.srcObject as MediaStream).getVideoTracks()[0] as MediaStreamTrack;

/** Waits for the camera's next frame: the pretended one gives twenty a second. */
async function nextFrame(camera: Webcam): Promise<void> {
  const { currentTime } = camera.video;
  await vi.waitUntil(() => camera.video.currentTime !== currentTime, { timeout: 5000, interval: 5 });
}

const failing = (name: string) =>
  vi.spyOn(navigator.mediaDevices, "getUserMedia").mockRejectedValue(new DOMException("It did not start.", name));

describe("webcam", () => {
  it("captures images of classes, which are a data set", async () => {
    const camera = await opened();
    expect(camera.shape).toEqual([12, 16, 3]);
    expect(await camera.capture("left hand")).toBe(1);
    await nextFrame(camera);
    expect(await camera.capture("right hand")).toBe(1);
    await nextFrame(camera);
    expect(await camera.capture("left hand")).toBe(2);
    expect(camera.counts).toEqual({ "left hand": 2, "right hand": 1 });
    const data = camera.dataset();
    expect([...data.labels]).toEqual([0, 0, 1]);
    expect(data).toMatchObject({
      ...{ count: 3, classes: 2, shape: [12, 16, 3], classNames: ["left hand", "right hand"] },
      names: ["left hand/1", "left hand/2", "right hand/1"],
    });
    expect(data.images.length).toBe(3 * 12 * 16 * 3);
    // Colours of a picture, not of an empty canvas.
    expect(new Set(data.images).size).toBeGreaterThan(2);
    expect(`${checkData(data)}`).toMatch(/^3 pictures, 12×16×3, .*left hand 2, right hand 1/);
    const thumbnail = camera.recorded("right hand", 0);
    expect([thumbnail.width, thumbnail.height]).toEqual([16, 12]);
    expect([...thumbnail.data.slice(0, 4)]).toEqual([...data.images.slice(2 * 576, 2 * 576 + 3), 255]);
    camera.remove("left hand", 0);
    camera.remove("right hand");
    expect(camera.dataset()).toMatchObject({ count: 1, classNames: ["left hand"] });
    expect([...camera.dataset().images]).toEqual([...data.images.slice(576, 2 * 576)]);
  });

  it("shows what imageFolder would make of the frame: grey, fitted, mirrored", async () => {
    const camera = await opened({ channels: 1, fit: "stretch" });
    camera.video.pause();
    const seen = await camera.image();
    expect(await camera.image()).toEqual(seen);
    const mirrored = await opened({ channels: 1, fit: "stretch", mirror: true });
    mirrored.video.srcObject = camera.video.srcObject;
    await mirrored.video.play();
    mirrored.video.pause();
    // Two players of one stream may show different frames: the ground of the pretended picture stays.
    const [near, far] = [await mirrored.image(), await camera.image()];
    let differences = 0;
    for (let row = 0; row < 12; row++) {
      for (let column = 0; column < 16; column++) {
        const at = 4 * (16 * row + column);
        expect(near.data[at + 1]).toBe(near.data[at]);
        const other = far.data[4 * (16 * row + 15 - column)] ?? 0;
        if (Math.abs((near.data[at] ?? 0) - other) > 24) differences++;
      }
    }
    expect(differences).toBeLessThan(60);
  });

  it("records while a key is held, each frame once", async () => {
    const camera = await opened();
    const counts: number[] = [];
    const recording = camera.record("cats", { perSecond: 100, onCapture: (count) => counts.push(count) });
    await vi.waitUntil(() => counts.length >= 4, { timeout: 10_000 });
    const count = await recording.stop();
    expect(await recording.done).toBe(count);
    expect(counts).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(camera.counts["cats"]).toBe(count);
    const slow = camera.record("dogs", { perSecond: 0.1 });
    await vi.waitUntil(() => camera.counts["dogs"] === 1, { timeout: 10_000 });
    const stopping = performance.now();
    expect(await slow.stop()).toBe(1);
    expect(performance.now() - stopping).toBeLessThan(5000);
  });

  it("keeps what was recorded when the camera is unplugged, and goes on with another one", async () => {
    const ended: CameraError[] = [];
    const camera = await opened({ onEnded: (error) => ended.push(error) });
    await camera.capture("cats");
    const recording = camera.record("dogs", { perSecond: 50 });
    await vi.waitUntil(() => (camera.counts["dogs"] ?? 0) > 0, { timeout: 10_000 });
    // What browsers do when a camera goes.
    const track = trackOf(camera);
    track.stop();
    track.dispatchEvent(new Event("ended"));
    await expect(recording.done).rejects.toMatchObject({ code: "camera", reason: "unplugged" });
    expect(await recording.stop()).toBe(camera.counts["dogs"]);
    expect(ended.map(({ reason }) => reason)).toEqual(["unplugged"]);
    await expect(camera.capture("cats")).rejects.toThrow(/it was unplugged, or taken away/);
    expect(camera.dataset().count).toBe(1 + (camera.counts["dogs"] ?? 0));
    await camera.switchCamera();
    expect(await camera.capture("cats")).toBe(2);
  });

  it("goes over to another camera, and back where that does not open", async () => {
    const camera = await opened();
    const cameras = await camera.cameras();
    expect(cameras.map(({ deviceId }) => deviceId)).toContain(camera.deviceId);
    const before = trackOf(camera);
    await camera.switchCamera(camera.deviceId);
    expect(before.readyState).toBe("ended");
    const { deviceId } = camera;
    await expect(camera.switchCamera("no such camera")).rejects.toMatchObject({ code: "camera", reason: "none" });
    expect(camera.deviceId).toBe(deviceId);
    expect(await camera.capture("cats")).toBe(1);
    camera.stop();
    await expect(camera.capture("cats")).rejects.toMatchObject({ reason: "stopped" });
    expect(camera.dataset().count).toBe(1);
  });

  it.each([
    ["NotAllowedError", "refused", /the camera was refused\. Allow it/],
    ["NotFoundError", "none", /there is no such camera/],
    ["OverconstrainedError", "none", /there is no such camera/],
    ["NotReadableError", "busy", /does not start \(It did not start\); another program/],
  ])("tells a %s in words", async (name, reason, words) => {
    failing(name);
    const error = await webcam({ size: [8, 8] }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(CameraError);
    expect(error).toMatchObject({ reason, code: "camera" });
    expect((error as Error).message).toMatch(words);
  });

  it("tells where a browser gives no camera, and gives up when it is told to", async () => {
    vi.spyOn(navigator, "mediaDevices", "get").mockReturnValue(undefined as never);
    await expect(webcam({ size: [8, 8] })).rejects.toMatchObject({ reason: "unsupported" });
    vi.restoreAllMocks();
    const controller = new AbortController();
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    let answer = (_: MediaStream) => {};
    vi.spyOn(navigator.mediaDevices, "getUserMedia").mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const opening = webcam({ size: [8, 8], signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    answer(stream);
    // A camera that comes too late is turned off.
    await vi.waitUntil(() => stream.getTracks().every(({ readyState }) => readyState === "ended"), { timeout: 10_000 });
  });

  it.each<[string, (camera: Webcam) => unknown, RegExp]>([
    ["nothing recorded", (camera) => camera.dataset(), /nothing was recorded yet/],
    ["a class that is none", (camera) => camera.capture(""), /capture wants the name of a class, got ""/],
    ["another class", (camera) => camera.capture("cots"), /which is none of its classNames; did you mean "cats"/],
    ["a rate", (camera) => camera.record("cats", { perSecond: 0 }), /perSecond must be from above 0 to 100, got 0/],
    ["a missing image", (camera) => camera.recorded("cats", 3), /"cats" has no image 3/],
    ["a missing class", (camera) => camera.remove("birds"), /which is none of its classNames/],
  ])("refuses %s", async (_, call, message) => {
    const camera = await opened({ classNames: ["cats", "dogs"] });
    const error = await Promise.resolve()
      .then(() => call(camera))
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
  });

  it.each([
    [{ size: 64 }, /webcam: size must be \[height, width\]/],
    [{ size: [8, 8], facingMode: "back" }, /facingMode must be "user" or "environment", got "back"/],
    [{ size: [8, 8], facingMod: "user" }, /unknown option "facingMod"; did you mean "facingMode"/],
  ])("refuses the options %j", async (options, message) => {
    await expect(webcam(options as never)).rejects.toThrow(message);
  });
});
