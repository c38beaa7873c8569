import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import type { Layer } from "./layer.ts";
import { describeLayer, SymbolicTensor } from "./symbolic_tensor.ts";

/** One use of a layer. Tensors are numbered: a model's inputs first, then what each call makes. */
export interface Call {
  /** Place of the layer in `Wiring.layers`. */
  readonly layer: number;
  readonly inputs: readonly number[];
  readonly inputShapes: readonly Shape[];
  readonly shape: Shape;
}

/** How the layers of a model hang together. */
export interface Wiring {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  /** In the order of their first calls. */
  readonly layers: readonly { readonly name: string; readonly layer: Layer }[];
  /** In the order in which they were made, so that inputs come before what depends on them. */
  readonly calls: readonly Call[];
  readonly outputs: readonly number[];
}

/** Names as given, the others made from their keywords Keras' way: "conv2d", "conv2d_1", … Throws for a name given twice. */
export function uniqueNames(
  things: readonly { readonly name: string | undefined; readonly keyword: string }[],
): string[] {
  const taken = new Set<string>();
  for (const { name } of things) {
    if (name === undefined) continue;
    if (taken.has(name)) throw new ArgumentError(`Two layers are called "${name}"; give one another name.`);
    taken.add(name);
  }
  return things.map(({ name, keyword }) => {
    if (name !== undefined) return name;
    for (let count = 0; ; count++) {
      const automatic = count === 0 ? keyword : `${keyword}_${count}`;
      if (taken.has(automatic)) continue;
      taken.add(automatic);
      return automatic;
    }
  });
}

/** The names that these layers get in one model. */
export function layerNames(layers: readonly Layer[]): string[] {
  return uniqueNames(layers.map(({ config, keyword }) => ({ name: config.name, keyword })));
}

/** Every tensor that the outputs are made of, themselves included, oldest first. */
function reachable(outputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const found = new Set<SymbolicTensor>();
  const visit = [...outputs];
  for (let tensor = visit.pop(); tensor !== undefined; tensor = visit.pop()) {
    if (found.has(tensor)) continue;
    found.add(tensor);
    visit.push(...(tensor.origin?.inputs ?? []));
  }
  return [...found].sort((a, b) => a.order - b.order);
}

function checkEnds(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): void {
  for (const [what, tensors] of [
    ["input", inputs],
    ["output", outputs],
  ] as const) {
    if (tensors.length === 0) throw new ArgumentError(`model: needs at least one ${what}.`);
    tensors.forEach((tensor, index) => {
      if (!(tensor instanceof SymbolicTensor)) {
        throw new ArgumentError(`model: ${what} ${index} is no symbolic tensor; use input() and call layers on it.`);
      }
      if (what === "input" && tensor.origin !== undefined) {
        throw new ArgumentError(`model: input ${index} is what ${tensor} gave; inputs come from input().`);
      }
      if (what === "input" && inputs.indexOf(tensor) !== index) {
        throw new ArgumentError(`model: input ${index} (${tensor}) is named twice.`);
      }
    });
  }
}

/** A layer that is called several times has one set of weights, which has to fit every call. */
function checkShared(name: string, layer: Layer, calls: readonly Call[]): void {
  const [first, ...others] = calls;
  if (first === undefined) return;
  const wanted = layer.parameters(first.inputShapes);
  for (const other of others) {
    layer.parameters(other.inputShapes).forEach(({ name: parameter, shape }, index) => {
      const own = wanted[index];
      if (own !== undefined && sameShape(own.shape, shape)) return;
      throw new ShapeError(
        `layer "${name}" is called twice: on ${formatShape(first.inputShapes[0] ?? [])} its "${parameter}" is ` +
          `${formatShape(own?.shape ?? [])}, on ${formatShape(other.inputShapes[0] ?? [])} it would be ` +
          `${formatShape(shape)}. Make a layer of its own for each.`,
      );
    });
  }
}

/** What lies between inputs and outputs. Throws `ArgumentError` or `ShapeError` where they do not belong together. */
export function traceWiring(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Wiring {
  checkEnds(inputs, outputs);
  const tensors = reachable(outputs);
  for (const tensor of inputs) {
    if (!tensors.includes(tensor)) throw new ArgumentError(`model: no output depends on ${tensor}; leave it out.`);
  }
  const numbers = new Map(inputs.map((tensor, index) => [tensor, index]));
  const layers: Layer[] = [];
  const calls: Call[] = [];
  for (const tensor of tensors) {
    const { origin } = tensor;
    if (origin === undefined) {
      if (numbers.has(tensor)) continue;
      const user = tensors.find((other) => other.origin?.inputs.includes(tensor))?.origin?.layer;
      throw new ArgumentError(
        `model: ${user === undefined ? "an output" : describeLayer(user)} depends on ${tensor}, which is not among the ` +
          `model's inputs.`,
      );
    }
    if (!layers.includes(origin.layer)) layers.push(origin.layer);
    numbers.set(tensor, inputs.length + calls.length);
    calls.push({
      layer: layers.indexOf(origin.layer),
      inputs: origin.inputs.map((one) => numbers.get(one) as number),
      inputShapes: origin.inputs.map(({ shape }) => shape),
      shape: tensor.shape,
    });
  }
  if (calls.length === 0) throw new ArgumentError("A model needs at least one layer.");
  const names = uniqueNames([
    ...inputs.map(({ name }) => ({ name, keyword: "input" })),
    ...layers.map(({ config, keyword }) => ({ name: config.name, keyword })),
  ]);
  const placed = layers.map((layer, index) => ({ name: names[inputs.length + index] as string, layer }));
  placed.forEach(({ name, layer }, index) => {
    checkShared(
      name,
      layer,
      calls.filter((call) => call.layer === index),
    );
  });
  return {
    inputs: inputs.map(({ shape }, index) => ({ name: names[index] as string, shape })),
    layers: placed,
    calls,
    outputs: outputs.map((tensor) => numbers.get(tensor) as number),
  };
}
