import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import type { AnyLayer } from "./layer.ts";
import { describeLayer, type Origin, SymbolicTensor, type TensorType } from "./symbolic_tensor.ts";

/** One use of a layer. Tensors are numbered: a model's inputs first, then what each call makes, all of it. */
export interface Call {
  /** Place of the layer in `Wiring.layers`. */
  readonly layer: number;
  /** Which of the layer's calls it is, from 0. */
  readonly use: number;
  readonly inputs: readonly number[];
  readonly inputShapes: readonly Shape[];
  /** Number of the first tensor that it makes. */
  readonly first: number;
  /** What it makes, one entry a tensor. */
  readonly types: readonly TensorType[];
}

/** How the layers of a model hang together. */
export interface Wiring {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  /** In the order of their first calls. */
  readonly layers: readonly { readonly name: string; readonly layer: AnyLayer }[];
  /** In the order in which they were made, so that inputs come before what depends on them. */
  readonly calls: readonly Call[];
  /** Of each tensor the call that makes it; undefined for inputs. */
  readonly makers: readonly (Call | undefined)[];
  /** The calls of each layer, in the order of `layers`. */
  readonly uses: readonly (readonly Call[])[];
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
  const next = new Map<string, number>();
  return things.map(({ name, keyword }) => {
    if (name !== undefined) return name;
    for (let count = next.get(keyword) ?? 0; ; count++) {
      const automatic = count === 0 ? keyword : `${keyword}_${count}`;
      if (taken.has(automatic)) continue;
      taken.add(automatic);
      next.set(keyword, count + 1);
      return automatic;
    }
  });
}

/** The names that these layers get in one model. */
export function layerNames(layers: readonly AnyLayer[]): string[] {
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
    const seen = new Set<SymbolicTensor>();
    tensors.forEach((tensor, index) => {
      if (!(tensor instanceof SymbolicTensor)) {
        throw new ArgumentError(`model: ${what} ${index} is no symbolic tensor; use input() and call layers on it.`);
      }
      if (what === "output" && tensor.dtype !== "f32") {
        throw new ArgumentError(
          `model: output ${index} (${tensor}) is ${tensor.dtype}; operation({ op: "cast", attributes: ["f32"] }) makes it f32.`,
        );
      }
      if (what === "input" && tensor.origin !== undefined) {
        throw new ArgumentError(`model: input ${index} is what ${tensor} gave; inputs come from input().`);
      }
      if (what === "input" && seen.has(tensor)) {
        throw new ArgumentError(`model: input ${index} (${tensor}) is named twice.`);
      }
      seen.add(tensor);
    });
  }
}

/** A layer that is called several times has one set of weights, which has to fit every call. */
function checkShared(name: string, layer: AnyLayer, calls: readonly Call[]): void {
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

/** The calls of each layer, by its place. */
function callsOfLayers(layers: number, calls: readonly Call[]): readonly (readonly Call[])[] {
  const uses = Array.from({ length: layers }, (): Call[] => []);
  for (const call of calls) uses[call.layer]?.push(call);
  return uses;
}

/** What lies between inputs and outputs. Throws `ArgumentError` or `ShapeError` where they do not belong together. */
export function traceWiring(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Wiring {
  checkEnds(inputs, outputs);
  const tensors = reachable(outputs);
  const used = new Set(tensors);
  for (const tensor of inputs) {
    if (!used.has(tensor)) throw new ArgumentError(`model: no output depends on ${tensor}; leave it out.`);
  }
  const given = new Map(inputs.map((tensor, index) => [tensor, index]));
  /** Each layer's place, in the order of first use. */
  const places = new Map<AnyLayer, number>();
  const counts = new Map<AnyLayer, number>();
  const made = new Map<Origin, Call>();
  const numberOf = (tensor: SymbolicTensor): number =>
    tensor.origin === undefined
      ? (given.get(tensor) as number)
      : (made.get(tensor.origin) as Call).first + tensor.place;
  let next = inputs.length;
  for (const tensor of tensors) {
    const { origin } = tensor;
    if (origin === undefined) {
      if (given.has(tensor)) continue;
      const user = tensors.find((other) => other.origin?.inputs.includes(tensor))?.origin?.layer;
      throw new ArgumentError(
        `model: ${user === undefined ? "an output" : describeLayer(user)} depends on ${tensor}, which is not among the ` +
          `model's inputs.`,
      );
    }
    if (made.has(origin)) continue;
    const { layer, types } = origin;
    const place = places.get(layer) ?? places.size;
    places.set(layer, place);
    const use = counts.get(layer) ?? 0;
    counts.set(layer, use + 1);
    made.set(origin, {
      layer: place,
      use,
      inputs: origin.inputs.map(numberOf),
      inputShapes: origin.inputs.map(({ shape }) => shape),
      first: next,
      types,
    });
    next += types.length;
  }
  const calls = [...made.values()];
  if (calls.length === 0) throw new ArgumentError("A model needs at least one layer.");
  const layers = [...places.keys()];
  const names = uniqueNames([
    ...inputs.map(({ name }) => ({ name, keyword: "input" })),
    ...layers.map(({ config, keyword }) => ({ name: config.name, keyword })),
  ]);
  const placed = layers.map((layer, index) => ({ name: names[inputs.length + index] as string, layer }));
  const uses = callsOfLayers(layers.length, calls);
  placed.forEach(({ name, layer }, index) => {
    checkShared(name, layer, uses[index] ?? []);
  });
  return {
    inputs: inputs.map(({ shape }, index) => ({ name: names[index] as string, shape })),
    layers: placed,
    calls,
    makers: [...inputs.map(() => undefined), ...calls.flatMap((call) => call.types.map(() => call))],
    uses,
    outputs: outputs.map(numberOf),
  };
}
