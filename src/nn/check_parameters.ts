import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatCount } from "../core/format.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.ts";
import { checkLength, type Tensor, type TypedArray } from "../core/tensor.ts";
import type { Variable } from "../graph/node.ts";

/** Parameters of one model at most, 2 GiB as f32: more than any device binds, and about what a page may hold. */
const MOST_PARAMETERS = 2 ** 29;

/** Throws `ShapeError`, naming the largest parameter, for a model of more parameters than any page can hold. */
export function checkSize(specs: readonly { readonly name: string; readonly shape: Shape }[]): void {
  const total = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (total <= MOST_PARAMETERS) return;
  const largest = specs.reduce((most, spec) => (sizeOf(spec.shape) > sizeOf(most.shape) ? spec : most));
  throw new ShapeError(
    `model: ${formatCount(total)} parameters are more than the ${formatCount(MOST_PARAMETERS)} that fit; the most are of ` +
      `"${largest.name}" ${formatShape(largest.shape)}: take fewer units or filters, or pool before flatten().`,
  );
}

/** The new values of a model's variables, checked one and all before any is set. */
export function checkParameters(
  variables: ReadonlyMap<string, Variable>,
  parameters: ReadonlyMap<string, { shape: readonly number[]; data: TypedArray }>,
  options: { partial?: boolean },
): [Variable, Float32Array][] {
  checkOptions("setParameters", options, { partial: "boolean" });
  if (!(parameters instanceof Map)) {
    throw new ArgumentError(
      `setParameters: wants a Map of tensors by name, as model.parameters gives it, got ${describeValue(parameters)}; ` +
        "new Map(Object.entries(object)) makes one.",
    );
  }
  const list = (names: Iterable<string>) => [...names].slice(0, 20).join(", ");
  const missing = [...variables.keys()].filter((name) => !parameters.has(name));
  if (options.partial !== true && missing.length > 0) {
    throw new ArgumentError(
      `setParameters: the map has nothing for ${list(missing)}; give all parameters, or { partial: true } to keep the others.`,
    );
  }
  return [...(parameters as ReadonlyMap<string, unknown>)].map(([name, tensor]): [Variable, Float32Array] => {
    const variable = variables.get(name);
    if (variable === undefined) {
      throw new ArgumentError(`setParameters: the model has no parameter "${name}"; it has ${list(variables.keys())}.`);
    }
    return [variable, valuesFor(variable, tensor)];
  });
}

function valuesFor(variable: Variable, tensor: unknown): Float32Array {
  const what = `setParameters: "${variable.name}"`;
  if (!isTensor(tensor)) {
    throw new ArgumentError(
      `${what} wants a tensor { shape, data }, data a typed array, got ${describeValue(tensor)}.`,
    );
  }
  if (!sameShape(variable.shape, tensor.shape)) {
    throw new ShapeError(`${what} has shape ${formatShape(variable.shape)}, got ${formatShape(tensor.shape)}.`);
  }
  checkLength(what, variable.shape, tensor.data);
  const data = new Float32Array(tensor.data);
  for (let place = 0; place < data.length; place++) {
    if (Number.isFinite(data[place])) continue;
    throw new ArgumentError(`${what} holds ${tensor.data[place]} at place ${place}; weights are finite numbers.`);
  }
  return data;
}

function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null || !("shape" in value) || !("data" in value)) return false;
  return Array.isArray(value.shape) && ArrayBuffer.isView(value.data) && !(value.data instanceof BigInt64Array);
}
