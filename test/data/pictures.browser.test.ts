/** Pictures of every kind that a page has, through a classifier: what the model sees of them, and what is said where there are none. */
import { afterEach, describe, expect, it } from "vitest";
import { ArgumentError, type ClassifierImage, normalizeDigitImage, ShapeError } from "../../src/index.ts";
import { pixelReader, seenBy } from "../support/pixel_classifier.ts";

const GREY = [2, 2, 1] as const;
const COLOR = [2, 2, 3] as const;

afterEach(() => document.body.replaceChildren());

function canvasOf(
  width: number,
  height: number,
  paint: (context: CanvasRenderingContext2D) => void,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  paint(canvas.getContext("2d") as CanvasRenderingContext2D);
  return canvas;
}

/** A 2×2 canvas of colours, row by row; none where a pixel stays transparent. */
function fourPixels(...colors: (string | undefined)[]): HTMLCanvasElement {
  return canvasOf(2, 2, (context) => {
    colors.forEach((color, index) => {
      if (color === undefined) return;
      context.fillStyle = color;
      context.fillRect(index % 2, Math.floor(index / 2), 1, 1);
    });
  });
}

const imageDataOf = (canvas: HTMLCanvasElement) =>
  (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height);

async function loaded(src: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = src;
  await image.decode();
  return image;
}

async function playing(canvas: HTMLCanvasElement): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = canvas.captureStream(30);
  document.body.append(video);
  await video.play();
  return video;
}

function expectPixels(got: ArrayLike<number>, want: readonly number[], within = 1e-5): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, index) => {
    expect(Math.abs((got[index] ?? Number.NaN) - value), `value ${index}: ${got[index]}`).toBeLessThanOrEqual(within);
  });
}

/** A red, a green, a blue and a white pixel. */
const COLORS = ["#f00", "#0f0", "#00f", "#fff"] as const;
const AS_GREY = [0.299, 0.587, 0.114, 1];
const AS_COLORS = [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1];

describe("what a model sees of a picture", () => {
  it.each<[string, (canvas: HTMLCanvasElement) => ClassifierImage | Promise<ClassifierImage>]>([
    ["a canvas", (canvas) => canvas],
    [
      "an OffscreenCanvas",
      (canvas) => {
        const copy = new OffscreenCanvas(2, 2);
        (copy.getContext("2d") as OffscreenCanvasRenderingContext2D).drawImage(canvas, 0, 0);
        return copy;
      },
    ],
    ["ImageData", imageDataOf],
    ["the bytes of ImageData", (canvas) => imageDataOf(canvas).data],
    ["the same bytes as a Uint8Array", (canvas) => Uint8Array.from(imageDataOf(canvas).data)],
    ["an ImageBitmap", (canvas) => createImageBitmap(canvas)],
    ["a loaded image", (canvas) => loaded(canvas.toDataURL())],
    ["a VideoFrame", (canvas) => new VideoFrame(canvas, { timestamp: 0 })],
  ])("%s is seen as its grey or its colours", async (_, make) => {
    const image = await make(fourPixels(...COLORS));
    expectPixels(await seenBy(GREY, image, { invert: false }), AS_GREY);
    expectPixels(await seenBy(COLOR, image), AS_COLORS);
    if (image instanceof VideoFrame) image.close();
  });

  it("a video with a frame is seen, and one of another window's canvas", async () => {
    const video = await playing(
      canvasOf(64, 64, (context) => {
        context.fillStyle = "#fff";
        context.fillRect(0, 0, 64, 64);
      }),
    );
    // Videos have their own range of colours.
    expectPixels(await seenBy(GREY, video), [1, 1, 1, 1], 0.02);
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const theirs = frame.contentDocument?.createElement("canvas") as HTMLCanvasElement;
    Object.assign(theirs, { width: 2, height: 2 });
    (theirs.getContext("2d") as CanvasRenderingContext2D).drawImage(fourPixels(...COLORS), 0, 0);
    expectPixels(await seenBy(COLOR, theirs), AS_COLORS);
  });

  it("a picture of another size is stretched, and is read before the call returns", async () => {
    const canvas = canvasOf(40, 10, (context) => {
      context.fillRect(0, 0, 40, 10);
      context.fillStyle = "#fff";
      context.fillRect(20, 0, 20, 5);
    });
    const read = await pixelReader(GREY, { invert: false });
    const seen = read(canvas);
    (canvas.getContext("2d") as CanvasRenderingContext2D).fillRect(0, 0, 40, 10);
    expectPixels(await seen, [0, 1, 0, 0]);
    const data = imageDataOf(canvasOf(4, 4, (context) => context.fillRect(0, 0, 4, 4)));
    expectPixels(await seenBy(GREY, data, { invert: false }), [0, 0, 0, 0]);
  });

  it("alpha is composited: half-transparent white is 0.502 over black, and the background may be chosen", async () => {
    const half = fourPixels(...new Array<string>(4).fill("rgb(255 255 255 / 50.2%)"));
    for (const image of [half, imageDataOf(half), await createImageBitmap(half)]) {
      expectPixels(await seenBy(GREY, image), new Array(4).fill(128 / 255));
      expectPixels(await seenBy(COLOR, image), new Array(12).fill(128 / 255));
    }
    const clear = fourPixels("#f00", "#f00", undefined, undefined);
    const seen = (background: NonNullable<Parameters<typeof seenBy>[2]>["background"]) =>
      seenBy(COLOR, clear, background === undefined ? {} : { background });
    expectPixels(await seen("black"), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expectPixels(await seen("#fff"), [1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1]);
    expectPixels(await seen([0, 51, 255]), [1, 0, 0, 1, 0, 0, 0, 0.2, 1, 0, 0.2, 1]);
  });

  it.each([
    ["white on black", "#000", "#fff"],
    ["black on white", "#fff", "#000"],
    ["black on a transparent canvas", undefined, "#000"],
    ["white on a transparent canvas", undefined, "#fff"],
    ["dark blue on yellow", "#ff0", "#004"],
  ])("a digit %s is light on dark for a model of one channel", async (_, ground, ink) => {
    const seven = canvasOf(28, 28, (context) => {
      if (ground !== undefined) {
        context.fillStyle = ground;
        context.fillRect(0, 0, 28, 28);
      }
      context.strokeStyle = ink;
      context.lineWidth = 3;
      context.stroke(new Path2D("M 8 7 H 20 L 12 22"));
    });
    const values = await seenBy([28, 28, 1], seven);
    const at = (row: number, column: number) => values[row * 28 + column] ?? Number.NaN;
    expect(at(7, 14)).toBeGreaterThan(0.85);
    expect(at(14, 16)).toBeGreaterThan(0.6);
    expect(Math.max(at(0, 0), at(27, 27), at(20, 22))).toBeLessThan(0.15);
    expect(normalizeDigitImage(seven)?.every((value, index) => value < 0.5 || (values[index] ?? 1) >= 0)).toBe(true);
  });

  it("invert: false keeps a picture as it is, and true turns it whatever its edge says", async () => {
    const light = fourPixels("#fff", "#fff", "#fff", "#000");
    expectPixels(await seenBy(GREY, light, { invert: false }), [1, 1, 1, 0]);
    expectPixels(await seenBy(GREY, light), [0, 0, 0, 1]);
    const dark = fourPixels("#000", "#000", "#000", "#fff");
    expectPixels(await seenBy(GREY, dark), [0, 0, 0, 1]);
    expectPixels(await seenBy(GREY, dark, { invert: true }), [1, 1, 1, 0]);
    expectPixels(await seenBy(COLOR, light), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    expectPixels(await seenBy(COLOR, light, { invert: "auto" }), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  it("normalizeDigitImage reads ImageData, canvas and ImageBitmap as it reads their grey, dark ink or light", async () => {
    const paint = (ink: string, ground?: string) =>
      canvasOf(120, 90, (context) => {
        if (ground !== undefined) {
          context.fillStyle = ground;
          context.fillRect(0, 0, 120, 90);
        }
        context.fillStyle = ink;
        context.fillRect(50, 10, 8, 60);
        context.fillRect(50, 10, 30, 8);
      });
    const light = paint("#fff", "#000");
    const { data } = imageDataOf(light);
    const want = normalizeDigitImage(
      Float32Array.from({ length: 120 * 90 }, (_, pixel) => data[4 * pixel] ?? 0),
      120,
      90,
    ) as Float32Array;
    expect(want.some((value) => value === 1)).toBe(true);
    for (const canvas of [light, paint("#000", "#fff"), paint("#000"), paint("#fff")]) {
      for (const picture of [canvas, imageDataOf(canvas), await createImageBitmap(canvas)]) {
        expectPixels(normalizeDigitImage(picture) as Float32Array, [...want]);
      }
    }
  });
});

describe("a picture without pixels is refused with what to do", () => {
  const seen = (image: unknown) => seenBy(GREY, image as ClassifierImage);

  async function expectRefused(image: unknown, ...told: readonly RegExp[]): Promise<void> {
    for (const words of told) await expect(seen(image)).rejects.toThrow(words);
    await expect(seen(image)).rejects.toThrow(ArgumentError);
    expect(() => normalizeDigitImage(image as HTMLCanvasElement)).toThrow(ArgumentError);
  }

  it("an image that has not loaded says to await decode, a broken one that it is broken", async () => {
    const read = await pixelReader(GREY);
    const image = new Image();
    // Not in any cache.
    image.src = `/docs/narrow.png?${performance.now()}`;
    const early = read(image);
    expect(() => normalizeDigitImage(image)).toThrow(/HTMLImageElement.*has not loaded yet: await image\.decode\(\)/);
    await expect(early).rejects.toThrow(/predict: got .*HTMLImageElement.*has not loaded yet/);
    await image.decode();
    expect(await read(image)).toHaveLength(4);
    const broken = new Image();
    broken.src = "data:image/png;base64,AAAA";
    await broken.decode().catch(() => undefined);
    await expectRefused(broken, /missing or broken/);
    await expectRefused(new Image(), /no src/);
  });

  it("a video without a frame says which event to wait for", async () => {
    await expectRefused(document.createElement("video"), /HTMLVideoElement.*"loadeddata"/);
  });

  it("closed bitmaps and frames, empty canvases and transferred buffers say what they are", async () => {
    const bitmap = await createImageBitmap(fourPixels(...COLORS));
    bitmap.close();
    await expectRefused(bitmap, /ImageBitmap.*closed, or transferred/);
    const frame = new VideoFrame(fourPixels(...COLORS), { timestamp: 0 });
    frame.close();
    await expectRefused(frame, /VideoFrame.*closed/);
    await expectRefused(
      canvasOf(0, 5, () => undefined),
      /HTMLCanvasElement.*0 × 5/,
    );
    await expectRefused(new OffscreenCanvas(0, 0), /OffscreenCanvas.*0 × 0/);
    const data = new ImageData(2, 2);
    structuredClone(data.data.buffer, { transfer: [data.data.buffer] });
    await expectRefused(data, /ImageData.*transferred/);
  });

  it("pixels of another origin say to allow it", async () => {
    // The same server by another name.
    const { port, hostname } = location;
    const other = hostname === "localhost" ? "127.0.0.1" : "localhost";
    const image = await loaded(`http://${other}:${port}/docs/narrow.png`);
    await expectRefused(image, /HTMLImageElement.*another origin.*crossOrigin/);
    const tainted = canvasOf(2, 2, (context) => context.drawImage(image, 0, 0));
    await expectRefused(tainted, /HTMLCanvasElement.*another origin/);
  });

  it("files, addresses, contexts and other things are named, with what to give", async () => {
    const blob = await new Promise<Blob | null>((done) => fourPixels(...COLORS).toBlob(done));
    await expectRefused(blob, /a Blob; .*createImageBitmap/);
    await expectRefused(new File(["x"], "seven.png"), /a File; .*createImageBitmap/);
    await expectRefused("seven.png", /"seven\.png"; .*createImageBitmap/);
    await expectRefused(new URL("seven.png", location.href), /URL; .*createImageBitmap/);
    await expectRefused(fourPixels().getContext("2d"), /a CanvasRenderingContext2D; give its canvas/);
    await expectRefused(document.createElement("div"), /HTMLDivElement/);
    await expectRefused(createImageBitmap(fourPixels()), /a promise/);
    for (const nothing of [null, undefined, 7, true, {}, Symbol("x"), 3n]) await expectRefused(nothing);
    await expect(
      seen([
        [0, 0],
        [0, 0],
      ]),
    ).rejects.toThrow(/1 input \("input" \[2, 2, 1\]\), got 2.*one array/);
    await expect(seen(new Float32Array(12))).rejects.toThrow(ShapeError);
    await expect(seen(new Float32Array(12))).rejects.toThrow(/one image \[2, 2, 1\] at a time, got 3/);
  });

  it("models without a height, a width and one or three channels take arrays", async () => {
    await expect(seenBy([2, 2, 2], fourPixels(...COLORS))).rejects.toThrow(/\[height, width, 1 or 3\].*Float32Array/);
  });
});
