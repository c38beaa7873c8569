import { at } from "../../core/at.ts";
import { stridesOf } from "../../core/axes.ts";
import type { Shape } from "../../core/shape.ts";
import { concatOp } from "../../graph/ops/concat.ts";
import { placeOp, type SliceAttributes, sliceOp } from "../../graph/ops/slice.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

/** Where a slice of a tensor of shape `whole` starts, and its strides there, in elements. */
function placeOfSlice({ begin, strides }: Omit<SliceAttributes, "shape">, whole: Shape) {
  const own = stridesOf(whole);
  return {
    first: begin.reduce((sum, place, axis) => sum + place * at(own, axis), 0),
    strides: strides.map((stride, axis) => stride * at(own, axis)),
  };
}

export const sliceOps = [
  defineCpuOp(
    sliceOp,
    ({ node, attributes, input, output }) => {
      const x = input("x");
      const { first, strides } = placeOfSlice(attributes, node.operand("x").shape);
      walk(node.shape, strides, (index, offset) => {
        output[index] = read(x, first + offset);
      });
    },
    () => 0,
  ),
  defineCpuOp(
    placeOp,
    ({ node, attributes, input, output }) => {
      const x = input("x");
      const { first, strides } = placeOfSlice(attributes, node.shape);
      output.fill(attributes.value);
      walk(node.operand("x").shape, strides, (index, offset) => {
        output[first + offset] = read(x, index);
      });
    },
    () => 0,
  ),
  defineCpuOp(
    concatOp,
    ({ node, attributes: { axis }, inputs, output }) => {
      const strides = stridesOf(node.shape);
      let first = 0;
      const parts = inputs("parts");
      node.operands("parts").forEach(({ shape }, number) => {
        const x = at(parts, number);
        walk(shape, strides, (index, offset) => {
          output[first + offset] = read(x, index);
        });
        first += at(shape, axis) * at(strides, axis);
      });
    },
    () => 0,
  ),
];
