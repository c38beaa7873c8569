import { at } from "../core/at.ts";
import { sizeOf } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { concat } from "../graph/ops/concat.ts";
import { countCorrect } from "../graph/ops/count_correct.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { BatchResults } from "../nn/metrics/batch_results.ts";
import { type Metric, metricValues, recordedCounts, recordedMetricValues, sumCount } from "../nn/metrics/totals.ts";
import type { Batch } from "./dataset_variables.ts";
import type { Measures } from "./measures.ts";
import type { StepParts } from "./training_state.ts";

/** What each output gives, beside what it is to give. */
export function resultsOf(
  graph: Graph,
  { heads }: Pick<StepParts, "heads">,
  outputs: readonly Node[],
  { targets, mask, weights }: Pick<Batch, "targets" | "mask" | "weights">,
): BatchResults[] {
  return heads.map(({ loss }, index) => {
    return new BatchResults(graph, loss, at(outputs, index), at(targets, index), mask, weights);
  });
}

/** Any outputs, losses and metrics. */
export function measuresOf(parts: Pick<StepParts, "heads" | "metrics" | "model">): Measures {
  const { metrics } = parts;
  const { outputShape } = parts.model;
  const recorded = recordedCounts(metrics, outputShape);
  return {
    sums: sumCount(metrics, outputShape),
    recorded: recorded.reduce((size, metric) => size + metric.size(outputShape), 0),
    ofBatch(graph, outputs, batch) {
      const results = resultsOf(graph, parts, outputs, batch);
      return {
        rowClass: () => at(results, 0).rowClass(),
        measure(losses, most) {
          const { values, counts } = measure(metrics, results, losses);
          const last = recorded.flatMap((metric) => counts.get(metric) ?? []);
          return { values: mergedValues(graph, [...values, ...last], most), counts };
        },
      };
    },
    ofStep: (totals, counts) => recordedMetricValues(metrics, outputShape, { ...totals, counts }),
    ofSteps: (totals, counts) => metricValues(metrics, { ...totals, counts }),
  };
}

/** The nodes of a batch's report behind its loss, and the counts of metrics that the device adds up over batches. */
export function measure(
  metrics: readonly Metric[],
  all: readonly BatchResults[],
  losses: readonly Node[],
): { values: Node[]; counts: ReadonlyMap<Metric, Node> } {
  all.forEach((results, index) => {
    results.setLossValue(at(losses, index));
  });
  const of = (wanted: Metric["totals"]) => metrics.filter(({ totals }) => totals === wanted);
  // An accuracy that was asked for where nothing can be right is refused.
  for (const { name, head = 0 } of of("correct")) at(all, head).wantedCorrect(name);
  const build = (metric: Metric) => metric.build(at(all, metric.head ?? 0));
  return {
    values: [...rightAnswersAndRows(all), ...of("sum").map(build)],
    counts: new Map(of("counts").map((metric) => [metric, build(metric)])),
  };
}

/** Right answers and rows of a batch: one node where a kernel counts both. */
function rightAnswersAndRows(all: readonly BatchResults[]): Node[] {
  const results = at(all, 0);
  const { graph, decision, outputs, targets } = results;
  if (all.length > 1) return [graph.constant(0), results.rowCount()];
  const direct = targets.dtype === "i32" && outputs.shape.length === 2 && decision?.kind === "argmax";
  if (direct) return [countCorrect(graph, outputs, targets)];
  const correct = results.correct();
  return [correct ? results.sumOfRows(correct) : graph.constant(0), results.rowCount()];
}

/** At most `most` values, those at the end put together: a kernel has only so many bindings. */
export function mergedValues(graph: Graph, values: readonly Node[], most: number): Node[] {
  if (values.length <= most) return [...values];
  const rest = values.slice(most - 1).map((value) => reshape(graph, value, [sizeOf(value.shape)]));
  return [...values.slice(0, most - 1), concat(graph, rest, 0)];
}
