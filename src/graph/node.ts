import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import type { Shape } from "../core/shape.ts";
import { checkLength, type DType, type TypedArray } from "../core/tensor.ts";
import type { Graph } from "./graph.ts";
import type { OpDefinition } from "./op.ts";

/** Plain data that specialises an op: sizes, flags, names. Never tensors. */
export type Attributes = object;

/** What a node is made of; see `Node`. */
export interface NodeParts<A extends Attributes = Attributes> {
  readonly graph: Graph;
  readonly id: number;
  readonly op: OpDefinition<A>;
  readonly inputs: readonly Node[];
  readonly attributes: A;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly layer: string | undefined;
}

/** What an op is applied to, by the names that it declares: nodes, or what a backend keeps for each of them. */
export class Operands<A extends Attributes = Attributes, T = Node> {
  /** What makes the value. */
  readonly op: OpDefinition<A>;
  /** The values that it is made of, for walks over all of them; a rule asks for one by its name. */
  readonly inputs: readonly T[];

  constructor(op: OpDefinition<A>, inputs: readonly T[]) {
    this.op = op;
    this.inputs = [...inputs];
  }

  /** The operand of that name, as the op declares it. Throws for a name that it does not declare, or one that was left out. */
  operand(name: string): T {
    const operand = this.optionalOperand(name);
    if (operand === undefined) throw new RangeError(`"${this.op.name}" was made without its operand "${name}".`);
    return operand;
  }

  /** The operand of that name, undefined where it was left out. Throws for a name that the op does not declare. */
  optionalOperand(name: string): T | undefined {
    return this.inputs[operandPlace(this.op, name, false)];
  }

  /** All the operands that the op declares under that name as "...name". Throws for another name. */
  operands(name: string): readonly T[] {
    return this.inputs.slice(operandPlace(this.op, name, true));
  }

  /** The names of `inputs`, one each: "...parts" gives its name to every one of its operands. */
  get operandNames(): readonly string[] {
    const names = Object.keys(this.op.operands).map((key) => key.replace(/^\.\.\.|\?$/g, ""));
    return this.inputs.map((_, index) => at(names, Math.min(index, names.length - 1)));
  }
}

/**
 * One value of a graph: the op that makes it, its operands, and the shape that the op's rule gave it.
 * Nodes are immutable; a graph only grows. `Graph.addNode` makes them.
 */
export class Node<A extends Attributes = Attributes> extends Operands<A> implements NodeParts<A> {
  /** The graph that it belongs to. */
  readonly graph: Graph;
  /** Position in the graph; inputs always have smaller ids, so ids are a topological order. */
  readonly id: number;
  /** Sizes, flags and names that specialise the op. */
  readonly attributes: A;
  /** Extents, outermost first; [] is a scalar. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
  /** The layer that made the node, for tables and messages; gradients carry their forward node's layer. */
  readonly layer: string | undefined;

  constructor(parts: NodeParts<A>) {
    super(parts.op, parts.inputs);
    this.graph = parts.graph;
    this.id = parts.id;
    this.attributes = parts.attributes;
    this.shape = parts.shape;
    this.dtype = parts.dtype;
    this.layer = parts.layer;
  }
}

/** Where an operand stands among the inputs of an op's nodes; of "...parts", the first of them. */
function operandPlace(op: OpDefinition, name: string, repeats: boolean): number {
  const keys = Object.keys(op.operands);
  const place = keys.findIndex((key) => (repeats ? key === `...${name}` : key === name || key === `${name}?`));
  if (place >= 0) return place;
  const wanted = repeats ? `"...${name}"` : `"${name}"`;
  throw new RangeError(`"${op.name}" has no operand ${wanted}; it has ${keys.join(", ") || "none"}.`);
}

/**
 * Variables whose values lie one behind the other in one buffer, each at a multiple of `ALIGNMENT` elements, so that
 * one dispatch can walk over all of them (an optimizer's update) and each can still be bound alone.
 */
export class Arena {
  /** 64 f32 elements = 256 bytes: WebGPU's alignment of storage bindings. */
  static readonly ALIGNMENT = 64;

  /** For labels of buffers and messages. */
  readonly name: string;
  /** In their order in the buffer. */
  readonly variables: readonly Variable[];
  /** First element of each variable, in the order of `variables`. */
  readonly offsets: readonly number[];
  /** Elements in all, padding included. */
  readonly size: number;

  /** Makes an arena of f32 variables with these names, shapes and initial values (zeros by default). */
  constructor(name: string, specs: readonly { name: string; shape: Shape; initial?: InitialValue }[]) {
    this.name = name;
    const offsets: number[] = [];
    let end = 0;
    this.variables = specs.map((spec) => {
      const variable = new Variable({ ...spec, dtype: "f32", arena: this, arenaOffset: end });
      offsets.push(end);
      end += alignTo(variable.size, Arena.ALIGNMENT);
      return variable;
    });
    this.offsets = offsets;
    this.size = end;
  }
}

/** What a variable begins with, or what makes it when somebody asks: nothing is computed for values that are replaced first. */
export type InitialValue = TypedArray | (() => TypedArray);

/**
 * A value that outlives a step: parameters, moments, counters, data sets. It belongs to no graph and no device; each
 * backend keeps one storage for it, shared by all programs compiled there, made when the first needs it.
 */
export class Variable {
  /** "conv2d/kernel"; for labels, messages and checkpoints. */
  readonly name: string;
  /** Extents, outermost first; [] is a scalar. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
  /** Elements. */
  readonly size: number;
  /** The buffer that it shares with others; undefined where it has one of its own. */
  readonly arena: Arena | undefined;
  /** Its first element in the arena. */
  readonly arenaOffset: number;
  #initial: InitialValue | undefined;
  #version = 0;
  /** Says why `initial` is not what the variable holds. */
  #stale: (() => Error) | undefined;

  constructor(options: {
    name: string;
    shape: Shape;
    dtype?: DType;
    initial?: InitialValue;
    arena?: Arena;
    arenaOffset?: number;
  }) {
    this.name = options.name;
    this.shape = [...options.shape];
    this.dtype = options.dtype ?? "f32";
    this.size = this.shape.reduce((product, extent) => product * extent, 1);
    this.#initial = options.initial;
    this.arena = options.arena;
    this.arenaOffset = options.arenaOffset ?? 0;
  }

  /** Value that a backend's storage starts with; zeros when absent. Throws where it is known to be out of date. */
  get initial(): TypedArray | undefined {
    if (this.#stale) throw this.#stale();
    if (typeof this.#initial === "function") this.#initial = this.#initial();
    return this.#initial;
  }

  /**
   * Notes that a backend's storage has moved on from `initial`: who asks for that gets this error, until `reset` or
   * `remember` brings a value.
   */
  moved(error: () => Error): void {
    this.#stale = error;
  }

  /** Whether a backend's storage has moved on from `initial`, so that it cannot be read. */
  get hasMoved(): boolean {
    return this.#stale !== undefined;
  }

  /** Grows with each `reset`; a backend whose storage has an older version loads `initial` before its next step. */
  get version(): number {
    return this.#version;
  }

  /** Gives the variable a new value on every backend, from the next step on; undefined is zeros. */
  reset(value: TypedArray | undefined): void {
    if (value !== undefined) checkLength(`variable "${this.name}"`, this.shape, value);
    this.#initial = value;
    this.#stale = undefined;
    this.#version++;
  }

  /** Notes a value that a backend's storage already holds (or held), so that new storages start with it. */
  remember(value: TypedArray): void {
    checkLength(`variable "${this.name}"`, this.shape, value);
    this.#initial = value;
    this.#stale = undefined;
  }
}
