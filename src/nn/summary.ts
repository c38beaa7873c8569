import { formatBytes, formatCount, formatTable } from "../core/format.ts";
import { sizeOf } from "../core/shape.ts";
import type { Model } from "./model.ts";
import type { Optimizer } from "./optimizers.ts";
import { stateSizeOf } from "./state_size.ts";

/** One layer's counts. */
export interface SummaryRow {
  /** The layer's name. */
  readonly name: string;
  /** As in its config: "conv2d". */
  readonly kind: string;
  /** One image's, without the batch axis; of its first output, where it gives several. */
  readonly outputShape: readonly number[];
  /** Of each of its outputs. */
  readonly outputShapes: readonly (readonly number[])[];
  /** Values of the output for one image: 28×28×32 = 25,088. */
  readonly neurons: number;
  /** Numbers that it keeps, trained or not. */
  readonly parameters: number;
  /** For one image, forward. */
  readonly multiplyAdds: number;
  /** Names of the inputs and layers whose tensors the layer reads. */
  readonly connectedTo: readonly string[];
}

/** A model's counts; `String(summary)` is the table. */
export interface ModelSummary {
  /** One a layer, in the order of first use. */
  readonly rows: readonly SummaryRow[];
  /** Of the first input, where there are several. */
  readonly inputShape: readonly number[];
  /** Every input's name and one image's shape. */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Values of the inputs and of all outputs of layers for one image. */
  readonly neurons: number;
  /** Of all layers. */
  readonly parameters: number;
  /** Of these, what no optimizer moves: statistics of batch normalisation, and layers with `trainable: false`. */
  readonly nonTrainableParameters: number;
  /** Multiplications (each with an addition) for one image, forward. */
  readonly multiplyAdds: number;
  /** f32 bytes at `batchSize` images a step, if every layer's output were kept; the planner needs less. */
  readonly bytes: {
    readonly batchSize: number;
    readonly parameters: number;
    readonly activations: number;
    readonly gradients: number;
    /** What the optimizer keeps for the parameters: Adam its two moments, plain SGD nothing. */
    readonly optimizer: number;
  };
  /** The table, with its totals. */
  toString(): string;
}

const BYTES = 4;
/** Adam keeps two moments for each parameter. */
const STATE_OF_ADAM = 2;

/** What a model's counts are for. */
export interface SummaryOptions {
  /** Images a step; default 1. */
  batchSize?: number;
  /** What will train it; default `adam()`. */
  optimizer?: Optimizer;
}

/** Counts of a model: what the table shows, as data. */
export function summarize(model: Model, { batchSize = 1, optimizer }: SummaryOptions): ModelSummary {
  const sizes = new Map(model.variables.map((variable) => [variable.name, variable.size]));
  const rows = model.layers.map(
    ({ name, layer, outputShape, outputShapes, neurons, parameterNames, multiplyAdds, connectedTo }): SummaryRow => ({
      name,
      kind: layer.config.kind,
      outputShape: [...outputShape],
      outputShapes: outputShapes.map((shape) => [...shape]),
      neurons,
      parameters: parameterNames.reduce((sum, parameter) => sum + (sizes.get(parameter) ?? 0), 0),
      multiplyAdds,
      connectedTo,
    }),
  );
  const total = (count: (row: SummaryRow) => number) => rows.reduce((sum, row) => sum + count(row), 0);
  const inputs = model.inputShapes.map((shape, index) => ({ name: model.inputNames[index] ?? "", shape: [...shape] }));
  const neurons = inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0) + total((row) => row.neurons);
  const parameters = total((row) => row.parameters);
  const trainable = model.arena.variables.reduce((sum, variable) => sum + variable.size, 0);
  const multiplyAdds = total((row) => row.multiplyAdds);
  const kept = optimizer === undefined ? STATE_OF_ADAM * trainable : stateSizeOf(optimizer.rule, model.arena);
  const bytes = {
    batchSize,
    parameters: parameters * BYTES,
    activations: neurons * batchSize * BYTES,
    gradients: (trainable + total((row) => row.neurons) * batchSize) * BYTES,
    optimizer: kept * BYTES,
  };
  return {
    rows,
    inputShape: [...model.inputShape],
    inputs,
    neurons,
    parameters,
    nonTrainableParameters: parameters - trainable,
    multiplyAdds,
    bytes,
    toString() {
      const head = ["layer", "output shape", "neurons", "parameters", "multiply-adds"];
      const shape = (extents: readonly number[]) => extents.join("×");
      const line = (row: Omit<SummaryRow, "kind" | "outputShape">) => [
        row.name,
        row.outputShapes.map(shape).join(", "),
        formatCount(row.neurons),
        formatCount(row.parameters),
        formatCount(row.multiplyAdds),
        // A chain says all with its order.
        ...(model.isSequential ? [] : [row.connectedTo.join(", ")]),
      ];
      const table = formatTable([
        [...head, ...(model.isSequential ? [] : ["connected to"])],
        ...inputs.map(({ name, shape: own }) =>
          line({ name, outputShapes: [own], neurons: sizeOf(own), parameters: 0, multiplyAdds: 0, connectedTo: [] }),
        ),
        ...rows.map(line),
        line({ name: "total", outputShapes: [], neurons, parameters, multiplyAdds, connectedTo: [] }),
      ]);
      const untrained =
        parameters === trainable ? "" : `\n${formatCount(parameters - trainable)} of the parameters are not trained`;
      return (
        `${table}${untrained}\n\nbytes at batch ${batchSize}: parameters ${formatBytes(bytes.parameters)}, activations ` +
        `${formatBytes(bytes.activations)}, gradients ${formatBytes(bytes.gradients)}, optimizer ${formatBytes(bytes.optimizer)}`
      );
    },
  };
}
