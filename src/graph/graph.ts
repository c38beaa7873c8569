import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from "../core/shape.ts";
import { checkLength, type DType, type TypedArray } from "../core/tensor.ts";
import type { GraphWithOps } from "./methods.ts";
import { type Attributes, Node, Operands, type Variable } from "./node.ts";
import { ANY_TYPE, COUNTS, checkOperands, defineOp, isVerdict, type OpDefinition } from "./op.ts";

export const inputOp = defineOp<{ name: string; shape: Shape; dtype: DType }>({
  name: "input",
  operands: {},
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
});

export const constantOp = defineOp<{ data: TypedArray; shape: Shape; dtype: DType }>({
  name: "constant",
  operands: {},
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
});

export const variableOp = defineOp<{ variable: Variable }>({
  name: "variable",
  operands: {},
  infer: (_, { variable }) => ({ shape: variable.shape, dtype: variable.dtype }),
});

/** Sets a variable to the value of its input at the end of the step; with a second input, if that says that the step counts. */
export const assignOp = defineOp<{ variable: Variable }>({
  name: "assign",
  operands: { value: ANY_TYPE, "verdict?": COUNTS },
  infer(given, { variable }, what) {
    const [value, verdict] = [given.operand("value"), given.optionalOperand("verdict")];
    if (verdict && !isVerdict(verdict)) {
      throw new ArgumentError(`${what}: what an assignment depends on must be a finishStep.`);
    }
    if (!sameShape(value.shape, variable.shape) || value.dtype !== variable.dtype) {
      throw new ShapeError(
        `${what}: variable "${variable.name}" is ${variable.dtype} ${formatShape(variable.shape)}, ` +
          `the value is ${value.dtype} ${formatShape(value.shape)}.`,
      );
    }
    return { shape: value.shape, dtype: value.dtype };
  },
  writes: (node) => [node.attributes.variable],
});

/**
 * A computation as data: leaves (`input`, `constant`, `variable`), ops over them, and effects that change variables
 * at the end of a step. It knows no device; `backend.compile(graph, { outputs })` makes it run. The ops are functions of
 * `ops/`; methods.ts makes methods of them.
 */
export class Graph {
  /** Every node, inputs before what is made of them. */
  readonly nodes: Node[] = [];
  /** Nodes that change variables, in the order they take effect. */
  readonly effects: Node[] = [];
  readonly #inputs = new Map<string, Node>();
  readonly #variables = new Map<Variable, Node>();
  #layer: string | undefined;

  /** A value fed at each run. */
  input(name: string, shape: Shape, dtype: DType = "f32"): Node {
    if (this.#inputs.has(name)) throw new ArgumentError(`The graph already has an input "${name}".`);
    checkShape(`input "${name}"`, shape);
    const node = this.addNode(inputOp, [], { name, shape: [...shape], dtype });
    this.#inputs.set(name, node);
    return node;
  }

  /** A value that never changes; a number alone is a scalar of shape []. */
  constant(data: number | TypedArray | readonly number[], shape?: Shape, dtype: DType = "f32"): Node {
    const values = typeof data === "number" ? [data] : data;
    const actual = shape ?? (typeof data === "number" ? [] : [values.length]);
    checkLength("constant", actual, values);
    const typed =
      dtype === "f32"
        ? Float64Array.from(values)
        : dtype === "i32"
          ? Int32Array.from(values)
          : Uint32Array.from(values);
    return this.addNode(constantOp, [], { data: typed, shape: [...actual], dtype });
  }

  /** The value of a variable at the start of the step. */
  variable(variable: Variable): Node {
    const known = this.#variables.get(variable);
    if (known) return known;
    const node = this.addNode(variableOp, [], { variable });
    this.#variables.set(variable, node);
    return node;
  }

  /** At the end of each step, sets `variable` to `value`; with `verdict` (`finishStep`) only where the step counts. */
  assign(variable: Variable, value: Node, verdict?: Node): Node {
    return this.addEffect(assignOp, verdict ? [value, verdict] : [value], { variable });
  }

  /** Runs `build`; the nodes it makes belong to the layer `name`. */
  inLayer<T>(name: string | undefined, build: () => T): T {
    const outer = this.#layer;
    this.#layer = name;
    try {
      return build();
    } finally {
      this.#layer = outer;
    }
  }

  /** Adds a node after checking it with the op's shape rule. Builders in `ops/` call this. */
  addNode<A extends Attributes>(op: OpDefinition<A>, inputs: readonly Node[], attributes: A): Node<A> {
    const what = this.#layer === undefined ? op.name : `layer "${this.#layer}": ${op.name}`;
    for (const input of inputs) {
      if ((input as Node | undefined) === undefined) throw new ArgumentError(`${what}: an operand is undefined.`);
      if (input.graph !== this) throw new ArgumentError(`${what}: an input belongs to another graph.`);
    }
    checkOperands(op, inputs, what);
    const { shape, dtype } = op.infer(new Operands(op, inputs), attributes, what);
    if (sizeOf(shape) > 2 ** 32) {
      throw new ShapeError(`${what}: the result ${formatShape(shape)} holds more than 2³² elements.`);
    }
    const id = this.nodes.length;
    const node = new Node({ graph: this, id, op, inputs, attributes, shape, dtype, layer: this.#layer });
    this.nodes.push(node);
    return node;
  }

  /** Adds a node that changes variables at the end of the step. */
  addEffect<A extends Attributes>(op: OpDefinition<A>, inputs: readonly Node[], attributes: A): Node<A> {
    const node = this.addNode(op, inputs, attributes);
    this.effects.push(node);
    return node;
  }
}

/** Whether the ops are methods too: `corteza/graph`, and whatever takes functions of the user's own, see to it. */
export function hasOpMethods(graph: Graph): graph is GraphWithOps {
  return "add" in graph;
}
