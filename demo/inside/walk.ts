/** Which steps the walk through a network has: one for each layer that does something to see. */
import type { Model } from "../../src/index.ts";

export type StepKind = "convolution" | "pooling" | "globalPooling" | "pointwise" | "flatten" | "dense";

/** A step of the walk, about layer `index`. */
export interface WalkStep {
  readonly kind: StepKind;
  readonly index: number;
}

export interface Walk {
  readonly steps: readonly WalkStep[];
  /** The layer that gives the scores, which the step “The answer” is about. */
  readonly answer: number;
}

/** The layers in the order of their use; the last one, which gives the scores, has a step of its own. */
export function walkOf(model: Model): Walk {
  const answer = scoringLayer(model);
  const steps = model.layers.flatMap(({ layer, inputShape, outputShape }, index): WalkStep[] => {
    const { kind } = layer.config;
    // A convolution without a dense layer after it may be both: a step like others, and where the scores come from.
    if (index >= answer && (kind === "dense" || index > answer)) return [];
    if (kind === "conv2d") return [{ kind: "convolution", index }];
    if (kind === "maxPooling2d" || kind === "averagePooling2d") return [{ kind: "pooling", index }];
    if (kind === "globalAveragePooling2d" || kind === "globalMaxPooling2d") return [{ kind: "globalPooling", index }];
    if (kind === "dense" && outputShape.length === 1) return [{ kind: "dense", index }];
    if (kind === "flatten") return inputShape.length === 3 ? [{ kind: "flatten", index }] : [];
    // While nobody trains, dropout passes everything on.
    return outputShape.length === 3 && kind !== "dropout" ? [{ kind: "pointwise", index }] : [];
  });
  return { steps, answer };
}

/** The layer whose values are the scores: the last one, or the one before a softmax at the end. */
function scoringLayer(model: Model): number {
  const indexOf = (name: string | undefined) => model.layers.findIndex((placed) => placed.name === name);
  const last = indexOf(model.outputLayer.name);
  const { layer, connectedTo } = model.outputLayer;
  const { kind, options } = layer.config;
  const isSoftmax = kind === "softmax" || (kind === "activation" && options["activation"] === "softmax");
  return isSoftmax ? indexOf(connectedTo[0]) : last;
}
