import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { DType } from "../core/tensor.ts";
import type { Graph } from "./graph.ts";
import type { Attributes, Node, Operands, Variable } from "./node.ts";
import type { OpAttributes, OpName } from "./op_names.ts";

/** What a gradient rule may use. */
export interface GradientContext<A extends Attributes> {
  readonly graph: Graph;
  readonly node: Node<A>;
  readonly attributes: A;
  /** d loss / d node, of the node's shape. */
  readonly upstream: Node;
  /** The operand of that name, or, where it is recomputed for the backward pass, its copy. */
  operand(name: string): Node;
  /** Whether the gradient of that operand is asked for; a rule may skip it otherwise. Of "...parts", that of the `index`-th. */
  wants(name: string, index?: number): boolean;
}

/** Gradients by the names of the operands; of "...parts", a list. Undefined or left out where there is none. */
export type OperandGradients = Readonly<Record<string, Node | readonly (Node | undefined)[] | undefined>>;

/** The gradient rule of an op. */
export type GradientRule<A extends Attributes = object> = (context: GradientContext<A>) => OperandGradients;

/** Types that an operand may have. */
export type OperandTypes = readonly [DType, ...DType[]];

export const FLOATS: OperandTypes = ["f32"];
/** Class labels, row numbers. */
export const INTEGERS: OperandTypes = ["i32"];
/** Numbers of steps, truth values. */
export const COUNTS: OperandTypes = ["u32"];
/** Four bytes an element: what is moved, chosen or compared without being computed with. */
export const WORDS: OperandTypes = ["f32", "i32", "u32"];
/** With bytes, which may be read alone. */
export const ANY_TYPE: OperandTypes = [...WORDS, "u8"];

/**
 * An op: its name, its shape rule and its gradient rule. How it is computed is a backend's business.
 * `what` names the op and its layer, for error messages.
 */
export interface OpDefinition<A extends Attributes = Attributes> {
  readonly name: string;
  /**
   * The operands in their order, each with the types that it may have: what no backend has to check again. "labels?" may be
   * left out, "...parts" are as many as there are.
   */
  readonly operands: Readonly<Record<string, OperandTypes>>;
  /** Shape and type of the result, of operands whose types are right. Throws `ShapeError` or `ArgumentError`. */
  infer(operands: Operands<A>, attributes: A, what: string): { shape: Shape; dtype: DType };
  /**
   * Gradients with respect to the operands. Ops without a rule stop differentiation with an error. For ops that pages have which
   * only use a model, `usual_gradients.ts` has the rule.
   */
  gradient?(context: GradientContext<A>): OperandGradients;
  /** Ops that change variables at the end of a step instead of making a value. */
  writes?(node: Node<A>): readonly Variable[];
}

/** Declares an op; only fixes the type of its attributes. */
export function defineOp<A extends Attributes>(definition: OpDefinition<A>): OpDefinition<A> {
  return definition;
}

/** Throws unless an op has as many operands as it wants, of types that it takes. `what` names it in the message. */
export function checkOperands(op: OpDefinition, inputs: readonly Node[], what: string): void {
  const wanted = Object.entries(op.operands).map(([key, types]) => ({
    name: key.replace(/^\.\.\.|\?$/g, ""),
    repeats: key.startsWith("..."),
    optional: key.startsWith("...") || key.endsWith("?"),
    types,
  }));
  const rest = wanted.find(({ repeats }) => repeats);
  const least = wanted.filter(({ optional }) => !optional).length;
  if (inputs.length < least || (inputs.length > wanted.length && rest === undefined)) {
    throw new ArgumentError(`${what}: takes ${Object.keys(op.operands).join(", ")}, got ${inputs.length} operands.`);
  }
  inputs.forEach(({ dtype }, index) => {
    const { name, types } = wanted[index] ?? at(wanted, wanted.length - 1);
    if (types.includes(dtype)) return;
    const list = types.join(", ").replace(/, (\w+)$/, " or $1");
    throw new ShapeError(`${what}: wants ${list} as ${name}, got ${dtype}; cast(${name}, "${types[0]}") makes it so.`);
  });
}

declare const matched: unique symbol;

/** A node known to be of one op. The brand exists for the compiler alone, so that a failed match narrows nothing away. */
export interface MatchedNode<A extends Attributes> extends Node<A> {
  readonly [matched]: true;
}

/** Narrows a node to the op that made it, by the op's name: `isOp(node, "conv2d")`. */
export function isOp<Name extends OpName>(node: Node, name: Name): node is MatchedNode<OpAttributes[Name]> {
  return node.op.name === name;
}

/** The same by the op itself, where its rules are at hand. */
export function isNodeOf<A extends Attributes>(node: Node, op: OpDefinition<A>): node is MatchedNode<A> {
  return node.op.name === op.name;
}

/** Whether a node is what `finishStep` decides, which later effects may depend on. */
export function isVerdict(node: Node): boolean {
  return isOp(node, "finishStep");
}
