import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import {
  checkMetricsFitLoss,
  type HeadMetric,
  headMetric,
  lossMetric,
  type Metric,
  type MetricChoice,
  resolveMetrics,
  weightedMetric,
} from "../nn/metrics.ts";
import type { Model } from "../nn/model.ts";
import { forOutputs, type Head, type MetricsChoice } from "./heads.ts";

const isMetricList = (choice: MetricsChoice): choice is readonly MetricChoice[] => Array.isArray(choice);

/** The metrics of each output. */
function ofHeads(
  what: string,
  model: Model,
  heads: readonly Head[],
  choice: MetricsChoice,
): readonly (readonly MetricChoice[])[] {
  if (typeof choice !== "object" || choice === null) {
    throw new ArgumentError(`createTrainer: ${what} wants a list, as in ["accuracy"], got ${describeValue(choice)}.`);
  }
  if (!isMetricList(choice)) return forOutputs(what, model, choice, []);
  if (heads.length === 1) return [choice];
  if (choice.length === 0) return heads.map(() => []);
  throw new ArgumentError(
    `createTrainer: the model has ${heads.length} outputs; give ${what} by their names: { ${at(heads, 0).name}: [ … ] }.`,
  );
}

/**
 * What a trainer measures: the metrics of its one output; of several outputs the loss of each and the metrics given by their
 * names, called "<output>_loss", "<output>_<metric>" as Keras calls them.
 */
export function resolveHeadMetrics(
  model: Model,
  heads: readonly Head[],
  choice: MetricsChoice,
  weightedChoice: MetricsChoice = [],
): Metric[] {
  const given = ofHeads("metrics", model, heads, choice);
  const weighted = ofHeads("weightedMetrics", model, heads, weightedChoice);
  const metricsOf = (head: number) => {
    const plain = resolveMetrics(at(given, head));
    const others = resolveMetrics(at(weighted, head));
    checkMetricsFitLoss([...plain, ...others], at(heads, head).loss);
    return [...plain, ...others.map(weightedMetric)];
  };
  if (heads.length === 1) return metricsOf(0);
  return heads.flatMap(({ name }, head): HeadMetric[] => {
    const own = metricsOf(head);
    const shape = at(model.outputShapes, head);
    return [lossMetric, ...own].map((metric) => headMetric(metric, { head, prefix: `${name}_`, outputShape: shape }));
  });
}
