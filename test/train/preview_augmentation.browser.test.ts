import { expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { dataset, previewAugmentation } from "../../src/index.ts";

const images = Uint8Array.from([0, 255, 51, 102]);
const shape = [1, 2, 1];

it("draws augmented images into a canvas, which gets the picture's size", async () => {
  for (const canvas of [document.createElement("canvas"), new OffscreenCanvas(9, 9)]) {
    await previewAugmentation(
      dataset({ images, shape, labels: [0, 1] }),
      {},
      { backend: cpu(), canvas, shuffle: false, columns: 1, imageWidth: 4, gap: 2 },
    );
    expect([canvas.width, canvas.height]).toEqual([4, 6]);
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const pixel = (x: number, y: number) => [...context.getImageData(x, y, 1, 1).data];
    expect([pixel(0, 0), pixel(3, 1)]).toEqual([
      [0, 0, 0, 255],
      [255, 255, 255, 255],
    ]);
    expect(pixel(0, 2)[3]).toBe(0);
    expect([pixel(1, 4)[0], pixel(2, 5)[0]]).toEqual([51, 102]);
  }
});

it("of floats the smallest value is black and the largest white; a canvas of another context is refused", async () => {
  const canvas = document.createElement("canvas");
  const floats = dataset({ images: Float32Array.of(-3, 5), shape, labels: [0] });
  await previewAugmentation(floats, {}, { backend: cpu(), canvas });
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  expect([...context.getImageData(0, 0, 2, 1).data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  const other = document.createElement("canvas");
  other.getContext("bitmaprenderer");
  await expect(previewAugmentation(floats, {}, { backend: cpu(), canvas: other })).rejects.toThrow(
    /previewAugmentation: this canvas has a context of another kind/,
  );
});
