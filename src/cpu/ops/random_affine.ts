import { randomAffine } from "../../core/affine.ts";
import { at } from "../../core/at.ts";
import { randomAffineOp } from "../../graph/ops/random_affine.ts";
import { defineCpuOp, read } from "../op.ts";

/** A neighbour without weight does no harm, not even an infinite one. */
function blend(a: number, b: number, share: number): number {
  return share === 0 ? a : (1 - share) * a + share * b;
}

export const randomAffineOps = [
  defineCpuOp(
    randomAffineOp,
    ({ node, attributes, input, output }) => {
      const [images, batchNumber] = [input("x"), read(input("batch"), 0)];
      const [batch, height, width, channels] = [0, 1, 2, 3].map((axis) => at(node.shape, axis)) as [
        number,
        number,
        number,
        number,
      ];
      const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
      for (let image = 0; image < batch; image++) {
        const t = randomAffine(attributes, attributes.seed, batchNumber, image);
        const value = (row: number, column: number, channel: number) =>
          row < 0 || row >= height || column < 0 || column >= width
            ? 0
            : read(images, ((image * height + row) * width + column) * channels + channel);
        for (let row = 0; row < height; row++) {
          for (let column = 0; column < width; column++) {
            const [x, y] = [column - middleColumn, row - middleRow];
            const fromColumn = x * t.xx + y * t.xy - t.shiftColumns + middleColumn;
            const fromRow = x * t.yx + y * t.yy - t.shiftRows + middleRow;
            const [left, top] = [Math.floor(fromColumn), Math.floor(fromRow)];
            const [dx, dy] = [fromColumn - left, fromRow - top];
            for (let channel = 0; channel < channels; channel++) {
              const above = blend(value(top, left, channel), value(top, left + 1, channel), dx);
              const below = blend(value(top + 1, left, channel), value(top + 1, left + 1, channel), dx);
              output[((image * height + row) * width + column) * channels + channel] = blend(above, below, dy);
            }
          }
        }
      }
    },
    (node) => 8 * node.shape.reduce((product, extent) => product * extent, 1),
  ),
];
