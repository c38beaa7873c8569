import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Layer } from "./layer.ts";

/**
 * A value that a model will compute: its shape for one image, without the batch axis, and what it is made of.
 * `input()` makes one, calling a layer makes another; a tensor knows only tensors that were there before it, so that
 * no circle can come about.
 */
export class SymbolicTensor {
  static #made = 0;

  /** One image's, without the batch axis. */
  readonly shape: Shape;
  /** The layer and the tensors it was called on; undefined for a model's input. */
  readonly origin: { readonly layer: Layer; readonly inputs: readonly SymbolicTensor[] } | undefined;
  /** Name of an input, if it was given one. */
  readonly name: string | undefined;
  /** Grows with each tensor made: later ones may depend on earlier ones. */
  readonly order: number;

  constructor(shape: Shape, origin: SymbolicTensor["origin"], name?: string) {
    this.shape = shape;
    this.origin = origin;
    this.name = name;
    this.order = SymbolicTensor.#made++;
  }

  /** "conv2d [14, 14, 32]": for messages. */
  toString(): string {
    const source = this.origin === undefined ? "input" : describeLayer(this.origin.layer);
    return `${source}${this.name === undefined ? "" : ` "${this.name}"`} ${formatShape(this.shape)}`;
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

/** An input of a model: `shape` is one image's, without the batch axis, e.g. [height, width, channels]. */
export function input(shape: readonly number[], options: { name?: string } = {}): SymbolicTensor {
  checkOptions("input", options, { name: "string" });
  if (!Array.isArray(shape))
    throw new ArgumentError(`input: wants a shape such as [28, 28, 1], got ${describeValue(shape)}.`);
  checkTensorShape("input", shape);
  return new SymbolicTensor([...shape], undefined, options.name);
}

/** `layer "stem"`: its name, or what it would be called automatically. */
export function describeLayer(layer: Layer): string {
  return `layer "${layer.config.name ?? layer.keyword}"`;
}

/** What a layer makes of some tensors; `what` names it in errors. Throws `ArgumentError` or `ShapeError`. */
export function connect(layer: Layer, inputs: readonly SymbolicTensor[], what = describeLayer(layer)): SymbolicTensor {
  inputs.forEach((tensor, index) => {
    if (!(tensor instanceof SymbolicTensor)) {
      throw new ArgumentError(
        `${what}: argument ${index} is no symbolic tensor; call it on input() or on what another layer gave.`,
      );
    }
  });
  const shapes = inputs.map((tensor) => tensor.shape);
  const shape = layer.outputShape(shapes, what);
  checkTensorShape(what, shape);
  return new SymbolicTensor(shape, { layer, inputs: [...inputs] });
}
