/** Networks made of a trained one: a part of it, frozen layers, a new head. Each is a model of its own, with copies of the weights. */
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { withTrainable } from "./frozen.ts";
import { initialValues } from "./initial_values.ts";
import { type AnyLayer, callable, isLayer, type Layer } from "./layer.ts";
import { Model } from "./model.ts";
import { connect, input, SymbolicTensor } from "./symbolic_tensor.ts";
import { traceWiring } from "./wiring.ts";

/** One use of a layer, in tensors. */
interface Use {
  readonly layer: AnyLayer;
  readonly name: string;
  readonly reads: readonly SymbolicTensor[];
  readonly gives: readonly SymbolicTensor[];
}

/** A model as the tensors that it was made of, every layer with its name. */
interface Structure {
  readonly inputs: readonly SymbolicTensor[];
  readonly uses: readonly Use[];
  readonly outputs: readonly SymbolicTensor[];
}

/** The layer under the name that it has in its model. */
function named(layer: AnyLayer, name: string): AnyLayer {
  return callable({ ...layer, config: { ...layer.config, name } });
}

function checkModel(what: string, model: Model): void {
  if (model instanceof Model) return;
  throw new ArgumentError(`${what}: wants a model, as sequential() and model() make it, got ${describeValue(model)}.`);
}

/** The model's tensors anew; `change` may put another layer in the place of one. */
function structureOf(model: Model, change: (layer: AnyLayer, name: string) => AnyLayer = (layer) => layer): Structure {
  const layers = new Map(model.layers.map(({ name, layer }) => [name, change(named(layer, name), name)]));
  const config = model.toJSON();
  const inputs = model.inputShapes.map((shape, index) => input(shape, { name: at(model.inputNames, index) }));
  const tensors: SymbolicTensor[] = [...inputs];
  const calls =
    config.kind === "functional"
      ? config.calls
      : model.layers.map(({ name }, index) => ({ layer: name, inputs: [index] }));
  const uses = calls.map(({ layer: name, inputs: numbers }): Use => {
    const layer = layers.get(name) as AnyLayer;
    const reads = numbers.map((number) => at(tensors, number));
    const gives = connect(layer, reads);
    tensors.push(...gives);
    return { layer, name, reads, gives };
  });
  const numbers = config.kind === "functional" ? config.outputs : [tensors.length - 1];
  return { inputs, uses, outputs: numbers.map((number) => at(tensors, number)) };
}

/** A model of these tensors. What it has in common with `from`, by name, has the weights that it has there. */
function modelOf(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  { from, sequential, seed = from.seed }: { from: Model; sequential: boolean; seed?: number | undefined },
): Model {
  const made = new Model(sequential ? "sequential" : "functional", traceWiring(inputs, outputs), {
    seed,
    initialize: initialValues,
  });
  const weights = from.parameters;
  const names = new Set(made.variables.map(({ name }) => name));
  made.setParameters(new Map([...weights].filter(([name]) => names.has(name))), { partial: true });
  return made;
}

/** Everything that some tensors are made of, themselves included. */
function ancestors(tensors: readonly SymbolicTensor[]): Set<SymbolicTensor> {
  const found = new Set<SymbolicTensor>();
  const visit = [...tensors];
  for (let tensor = visit.pop(); tensor !== undefined; tensor = visit.pop()) {
    if (found.has(tensor)) continue;
    found.add(tensor);
    visit.push(...(tensor.origin?.inputs ?? []));
  }
  return found;
}

/** What a layer gives, by its name; of one that is called several times by "name (use 2)", as `outputNames` writes it. */
function outputsOf(what: string, { uses }: Structure, layerName: string): Use {
  const namesOf = (name: string) => {
    const all = uses.filter((use) => use.name === name);
    return all.map((use, index) => [all.length === 1 ? name : `${name} (use ${index + 1})`, use] as const);
  };
  const names = new Map([...new Set(uses.map(({ name }) => name))].flatMap(namesOf));
  const found = names.get(layerName);
  if (found) return found;
  throw new ArgumentError(
    `${what}: the model has no layer ${describeValue(layerName)}; it has ${[...names.keys()].slice(0, 40).join(", ")}.`,
  );
}

/**
 * The part of a model that leads to a layer, that included, with what other branches need left out: a model of its own, whose
 * outputs are what the layer gives after its activation, [batch, …outputShape]. Layers keep their names, weights are copies; a model
 * that was made by `sequential` gives one of that kind.
 *
 *     const base = upTo(digits, "max_pooling2d_1");
 *
 * A layer that is called several times is named with its call, as in `model.outputNames`: "conv2d (use 2)". Throws `ArgumentError`
 * for a layer that the model does not have, and where the weights that were trained last are still on the device.
 */
export function upTo(model: Model, layerName: string): Model {
  checkModel("upTo", model);
  const structure = structureOf(model);
  const { gives } = outputsOf("upTo", structure, layerName);
  const used = ancestors(gives);
  return modelOf(
    structure.inputs.filter((tensor) => used.has(tensor)),
    gives,
    { from: model, sequential: model.isSequential },
  );
}

/**
 * Cuts a model behind a layer: `base` leads to it (`upTo`), `head` takes what it gives and leads to the model's outputs. Head after
 * base computes what the model does. `head` is trained alone on `features(base, dataset)`; its layers have their names and weights
 * from the model, so that `model.setParameters(head.parameters, { partial: true })` puts them back. Throws `ArgumentError` where
 * something behind the layer also reads what lies before it: there is no cut in one place then.
 */
export function splitAt(model: Model, layerName: string): { base: Model; head: Model } {
  checkModel("splitAt", model);
  const structure = structureOf(model);
  const cut = outputsOf("splitAt", structure, layerName);
  const before = ancestors(cut.gives);
  const used = structure.inputs.filter((tensor) => before.has(tensor));
  const base = modelOf(used, cut.gives, { from: model, sequential: model.isSequential });
  const many = cut.gives.length > 1;
  const ends = cut.gives.map(({ shape }, index) =>
    input(shape, { name: many ? `${layerName} (output ${index + 1})` : layerName }),
  );
  const others = structure.inputs.filter((tensor) => !before.has(tensor));
  const known = new Map<SymbolicTensor, SymbolicTensor>([
    ...cut.gives.map((tensor, index) => [tensor, at(ends, index)] as const),
    ...others.map((tensor) => [tensor, tensor] as const),
  ]);
  const inBase = new Set(structure.uses.filter(({ gives }) => before.has(at(gives, 0))).map(({ name }) => name));
  for (const { layer, name, reads, gives } of structure.uses) {
    if (before.has(at(gives, 0)) && !at(gives, 0).isConstant) continue;
    const lost = reads.find((tensor) => !known.has(tensor));
    if (lost !== undefined || (inBase.has(name) && !at(gives, 0).isConstant)) {
      const why = lost === undefined ? "is called before it, too" : `also reads ${lost}, which lies before it`;
      throw new ArgumentError(
        `splitAt: behind "${layerName}" the layer "${name}" ${why}; cut where every way through the model passes.`,
      );
    }
    const made = connect(
      layer,
      reads.map((tensor) => known.get(tensor) as SymbolicTensor),
    );
    gives.forEach((tensor, index) => {
      known.set(tensor, at(made, index));
    });
  }
  const outputs = structure.outputs.map((tensor) => known.get(tensor));
  if (outputs.some((tensor) => tensor === undefined || tensor.origin === undefined)) {
    throw new ArgumentError(
      `splitAt: "${layerName}", or a layer before it, makes an output of the model; cut before the last layer.`,
    );
  }
  const reached = outputs.filter((tensor) => tensor !== undefined);
  const leading = ancestors(reached);
  const inputs = [...ends, ...others].filter((tensor) => leading.has(tensor));
  return { base, head: modelOf(inputs, reached, { from: model, sequential: model.isSequential }) };
}

/** Which layers `freeze` and `unfreeze` are about; all where nothing is said. */
export interface LayerChoice {
  /** This layer and all that lead to it. */
  upTo?: string;
  /** These, by their names. */
  layers?: readonly string[];
}

/** The names of the layers that were chosen. */
function chosen(what: string, model: Model, options: LayerChoice): Set<string> {
  checkOptions(what, options, { upTo: "string", layers: "any" });
  const { upTo: last, layers } = options;
  if (layers !== undefined && !Array.isArray(layers)) {
    throw new ArgumentError(`${what}: layers must be a list of names, got ${describeValue(layers)}.`);
  }
  if (last === undefined && layers === undefined) return new Set(model.layers.map(({ name }) => name));
  const names = new Set<string>();
  const structure = structureOf(model);
  if (last !== undefined) {
    const before = ancestors(outputsOf(what, structure, last).gives);
    for (const { name, gives } of structure.uses) if (before.has(at(gives, 0))) names.add(name);
  }
  for (const name of layers ?? []) {
    if (!model.layers.some((layer) => layer.name === name)) outputsOf(what, { ...structure, uses: [] }, name);
    names.add(name);
  }
  return names;
}

function changed(what: string, model: Model, options: LayerChoice, trainable: boolean): Model {
  checkModel(what, model);
  const names = chosen(what, model, options);
  const change = (layer: AnyLayer, name: string) =>
    // A constant is never trained.
    names.has(name) && layer.config.kind !== "constant" ? withTrainable(layer, trainable) : layer;
  const { inputs, outputs } = structureOf(model, change);
  return modelOf(inputs, outputs, { from: model, sequential: model.isSequential });
}

/**
 * The same network with layers that training leaves as they are: all, those that lead to `upTo`, or the named ones. In training they
 * do what they do in inference: batch normalisation uses its moving statistics and moves nothing, dropout drops nothing. Any
 * layer can be frozen, one of `defineLayer` too, and a saved model keeps it. Weights are copies, under the same names. Throws
 * `ArgumentError` for a layer that the model does not have.
 */
export function freeze(model: Model, options: LayerChoice = {}): Model {
  return changed("freeze", model, options, false);
}

/** The same network with layers that are trained, also those that were made with `trainable: false`; otherwise as `freeze`. */
export function unfreeze(model: Model, options: LayerChoice = {}): Model {
  return changed("unfreeze", model, options, true);
}

/** What goes behind a model: layers one after the other, or a function from what the model gives to what the new one gives. */
export type Head = readonly Layer[] | ((...features: SymbolicTensor[]) => SymbolicTensor | readonly SymbolicTensor[]);

/**
 * A model with new layers behind it, which begin with initial values of `seed` (default: the model's):
 *
 *     const network = withHead(freeze(upTo(digits, "flatten")), [dense({ units: 10 })]);
 *     const twoOutputs = withHead(base, (features) => [dense({ units: 3 })(features), dense({ units: 1 })(features)]);
 *
 * The model's layers keep their names, `trainable` and weights (copies). Throws `ArgumentError` for a list behind a model of several
 * outputs, and as `model()` does.
 */
export function withHead(model: Model, head: Head, options: { seed?: number } = {}): Model {
  checkModel("withHead", model);
  checkOptions("withHead", options, { seed: "number" });
  const { inputs, outputs } = structureOf(model);
  const made =
    typeof head === "function" && !isLayer(head) ? head(...outputs) : behind(outputs, head as readonly Layer[]);
  const isChain = model.isSequential && typeof head !== "function";
  return modelOf(inputs, made instanceof SymbolicTensor ? [made] : made, {
    from: model,
    sequential: isChain,
    ...options,
  });
}

function behind(outputs: readonly SymbolicTensor[], layers: readonly Layer[]): SymbolicTensor {
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isLayer)) {
    throw new ArgumentError(
      `withHead: wants a list of layers, [flatten(), dense({ units: 10 })], or a function, got ${describeValue(layers)}.`,
    );
  }
  if (outputs.length > 1) {
    throw new ArgumentError(
      `withHead: the model has ${outputs.length} outputs; give a function of as many tensors in place of a list.`,
    );
  }
  return layers.reduce((tensor, layer) => connect(layer, [tensor])[0], at(outputs, 0));
}
