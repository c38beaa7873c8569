import { clearBytes } from "./emit/code.ts";
import type { Kernel } from "./emit/function.ts";
import { defineKernel } from "./emit/function.ts";
import { placeLinesKernel } from "./kernels/products.ts";
import { call, divide, ofBytes } from "./slices.ts";
import type { Places } from "./task.ts";

const FLOAT = 4;

/** Images as a window slides over them: with zeros around them. */
export interface PaddedImages {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Where the first row and column come; below 0 some are left out. */
  readonly top: number;
  readonly left: number;
  readonly paddedHeight: number;
  readonly paddedWidth: number;
}

export const clearKernel = defineKernel("clear", { at: "i32", bytes: "i32" }, (_, { at, bytes }) =>
  clearBytes(at, bytes),
);

/** Whether the images can be read where they lie. */
function isPlain({ top, left, height, width, paddedHeight, paddedWidth }: PaddedImages): boolean {
  return top === 0 && left === 0 && paddedHeight <= height && paddedWidth <= width;
}

/** Rows (or columns) that fall into the padded image: the first, how many, and where it comes. */
function visible(size: number, before: number, padded: number) {
  const first = Math.max(0, -before);
  const end = Math.min(size, padded - before);
  return { first, count: Math.max(0, end - first), place: before + first };
}

/** How a convolution's images are laid out for its kernel, and what brings them there. */
export interface PaddedSource {
  readonly rowBytes: number;
  readonly imageBytes: number;
  /** Working memory that the padded images take; 0 where they are read where they lie. */
  readonly scratch: number;
  readonly kernels: readonly Kernel[];
  /** Gives what fills the working memory, and where the images then lie. */
  bind(places: Places, from: number, scratch: number): { address: number; fill: () => void };
}

export function paddedSource(images: PaddedImages): PaddedSource {
  const { batch, height, width, channels, paddedHeight, paddedWidth } = images;
  const pixel = channels * FLOAT;
  if (isPlain(images)) {
    const rowBytes = width * pixel;
    const bind = (_: Places, from: number) => ({ address: from, fill: () => {} });
    return { rowBytes, imageBytes: height * rowBytes, scratch: 0, kernels: [], bind };
  }
  const rowBytes = paddedWidth * pixel;
  const imageBytes = paddedHeight * rowBytes;
  const rows = visible(height, images.top, paddedHeight);
  const columns = visible(width, images.left, paddedWidth);
  return {
    rowBytes,
    imageBytes,
    scratch: batch * imageBytes,
    kernels: [clearKernel, placeLinesKernel],
    bind(places, from, scratch) {
      const imageStepFrom = height * width * pixel;
      const fill = divide(batch, ofBytes(2 * imageBytes)).map(({ begin, count }) => {
        const lines = {
          from: from + (rows.first * width + columns.first) * pixel + begin * imageStepFrom,
          to: scratch + rows.place * rowBytes + columns.place * pixel + begin * imageBytes,
          ...{ images: columns.count > 0 ? count : 0, imageStepFrom, imageStepTo: imageBytes },
          ...{ rows: rows.count, rowStepFrom: width * pixel, rowStepTo: rowBytes },
        };
        return [
          call(clearKernel, { at: scratch + begin * imageBytes, bytes: count * imageBytes }),
          call(placeLinesKernel, { ...lines, rowBytes: columns.count * pixel }),
        ];
      });
      return { address: scratch, fill: places.inSlices(fill) };
    },
  };
}
