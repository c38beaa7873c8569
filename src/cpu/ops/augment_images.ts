import { at } from "../../core/at.ts";
import {
  cutoutSide,
  type DrawnAugmentation,
  drawAugmentation,
  filledPlace,
  greyWeights,
  isMoved,
} from "../../core/augmentation.ts";
import { sizeOf } from "../../core/shape.ts";
import { type AugmentImagesAttributes, augmentImagesOp } from "../../graph/ops/augment_images.ts";
import { defineCpuOp, read } from "../op.ts";

/** A neighbour without weight does no harm, not even an infinite one. */
function blend(a: number, b: number, share: number): number {
  return share === 0 ? a : (1 - share) * a + share * b;
}

/** An image's values by row, column and channel. */
type Source = (row: number, column: number, channel: number) => number;

/** A pixel of a moved image: whole pixels as they are, between them by bilinear interpolation. */
function movedPixel(
  value: Source,
  { affine: t, cropRows, cropColumns }: DrawnAugmentation,
  [height, width]: readonly [number, number],
): Source {
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  return (row, column, channel) => {
    const [x, y] = [column - cropColumns - middleColumn, row - cropRows - middleRow];
    const fromColumn = x * t.xx + y * t.xy - t.shiftColumns + middleColumn;
    const fromRow = x * t.yx + y * t.yy - t.shiftRows + middleRow;
    const [left, top] = [Math.floor(fromColumn), Math.floor(fromRow)];
    const [dx, dy] = [fromColumn - left, fromRow - top];
    const above = blend(value(top, left, channel), value(top, left + 1, channel), dx);
    const below = blend(value(top + 1, left, channel), value(top + 1, left + 1, channel), dx);
    return blend(above, below, dy);
  };
}

/** Changes a pixel's channels in place. `mean`: of the image, in grey. */
function recolour(
  pixel: number[],
  { contrast, brightness, saturation, clip }: AugmentImagesAttributes,
  drawn: DrawnAugmentation,
  mean: number,
): void {
  const weights = greyWeights(pixel.length);
  const change = (to: (value: number) => number) => {
    pixel.forEach((value, channel) => {
      pixel[channel] = clip ? Math.min(Math.max(to(value), 0), 1) : to(value);
    });
  };
  if (contrast > 0) change((value) => drawn.contrast * value + (1 - drawn.contrast) * mean);
  if (brightness > 0) change((value) => drawn.brightness * value);
  if (saturation > 0) {
    const grey = pixel.reduce((sum, value, channel) => sum + value * at(weights, channel), 0);
    change((value) => drawn.saturation * value + (1 - drawn.saturation) * grey);
  }
}

export const augmentImagesOps = [
  defineCpuOp(
    augmentImagesOp,
    ({ node, attributes, input, output }) => {
      const [images, batchNumber] = [input("x"), read(input("batch"), 0)];
      const [batch, height, width, channels] = [0, 1, 2, 3].map((axis) => at(node.shape, axis)) as [
        number,
        number,
        number,
        number,
      ];
      const { seed, fill, fillValue, noise, contrast } = attributes;
      const side = cutoutSide(attributes.cutout, height, width);
      const weights = greyWeights(channels);
      const sums = contrast > 0 ? input("sums") : undefined;
      for (let image = 0; image < batch; image++) {
        const drawn = drawAugmentation(attributes, [height, width], [seed, batchNumber, image]);
        const flipped: Source = (givenRow, givenColumn, channel) => {
          const row = filledPlace(givenRow, height, fill);
          const column = filledPlace(givenColumn, width, fill);
          if (row < 0 || column < 0) return fillValue;
          const fromRow = drawn.flipRows ? height - 1 - row : row;
          const fromColumn = drawn.flipColumns ? width - 1 - column : column;
          return read(images, ((image * height + fromRow) * width + fromColumn) * channels + channel);
        };
        const value: Source = isMoved(attributes)
          ? movedPixel(flipped, drawn, [height, width])
          : (row, column, channel) => flipped(row - drawn.cropRows, column - drawn.cropColumns, channel);
        const mean = sums
          ? weights.reduce((sum, weight, channel) => sum + weight * read(sums, image * channels + channel), 0) /
            (height * width)
          : 0;
        const isCut = (row: number, column: number) =>
          row >= drawn.cutTop && row < drawn.cutTop + side && column >= drawn.cutLeft && column < drawn.cutLeft + side;
        for (let row = 0; row < height; row++) {
          for (let column = 0; column < width; column++) {
            const pixel = weights.map((_, channel) => value(row, column, channel));
            recolour(pixel, attributes, drawn, mean);
            pixel.forEach((one, channel) => {
              const element = (row * width + column) * channels + channel;
              const noisy = noise > 0 ? one + noise * drawn.noise(element) : one;
              output[image * height * width * channels + element] = isCut(row, column) ? fillValue : noisy;
            });
          }
        }
      }
    },
    (node) => 8 * sizeOf(node.shape),
  ),
];
