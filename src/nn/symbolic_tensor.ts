import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { DType } from "../core/tensor.ts";
import type { AnyLayer } from "./layer.ts";

/** What is known of a tensor before it is computed. */
export interface TensorType {
  /** One image's, without the batch axis. */
  readonly shape: Shape;
  /** Type of its elements; layers other than `operation` take and give f32. */
  readonly dtype: DType;
  /** Whether it is the same for every image, and so has no batch axis: `constant`, and operations on such tensors alone. */
  readonly isConstant: boolean;
}

/** One call of a layer; the tensors that it gives share it. */
export interface Origin {
  /** What was called. */
  readonly layer: AnyLayer;
  /** On what. */
  readonly inputs: readonly SymbolicTensor[];
  /** What it gives, one entry a tensor. */
  readonly types: readonly TensorType[];
}

/**
 * A value that a model will compute: its shape for one image, without the batch axis, and what it is made of.
 * `input()` makes one, calling a layer makes another, or several; a tensor knows only tensors that were there before it, so
 * that no circle can come about.
 */
export class SymbolicTensor implements TensorType {
  static #made = 0;

  /** One image's, without the batch axis. */
  readonly shape: Shape;
  /** Type of its elements. */
  readonly dtype: DType;
  /** Whether it is the same for every image. */
  readonly isConstant: boolean;
  /** The call that makes it; undefined for a model's input. */
  readonly origin: Origin | undefined;
  /** Which of the call's tensors it is, from 0. */
  readonly place: number;
  /** Name of an input, if it was given one. */
  readonly name: string | undefined;
  /** Grows with each tensor made: later ones may depend on earlier ones, and those of one call follow one another. */
  readonly order: number;

  constructor(type: TensorType, origin?: Origin, place = 0, name?: string) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.isConstant = type.isConstant;
    this.origin = origin;
    this.place = place;
    this.name = name;
    this.order = SymbolicTensor.#made++;
  }

  /** "conv2d [14, 14, 32]": for messages. */
  toString(): string {
    const source = this.origin === undefined ? "input" : describeLayer(this.origin.layer);
    const which = (this.origin?.types.length ?? 1) > 1 ? ` (output ${this.place + 1})` : "";
    return `${source}${this.name === undefined ? "" : ` "${this.name}"`}${which} [${this.shape.join(", ")}]`;
  }
}

/** Axes of one image's tensor at most: what files and kernels hold with the batch beside them. */
const MOST_AXES = 7;

/** As many as one tensor of a graph. */
const MOST_ELEMENTS = 2 ** 32;

/** Throws `ShapeError` unless it is a shape that a model can compute with. */
export function checkTensorShape(what: string, shape: Shape): void {
  if (shape.length > MOST_AXES) {
    throw new ShapeError(`${what}: has ${shape.length} axes; at most ${MOST_AXES} beside the batch.`);
  }
  checkShape(what, shape);
  if (sizeOf(shape) > MOST_ELEMENTS) {
    throw new ShapeError(`${what}: ${formatShape(shape)} holds more than 2³² values.`);
  }
}

/** What tensors are where nothing else is said. */
const ordinary = { dtype: "f32", isConstant: false } as const;

/** An input of a model: `shape` is one image's, without the batch axis, e.g. [height, width, channels]. */
export function input(shape: readonly number[], options: { name?: string } = {}): SymbolicTensor {
  checkOptions("input", options, { name: "string" });
  if (!Array.isArray(shape))
    throw new ArgumentError(`input: wants a shape such as [28, 28, 1], got ${describeValue(shape)}.`);
  checkTensorShape("input", shape);
  return new SymbolicTensor({ ...ordinary, shape: [...shape] }, undefined, 0, options.name);
}

/** `layer "stem"`: its name, or what it would be called automatically. */
export function describeLayer(layer: AnyLayer): string {
  return `layer "${layer.config.name ?? layer.keyword}"`;
}

/** Tensors that one layer gives at most. */
const MOST_OUTPUTS = 1024;

/** What a layer that declares shapes alone gives: f32, one for each image. */
function ordinaryTypes(layer: AnyLayer, inputs: readonly SymbolicTensor[], what: string): TensorType[] {
  const other = inputs.find(({ dtype }) => dtype !== "f32");
  if (other !== undefined) {
    throw new ArgumentError(
      `${what}: takes f32, but ${other} is ${other.dtype}; operation({ op: "cast", attributes: ["f32"] }) makes it so.`,
    );
  }
  const shapes = layer.outputShapes(
    inputs.map(({ shape }) => shape),
    what,
  );
  return shapes.map((shape) => ({ ...ordinary, shape }));
}

/** What a layer makes of some tensors; `what` names it in errors. Throws `ArgumentError` or `ShapeError`. */
export function connect(
  layer: AnyLayer,
  inputs: readonly SymbolicTensor[],
  what = describeLayer(layer),
): readonly [SymbolicTensor, ...SymbolicTensor[]] {
  inputs.forEach((tensor, index) => {
    if (!(tensor instanceof SymbolicTensor)) {
      throw new ArgumentError(
        `${what}: argument ${index} is no symbolic tensor; call it on input() or on what another layer gave.`,
      );
    }
  });
  const types = layer.outputTypes?.(inputs, what) ?? ordinaryTypes(layer, inputs, what);
  if (types.length > MOST_OUTPUTS) {
    throw new ArgumentError(`${what}: gives ${types.length} tensors; at most ${MOST_OUTPUTS} are possible.`);
  }
  for (const { shape } of types) checkTensorShape(what, shape);
  const origin: Origin = { layer, inputs: [...inputs], types };
  const [first, ...others] = types.map((type, place) => new SymbolicTensor(type, origin, place));
  if (first === undefined) throw new ArgumentError(`${what}: gives no tensor.`);
  return [first, ...others];
}
