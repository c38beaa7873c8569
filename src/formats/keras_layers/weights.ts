import { FormatError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { quoted } from "./findings.ts";
import { own } from "./records.ts";

/** A layer of a file, as its weights may be named there. */
export interface FileLayer {
  readonly name: string;
  readonly className: string;
  /** Names of the models that it lies in, the outermost first, without the file's own. */
  readonly within: readonly string[];
  /** The same with itself, by names that count classes: ["sequential", "conv2d_1"]. */
  readonly stored: readonly string[];
}

/** A weight that a layer wants, by each of the names that files have for it. */
export interface Wanted {
  readonly names: readonly string[];
  /** Undefined where the file's own is taken. */
  readonly shape: Shape | undefined;
}

/** A tensor of a file, not read yet. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Its values as f32, in an array of their own. */
  read(): Float32Array;
}

/** Where a file's weights are. */
export interface WeightSource {
  /** The tensors of a layer, one for each that it wants, in their order; undefined where there is none. */
  find(layer: FileLayer, wanted: readonly Wanted[]): readonly (StoredTensor | undefined)[];
  /** Names of those that nobody has asked for. */
  unused(): readonly string[];
}

/** Other names of the same weight: of depthwise convolutions, and of statistics in old files. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  kernel: ["depthwise_kernel"],
  moving_mean: ["running_mean"],
  moving_variance: ["running_std", "running_variance"],
};

/** The names that files have for a parameter of this library. */
export function namesOf(parameter: string): readonly string[] {
  return [parameter, ...(own(ALIASES, parameter) ?? [])];
}

/** The tensors of a layer, each with the shape that it wants. Throws `FormatError` where one is missing or has another. */
export function takeWeights(
  what: string,
  source: WeightSource,
  layer: FileLayer,
  wanted: readonly Wanted[],
): StoredTensor[] {
  if (wanted.length === 0) return [];
  return source.find(layer, wanted).map((found, place) => {
    const { names, shape } = wanted[place] as Wanted;
    if (found && (shape === undefined || sameShape(found.shape, shape))) return found;
    throw new FormatError(
      `${what}: layer ${quoted(layer.name)} wants ${names[0]}${shape ? ` ${formatShape(shape)}` : ""}, the file has ` +
        `${found ? formatShape(found.shape) : "none"}; weights and description do not belong together.`,
    );
  });
}

/** Weights found by their names: "conv2d/kernel", "model/conv2d/kernel:0". */
export class NamedWeights implements WeightSource {
  readonly #tensors: readonly StoredTensor[];
  /** By the last two parts of their names, and by the last and the one before the one before. */
  readonly #byEnd = new Map<string, StoredTensor[]>();
  readonly #unused: Set<StoredTensor>;

  constructor(tensors: readonly StoredTensor[]) {
    this.#tensors = tensors;
    this.#unused = new Set(tensors);
    for (const tensor of tensors) {
      for (const end of endsOf(tensor.name)) this.#byEnd.set(end, [...(this.#byEnd.get(end) ?? []), tensor]);
    }
  }

  find(layer: FileLayer, wanted: readonly Wanted[]): readonly (StoredTensor | undefined)[] {
    return wanted.map(({ names }) => {
      for (const name of names) {
        const found = this.#one(layer, name);
        if (found) {
          this.#unused.delete(found);
          return found;
        }
      }
      return undefined;
    });
  }

  unused(): readonly string[] {
    return this.#tensors.filter((tensor) => this.#unused.has(tensor)).map(({ name }) => name);
  }

  /** That of the whole path first, then that of the layer alone, then the only one that ends so. */
  #one({ name: layer, within }: FileLayer, weight: string): StoredTensor | undefined {
    const end = `${layer}/${weight}`;
    const candidates = this.#byEnd.get(end) ?? [];
    if (candidates.length === 1) return candidates[0];
    for (const path of [[...within, end].join("/"), end]) {
      const exact = candidates.find(({ name }) => withoutNumber(name) === path);
      if (exact) return exact;
    }
    const whole = [...within, end].join("/");
    const ending = candidates.filter(({ name }) => withoutNumber(name).endsWith(`/${whole}`));
    return ending.length === 1 ? ending[0] : undefined;
  }
}

/** TensorFlow numbers a variable's values: "kernel:0". */
const withoutNumber = (name: string): string => name.replace(/:\d+$/, "");

/** Layer and weight that a name may mean: some versions put a part between both. */
function endsOf(name: string): string[] {
  const plain = withoutNumber(name);
  const last = plain.lastIndexOf("/");
  if (last < 0) return [];
  const [layer, weight] = [plain.slice(0, last), plain.slice(last + 1)];
  // A layer's own name may have slashes: each of its ends may be meant.
  const parts = layer.split("/").slice(-8);
  const ends = parts.map((_, place) => `${parts.slice(place).join("/")}/${weight}`);
  const outer = parts.slice(0, -1);
  const between = outer.map((_, place) => `${outer.slice(place).join("/")}/${weight}`);
  return [...new Set([...ends, ...between])];
}
