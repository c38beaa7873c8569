import placeShader from "../../../shaders/place.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import copyShader from "../../../shaders/strided_copy.wgsl?raw";
import { at } from "../../core/at.ts";
import { stridesOf } from "../../core/axes.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import type { PlaceAttributes, SliceAttributes } from "../../graph/ops/slice.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { innermost, mergeAxes, quarterInnermost, vectorStrides } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

/** A tensor walked with strides from a first element on, all in elements. */
interface StridedView {
  readonly first: number;
  readonly strides: readonly number[];
}

/** The elements of `shape` from one strided view to another; any 4-byte type. */
export function stridedCopy(shape: Shape, from: StridedView, to: StridedView, traits: DeviceTraits): KernelSpec {
  const walk = mergeAxes({ extents: shape, strides: [from.strides, to.strides] });
  const [source, target] = walk.strides as [readonly number[], readonly number[]];
  const asVectors = ({ first }: StridedView, strides: readonly number[]) =>
    innermost(strides) === 1 && [first, ...strides.slice(0, -1)].every((distance) => distance % 4 === 0);
  const vector = innermost(walk.extents) % 4 === 0 && asVectors(from, source) && asVectors(to, target);
  const extents = vector ? quarterInnermost(walk.extents) : walk.extents;
  const size = sizeOf(extents);
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "strided_copy",
    shader: copyShader,
    includes: { stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      SIZE: size,
      VECTOR: vector,
      RANK: extents.length,
      POSITION_STRIDES: stridesOf(extents),
      INPUT_FIRST: vector ? from.first / 4 : from.first,
      INPUT_STRIDES: vector ? vectorStrides(source) : source,
      OUTPUT_FIRST: vector ? to.first / 4 : to.first,
      OUTPUT_STRIDES: vector ? vectorStrides(target) : target,
    },
    bindings: { input: "read", output: "readWrite" },
    workgroups: linearWorkgroups(size, threads),
    variant: `${vector ? "4 elements" : "1 element"} a thread, ${extents.length} axes`,
    flops: 0,
    halves: halvesIf(vector, { HALF_INPUT: "input", HALF_OUTPUT: "output" }),
  }));
}

/** What a slice of a tensor of shape `whole` looks at. */
function viewOf({ begin, strides }: Omit<SliceAttributes, "shape">, whole: Shape): StridedView {
  const own = stridesOf(whole);
  return {
    first: begin.reduce((sum, place, axis) => sum + place * at(own, axis), 0),
    strides: strides.map((stride, axis) => stride * at(own, axis)),
  };
}

/** A part of a tensor of shape `whole`. */
export function slice(whole: Shape, attributes: SliceAttributes, traits: DeviceTraits): KernelSpec {
  const result = { first: 0, strides: stridesOf(attributes.shape) };
  return stridedCopy(attributes.shape, viewOf(attributes, whole), result, traits);
}

const bits = new DataView(new ArrayBuffer(4));

/** The bit pattern of a value as f32, i32 or u32. */
function bitsOf(value: number, dtype: string): number {
  if (dtype === "f32") bits.setFloat32(0, value);
  else bits.setInt32(0, value);
  return bits.getUint32(0);
}

/** A tensor of shape `part` spread over a larger one. */
export function place(part: Shape, attributes: PlaceAttributes & { dtype: string }, traits: DeviceTraits): KernelSpec {
  const { begin, strides, shape, value, dtype } = attributes;
  const rank = shape.length;
  const whole = (axis: number) => at(begin, axis) === 0 && part[axis] === shape[axis];
  const vector = rank > 0 && whole(rank - 1) && innermost(shape) % 4 === 0;
  const extents = vector ? quarterInnermost(part) : part;
  const outExtents = vector ? quarterInnermost(shape) : shape;
  const size = sizeOf(outExtents);
  const threads = workgroupThreads(traits);
  // WGSL has no arrays without elements: a scalar is a vector of one.
  const list = (values: readonly number[], scalar: number) => (rank === 0 ? [scalar] : values);
  return kernel(() => ({
    name: "place",
    shader: placeShader,
    includes: { stored_tensor: storedTensor },
    constants: {
      THREADS: threads,
      SIZE: size,
      VECTOR: vector,
      RANK: Math.max(1, rank),
      BEGINS: list(begin, 0),
      STEPS: list(strides, 1),
      EXTENTS: list(extents, 1),
      INPUT_STRIDES: list(stridesOf(extents), 1),
      OUTPUT_STRIDES: list(stridesOf(outExtents), 1),
      FILL: bitsOf(value, dtype),
    },
    bindings: { input: "read", output: "write" },
    workgroups: linearWorkgroups(size, threads),
    variant: `${vector ? "4 elements" : "1 element"} a thread, ${rank} axes`,
    flops: 0,
    halves: halvesIf(vector, { HALF_INPUT: "input", HALF_OUTPUT: "output" }),
  }));
}

function checkWords(node: Node): void {
  if (node.dtype === "u8") {
    throw new ArgumentError(`${node.op.name}: u8 tensors are storage only; cast them first.`);
  }
}

export const sliceLowerings: readonly Lowering[] = [
  lowering("slice", (node, values, output, emit) => {
    checkWords(node);
    emit.dispatch(slice(node.operand("x").shape, node.attributes, emit.traits), { input: values.operand("x"), output });
  }),
  lowering("place", (node, values, output, emit) => {
    checkWords(node);
    const attributes = { ...node.attributes, dtype: node.dtype };
    emit.dispatch(place(node.operand("x").shape, attributes, emit.traits), { input: values.operand("x"), output });
  }),
  lowering("concat", (node, values, output, emit) => {
    checkWords(node);
    const { axis } = node.attributes;
    const strides = stridesOf(node.shape);
    let first = 0;
    const parts = values.operands("parts");
    node.operands("parts").forEach(({ shape }, index) => {
      const part = { first: 0, strides: stridesOf(shape) };
      emit.dispatch(stridedCopy(shape, part, { first, strides }, emit.traits), { input: parts[index], output });
      first += at(shape, axis) * at(strides, axis);
    });
  }),
];
