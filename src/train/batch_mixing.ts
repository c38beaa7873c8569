/** Mixes the images of each batch with each other: mixup and CutMix. Fetched by a run that asks for it. */
import { at } from "../core/at.ts";
import { checkMixing, type Mixing } from "../core/mixing.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { add, mul, sub } from "../graph/ops/arithmetic.ts";
import { cast } from "../graph/ops/cast.ts";
import { gatherRows } from "../graph/ops/gather_rows.ts";
import { mixImages, mixingPlan } from "../graph/ops/mix_images.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { slice } from "../graph/ops/slice.ts";
import { meanOfRows } from "../nn/losses/row_losses.ts";
import type { AugmentedBatch } from "./augmentation.ts";
import type { MixedTargets } from "./dataset_variables.ts";

export interface BatchMixing {
  readonly settings: Required<Mixing>;
  /** Of images [batch, height, width, channels]. */
  apply(graph: Graph, images: Node, batch: AugmentedBatch): { images: Node; mixed: MixedTargets };
}

/** Throws `ArgumentError`, which begins with `where`, for settings out of their bounds. */
export function mixingOf(where: string, options: Mixing): BatchMixing {
  const settings = checkMixing(where, options);
  return {
    settings,
    apply(graph, images, { cursor, count, batch, seed }) {
      const [height, width] = [at(images.shape, 1), at(images.shape, 2)];
      const plan = mixingPlan(graph, cursor, { ...settings, count, batch, height, width, seed });
      return { images: mixImages(graph, images, plan), mixed: mixedTargets(graph, plan, batch) };
    },
  };
}

/** Losses by both targets of each row: its own, and that of its partner. */
function mixedTargets(graph: Graph, plan: Node, batch: number): MixedTargets {
  const column = (index: number) => reshape(graph, slice(graph, plan, [0, index], [batch, 1]), [batch]);
  return mixedBy(graph, column(0), cast(graph, column(1), "i32"), (node) => node);
}

/** `partners`: rows of what `wholeOf` gives for targets and weights. */
function mixedBy(graph: Graph, share: Node, partners: Node, wholeOf: (node: Node) => Node): MixedTargets {
  const rest = sub(graph, 1, share);
  return {
    loss(loss, outputs, targets, { mask, weights }) {
      const others = weights ? mul(graph, rest, gatherRows(graph, wholeOf(weights), partners)) : rest;
      const own = weights ? mul(graph, share, weights) : share;
      return add(
        graph,
        meanOfRows(graph, loss, outputs, targets, { mask, weights: own }),
        meanOfRows(graph, loss, outputs, gatherRows(graph, wholeOf(targets), partners), { mask, weights: others }),
      );
    },
    part: (begin, size, ofBatch) =>
      mixedBy(graph, slice(graph, share, [begin], [size]), slice(graph, partners, [begin], [size]), ofBatch),
  };
}
