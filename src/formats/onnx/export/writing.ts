import { at } from "../../../core/at.ts";
import { sizeOf } from "../../../core/shape.ts";
import type { Layer } from "../../../nn/layer.ts";
import { asItIs, sameList } from "../value.ts";
import {
  BOOL,
  type FileType,
  FLOAT,
  INT32,
  INT64,
  type WrittenAttribute,
  type WrittenNode,
  type WrittenTensor,
} from "./file.ts";
import type { Extents, Twin, TwinNode } from "./twin.ts";
import { extentsOf, type Held, type Made, turned, type Value } from "./values.ts";

/** What an op cannot say in ONNX; it goes into the list of all such. */
export class Unwritable extends Error {}

const elements = (extents: Extents): number => Math.abs(sizeOf(extents));

/** A name that nobody has yet, which is taken from now on. */
export function unique(names: Set<string>, wanted: string): string {
  let name = wanted;
  for (let number = 1; names.has(name); number++) name = `${wanted}_${number}`;
  names.add(name);
  return name;
}

/** The file on its way: nodes, tensors, names. */
export class Writer {
  readonly nodes: WrittenNode[] = [];
  readonly initializers: WrittenTensor[] = [];
  /** By the ids of the twin's nodes. */
  readonly values = new Map<number, Value>();
  /** Names of values whose axes were turned already, by the value and the order. */
  readonly turned = new Map<string, string>();
  /** Nodes that make an image larger along its height, which the node of its width writes, and how. */
  readonly resized = new Map<number, Readonly<Record<string, WrittenAttribute>>>();
  readonly twin: Twin;
  /** What each layer was made with, by its name. */
  readonly options: ReadonlyMap<string, Layer["config"]>;
  readonly #valueNames: Set<string>;
  readonly #nodeNames = new Set<string>();
  readonly #written = new Map<string, string>();
  readonly #byId: ReadonlyMap<number, TwinNode>;
  readonly #readers = new Map<number, TwinNode[]>();

  constructor(twin: Twin, options: ReadonlyMap<string, Layer["config"]>, reserved: readonly string[]) {
    this.twin = twin;
    this.options = options;
    this.#byId = new Map(twin.nodes.map((node) => [node.id, node]));
    for (const node of twin.nodes) {
      for (const id of node.inputs) this.#readers.set(id, [...(this.#readers.get(id) ?? []), node]);
    }
    this.#valueNames = new Set(reserved);
  }

  node(id: number): TwinNode {
    const node = this.#byId.get(id);
    if (node === undefined) throw new Unwritable(`reads node ${id}, which is not there`);
    return node;
  }

  /** The one node that reads a value, where nobody else does. */
  onlyReader(id: number): TwinNode | undefined {
    const readers = this.#readers.get(id) ?? [];
    return readers.length === 1 && !this.twin.outputs.includes(id) ? readers[0] : undefined;
  }

  /** Adds a node and gives the name of what it makes. */
  add(node: Pick<WrittenNode, "op" | "name" | "inputs" | "attributes">): string {
    const output = unique(this.#valueNames, node.name);
    this.nodes.push({ ...node, name: unique(this.#nodeNames, node.name), outputs: [output] });
    return output;
  }

  /** Whether a node has that name already. */
  hasNode(name: string): boolean {
    return this.#nodeNames.has(name);
  }

  /** The name of a tensor of the file; the same one is written once. */
  tensor(key: string, wanted: string, tensor: () => Omit<WrittenTensor, "name">): string {
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const name = unique(this.#valueNames, wanted);
    this.initializers.push({ name, ...tensor() });
    this.#written.set(key, name);
    return name;
  }
}

/** A node of the model on its way into the file: what rules read of it, and what they write with. */
export class Writing {
  readonly node: TwinNode;
  readonly writer: Writer;

  constructor(node: TwinNode, writer: Writer) {
    this.node = node;
    this.writer = writer;
  }

  fail(problem: string): never {
    throw new Unwritable(problem);
  }

  value(id: number): Value {
    return this.writer.values.get(id) ?? this.fail("reads what could not be written");
  }

  operand(name: string): Value {
    return this.value(this.node.operand(name));
  }

  /** The layer's options, where it is of that kind. */
  optionsOf(kind: string): Readonly<Record<string, unknown>> | undefined {
    const config = this.writer.options.get(this.node.layer ?? "");
    return config?.kind === kind ? config.options : undefined;
  }

  get #prefix(): string {
    return this.node.layer ?? "model";
  }

  /** Adds a node to the file and gives the name of what it makes. The first `own` one of a layer has the layer's name. */
  emit(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, WrittenAttribute>> = {},
    { own = false }: { own?: boolean } = {},
  ): string {
    const { layer } = this.node;
    const isFirst = own && layer !== undefined && !this.writer.hasNode(layer);
    return this.writer.add({ op, name: isFirst ? layer : `${this.#prefix}/${op}`, inputs, attributes });
  }

  made(
    name: string,
    order: readonly number[] = asItIs(this.node.extents.length),
    extents: Extents = this.node.extents,
    type: FileType = FLOAT,
  ): Made {
    return { kind: "made", name, type, extents, order };
  }

  /** The name of a tensor of whole numbers. */
  ints(list: readonly number[]): string {
    return this.writer.tensor(
      `ints ${list.join()}`,
      `ints_${list.join("_")}`.replaceAll("-", "m").slice(0, 40),
      () => ({
        shape: [list.length],
        type: INT64,
        data: list,
      }),
    );
  }

  /** The name of a tensor of no axes. */
  scalar(value: number, type: FileType = FLOAT): string {
    return this.writer.tensor(`scalar ${type} ${Object.is(value, -0) ? "-0" : value}`, "scalar", () => ({
      shape: [],
      type,
      data: [value],
    }));
  }

  /** The name of a tensor of floats that the op itself needs. */
  floats(what: string, shape: readonly number[], data: ArrayLike<number>): string {
    return this.writer.tensor(`${this.node.id} ${what}`, `${this.#prefix}/${what}`, () => ({
      shape,
      type: FLOAT,
      data,
    }));
  }

  /** The name of a held tensor with its axes in that order, under another shape. */
  held(value: Held, order: readonly number[] = asItIs(value.shape.length), shape?: readonly number[]): string {
    return this.writer.tensor(
      `${value.name} ${value.type} ${order.join()} ${value.shape.join()} ${shape?.join()}`,
      value.name,
      () => {
        const { shape: own, data } = turned(value, order);
        return { shape: shape ?? own, type: value.type, data };
      },
    );
  }

  /** What was not written yet, or lies in another way than other nodes take it, as an ordinary value. */
  ordinary(value: Made): Made {
    if (value.columns) return value.columns.plain();
    const { rowsOf } = value;
    if (rowsOf === undefined) return value;
    const name = this.emit("Reshape", [this.at(rowsOf), this.ints([-1, at(value.extents, 1)])]);
    return this.made(name, asItIs(2), value.extents, value.type);
  }

  /** The name of a value whose axes lie in that order. */
  at(value: Value, order: readonly number[] = asItIs(extentsOf(value).length)): string {
    if (value.kind === "held") return this.held(value, order);
    const plain = this.ordinary(value);
    if (sameList(plain.order, order)) return plain.name;
    const perm = order.map((axis) => plain.order.indexOf(axis));
    const long = perm.filter((place) => plain.extents[at(plain.order, place)] !== 1);
    // Where only extents of 1 move, the values stay where they are.
    const stays = long.every((place, index) => index === 0 || place > at(long, index - 1));
    const key = `${plain.name} as ${order.join()}`;
    const known = this.writer.turned.get(key);
    if (known !== undefined) return known;
    const name = stays
      ? this.emit("Reshape", [plain.name, this.extents(order.map((axis) => at(plain.extents, axis)))])
      : this.emit("Transpose", [plain.name], { perm });
    this.writer.turned.set(key, name);
    return name;
  }

  /** The name of a shape for a Reshape, in which what depends on the batch is left to the runtime. */
  extents(extents: Extents): string {
    const open = extents.filter((extent) => extent < 0).length;
    if (open > 1) this.fail("gives a shape of which several extents depend on the batch");
    return this.ints(extents.map((extent) => (extent < 0 ? -1 : extent)));
  }

  /** An order in which that axis is the last: the one that the value has, if that will do. */
  orderOf(value: Value): readonly number[] {
    return value.kind === "held" || value.columns || value.rowsOf ? asItIs(extentsOf(value).length) : value.order;
  }

  /** Operands of an op that broadcasts: of one rank, and in the order of the first that has that rank. */
  aligned(values: readonly Value[]): { names: string[]; order: readonly number[] } {
    const rank = this.node.extents.length;
    const own = values.map((value) => (value.kind === "made" ? this.ordinary(value) : value));
    const whole = own.filter((one): one is Made => one.kind === "made" && one.extents.length === rank);
    const leader = whole.find((one) => elements(one.extents) === elements(this.node.extents)) ?? whole[0];
    const order = leader?.order ?? asItIs(rank);
    const names = own.map((value) => {
      const extents = extentsOf(value);
      const missing = rank - extents.length;
      if (missing === 0) return this.at(value, order);
      if (extents.length === 0) return this.at(value);
      const wide = [...new Array<number>(missing).fill(1), ...extents];
      if (value.kind === "held") return this.held({ ...value, shape: wide }, order);
      // What is in this library's order needs no further axes in front.
      if (sameList(order, asItIs(rank))) return this.at(value);
      const name = this.emit("Reshape", [this.at(value), this.extents(wide)]);
      return this.at(this.made(name, asItIs(rank), wide, value.type), order);
    });
    return { names, order };
  }

  /** The same values as another type. */
  cast(value: Value, type: FileType): Value {
    if (value.type === type) return value;
    if (value.kind === "held" && type !== BOOL && value.type !== BOOL) return { ...value, type };
    const plain =
      value.kind === "held"
        ? this.made(this.held(value), asItIs(value.shape.length), value.shape, value.type)
        : this.ordinary(value);
    return { ...plain, type, name: this.emit("Cast", [plain.name], { to: type }) };
  }

  /** Truth values as the numbers 1 and 0. */
  counted(value: Value): Value {
    return value.type === BOOL ? this.cast(value, INT32) : value;
  }
}
