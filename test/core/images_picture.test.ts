import { expect, it } from "vitest";
import { layOutImages, pictureOfImages } from "../../src/core/images_picture.ts";
import { ArgumentError } from "../../src/index.ts";

it("images lie beside each other, with a transparent gap, each pixel a square", () => {
  // Three grey images of one row and two columns, two in a row, each pixel 2 × 2.
  const layout = layOutImages("test", [3, 1, 2, 1], { columns: 2, imageWidth: 4, gap: 1 });
  expect([layout.width, layout.height]).toEqual([9, 5]);
  const picture = pictureOfImages(layout, [0, 0.2, 0.4, 0.6, 0.8, 2], { channels: 1, low: 0, high: 1 });
  const at = (x: number, y: number) => [...picture.slice(4 * (9 * y + x), 4 * (9 * y + x) + 4)];
  expect([at(0, 0), at(1, 1), at(2, 0), at(3, 1)]).toEqual([
    [0, 0, 0, 255],
    [0, 0, 0, 255],
    [51, 51, 51, 255],
    [51, 51, 51, 255],
  ]);
  expect([at(4, 0)[3], at(0, 2)[3], at(5, 3)[3]]).toEqual([0, 0, 0]);
  expect([at(5, 0)[0], at(8, 1)[0], at(0, 3)[0], at(3, 4)[0]]).toEqual([102, 153, 204, 255]);
});

it("three channels are red, green and blue; values span the range that is given", () => {
  const layout = layOutImages("test", [1, 1, 2, 3], {});
  const picture = pictureOfImages(layout, [-1, 0, 1, 1, -1, 0], { channels: 3, low: -1, high: 1 });
  expect([...picture]).toEqual([0, 128, 255, 255, 255, 0, 128, 255]);
});

it.each([
  [{ columns: 0 }, /test: columns must be a whole number of images above 0, got 0/],
  [{ imageWidth: 0 }, /test: imageWidth must be a number of pixels above 0/],
  [{ gap: -1 }, /test: gap must be a number of pixels, 0 or more/],
])("refuses %o", (options, message) => {
  expect(() => layOutImages("test", [1, 2, 2, 1], options)).toThrow(ArgumentError);
  expect(() => layOutImages("test", [1, 2, 2, 1], options)).toThrow(message);
});
