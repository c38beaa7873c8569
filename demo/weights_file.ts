/**
 * Weights without their network, as PyTorch, Keras and many others write them into safetensors files: taken into a network
 * that is there, where every tensor of the file finds its place and every place its tensor.
 */

import { FormatError } from "../src/core/errors.ts";
import { sameShape, sizeOf } from "../src/core/shape.ts";
import type { Tensor } from "../src/core/tensor.ts";
import type { Model } from "../src/nn/model.ts";
import type { Optimizer } from "../src/nn/optimizers.ts";
import { anyModel } from "./any_model.ts";
import { FileProblemError } from "./file_problem.ts";
import type { NetworkFile } from "./network_file.ts";

/**
 * How kernels lie: PyTorch's convolutions [out, in, height, width] and linear layers [out, in]; Keras', and this library's,
 * [height, width, in, out] and [in, out].
 */
export type Layout = "pytorch" | "keras";

export interface Weights {
  /** By the names of the model, in its layout. */
  readonly parameters: ReadonlyMap<string, Tensor<Float32Array>>;
  readonly by: "names" | "shapes";
  /** Of the file. */
  readonly layout: Layout;
  /** What told the layout where the shapes fit both. */
  readonly told: "shapes" | "names" | "nothing";
  /** Parts of the file's names and the layers that they went into; none where the names are the model's own. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** A tensor by its name, as a file has it or as the model wants one in a file. */
export interface Named {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The network that weights are taken into, and how it is trained. */
export interface AtHand {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly seed: number;
}

/** The weights belong to another network. */
export class WeightsMismatchError extends FormatError {
  /** What the model wants and the file does not have, in the file's layout. */
  readonly missing: readonly Named[];
  /** What the file has and the model has no place for. */
  readonly left: readonly Named[];
  readonly layout: Layout;

  constructor(layout: Layout, missing: readonly Named[], left: readonly Named[]) {
    const list = (tensors: readonly Named[]) =>
      tensors.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
    super(`The weights do not fit: missing ${list(missing) || "nothing"}; left over ${list(left) || "nothing"}.`);
    this.layout = layout;
    this.missing = missing;
    this.left = left;
  }
}

/** Names that others have for the parameters that are called so here. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  kernel: ["kernel", "weight", "w"],
  bias: ["bias", "b"],
  gamma: ["gamma", "weight", "scale"],
  beta: ["beta", "bias"],
  moving_mean: ["moving_mean", "running_mean", "mean"],
  moving_variance: ["moving_variance", "running_var", "var"],
};
const LEAVES = [...new Set(Object.values(ALIASES).flat())];
/** "conv1.weight", "dense/kernel:0", "fc_bias": the part that names the layer, and the one that names its tensor. */
const NAME = new RegExp(`^(?:(.*?)[./_])?(${LEAVES.join("|")})(?::0)?$`);
/** PyTorch counts a batch normalisation's batches; nothing is computed from that. */
const COUNTER = /(^|[./_])num_batches_tracked$/;

/** A parameter of the model with what a layout needs to know of it. */
interface Place {
  readonly name: string;
  /** Of the layer. */
  readonly layer: string;
  /** "kernel" */
  readonly leaf: string;
  readonly kind: string;
  readonly shape: readonly number[];
  /** Rows, columns and channels of the maps that the layer's inputs were before they became one row. */
  readonly maps: readonly number[] | undefined;
}

/** The file's tensors of one layer, by the last part of their names. */
interface Group {
  readonly prefix: string;
  readonly tensors: ReadonlyMap<string, string>;
}

/**
 * The weights of a file, for `model`: by name where all names are the model's, else layer for layer by shape, in the order
 * of the names. Throws `WeightsMismatchError` where not everything fits, `FileProblemError` for values that are no numbers.
 */
export function weightsFor(model: Model, file: ReadonlyMap<string, Tensor>): Weights {
  const tensors = new Map([...file].filter(([name]) => !COUNTER.test(name)));
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite)) {
      throw new FileProblemError(
        { kind: "notFinite", tensor: name },
        `Tensor "${name}" holds values that are not numbers.`,
      );
    }
  }
  const places = placesOf(model);
  const [likely, other] = likelyLayout(tensors);
  const found = assign(places, tensors, likely);
  const second = assign(places, tensors, other);
  const [layout, chosen] = found.fits || !second.fits ? [likely, found] : [other, second];
  if (!chosen.fits) throw new WeightsMismatchError(layout, chosen.missing, chosen.left);
  const parameters = new Map(
    places.map((place) => {
      const tensor = tensors.get(chosen.names.get(place.name) ?? "");
      const data = Float32Array.from(tensor?.data ?? []);
      return [place.name, { shape: [...place.shape], data: layout === "keras" ? data : fromPyTorch(place, data) }];
    }),
  );
  const both = found.fits && second.fits;
  const named = [...tensors.keys()].some((name) => /(kernel|weight)(:0)?$/.test(name));
  const told = !both ? "shapes" : named ? "names" : "nothing";
  return { parameters, by: chosen.by, layout, told, pairs: chosen.pairs };
}

/** A network like `model` with these weights, whose training begins from them. */
export function networkWith(
  { parameters }: Pick<Weights, "parameters">,
  { model, optimizer, batchSize, seed }: AtHand,
): NetworkFile {
  const copy = anyModel(model.toJSON());
  copy.setParameters(parameters);
  const { rule } = optimizer;
  return {
    untrained: () => anyModel(copy.toJSON()),
    ...{ model: copy, rule, batchSize, seed, learningRate: undefined },
    ...{ steps: 0, cursor: 0, pretrained: true, checkpoint: undefined },
  };
}

/** PyTorch and its kin say "weight", Keras and this library "kernel"; where neither is said, this library's comes first. */
function likelyLayout(tensors: ReadonlyMap<string, Tensor>): readonly [Layout, Layout] {
  const names = [...tensors.keys()];
  const pytorch = names.some((name) => /weight$/.test(name)) && !names.some((name) => /kernel(:0)?$/.test(name));
  return pytorch ? ["pytorch", "keras"] : ["keras", "pytorch"];
}

function placesOf(model: Model): Place[] {
  const shapes = new Map(model.variables.map(({ name, shape }) => [name, shape]));
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  /** Where one row is maps laid out one value behind the other, what these were. */
  const mapsBefore = (name: string | undefined): readonly number[] | undefined => {
    const placed = byName.get(name ?? "");
    if (placed === undefined) return undefined;
    const { kind } = placed.layer.config;
    if (kind === "flatten") return placed.inputShape.length === 3 ? placed.inputShape : undefined;
    return kind !== "dense" && sameShape(placed.inputShape, placed.outputShape)
      ? mapsBefore(placed.connectedTo[0])
      : undefined;
  };
  return model.layers.flatMap(({ name: layer, layer: { config }, parameterNames, connectedTo }) =>
    parameterNames.map((name) => ({
      ...{ name, layer, leaf: name.slice(layer.length + 1), kind: config.kind },
      ...{ shape: shapes.get(name) ?? [], maps: mapsBefore(connectedTo[0]) },
    })),
  );
}

/** The shape that a parameter has in a file of a layout. */
function shapeIn({ kind, leaf, shape }: Place, layout: Layout): readonly number[] {
  if (layout === "keras" || leaf !== "kernel") return shape;
  const [height = 0, width = 0, inner = 0, outer = 0] = shape;
  if (kind === "dense") return [width, height];
  return kind === "depthwiseConv2d" ? [inner * outer, 1, height, width] : [outer, inner, height, width];
}

/** A parameter's values in this library's layout, from PyTorch's. */
function fromPyTorch({ kind, leaf, shape, maps }: Place, data: Float32Array): Float32Array {
  // PyTorch lays maps out one channel behind the other, this library all channels of a pixel.
  const [rows = 0, columns = 0, channels = 0] = maps ?? [];
  const input = (index: number) =>
    maps === undefined ? index : (index % channels) * rows * columns + Math.floor(index / channels);
  if (shape.length === 1) {
    const ofInputs = kind === "batchNormalization" && maps !== undefined;
    return ofInputs ? data.map((_, index) => data[input(index)] ?? 0) : data;
  }
  if (leaf !== "kernel") return data;
  const made = new Float32Array(sizeOf(shape));
  const [height = 0, width = 0, inner = 0, outer = 0] = shape;
  if (kind === "dense") {
    for (let index = 0; index < made.length; index++) {
      const [from, to] = [Math.floor(index / width), index % width];
      made[index] = data[to * height + input(from)] ?? 0;
    }
    return made;
  }
  const depthwise = kind === "depthwiseConv2d";
  for (let index = 0; index < made.length; index++) {
    const [to, from] = [index % outer, Math.floor(index / outer) % inner];
    const place = Math.floor(index / (outer * inner));
    const map = depthwise ? from * outer + to : to * inner + from;
    made[index] = data[map * height * width + place] ?? 0;
  }
  return made;
}

interface Assignment {
  readonly fits: boolean;
  readonly by: Weights["by"];
  /** The model's names and the file's. */
  readonly names: ReadonlyMap<string, string>;
  readonly pairs: Weights["pairs"];
  readonly missing: readonly Named[];
  readonly left: readonly Named[];
}

function assign(places: readonly Place[], tensors: ReadonlyMap<string, Tensor>, layout: Layout): Assignment {
  const fits = (place: Place, name: string | undefined) =>
    sameShape(tensors.get(name ?? "")?.shape ?? [-1], shapeIn(place, layout));
  const own = places.filter((place) => fits(place, place.name));
  if (own.length === places.length && tensors.size === places.length)
    return whole(
      "names",
      own.map(({ name }) => [name, name]),
      [],
    );

  const groups = groupsOf(tensors);
  // Names that say nothing: one tensor after the other.
  if (groups === undefined) {
    const names = [...tensors.keys()];
    const pairs = places.map((place, index) => [place.name, names[index] ?? ""] as const);
    if (places.length === names.length && places.every((place, index) => fits(place, names[index])))
      return whole(
        "shapes",
        pairs,
        pairs.map(([to, from]) => [from, to]),
      );
    const first = places.findIndex((place, index) => !fits(place, names[index]));
    const from = first < 0 ? places.length : first;
    return partly(names.slice(from), places.slice(from));
  }

  const layers = [...new Set(places.map(({ layer }) => layer))];
  const sameNames =
    groups.length === layers.length && layers.every((layer) => groups.some(({ prefix }) => prefix === layer));
  const free = [...groups];
  const taken: (readonly [string, string])[] = [];
  const pairs: (readonly [string, string])[] = [];
  const without: Place[] = [];
  for (const layer of layers) {
    const wanted = places.filter((place) => place.layer === layer);
    const index = free.findIndex(
      (group) =>
        (!sameNames || group.prefix === layer) &&
        group.tensors.size === wanted.length &&
        wanted.every((place) => fits(place, tensorFor(place, group))),
    );
    const [group] = index < 0 ? [] : free.splice(index, 1);
    if (group === undefined) {
      without.push(...wanted);
      continue;
    }
    for (const place of wanted) taken.push([place.name, tensorFor(place, group) ?? ""]);
    pairs.push([group.prefix, layer]);
  }
  const unused = free.flatMap(({ tensors: rest }) => [...rest.values()]);
  if (without.length > 0 || unused.length > 0) return partly(unused, without);
  return whole(sameNames ? "names" : "shapes", taken, sameNames ? [] : pairs);

  function whole(
    by: Weights["by"],
    names: readonly (readonly [string, string])[],
    pairs: Weights["pairs"],
  ): Assignment {
    return { fits: true, by, names: new Map(names), pairs, missing: [], left: [] };
  }

  function partly(unused: readonly string[], missing: readonly Place[]): Assignment {
    return {
      ...{ fits: false, by: "shapes", names: new Map(), pairs: [] },
      missing: missing.map((place) => ({ name: place.name, shape: shapeIn(place, layout) })),
      left: unused.map((name) => ({ name, shape: tensors.get(name)?.shape ?? [] })),
    };
  }
}

/** The name of the group's tensor for a parameter. */
function tensorFor({ leaf }: Place, { tensors }: Group): string | undefined {
  const known = (ALIASES[leaf] ?? [leaf]).find((alias) => tensors.has(alias));
  return known === undefined ? undefined : tensors.get(known);
}

/**
 * The file's tensors layer by layer, in the order of their names, in which "conv10" comes after "conv9": files are often
 * sorted by the alphabet. Undefined where a name does not say which tensor of a layer it is.
 */
function groupsOf(tensors: ReadonlyMap<string, Tensor>): Group[] | undefined {
  const groups = new Map<string, Map<string, string>>();
  for (const name of tensors.keys()) {
    const [, prefix = "", leaf] = NAME.exec(name) ?? [];
    if (leaf === undefined) return undefined;
    const group = groups.get(prefix) ?? new Map<string, string>();
    if (group.has(leaf)) return undefined;
    groups.set(prefix, group.set(leaf, name));
  }
  const natural = new Intl.Collator("en", { numeric: true });
  return [...groups]
    .map(([prefix, found]) => ({ prefix, tensors: found }))
    .sort((a, b) => natural.compare(a.prefix, b.prefix));
}
