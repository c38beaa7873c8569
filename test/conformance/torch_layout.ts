/** PyTorch's tensors are NCHW and OIHW; ours are NHWC and HWIO. */
import type { Given } from "./run_graph.ts";

/** Moves axes, as NumPy's transpose: result axis i is input axis `order[i]`. */
export function transposed({ shape, data }: Given, order: readonly number[]): Given {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const turned = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const place = new Array<number>(turned.length).fill(0);
  const result = new Array<number>(data.length);
  for (let at = 0, from = 0; at < result.length; at++) {
    result[at] = data[from] as number;
    for (let axis = turned.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < (turned[axis] as number)) break;
      from -= (turned[axis] as number) * (steps[axis] as number);
      place[axis] = 0;
    }
  }
  return { shape: turned, data: result };
}

/** NCHW → NHWC */
export const nhwc = (shape: readonly number[], data: readonly number[]): Given =>
  transposed({ shape, data }, [0, 2, 3, 1]);

/** OIHW → HWIO; of a transposed convolution IOHW → HWOI. */
export const hwio = (shape: readonly number[], data: readonly number[]): Given =>
  transposed({ shape, data }, [2, 3, 1, 0]);
