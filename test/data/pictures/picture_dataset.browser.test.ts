/** A data set of pictures that a page has: each kind gives what `imageFolder` makes of the same picture in a file. */
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/core/errors.ts";
import { imageFolder } from "../../../src/data/pictures/image_folder.ts";
import { type PictureDatasetOptions, pictureDataset } from "../../../src/data/pictures/picture_dataset.ts";

type Picture = PictureDatasetOptions["images"] extends Iterable<infer T> ? T : never;

/** A picture of 40 × 24 with an edge in each direction, opaque. */
function painted(hue: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [40, 24];
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  context.fillStyle = `hsl(${hue} 80% 40%)`;
  context.fillRect(0, 0, 40, 24);
  context.fillStyle = "white";
  context.fillRect(13, 7, 17, 9);
  return canvas;
}

const blobOf = (canvas: HTMLCanvasElement) =>
  new Promise<Blob>((resolve) => canvas.toBlob((blob) => blob && resolve(blob), "image/png"));

async function kinds(canvas: HTMLCanvasElement): Promise<Record<string, Picture>> {
  const { width, height } = canvas;
  const own = new OffscreenCanvas(width, height);
  own.getContext("2d")?.drawImage(canvas, 0, 0);
  const image = new Image();
  image.src = canvas.toDataURL();
  await image.decode();
  const pixels = canvas.getContext("2d")?.getImageData(0, 0, width, height) as ImageData;
  return {
    ...{ canvas, "offscreen canvas": own, image, ImageData: pixels, ImageBitmap: await createImageBitmap(canvas) },
    VideoFrame: new VideoFrame(canvas, { timestamp: 0 }),
  };
}

describe("pictureDataset", () => {
  it.each([
    { size: [12, 12], channels: 3, fit: "cover" },
    { size: [12, 20], channels: 1, fit: "contain", background: "white" },
    { size: [7, 30], channels: 3, fit: "stretch" },
  ] as const)("makes of every kind of picture what imageFolder makes of its file: %o", async (format) => {
    const canvases = [painted(20), painted(200)];
    const files = await Promise.all(
      canvases.map(async (canvas, index) => ({
        path: `${index}/1.png`,
        file: new File([await blobOf(canvas)], "1.png"),
      })),
    );
    const wanted = await imageFolder(files, { ...format, worker: false });
    const [first, second] = await Promise.all(canvases.map(kinds));
    for (const kind of Object.keys(first ?? {})) {
      const images = [first?.[kind], second?.[kind]] as Picture[];
      const made = pictureDataset({ ...format, images, labels: [0, 1], classNames: ["0", "1"] });
      expect(made.images, kind).toEqual(wanted.images);
      expect([made.shape, made.count, made.classNames], kind).toEqual([wanted.shape, 2, ["0", "1"]]);
    }
  });

  it("says which one is no picture", () => {
    const of = (images: unknown) => () => pictureDataset({ images: images as Picture[], labels: [0, 1], size: [8, 8] });
    expect(of([painted(0), new Image()])).toThrow(ArgumentError);
    expect(of([painted(0), new Image()])).toThrow(/image 1: got a HTMLImageElement.*src/);
    expect(of([painted(0), "cat.png"])).toThrow(/image 1: got "cat\.png"/);
    expect(of(7)).toThrow(/images must be a list/);
    expect(of([painted(0)])).toThrow(/2 labels/);
  });
});
