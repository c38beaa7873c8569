import { at } from "../../core/at.ts";
import { ArgumentError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { meanOfRows } from "../losses/formulas.ts";
import { type Decision, decisionOf, type Loss } from "../losses.ts";

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
    if (this.#mask) this.#counts ??= this.graph.greaterOrEqual(this.#mask, 0);
    return this.#counts;
  }

  /** How many rows count, f32 []; of `weighted` results the sum of their weights. */
  rowCount(): Node {
    if (this.#weighted) return this.graph.sum(this.masked(this.graph.constant(new Float32Array(this.batch).fill(1))));
    const counted = this.#counted;
    return counted ? this.graph.sum(this.graph.cast(counted, "f32")) : this.graph.constant(this.batch);
  }

  /** Values [batch, …] with zeros in the rows that do not count; of `weighted` results times the rows' weights. */
  masked(values: Node): Node {
    const { graph } = this;
    const shape = [this.batch, ...values.shape.slice(1).map(() => 1)];
    const weights = this.#weighted ? this.#weights : undefined;
    const weighted = weights ? graph.mul(values, graph.reshape(weights, shape)) : values;
    const counted = this.#counted;
    return counted === undefined ? weighted : graph.where(graph.reshape(counted, shape), weighted, 0);
  }

  /** Sum over the rows that count of the mean of each row, f32 []. */
  sumOfRows(values: Node): Node {
    return this.graph.sum(this.masked(meanOfRows(this.graph, values)));
  }

  /** Probabilities where the loss folds an activation, else the outputs. */
  predictions(): Node {
    const { folded } = this.loss;
    if (folded === undefined) return this.outputs;
    this.#predictions ??= folded === "softmax" ? this.graph.softmax(this.outputs) : this.graph.sigmoid(this.outputs);
    return this.#predictions;
  }

  /** Targets as f32 of the outputs' shape: class labels become one-hot rows, or the one output's 0 or 1. */
  targetValues(): Node {
    if (this.targets.dtype === "f32") return this.targets;
    this.#checkLabels();
    const one = sizeOf(this.outputs.shape) === this.batch;
    this.#targetValues ??= one
      ? this.graph.reshape(this.graph.cast(this.targets, "f32"), this.outputs.shape)
      : this.graph.oneHot(this.targets, this.classes);
    return this.#targetValues;
  }

  /** The right class at each place, i32 [batch, …]: the label, or the first of the largest targets. */
  rightClass(): Node {
    if (this.targets.dtype !== "i32") return this.graph.argmax(this.targets);
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
      return graph.cast(graph.equal(graph.argmax(outputs), this.rightClass()), "f32");
    }
    const yes = graph.greater(this.targetValues(), 0.5);
    return graph.cast(graph.equal(graph.greater(outputs, decision.above), yes), "f32");
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
        : graph.reshape(graph.cast(graph.greater(targets, 0.5), "i32"), [this.batch]);
    return this.#counted ? graph.where(this.#counted, classes, -1) : classes;
  }

  /**
   * Counts [right class, decided class] of the batch, [classes, classes]; none unless each row is of one class.
   * A model with one output has the classes 0 and 1.
   */
  confusion(): Node | undefined {
    const { graph, outputs, decision } = this;
    const right = this.rowClass();
    if (right === undefined || decision === undefined || outputs.shape.length !== 2) return undefined;
    if (decision.kind === "argmax") return graph.confusionMatrix(right, graph.argmax(outputs), this.classes);
    if (this.classes !== 1) return undefined;
    const decided = graph.cast(graph.greater(outputs, decision.above), "i32");
    return graph.confusionMatrix(right, graph.reshape(decided, [this.batch]), 2);
  }
}
