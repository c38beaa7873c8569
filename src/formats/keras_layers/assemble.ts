/** A file's model as a model of this library, with its weights. */
import { at } from "../../core/at.ts";
import { ArgumentError, FormatError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { AnyLayer, Layer } from "../../nn/layer.ts";
import { ALL_LAYERS } from "../../nn/layers/index.ts";
import type { Model } from "../../nn/model.ts";
import { model, sequential } from "../../nn/sequential.ts";
import { input, type SymbolicTensor } from "../../nn/symbolic_tensor.ts";
import { asFormatErrors } from "../as_format_errors.ts";
import { Findings, quoted } from "./findings.ts";
import type { Recipe, Step } from "./recipe.ts";
import { type Block, damaged, type FileModel, type Item, type Reference, readTopology } from "./topology.ts";
import type { Dialect } from "./values.ts";
import { type FileLayer, namesOf, takeWeights, type WeightSource } from "./weights.ts";

/** Calls of layers at most: a model in a model may be called often, and have models in it. */
const MOST_CALLS = 4096;

/** A model of a file, and what of the file it does not have. */
export type ImportedModel = Model & {
  /**
   * What the file says beside the network's values and was left out, a line each: initializers, regularizers and constraints without
   * a counterpart, activity regularizers, weights that no layer has. Predictions are the file's all the same.
   */
  readonly lost: readonly string[];
};

/** Shapes of one image that a file leaves open, by the names of its inputs; a list where it has one input. */
export type InputShapes = Readonly<Record<string, readonly number[]>> | readonly number[];

/** How a file is read. */
export interface AssembleOptions {
  /** Begins messages: "TF.js model". */
  readonly what: string;
  readonly dialect: Dialect;
  /** What the caller is called, for errors of what it was given. */
  readonly caller: string;
  readonly inputShapes?: InputShapes | undefined;
}

/** A layer of the file that was made: all calls share it. */
interface Made {
  readonly layers: readonly AnyLayer[];
}

class Assembly {
  readonly weights = new Map<string, { shape: number[]; data: Float32Array }>();
  /** Layers in the order of their calls. */
  readonly applied: AnyLayer[] = [];
  /** Whether every layer was called once, on what the one before gave. */
  isChain = true;
  readonly #options: AssembleOptions;
  readonly #source: WeightSource;
  readonly #made = new Map<Recipe, Made>();
  readonly #names: Set<string>;
  #calls = 0;
  #last: SymbolicTensor | undefined;

  constructor(options: AssembleOptions, source: WeightSource, inputNames: readonly string[]) {
    this.#options = options;
    this.#source = source;
    this.#names = new Set(inputNames);
  }

  get what(): string {
    return this.#options.what;
  }

  /** What a layer or a model makes of tensors. */
  apply(block: Block, inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    if (++this.#calls > MOST_CALLS) {
      throw new FormatError(`${this.what}: its layers are called more than ${MOST_CALLS} times.`);
    }
    if (block.type === "model") return this.model(block.model, inputs);
    if (block.type === "input" || block.recipe === undefined) damaged(this.what, "an input is called as a layer is");
    const { recipe, layer } = block;
    return asFormatErrors(`${this.what}: layer ${quoted(layer.name)}`, () => this.#applyLayer(recipe, layer, inputs));
  }

  #applyLayer(recipe: Recipe, layer: FileLayer, inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    const [first] = inputs;
    if (first === undefined) damaged(this.what, `layer ${quoted(layer.name)} reads nothing`);
    const made = this.#made.get(recipe);
    if (made) this.isChain = false;
    const { layers } = made ?? this.#make(recipe, layer, inputs);
    let outputs: readonly SymbolicTensor[] = inputs;
    for (const one of layers) {
      if (outputs.length !== 1 || (this.#last && outputs[0] !== this.#last)) this.isChain = false;
      const result = one(outputs);
      outputs = Array.isArray(result) ? result : [result as SymbolicTensor];
      this.#last = outputs[0];
      this.applied.push(one);
    }
    return outputs;
  }

  #make(recipe: Recipe, layer: FileLayer, inputs: readonly SymbolicTensor[]): Made {
    const shapes = inputs.map(({ shape }) => shape);
    const rank = (shapes[0]?.length ?? 0) + 1;
    if (recipe.channelAxis !== -1 && recipe.channelAxis !== rank - 1) {
      throw new FormatError(
        `${this.what}: layer ${quoted(layer.name)} has its channels on axis ${recipe.channelAxis} of ${rank}; only the last is read.`,
      );
    }
    const layers = recipe.steps.map((step, place) => this.#makeStep(step, place, recipe, layer));
    const [holder] = layers;
    if (holder) this.#takeWeights(holder, layer, shapes);
    const made = { layers };
    this.#made.set(recipe, made);
    return made;
  }

  #makeStep({ kind, options }: Step, place: number, { fromWeights }: Recipe, layer: FileLayer): AnyLayer {
    const build = ALL_LAYERS[kind];
    if (build === undefined) throw new FormatError(`${this.what}: there is no layer ${kind} here.`);
    const own: Record<string, unknown> = {
      ...options,
      name: this.#unique(place === 0 ? layer.name : `${layer.name}_${kind}`, layer.within),
    };
    if (place === 0 && fromWeights.length > 0) {
      const wanted = fromWeights.map((name) => ({ names: [name], shape: undefined }));
      const found = takeWeights(this.what, this.#source, layer, wanted);
      fromWeights.forEach((name, index) => {
        const values = [...(found[index]?.read() ?? [])];
        own[name] = values.length === 1 ? at(values, 0) : values;
      });
    }
    return build(own as never);
  }

  /** Shapes are compared before a value is read. */
  #takeWeights(holder: AnyLayer, layer: FileLayer, shapes: readonly Shape[]): void {
    // Throws where the inputs do not fit, before their sizes are taken for those of weights.
    holder.outputShapes(shapes, `layer ${quoted(layer.name)}`);
    const specs = holder.parameters(shapes);
    const wanted = specs.map(({ name, shape }) => ({ names: namesOf(name), shape }));
    takeWeights(this.what, this.#source, layer, wanted).forEach((tensor, place) => {
      const name = `${holder.config.name}/${at(specs, place).name}`;
      this.weights.set(name, { shape: [...tensor.shape], data: tensor.read() });
    });
  }

  /** A layer's own name, or with those of the models that it lies in where another has it. */
  #unique(wanted: string, within: readonly string[]): string {
    const paths = [wanted, [...within.slice(-1), wanted].join("_"), [...within, wanted].join("_")];
    let name = paths.find((path) => !this.#names.has(path));
    for (let number = 1; name === undefined; number++) {
      if (!this.#names.has(`${wanted}_${number}`)) name = `${wanted}_${number}`;
    }
    this.#names.add(name);
    return name;
  }

  /** What a model of the file makes of tensors. */
  model(file: FileModel, inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    if (file.isSequential) return file.items.reduce((tensors, { block }) => this.apply(block, tensors), inputs);
    const values = new Map<string, (readonly SymbolicTensor[])[]>(file.items.map(({ name }) => [name, []]));
    if (inputs.length !== file.inputs.length) {
      damaged(
        this.what,
        `model ${quoted(file.name)} has ${file.inputs.length} inputs and is called with ${inputs.length}`,
      );
    }
    file.inputs.forEach(({ layer }, place) => {
      values.get(layer)?.splice(0, 1, [at(inputs, place)]);
    });
    const find = ({ layer, call, tensor }: Reference): SymbolicTensor | undefined => {
      const item = values.get(layer);
      if (item === undefined) damaged(this.what, `a layer ${quoted(layer)} is read, which there is not`);
      return item[call - (firstCalls.get(layer) ?? 0)]?.[tensor];
    };
    const firstCalls = new Map(file.items.map(({ name, firstCall }) => [name, firstCall]));
    this.#run(file, values, find);
    return file.outputs.map((one) => {
      const found = find(one);
      if (found) return found;
      return damaged(this.what, `nothing makes the output of layer ${quoted(one.layer)}`);
    });
  }

  /** Calls every layer as soon as what it reads is there. Files need not list layers in that order. */
  #run(
    { items, name }: FileModel,
    values: ReadonlyMap<string, (readonly SymbolicTensor[])[]>,
    find: (one: Reference) => SymbolicTensor | undefined,
  ): void {
    let open = items.flatMap((item: Item) => item.calls.map((call, place) => ({ item, call, place })));
    while (open.length > 0) {
      const waiting = open.filter(({ item, call, place }) => {
        const inputs = call.map(find);
        if (!inputs.every((one) => one !== undefined)) return true;
        const outputs = values.get(item.name);
        if (outputs) outputs[place] = this.apply(item.block, inputs);
        return false;
      });
      if (waiting.length === open.length) {
        const stuck = waiting[0]?.item.name ?? "";
        damaged(this.what, `layer ${quoted(stuck)} of model ${quoted(name)} reads what nothing makes`);
      }
      open = waiting;
    }
  }
}

/** One image's shape of an input: what the caller gave, else what the file says. */
function imageShape(shape: unknown, name: string, { what, caller, inputShapes }: AssembleOptions): readonly number[] {
  const given = isList(inputShapes)
    ? inputShapes
    : inputShapes && Object.hasOwn(inputShapes, name)
      ? inputShapes[name]
      : undefined;
  const known = given ?? (Array.isArray(shape) ? (shape as unknown[]).slice(1) : undefined);
  if (known?.every((extent) => Number.isSafeInteger(extent) && (extent as number) > 0))
    return known as readonly number[];
  if (given)
    throw new ArgumentError(`${caller}: inputShapes gives ${quoted(name)} extents that are no whole numbers above 0.`);
  throw new FormatError(
    `${what}: the file leaves the shape of its input ${quoted(name)} open; say what one image's is: ${caller}(…, { inputShapes: ` +
      `{ ${quoted(name)}: [224, 224, 3] } }).`,
  );
}

function isList(shapes: InputShapes | undefined): shapes is readonly number[] {
  return Array.isArray(shapes);
}

/** Inputs of a model: their names and shapes, in their order. */
function inputsOf(file: FileModel, options: AssembleOptions): { name: string; shape: readonly number[] }[] {
  if (file.isSequential) return [{ name: "input", shape: imageShape(file.inputShape, "input", options) }];
  return file.inputs.map(({ layer }) => {
    const block = file.items.find(({ name }) => name === layer)?.block;
    if (block?.type !== "input") damaged(options.what, `the input ${quoted(layer)} is no InputLayer`);
    return { name: layer, shape: imageShape(block.shape, layer, options) };
  });
}

/**
 * The model that `config` (its class and its config) describes, with the weights of `source`. Throws `FormatError` for whatever is
 * wrong with the file.
 */
export function assemble(config: unknown, source: WeightSource, options: AssembleOptions): ImportedModel {
  const { what, dialect } = options;
  const findings = new Findings(what);
  const file = readTopology(config, { what, dialect, findings, count: { layers: 0 } });
  findings.check();
  const ends = inputsOf(file, options);
  const assembly = new Assembly(options, source, file.isSequential ? [] : ends.map(({ name }) => name));
  return asFormatErrors(what, () => {
    const inputs = ends.map(({ name, shape }) => input(shape, file.isSequential ? {} : { name }));
    const outputs = assembly.model(file, inputs);
    const made = modelOf(file, assembly, inputs, outputs);
    const used = new Set(made.variables.map(({ name }) => name));
    made.setParameters(new Map([...assembly.weights].filter(([name]) => used.has(name))), { partial: true });
    for (const name of source.unused().slice(0, 50)) findings.lose(`weight ${quoted(name)}`);
    return Object.assign(made, { lost: findings.lost });
  });
}

function modelOf(
  file: FileModel,
  { isChain, applied }: Assembly,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): Model {
  if (file.isSequential && isChain) return sequential({ inputShape: at(inputs, 0).shape }, applied as Layer[]);
  return model({ inputs, outputs });
}
