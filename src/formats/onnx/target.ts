import { FormatError } from "../../core/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { Node } from "../../graph/node.ts";
import type { Layer } from "../../nn/layer.ts";
import { checkAttributes } from "../../nn/layers/attribute_kinds.ts";
import { constant } from "../../nn/layers/constant.ts";
import { operation } from "../../nn/layers/operation.ts";
import { operations } from "../../nn/layers/operation_table.ts";
import { SymbolicTensor } from "../../nn/symbolic_tensor.ts";
import { BATCH, type Handle, type Known, sameList } from "./value.ts";

/** Weights of a layer, by the names of its parameters. */
export type Weights = Readonly<Record<string, Known>>;

/** What a layer is to have. */
export interface Wanted {
  readonly weights: Weights;
  /** Which tensors of the file these are: nodes that read the same ones are calls of one layer. */
  readonly key: string;
}

/** What an ONNX graph becomes: nodes of a graph, or a model's layers. */
export interface Target {
  /** Whether layers keep weights; then axis 0 is the batch. */
  readonly isModel: boolean;
  constant(value: Known): Handle;
  /** An op of `corteza/graph` with its attributes in their order. */
  op(name: string, operands: readonly Handle[], attributes: readonly unknown[]): Handle[];
  /** A layer with weights, of a model alone. */
  layer(make: (name: string) => Layer, name: string, x: Handle, wanted: Wanted): Handle;
}

const NUMBER_TYPES = { float: "f32", int: "i32", bool: "u32" } as const;

/** Nodes of a graph. */
export function graphTarget(graph: Graph): Target {
  return {
    isModel: false,
    constant: ({ data, shape, type }) => graph.constant(Float64Array.from(data), shape, NUMBER_TYPES[type]),
    op(name, operands, attributes) {
      const known = operations.get(name);
      if (known === undefined) throw new FormatError(`ONNX: there is no op "${name}" here.`);
      const nodes = operands.filter((one) => one instanceof Node);
      const result = known.build(graph, nodes, checkAttributes(name, attributes, known.attributes));
      return Array.isArray(result) ? result : [result as Node];
    },
    layer() {
      throw new FormatError("ONNX: a graph has no layers.");
    },
  };
}

/** Extents of a result, in which the batch is a word. */
const withoutBatch = (attribute: unknown): unknown =>
  Array.isArray(attribute) && typeof attribute[0] === "number"
    ? attribute.map((one, place) => (one === BATCH && place === 0 ? "batch" : one))
    : attribute;

const sameOptions = (a: Layer, b: Layer): boolean =>
  a.config.kind === b.config.kind && JSON.stringify(a.config.options) === JSON.stringify(b.config.options);

const sameValues = (a: Weights, b: Weights): boolean =>
  Object.entries(a).every(([name, { shape, data }]) => {
    const other = Object.hasOwn(b, name) ? b[name] : undefined;
    return other !== undefined && sameList(shape, other.shape) && sameList(Array.from(data), Array.from(other.data));
  });

/** Layers of a model, and the weights that they are to have. */
export class ModelTarget implements Target {
  readonly isModel = true;
  /** By parameter: "conv1/kernel". */
  readonly weights = new Map<string, { shape: number[]; data: Float32Array }>();
  readonly #names = new Set<string>();
  /** Layers with a kernel, by the tensors of the file that they have. */
  readonly #made = new Map<string, { layer: Layer; weights: Weights }>();

  constant({ data, shape, type, ofBatch }: Known): Handle {
    if (ofBatch) {
      throw new FormatError(
        "ONNX: the file computes with the number of images of a batch, which a model may have any of.",
      );
    }
    const tensor = constant({ shape, data: Float32Array.from(data) });
    return type === "float" ? tensor : operation({ op: "cast", attributes: [NUMBER_TYPES[type]] })(tensor);
  }

  op(name: string, operands: readonly Handle[], attributes: readonly unknown[]): Handle[] {
    const tensors = operands.filter((one) => one instanceof SymbolicTensor);
    const options = { op: name, attributes: attributes.map(withoutBatch) };
    if (name === "split") return operation({ ...options, op: "split" })(tensors as never);
    return [(operation(options) as (...xs: SymbolicTensor[]) => SymbolicTensor)(...tensors)];
  }

  layer(make: (name: string) => Layer, wanted: string, x: Handle, { weights, key }: Wanted): Handle {
    if (x instanceof Node) throw new FormatError("ONNX: a layer wants a model's tensor.");
    // Exporters write equal tensors once: scales of batch norms that are all 1 say nothing of shared layers, kernels do.
    const known = Object.hasOwn(weights, "kernel") ? this.#made.get(key) : undefined;
    if (known && sameOptions(known.layer, make("shared")) && sameValues(weights, known.weights)) return known.layer(x);
    const name = this.#unique(wanted);
    const made = make(name);
    // Before anything is drawn for them: sizes that the file declares elsewhere are not believed.
    for (const { name: parameter, shape } of made.parameters([x.shape])) {
      const has = Object.hasOwn(weights, parameter) ? weights[parameter]?.shape : undefined;
      if (has !== undefined && sameList(has, shape)) continue;
      throw new FormatError(
        `ONNX: layer "${name}" wants its ${parameter} as [${shape.join(", ")}], the file has ${has ? `[${has.join(", ")}]` : "none"}.`,
      );
    }
    const y = made(x);
    if (!this.#made.has(key)) this.#made.set(key, { layer: made, weights });
    for (const [parameter, { shape, data }] of Object.entries(weights)) {
      this.weights.set(`${name}/${parameter}`, { shape: [...shape], data: Float32Array.from(data) });
    }
    return y;
  }

  /** A file's names have slashes and what not, and need not differ. */
  #unique(wanted: string): string {
    const plain =
      wanted
        .replaceAll(/\W+/g, "_")
        .replaceAll(/^_+|_+$/g, "")
        .slice(0, 60) || "layer";
    let name = plain;
    for (let number = 1; this.#names.has(name); number++) name = `${plain}_${number}`;
    this.#names.add(name);
    return name;
  }
}
