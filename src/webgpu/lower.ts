import { at } from "../core/at.ts";
import { ArgumentError, InternalError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { neededNodes, outdatedOperands, ownerOf, variableOf, writtenVariables } from "../graph/schedule.ts";
import type { DeviceTraits, KernelSpec } from "./kernel.ts";
import type { copy } from "./kernels/copy.ts";
import { type BoundValues, valuesInOrder } from "./lowering.ts";
import type { Plan, PlannedDispatch, PlannedValue } from "./plan.ts";
import { PlannedValues } from "./planned_values.ts";
import { rulesFor, rulesForRest } from "./rules/index.ts";
import { throughReshapes } from "./rules/patterns.ts";
import type { Annotation, Match, Rule, RuleEmitter } from "./rules/rule.ts";

/** Turns a graph into dispatches: fetches the rules for its ops, asks them which kernels and fusions, allocates nothing. */
export async function lowerGraph(
  graph: Graph,
  outputs: Readonly<Record<string, Node>>,
  traits: DeviceTraits,
): Promise<Plan> {
  const outputNodes = new Map(Object.entries(outputs));
  for (const node of outputNodes.values()) {
    if (node.graph !== graph) throw new ArgumentError("compile: an output belongs to another graph.");
  }
  // What is in the graph now: it may grow while rules are fetched.
  const lowering = new GraphLowering(graph, outputNodes, traits);
  lowering.match(await rulesFor([...lowering.nodes, ...lowering.effects], traits));
  const rest = lowering.unmatched();
  const [rules] = await Promise.all([rulesForRest(rest, traits), lowering.fetch()]);
  lowering.match(rules);
  return lowering.plan();
}

/** One walk over one graph: what rules ask about it, and what they make of it. */
class GraphLowering extends PlannedValues implements RuleEmitter {
  readonly traits: DeviceTraits;
  readonly nodes: readonly Node[];
  readonly effects: readonly Node[];
  readonly #outputs: ReadonlyMap<string, Node>;
  readonly #shown: ReadonlySet<Node>;
  readonly #uses = new Map<Node, Node[]>();
  readonly #matches = new Map<Node, Match>();
  readonly #covered = new Set<Node>();
  readonly #values = new Map<Node, PlannedValue>();
  readonly #reserved = new Map<Node, PlannedValue>();
  readonly #dispatches: PlannedDispatch[] = [];
  /** By effect: copies of variables that it reads and an earlier one changes. */
  readonly #oldValues = new Map<Node, Map<Node, PlannedValue>>();
  /** The kernel that keeps old values, where there are such. */
  #copy: typeof copy | undefined;
  /** The node or effect that is being lowered, and how its dispatches are called. */
  #turn: Node | undefined;
  #title: { op: string; layer: string | undefined } = { op: "", layer: undefined };

  constructor(graph: Graph, outputs: ReadonlyMap<string, Node>, traits: DeviceTraits) {
    super();
    this.traits = traits;
    this.effects = [...graph.effects];
    this.#outputs = outputs;
    this.#shown = new Set([...outputs.values()].map(throughReshapes));
    this.nodes = neededNodes(graph, [...outputs.values()]);
    for (const node of [...this.nodes, ...this.effects]) {
      for (const input of node.inputs) {
        const uses = this.#uses.get(input) ?? [];
        uses.push(node);
        this.#uses.set(input, uses);
      }
    }
  }

  /** Fetches the kernels that only some graphs want. */
  async fetch(): Promise<void> {
    const missing = [...this.#matches.values()].map((match) => match.fetch?.());
    if (this.#hasOldValues()) {
      missing.push(
        onDemand("kernel that copies", async () => {
          this.#copy = (await import("./kernels/copy.ts")).copy;
        }),
      );
    }
    await Promise.all(missing);
  }

  plan(): Plan {
    const [left] = this.unmatched();
    if (left) throw new ArgumentError(`"${left.op.name}" has no WebGPU kernel yet; use the CPU backend.`);
    for (const match of this.#matches.values()) match.prepare?.(this);
    for (const node of this.nodes) this.#lower(node);
    const outputs = this.#protectedOutputs();
    this.#keepOldValues();
    for (const effect of this.effects) this.#lower(effect);
    const variables = new Set([...this.variables, ...writtenVariables(this.effects)]);
    return { dispatches: this.#dispatches, inputs: this.inputs, outputs, variables };
  }

  /** Asks every rule about the nodes that are left for it. */
  match(rules: readonly Rule[]): void {
    const everything = this.unmatched();
    for (const rule of rules) {
      for (const node of everything) {
        if (node.op.name !== rule.op || this.#covered.has(node)) continue;
        const match = rule.match(node, this);
        if (match === undefined) continue;
        const { turn = node, covers = [] } = match;
        for (const covered of [node, turn, ...covers]) this.#covered.add(covered);
        this.#matches.set(turn, match);
      }
    }
  }

  /** The nodes and effects that no rule has taken. */
  unmatched(): readonly Node[] {
    return [...this.nodes, ...this.effects].filter((node) => !this.#covered.has(node));
  }

  #lower(node: Node): void {
    this.#turn = node;
    this.#title = { op: node.op.name, layer: node.layer };
    this.#matches.get(node)?.lower(this);
  }

  /** Whether an output, or an effect, sees a variable as it is before an effect changes it. */
  #hasOldValues(): boolean {
    const written = writtenVariables(this.effects);
    const isWritten = (node: Node) => {
      const variable = variableOf(node);
      return variable !== undefined && written.has(variable);
    };
    const outdated = [...outdatedOperands(this.effects).values()].flat();
    return outdated.length > 0 || [...this.#outputs.values()].some(isWritten);
  }

  /** Outputs that are variables which an effect changes are copied before it does. */
  #protectedOutputs(): Plan["outputs"] {
    const written = writtenVariables(this.effects);
    const outputs = new Map<string, { value: PlannedValue; shape: Shape }>();
    for (const [name, node] of this.#outputs) {
      const variable = variableOf(node);
      const value = this.value(node);
      const changes = variable !== undefined && written.has(variable);
      outputs.set(name, { value: changes ? this.#copyOf(value, `output ${name}`) : value, shape: node.shape });
    }
    return outputs;
  }

  /** An effect sees the old value of a variable that an earlier effect changes. */
  #keepOldValues(): void {
    const effects = this.effects.filter((candidate) => this.#matches.has(candidate));
    for (const [effect, outdated] of outdatedOperands(effects)) {
      const copies = outdated.map((operand): [Node, PlannedValue] => [
        operand,
        this.#copyOf(this.value(operand), `old ${ownerOf(operand).op.name}`),
      ]);
      this.#oldValues.set(effect, new Map(copies));
    }
  }

  #copyOf(value: PlannedValue, label: string): PlannedValue {
    const copy = this.#copy;
    if (copy === undefined) throw new InternalError(`${label} is to be kept without the kernel that copies`);
    const result = this.scratch(label, value.size, value.dtype);
    this.#title = { op: "copy", layer: undefined };
    this.dispatch(copy({ size: value.size, dtype: value.dtype }, this.traits), { x: value, output: result });
    return result;
  }

  usesOf(node: Node): readonly Node[] {
    return this.#uses.get(node) ?? [];
  }

  soleUse(node: Node): Node | undefined {
    const [use, ...others] = this.usesOf(node);
    return others.length === 0 && !this.isOutput(node) ? use : undefined;
  }

  isOutput(node: Node): boolean {
    return this.#shown.has(throughReshapes(node));
  }

  isCovered(node: Node): boolean {
    return this.#covered.has(node);
  }

  find<T>(annotation: Annotation<T>, node: Node): T | undefined {
    return annotation.at(this, node);
  }

  leave<T>(annotation: Annotation<T>, node: Node, value: T): void {
    annotation.leave(this, node, value);
  }

  begin(op: string, layer: string | undefined): void {
    this.#title = { op, layer };
  }

  beginPart(op: string): void {
    this.begin(op, this.#title.layer);
  }

  dispatch(spec: KernelSpec, values: BoundValues): void {
    this.#dispatches.push({ spec, values: valuesInOrder(spec, values) as readonly PlannedValue[], ...this.#title });
  }

  either(preferred: () => void, other: () => void): void {
    const start = this.#dispatches.length;
    other();
    const lists = [this.#dispatches.splice(start)];
    preferred();
    const first = at(this.#dispatches, start);
    this.#dispatches[start] = { ...first, alternatives: { span: this.#dispatches.length - start, lists } };
  }

  value(node: Node): PlannedValue {
    const old = this.#turn && this.#oldValues.get(this.#turn)?.get(node);
    const value = old ?? this.#values.get(node);
    if (value === undefined) throw new Error(`"${node.op.name}" (node ${node.id}) has no value: a fusion left it out`);
    return value;
  }

  result(node: Node): PlannedValue {
    const label = node.layer === undefined ? node.op.name : `${node.layer}/${node.op.name}`;
    const value = this.#reserved.get(node) ?? this.scratch(label, sizeOf(node.shape), node.dtype);
    this.#values.set(node, value);
    return value;
  }

  define(node: Node, value: PlannedValue): void {
    this.#values.set(node, value);
  }

  reserve(node: Node, place: PlannedValue): void {
    this.#reserved.set(node, place);
  }

  reserved(node: Node): PlannedValue | undefined {
    return this.#reserved.get(node);
  }
}
