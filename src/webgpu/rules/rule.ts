import type { Shape } from "../../core/shape.ts";
import type { DType, TypedArray } from "../../core/tensor.ts";
import type { Arena, Node, Variable } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { OpAttributes, OpName } from "../../graph/op_names.ts";
import type { DeviceTraits } from "../kernel.ts";
import type { Emitter, StoredType } from "../lowering.ts";
import type { GrowingValue, PlannedValue } from "../plan.ts";
import type { ViewRange } from "../planned_values.ts";

/**
 * How a node, alone or with its neighbours, becomes dispatches: one file of this folder a rule, its pattern and its
 * lowering side by side, and a row in `index.ts`. `lower.ts` asks the rows in their order about every node and effect of
 * their op that no earlier match covers, prepares all matches, and lowers each when its turn comes: the nodes as the graph
 * orders them, then the effects.
 */
export interface Rule {
  /** Name of the op whose nodes may begin the pattern. */
  readonly op: string;
  /** What is done for a node, and perhaps for others with it; undefined where the pattern is not there. */
  match(node: Node, context: MatchContext): Match | undefined;
}

/** A pattern that was found, and what is done for it. */
export interface Match {
  /** Nodes and effects that need no kernel of their own, beside `turn` and the node that was asked about. */
  readonly covers?: readonly Node[];
  /** The node or effect in whose place the work is done; by default the one that was asked about. */
  readonly turn?: Node;
  /** Fetches kernels that only some graphs want here, while what no rule has taken is fetched. */
  readonly fetch?: () => Promise<unknown> | undefined;
  /** Called before anything is lowered: reserves places for values that other rules' kernels write. */
  readonly prepare?: (emit: RuleEmitter) => void;
  /** Appends the dispatches, and says where the values of nodes lie. */
  readonly lower: (emit: RuleEmitter) => void;
}

/** Declares a rule for nodes of the op of this name. */
export function rule<Name extends OpName>(
  op: Name,
  match: (node: Node<OpAttributes[Name]>, context: MatchContext) => Match | undefined,
): Rule {
  return { op, match: (node, context) => (isOp(node, op) ? match(node, context) : undefined) };
}

/**
 * What a rule leaves at a node for another rule: where a pool found its maxima, how many partial sums a kernel makes. The
 * file of the rule that leaves it exports it. What others need for their patterns `match` leaves, places in memory
 * `prepare` or `lower`.
 */
export class Annotation<T> {
  readonly #left = new WeakMap<object, Map<Node, T>>();

  /** What was left at the node while this graph is lowered. */
  at(lowering: object, node: Node): T | undefined {
    return this.#left.get(lowering)?.get(node);
  }

  /** Leaves a value at the node for as long as this graph is lowered. */
  leave(lowering: object, node: Node, value: T): void {
    const values = this.#left.get(lowering) ?? new Map<Node, T>();
    this.#left.set(lowering, values.set(node, value));
  }
}

// What rules of several families know, here so that none of them fetches another for it:

/**
 * Left at a gradient whose kernel makes more than one: how many partial sums, each as long as the gradient and rounded up to
 * 64 elements. They go into the place that is reserved for the gradient; who reserves it adds them up.
 */
export const PARTIAL_SUMS = new Annotation<number>();

/** Left at a node: operands whose values its kernel does not read, because it finds what it needs of them elsewhere. */
export const UNREAD = new Annotation<ReadonlySet<Node>>();

/** What rules leave for each other, and find. */
export interface Annotations {
  /** What a rule left at the node. */
  find<T>(annotation: Annotation<T>, node: Node): T | undefined;
  leave<T>(annotation: Annotation<T>, node: Node, value: T): void;
}

/** What a rule may ask about the graph. */
export interface MatchContext extends Annotations {
  readonly traits: DeviceTraits;
  /** Nodes that outputs and effects need, as the graph orders them, effects left out. */
  readonly nodes: readonly Node[];
  /** What changes variables at the end of the step, in its order. */
  readonly effects: readonly Node[];
  /** The nodes and effects that read a node. */
  usesOf(node: Node): readonly Node[];
  /** The only reader of a node that is no output itself. */
  soleUse(node: Node): Node | undefined;
  /** Whether an output shows a node, perhaps in another shape. */
  isOutput(node: Node): boolean;
  /** Whether an earlier match needs no kernel for the node. */
  isCovered(node: Node): boolean;
}

/** What a rule may do when its turn has come. */
export interface RuleEmitter extends Emitter, MatchContext {
  /** Names the dispatches that follow, for tables and profiles; by default they have the op and layer of the turn. */
  begin(op: string, layer: string | undefined): void;
  /** Names dispatches that follow for the same layer. */
  beginPart(op: string): void;
  /** The value of a node that has been lowered; of a variable that an earlier effect changes the old one. */
  value(node: Node): PlannedValue;
  /** Where the value of a node is to be written: the place that is reserved for it, or a new one. */
  result(node: Node): PlannedValue;
  /** Says where the value of a node lies. */
  define(node: Node, value: PlannedValue): void;
  /** Reserves a place for the value of a node that has not been lowered. */
  reserve(node: Node, place: PlannedValue): void;
  /** The place that is reserved for the value of a node. */
  reserved(node: Node): PlannedValue | undefined;
  scratch(label: string, size: number, dtype?: StoredType): PlannedValue;
  /** A scratch value whose size may still change. */
  growing(label: string, size: number, dtype?: StoredType): GrowingValue;
  constant(label: string, data: TypedArray, dtype: DType): PlannedValue;
  /** What is fed under this name. */
  input(name: string, shape: Shape, dtype: DType): PlannedValue;
  variable(variable: Variable): PlannedValue;
  arena(arena: Arena): PlannedValue;
  /** A range of another value. */
  view(parent: PlannedValue, range: ViewRange): PlannedValue;
  /** Does the job by the dispatches that the first function appends; the autotuner may try those of the second. */
  either(preferred: () => void, other: () => void): void;
}
