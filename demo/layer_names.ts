/** Layers by the names that the page gives them. */
import { count, say, trainSay } from "./language.ts";
import { shownName } from "./shown_name.ts";

/**
 * "conv2d_1" is the second convolution; parts of a step that are no layers have names too. A layer of a kind that the
 * page does not make keeps its own name.
 */
export function layerName(layer: string): string {
  const text = say();
  const train = trainSay();
  const parts: Readonly<Record<string, string>> = {
    input: text.partInput,
    loss: text.partLoss,
    optimizer: text.partOptimizer,
    metrics: text.partMetrics,
  };
  const part = parts[layer];
  if (part !== undefined) return part;
  const [, kind = "", place] = /^(.*?)(?:_(\d+))?$/.exec(layer) ?? [];
  const names: Readonly<Record<string, string>> = {
    conv2d: text.layerConv,
    max_pooling2d: text.layerPool,
    batch_normalization: train.kindBatchNorm,
    dense: text.layerDense,
    flatten: text.layerFlatten,
    add: text.layerAdd,
  };
  const name = names[kind];
  return name === undefined ? shownName(layer) : `${name} ${count(Number(place ?? 0) + 1)}`;
}
