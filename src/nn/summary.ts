import { formatBytes, formatCount, formatTable } from "../core/format.ts";
import { sizeOf } from "../core/shape.ts";
import type { Model } from "./model.ts";

export interface SummaryRow {
  readonly name: string;
  readonly kind: string;
  /** One image's, without the batch axis. */
  readonly outputShape: readonly number[];
  /** Values of the output for one image: 28×28×32 = 25,088. */
  readonly neurons: number;
  readonly parameters: number;
  /** For one image, forward. */
  readonly multiplyAdds: number;
}

export interface ModelSummary {
  readonly rows: readonly SummaryRow[];
  readonly inputShape: readonly number[];
  readonly neurons: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** f32 bytes at `batchSize` images a step, if every layer's output were kept; the planner needs less. */
  readonly bytes: {
    readonly batchSize: number;
    readonly parameters: number;
    readonly activations: number;
    readonly gradients: number;
    /** Adam's two moments. */
    readonly optimizer: number;
  };
  toString(): string;
}

const BYTES = 4;

/** Counts of a model: what the table shows, as data. */
export function summarize(model: Model, batchSize: number): ModelSummary {
  const sizes = new Map(model.arena.variables.map((variable) => [variable.name, variable.size]));
  const rows = model.layers.map(
    ({ name, layer, outputShape, parameterNames, multiplyAdds }): SummaryRow => ({
      name,
      kind: layer.config.kind,
      outputShape: [...outputShape],
      neurons: sizeOf(outputShape),
      parameters: parameterNames.reduce((sum, parameter) => sum + (sizes.get(parameter) ?? 0), 0),
      multiplyAdds,
    }),
  );
  const total = (count: (row: SummaryRow) => number) => rows.reduce((sum, row) => sum + count(row), 0);
  const inputNeurons = sizeOf(model.inputShape);
  const neurons = inputNeurons + total((row) => row.neurons);
  const parameters = total((row) => row.parameters);
  const multiplyAdds = total((row) => row.multiplyAdds);
  const bytes = {
    batchSize,
    parameters: parameters * BYTES,
    activations: neurons * batchSize * BYTES,
    gradients: (parameters + total((row) => row.neurons) * batchSize) * BYTES,
    optimizer: 2 * parameters * BYTES,
  };
  return {
    rows,
    inputShape: [...model.inputShape],
    neurons,
    parameters,
    multiplyAdds,
    bytes,
    toString() {
      const head = ["layer", "output shape", "neurons", "parameters", "multiply-adds"];
      const shape = (extents: readonly number[]) => extents.join("×");
      const table = formatTable([
        head,
        ["input", shape(model.inputShape), formatCount(inputNeurons), "0", "0"],
        ...rows.map((row) => [
          row.name,
          shape(row.outputShape),
          formatCount(row.neurons),
          formatCount(row.parameters),
          formatCount(row.multiplyAdds),
        ]),
        ["total", "", formatCount(neurons), formatCount(parameters), formatCount(multiplyAdds)],
      ]);
      return (
        `${table}\n\nbytes at batch ${batchSize}: parameters ${formatBytes(bytes.parameters)}, activations ` +
        `${formatBytes(bytes.activations)}, gradients ${formatBytes(bytes.gradients)}, optimizer ${formatBytes(bytes.optimizer)}`
      );
    },
  };
}
