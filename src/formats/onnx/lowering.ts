import { FormatError } from "../../core/errors.ts";
import type { Layer } from "../../nn/layer.ts";
import type { Attribute, FileNode } from "./messages.ts";
import type { Target, Weights } from "./target.ts";
import type { ElementType, FileTensor } from "./tensors.ts";
import {
  asItIs,
  axisOf,
  type Computed,
  channelsLast,
  extentsOf,
  type Handle,
  type Known,
  rankOf,
  sameList,
  shapeOf,
  sizeOf,
  transposed,
  type Value,
} from "./value.ts";

/** What a rule makes of a node: its outputs, in their order. */
export type Rule = (node: Lowering) => readonly (Value | undefined)[];

/** What one file's reading shares. */
export interface Reading {
  readonly target: Target;
  readonly opsets: ReadonlyMap<string, number>;
  /** The batch that a model's file declares as a number: a reshape to it means the batch. */
  readonly declaredBatch: number | undefined;
  /** Names of values that somebody reads, nodes or the file's outputs; where it is not said, all are. */
  readonly read?: ReadonlySet<string>;
  /** Elements that may yet be made of known values: what a file declares does not decide how much is allocated. */
  budget: number;
}

const isTensor = (attribute: Attribute | undefined): attribute is FileTensor =>
  typeof attribute === "object" && "data" in attribute;

/** One node of the file on its way: what rules read of it, and what they build with. */
export class Lowering {
  readonly node: FileNode;
  readonly reading: Reading;
  readonly #inputs: readonly (Value | undefined)[];

  constructor(node: FileNode, inputs: readonly (Value | undefined)[], reading: Reading) {
    this.node = node;
    this.reading = reading;
    this.#inputs = inputs;
  }

  get what(): string {
    return `${this.node.op} "${this.node.name.slice(0, 60)}"`;
  }

  /** The version of the op set that the node is written in. */
  get opset(): number {
    return this.reading.opsets.get(this.node.domain) ?? 1;
  }

  get isModel(): boolean {
    return this.reading.target.isModel;
  }

  /** Ends with a typed error that names the node. */
  fail(problem: string): never {
    throw new FormatError(`ONNX: ${this.what} ${problem}.`);
  }

  /** Inputs that were given. */
  get inputs(): readonly Value[] {
    return this.#inputs.filter((one) => one !== undefined);
  }

  optional(index: number): Value | undefined {
    return this.#inputs[index];
  }

  input(index: number): Value {
    return this.#inputs[index] ?? this.fail(`lacks input ${index}`);
  }

  /** An input that has to be known while the file is read. */
  known(index: number): Known | undefined {
    const value = this.#inputs[index];
    if (value === undefined || value.kind === "known") return value;
    return this.fail(`wants its input ${index} as a constant`);
  }

  /** The whole numbers of an input that has to be known. */
  numbers(index: number): number[] | undefined {
    const value = this.known(index);
    return value && Array.from(value.data);
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes.get(name);
  }

  number(name: string): number | undefined;
  number(name: string, otherwise: number): number;
  number(name: string, otherwise?: number): number | undefined {
    const value = this.attribute(name) ?? otherwise;
    return value === undefined || typeof value === "number" ? value : this.fail(`: ${name} is no number`);
  }

  text(name: string, otherwise: string): string {
    const value = this.attribute(name) ?? otherwise;
    return typeof value === "string" ? value : this.fail(`: ${name} is no text`);
  }

  list(name: string): number[] | undefined {
    const value = this.attribute(name);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? [...value] : this.fail(`: ${name} is no list of numbers`);
  }

  tensor(name: string): FileTensor | undefined {
    const value = this.attribute(name);
    return value === undefined || isTensor(value) ? value : this.fail(`: ${name} is no tensor`);
  }

  /** Whether somebody reads that output. */
  wants(output: number): boolean {
    const name = this.node.outputs[output] ?? "";
    return name !== "" && (this.reading.read?.has(name) ?? true);
  }

  axis(axis: number, value: Value): number {
    return axisOf(axis, rankOf(value), this.what);
  }

  /** Takes so many elements of known values from what may be made. */
  spend(elements: number): void {
    this.reading.budget -= elements;
    if (!(this.reading.budget >= 0))
      this.fail("makes more values of its file's shapes than are read; the file declares too much");
  }

  /** An op of the graph. */
  op(name: string, operands: readonly Handle[], ...attributes: unknown[]): Handle {
    const [handle] = this.reading.target.op(name, operands, attributes);
    return handle ?? this.fail("gives nothing");
  }

  ops(name: string, operands: readonly Handle[], ...attributes: unknown[]): Handle[] {
    return this.reading.target.op(name, operands, attributes);
  }

  /** A layer with weights. */
  layer(x: Handle, weights: Weights, make: (name: string) => Layer): Handle {
    const key = `${this.node.op} ${this.node.inputs.slice(1).join("\n")}`;
    return this.reading.target.layer(make, this.node.name, x, { weights, key });
  }

  constant(data: ArrayLike<number>, shape: readonly number[], type: ElementType = "float"): Handle {
    return this.reading.target.constant({ kind: "known", shape, type, data });
  }

  scalar(value: number, type: ElementType = "float"): Handle {
    return this.constant([value], [], type);
  }

  computed(
    handle: Handle,
    order: readonly number[] = asItIs(extentsOf(handle).length),
    type: ElementType = "float",
  ): Computed {
    return { kind: "computed", handle, order, type };
  }

  /** A value whose axes lie in this order; `order[place]` is the file's axis. */
  handle(value: Value, order: readonly number[] = asItIs(rankOf(value))): Handle {
    if (value.kind === "known") return this.reading.target.constant(transposed(value, order));
    const { handle, order: has } = value.columns ? value.columns.plain() : value;
    if (sameList(order, has)) return handle;
    const permutation = order.map((axis) => has.indexOf(axis));
    const extents = extentsOf(handle);
    const long = permutation.filter((place) => extents[place] !== 1);
    // Where only extents of 1 move, the values stay where they are.
    const stays = long.every((place, index) => index === 0 || place > (long[index - 1] ?? 0));
    const shape = permutation.map((place) => extents[place] ?? 1);
    return stays ? this.op("reshape", [handle], shape) : this.op("transpose", [handle], permutation);
  }

  /** The same as a value that lies so. */
  ordered(value: Value, order: readonly number[]): Computed {
    return this.computed(this.handle(value, order), order, value.type);
  }

  /** An order in which `axis` is the last: the one that the value has, if that will do. */
  orderWithLast(value: Value, axis: number): readonly number[] {
    const has = value.kind === "known" || value.columns ? asItIs(rankOf(value)) : value.order;
    return has[has.length - 1] === axis ? has : [...has.filter((one) => one !== axis), axis];
  }

  /** An image as [batch, height, width, channels]; one of a single spatial axis gets a height of 1. */
  image(value: Value): Handle {
    const rank = rankOf(value);
    if (rank !== 3 && rank !== 4) this.fail(`is about images of 1 or 2 spatial axes, got ${rank - 2}`);
    const handle = this.handle(value, channelsLast(rank));
    if (rank === 4) return handle;
    const [batch = 1, width = 1, channels = 1] = extentsOf(handle);
    return this.op("reshape", [handle], [batch, 1, width, channels]);
  }

  /** The reverse: a result of `image`, as a value of the rank that the file's has. */
  fromImage(handle: Handle, rank: number): Computed {
    if (rank === 4) return this.computed(handle, channelsLast(4));
    const [batch = 1, , width = 1, channels = 1] = extentsOf(handle);
    return this.computed(this.op("reshape", [handle], [batch, width, channels]), channelsLast(3));
  }

  /** A known value of one shape, to be used along the last axis of a handle. */
  broadcastRow(value: Value, channels: number): Handle {
    if (sizeOf(shapeOf(value)) !== channels)
      this.fail(`wants ${channels} values, one a channel, got [${shapeOf(value).join(", ")}]`);
    const handle = this.handle(value);
    return rankOf(value) === 1 ? handle : this.op("reshape", [handle], [channels]);
  }

  /** Operands of an op that broadcasts: of one rank, and in the order of the first that is computed with that rank. */
  aligned(values: readonly Value[]): { handles: Handle[]; order: readonly number[] } {
    if (values.length === 0) this.fail("lacks input 0");
    const rank = Math.max(...values.map(rankOf));
    const leader = values.find(
      (one): one is Computed => one.kind === "computed" && rankOf(one) === rank && !one.columns,
    );
    const order = leader?.order ?? asItIs(rank);
    const handles = values.map((value) => {
      const missing = rank - rankOf(value);
      if (missing === 0) return this.handle(value, order);
      if (value.kind === "known") {
        const shape = [...new Array<number>(missing).fill(1), ...value.shape];
        return this.handle({ ...value, shape }, value.shape.length === 0 ? asItIs(rank) : order);
      }
      // What is in the file's order needs no further axes in front.
      if (sameList(order, asItIs(rank)) || rankOf(value) === 0) return this.handle(value);
      const flat = this.handle(value);
      const wide = this.op("reshape", [flat], [...new Array<number>(missing).fill(1), ...extentsOf(flat)]);
      return this.handle(this.computed(wide, asItIs(rank), value.type), order);
    });
    return { handles, order };
  }
}

/** The value of a tensor of the file. */
export function knownOf({ shape, type, data }: FileTensor): Known {
  return { kind: "known", shape, type, data };
}
