import { at } from "../../core/at.ts";
import { ArgumentError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { argmax } from "../../graph/ops/argmax.ts";
import { mul } from "../../graph/ops/arithmetic.ts";
import { cast } from "../../graph/ops/cast.ts";
import { equal, greater, greaterOrEqual } from "../../graph/ops/compare.ts";
import { confusionMatrix } from "../../graph/ops/confusion_matrix.ts";
import { oneHot } from "../../graph/ops/one_hot.ts";
import { sigmoid } from "../../graph/ops/pointwise.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { softmax } from "../../graph/ops/softmax.ts";
import { sum } from "../../graph/ops/sum.ts";
import { where } from "../../graph/ops/where.ts";
import { meanOfRows } from "../losses/formulas.ts";
import { type Decision, decisionOf, type Loss } from "../losses/loss.ts";

/** One batch's outputs beside its targets, as metrics look at them. Nodes are made when they are first asked for. */
export class BatchResults {
  readonly graph: Graph;
  readonly loss: Loss;
  /** As the loss takes them: [batch, …], logits where the loss folds an activation. */
  readonly outputs: Node;
  /** i32 [batch] class labels or f32 [batch, …] */
  readonly targets: Node;
  readonly #mask: Node | undefined;
  /** f32 [batch]: what each row's loss is multiplied by; none where all count alike. */
  readonly #weights: Node | undefined;
  /** Whether `masked` multiplies by the weights too. */
  readonly #weighted: boolean;
  #loss: Node | undefined;
  #counts: Node | undefined;
  #predictions: Node | undefined;
  #targetValues: Node | undefined;

  constructor(
    graph: Graph,
    loss: Loss,
    outputs: Node,
    targets: Node,
    mask: Node | undefined,
    weights?: Node,
    weighted = false,
  ) {
    this.graph = graph;
    this.loss = loss;
    this.outputs = outputs;
    this.targets = targets;
    this.#mask = mask;
    this.#weights = weights;
    this.#weighted = weighted;
  }

  /** The same batch, in whose sums and counts each row counts as often as its weight says. */
  weighted(): BatchResults {
    const { graph, loss, outputs, targets } = this;
    return new BatchResults(graph, loss, outputs, targets, this.#mask, this.#weights, this.#weights !== undefined);
  }

  /** Notes the batch's loss, for a metric that reports it. */
  setLossValue(value: Node): void {
    this.#loss = value;
  }

  /** The batch's loss, without penalties and its output's weight. */
  lossValue(): Node {
    if (this.#loss === undefined) throw new Error("a metric asks for a loss before it was computed");
    return this.#loss;
  }

  get batch(): number {
    return at(this.outputs.shape, 0);
  }

  /** Outputs of one row along the last axis. */
  get classes(): number {
    return at(this.outputs.shape, this.outputs.shape.length - 1);
  }

  /** u32 [batch], 1 in rows that count; none where all do. */
  get #counted(): Node | undefined {
    if (this.#mask) this.#counts ??= greaterOrEqual(this.graph, this.#mask, 0);
    return this.#counts;
  }

  /** How many rows count, f32 []; of `weighted` results the sum of their weights. */
  rowCount(): Node {
    if (this.#weighted) return sum(this.graph, this.masked(this.graph.constant(new Float32Array(this.batch).fill(1))));
    const counted = this.#counted;
    return counted ? sum(this.graph, cast(this.graph, counted, "f32")) : this.graph.constant(this.batch);
  }

  /** Values [batch, …] with zeros in the rows that do not count; of `weighted` results times the rows' weights. */
  masked(values: Node): Node {
    const { graph } = this;
    const shape = [this.batch, ...values.shape.slice(1).map(() => 1)];
    const weights = this.#weighted ? this.#weights : undefined;
    const weighted = weights ? mul(graph, values, reshape(graph, weights, shape)) : values;
    const counted = this.#counted;
    return counted === undefined ? weighted : where(graph, reshape(graph, counted, shape), weighted, 0);
  }

  /** Sum over the rows that count of the mean of each row, f32 []. */
  sumOfRows(values: Node): Node {
    return sum(this.graph, this.masked(meanOfRows(this.graph, values)));
  }

  /** Probabilities where the loss folds an activation, else the outputs. */
  predictions(): Node {
    const { folded } = this.loss;
    if (folded === undefined) return this.outputs;
    this.#predictions ??= folded === "softmax" ? softmax(this.graph, this.outputs) : sigmoid(this.graph, this.outputs);
    return this.#predictions;
  }

  /** Targets as f32 of the outputs' shape: class labels become one-hot rows, or the one output's 0 or 1. */
  targetValues(): Node {
    if (this.targets.dtype === "f32") return this.targets;
    this.#checkLabels();
    const one = sizeOf(this.outputs.shape) === this.batch;
    this.#targetValues ??= one
      ? reshape(this.graph, cast(this.graph, this.targets, "f32"), this.outputs.shape)
      : oneHot(this.graph, this.targets, this.classes);
    return this.#targetValues;
  }

  /** The right class at each place, i32 [batch, …]: the label, or the first of the largest targets. */
  rightClass(): Node {
    if (this.targets.dtype !== "i32") return argmax(this.graph, this.targets);
    this.#checkLabels();
    return this.targets;
  }

  /** Throws where a class label would stand for several places. */
  #checkLabels(): void {
    const shape = this.outputs.shape.slice(1);
    if (shape.length <= 1 || sizeOf(shape) === 1) return;
    throw new ArgumentError(
      `metrics: outputs ${formatShape(shape)} cannot be compared with class labels; give the data set \`targets\` of that ` +
        "shape, or leave the metric out.",
    );
  }

  /** How outputs become classes; none where they stand for none. */
  get decision(): Decision | undefined {
    return decisionOf(this.loss, this.outputs.shape.slice(1), this.targets.dtype === "i32");
  }

  /** 1 where the outputs decide for the right class, else 0, f32 [batch, …]; none where they stand for no classes. */
  correct(): Node | undefined {
    const { graph, outputs, decision } = this;
    if (decision === undefined) return undefined;
    if (decision.kind === "argmax") {
      return cast(graph, equal(graph, argmax(graph, outputs), this.rightClass()), "f32");
    }
    const yes = greater(graph, this.targetValues(), 0.5);
    return cast(graph, equal(graph, greater(graph, outputs, decision.above), yes), "f32");
  }

  /** `correct`, for the metric `name`. Throws where nothing can be right or wrong. */
  wantedCorrect(name: string): Node {
    const correct = this.correct();
    if (correct !== undefined) return correct;
    const has = this.targets.dtype === "i32" ? "class labels" : "targets that are no labels";
    throw new ArgumentError(
      `metric "${name}": loss "${this.loss.name}" and outputs ${formatShape(this.outputs.shape.slice(1))} with ${has} have no ` +
        "classes to be right about; leave it out.",
    );
  }

  /** The class of each row, i32 [batch], −1 in rows that do not count; none unless a row is of one class. */
  rowClass(): Node | undefined {
    const { graph, targets, loss } = this;
    if (targets.dtype === "i32") return targets;
    if (targets.shape.length !== 2 || loss.decision === undefined) return undefined;
    if (loss.decision.kind === "threshold" && this.classes !== 1) return undefined;
    const classes =
      loss.decision.kind === "argmax"
        ? this.rightClass()
        : reshape(graph, cast(graph, greater(graph, targets, 0.5), "i32"), [this.batch]);
    return this.#counted ? where(graph, this.#counted, classes, -1) : classes;
  }

  /**
   * Counts [right class, decided class] of the batch, [classes, classes]; none unless each row is of one class.
   * A model with one output has the classes 0 and 1.
   */
  confusion(): Node | undefined {
    const { graph, outputs, decision } = this;
    const right = this.rowClass();
    if (right === undefined || decision === undefined || outputs.shape.length !== 2) return undefined;
    if (decision.kind === "argmax") return confusionMatrix(graph, right, argmax(graph, outputs), this.classes);
    if (this.classes !== 1) return undefined;
    const decided = cast(graph, greater(graph, outputs, decision.above), "i32");
    return confusionMatrix(graph, right, reshape(graph, decided, [this.batch]), 2);
  }
}
