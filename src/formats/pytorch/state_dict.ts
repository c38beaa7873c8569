/** Weights of PyTorch's `state_dict` in a model of this library: by the order of modules and the shapes of their tensors. */
import { at } from "../../core/at.ts";
import { ArgumentError, FormatError, ShapeError } from "../../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Model } from "../../nn/model.ts";
import { featureOrders, type LayerOrders } from "./feature_order.ts";
import { type Pairing, pairModules } from "./pairing.ts";
import { weightsOf } from "./weights.ts";

/** Options of `loadStateDict`. */
export interface LoadStateDictOptions {
  /**
   * Names of PyTorch's modules in the order of the model's layers, where the order of the tensors does not tell it: ["conv1", "bn1", "fc"]. Or
   * "given": the tensors are in that order already. Default: it is found out, and an error says where it cannot be.
   */
  order?: readonly string[] | "given";
  /** How PyTorch flattens images before a linear layer: "NCHW", as `torch.flatten(x, 1)` does, or "NHWC" after a permute. Default "NCHW". */
  flatten?: "NCHW" | "NHWC";
}

/** Where one tensor went. */
export interface LoadedTensor {
  /** PyTorch's name, "features.0.weight". */
  readonly tensor: string;
  /** This library's, "conv2d/kernel". */
  readonly parameter: string;
  /** PyTorch's shape. */
  readonly from: readonly number[];
  /** The parameter's. */
  readonly to: readonly number[];
  /** What was done with its values: "OIHW → HWIO", "as it is", also in words where a flattened image is turned. */
  readonly change: string;
}

/** What went where. */
export interface StateDictReport {
  /** In the order of the model's parameters. */
  readonly loaded: readonly LoadedTensor[];
  /** Tensors that say nothing here: PyTorch's `num_batches_tracked`. */
  readonly ignored: readonly string[];
  /** How modules and layers were paired: "shapes" where these leave one way only, else by the "order" of the tensors or by the option. */
  readonly by: "shapes" | "order" | "option";
  /** Modules whose tensors have the same shapes, so that only the order told them apart; a list for each such shape. */
  readonly alike: readonly (readonly string[])[];
}

const OPTIONS: OptionKinds<LoadStateDictOptions> = { order: "any", flatten: "string" };

/** Tensors of one module of PyTorch, by what they are in it. */
export interface Module {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Weights of a layer that are one module in PyTorch. */
export interface Wanted {
  readonly layer: string;
  readonly weights: ReturnType<typeof weightsOf>;
  readonly orders: LayerOrders;
}

const IGNORED = "num_batches_tracked";
const KNOWN = ["weight", "bias", "running_mean", "running_var"];

function modulesOf(tensors: ReadonlyMap<string, Tensor>): { modules: Module[]; ignored: string[] } {
  const found = new Map<string, Map<string, Tensor>>();
  const ignored: string[] = [];
  for (const [name, tensor] of tensors) {
    const dot = name.lastIndexOf(".");
    const role = name.slice(dot + 1);
    if (role === IGNORED) {
      ignored.push(name);
      continue;
    }
    if (!KNOWN.includes(role)) {
      throw new FormatError(
        `loadStateDict: the tensor ${JSON.stringify(name)} is none of ${KNOWN.join(", ")} of a module, so that its layer is not known. Rename ` +
          "it or leave it out.",
      );
    }
    const module = name.slice(0, Math.max(dot, 0));
    const own = found.get(module) ?? new Map<string, Tensor>();
    own.set(role, tensor);
    found.set(module, own);
  }
  return { modules: [...found].map(([name, own]) => ({ name, tensors: own })), ignored };
}

/** What each module of PyTorch would have: a layer, or the halves of a separable convolution. */
function wantedOf(model: Model, flatten: "NCHW" | "NHWC"): Wanted[] {
  const orders = featureOrders(model, flatten);
  return model.layers.flatMap((placed, number) => {
    const all = weightsOf(placed, number);
    const own = { layer: placed.name, orders: orders.get(number) ?? {} };
    if (all.length === 0) return [];
    if (placed.layer.config.kind !== "separableConv2d") return [{ ...own, weights: all }];
    return [
      { ...own, weights: all.slice(0, 1) },
      { ...own, weights: all.slice(1) },
    ];
  });
}

/** The values of a parameter, from PyTorch's order of axes and of features. */
function converted(
  { data }: Tensor,
  weight: Wanted["weights"][number],
  { inputs, outputs }: LayerOrders,
): Float32Array {
  const { view, order } = weight;
  const source = Float32Array.from(data);
  let values = source;
  let shape = weight.shape;
  if (view && order) {
    const strides = view.map((_, axis) => sizeOf(view.slice(axis + 1)));
    shape = order.map((axis) => at(view, axis));
    const [extents, steps] = [shape, order.map((axis) => at(strides, axis))];
    values = source.map((_, place) => {
      let [rest, from] = [place, 0];
      for (let axis = extents.length - 1; axis >= 0; axis--) {
        const extent = at(extents, axis);
        from += (rest % extent) * at(steps, axis);
        rest = Math.floor(rest / extent);
      }
      return source[from] ?? 0;
    });
  }
  const isKernel = weight.name.endsWith("/kernel");
  const last = shape[shape.length - 1] ?? 1;
  // Rows of a dense kernel, or features of a vector.
  if (inputs && isKernel)
    values = values.map((_, i) => values[at(inputs, Math.floor(i / last)) * last + (i % last)] ?? 0);
  const features = isKernel || weight.name.endsWith("/bias") ? outputs : inputs;
  if (features) values = values.map((_, i) => values[i - (i % last) + at(features, i % last)] ?? 0);
  return values;
}

function changeOf(weight: Wanted["weights"][number], { inputs, outputs }: LayerOrders): string {
  const turned = weight.name.endsWith("/kernel")
    ? [...(inputs ? ["rows from channels first"] : []), ...(outputs ? ["units from channels first"] : [])]
    : inputs || outputs
      ? ["from channels first"]
      : [];
  return [weight.change, ...turned].join(", ");
}

/**
 * Gives a model the weights that PyTorch keeps of the same network, as `loadSafetensors` reads them from what `safetensors.torch.save_file(
 * network.state_dict(), path)` writes:
 *
 *     const report = loadStateDict(model, loadSafetensors(bytes));
 *     console.table(report.loaded);
 *
 * Kernels are turned from OIHW to HWIO, matrices of linear layers transposed, and rows behind a flattened image brought from PyTorch's channels
 * first to this library's channels last; `running_mean` and `running_var` are the moving statistics. Layers and modules belong together
 * by the shapes of their tensors, and where several have the same, by their order; files that sort tensors by name keep an order
 * only where the names count (`features.0`, `features.3`). Nothing changes unless all fits: throws `ArgumentError` where the order is not to be
 * known, which names the modules and asks for `order`; `ShapeError` where shapes or numbers of tensors differ, with tensor and layer; and
 * `FormatError` for tensors of other kinds.
 */
export function loadStateDict(
  model: Model,
  tensors: ReadonlyMap<string, Tensor>,
  options: LoadStateDictOptions = {},
): StateDictReport {
  checkOptions("loadStateDict", options, OPTIONS);
  const given: unknown = model;
  if (typeof given !== "object" || given === null || !("arena" in given && "layers" in given)) {
    throw new ArgumentError(
      `loadStateDict: wants a model, as sequential() and model() make it, got ${describeValue(given)}.`,
    );
  }
  if (!(tensors instanceof Map)) {
    throw new ArgumentError(
      `loadStateDict: wants the tensors of loadSafetensors(bytes), got ${describeValue(tensors)}.`,
    );
  }
  const { order, flatten = "NCHW" } = options;
  if (flatten !== "NCHW" && flatten !== "NHWC") {
    throw new ArgumentError(`loadStateDict: flatten must be "NCHW" or "NHWC", got ${describeValue(flatten)}.`);
  }
  const { modules, ignored } = modulesOf(tensors);
  const wanted = wantedOf(model, flatten);
  const names = [...tensors.keys()].filter((name) => !ignored.includes(name));
  const isSorted = names.every((name, place) => place === 0 || at(names, place - 1) < name);
  const { pairs, by, alike }: Pairing = pairModules(modules, wanted, order, isSorted);
  const parameters = new Map<string, { shape: number[]; data: Float32Array }>();
  const rows = new Map<string, LoadedTensor>();
  const shapes: ReadonlyMap<string, Shape> = new Map([...model.parameters].map(([name, { shape }]) => [name, shape]));
  for (const [module, own] of pairs) {
    for (const weight of own.weights) {
      const tensor = module.tensors.get(weight.role);
      const to = shapes.get(weight.name) ?? [];
      if (tensor === undefined || sizeOf(tensor.shape) !== sizeOf(to)) {
        throw new ShapeError(
          `loadStateDict: ${describeValue(module.name)} does not fit ${weight.name} ${formatShape(to)}.`,
        );
      }
      parameters.set(weight.name, { shape: [...to], data: converted(tensor, weight, own.orders) });
      rows.set(weight.name, {
        tensor: module.name === "" ? weight.role : `${module.name}.${weight.role}`,
        parameter: weight.name,
        ...{ from: [...tensor.shape], to: [...to], change: changeOf(weight, own.orders) },
      });
    }
  }
  model.setParameters(parameters);
  const loaded = [...shapes.keys()].flatMap((name) => rows.get(name) ?? []);
  return { loaded, ignored, by, alike };
}
