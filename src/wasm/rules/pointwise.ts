import { at } from "../../core/at.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import {
  type BinaryName,
  binaryKernel,
  gradientKernel,
  isBinary,
  isGradient,
  isUnary,
  repeatKernel,
  type Spread,
  sumKernel,
  unaryKernel,
} from "../kernels/pointwise.ts";
import { call, divide, ofBytes } from "../slices.ts";
import type { Task } from "../task.ts";
import type { Rule } from "./rule.ts";

const FLOAT = 4;

/** What every task of one node and one kernel says of itself. */
export const taskOf = (node: Node, kernel: string, reads: readonly Node[]) => ({
  ...{ layer: node.layer, op: node.op.name, kernel, shape: node.shape, flops: flopsOf(node) },
  ...{ reads, makes: [node], scratch: [], tables: [] },
});

/** The first attribute of an op of one value, where it has one. */
export function firstAttribute({ attributes }: Node): number {
  return "a" in attributes && typeof attributes.a === "number" ? attributes.a : 0;
}

/** Slices of so many bytes of as many arrays: whole cache lines, so that no two threads write to one. */
const ofLines = (bytes: number, arrays: number) => divide(bytes, ofBytes(arrays), { unit: 64 });

export const unary: Rule = (node): Task | undefined => {
  if (!isUnary(node.op.name)) return undefined;
  const kernel = unaryKernel(node.op.name);
  const x = node.operand("x");
  return {
    ...taskOf(node, node.op.name, [x]),
    kernels: [kernel],
    bind(places) {
      const [from, to] = [places.array(x).address, places.array(node)];
      const slices = ofLines(to.byteLength, 2).map(({ begin, count: bytes }) => [
        call(kernel, { x: from + begin, to: to.address + begin, bytes, a: firstAttribute(node) }),
      ]);
      return places.inSlices(slices);
    },
  };
};

export const gradient: Rule = (node): Task | undefined => {
  if (!isGradient(node.op.name)) return undefined;
  const kernel = gradientKernel(node.op.name);
  const [value, upstream] = [node.operand(isOp(node, "reluGradient") ? "y" : "x"), node.operand("upstream")];
  return {
    ...taskOf(node, node.op.name, [value, upstream]),
    kernels: [kernel],
    bind(places) {
      const [valueAt, from, to] = [places.array(value).address, places.array(upstream).address, places.array(node)];
      const slices = ofLines(to.byteLength, 3).map(({ begin, count: bytes }) => {
        const addresses = { value: valueAt + begin, upstream: from + begin, to: to.address + begin };
        return [call(kernel, { ...addresses, bytes, a: firstAttribute(node) })];
      });
      return places.inSlices(slices);
    },
  };
};

/** How `shape` lies under `target` as a matrix of so many columns; undefined where it lies otherwise. */
function spreadOf(shape: Shape, target: Shape, columns: number): Spread | undefined {
  const size = sizeOf(shape);
  if (size === 1) return "one";
  if (size === sizeOf(target)) return "full";
  const missing = target.length - shape.length;
  const extents = target.map((_, axis) => (axis < missing ? 1 : at(shape, axis - missing)));
  const split = splitAt(target, columns);
  const isSame = (extent: number, axis: number) => extent === target[axis];
  const isOne = (extent: number) => extent === 1;
  const [outer, inner] = [extents.slice(0, split), extents.slice(split)];
  if (outer.every(isOne) && inner.every((extent, axis) => isSame(extent, split + axis))) return "row";
  return outer.every(isSame) && inner.every(isOne) ? "column" : undefined;
}

/** The first axis of the columns. */
function splitAt(target: Shape, columns: number): number {
  let split = target.length;
  for (let size = 1; size < columns; split--) size *= at(target, split - 1);
  return split;
}

/** Columns at which both operands lie as the kernel wants them. */
function columnsOf(a: Shape, b: Shape, target: Shape): number | undefined {
  let columns = 1;
  for (let axis = target.length; axis >= 0; axis--) {
    if (spreadOf(a, target, columns) && spreadOf(b, target, columns)) {
      // One matrix row where nothing is repeated.
      const isWhole = [a, b].every((shape) => ["full", "one"].includes(spreadOf(shape, target, columns) ?? ""));
      return isWhole ? sizeOf(target) : columns;
    }
    columns *= target[axis - 1] ?? 1;
  }
  return undefined;
}

const OPERANDS: Readonly<Record<string, readonly [string, string]>> = { standardize: ["centred", "inverse"] };

export const binary: Rule = (node): Task | undefined => {
  const op: string = isOp(node, "standardize") ? "mul" : node.op.name;
  if (!isBinary(op) || sizeOf(node.shape) === 0) return undefined;
  const [a, b] = (OPERANDS[node.op.name] ?? ["a", "b"]).map((name) => node.operand(name)) as [Node, Node];
  const columns = columnsOf(a.shape, b.shape, node.shape);
  if (columns === undefined) return undefined;
  const [spreadA, spreadB] = [spreadOf(a.shape, node.shape, columns), spreadOf(b.shape, node.shape, columns)];
  // Rows of one or two values are not worth their loop.
  if (!spreadA || !spreadB) return undefined;
  const kernel = binaryKernel({ op: op as BinaryName, a: spreadA, b: spreadB });
  return {
    ...taskOf(node, op, [a, b]),
    kernels: [kernel],
    bind(places) {
      const [left, right, to] = [places.array(a).address, places.array(b).address, places.array(node)];
      const rowBytes = columns * FLOAT;
      const rows = to.length / columns;
      if (rows === 1) {
        /** Bytes to what belongs to a place of the row. */
        const at = (spread: Spread, begin: number) => (spread === "full" || spread === "row" ? begin : 0);
        const slices = ofLines(rowBytes, 3).map(({ begin, count }) => [
          call(kernel, {
            ...{ a: left + at(spreadA, begin), b: right + at(spreadB, begin), to: to.address + begin },
            ...{ rows, rowBytes: count },
          }),
        ]);
        return places.inSlices(slices);
      }
      /** Bytes to what belongs to a row. */
      const at = (spread: Spread, row: number) =>
        row * (spread === "full" ? rowBytes : spread === "column" ? FLOAT : 0);
      const slices = divide(rows, ofBytes(3 * rowBytes)).map(({ begin, count }) => [
        call(kernel, {
          ...{ a: left + at(spreadA, begin), b: right + at(spreadB, begin), to: to.address + begin * rowBytes },
          ...{ rows: count, rowBytes },
        }),
      ]);
      return places.inSlices(slices);
    },
  };
};

/** Values that are repeated along axes that stand side by side. */
export const broadcast: Rule = (node): Task | undefined => {
  if (!isOp(node, "broadcastTo") || node.dtype !== "f32" || sizeOf(node.shape) === 0) return undefined;
  const x = node.operand("x");
  const missing = node.shape.length - x.shape.length;
  const isRepeated = node.shape.map((extent, axis) => axis < missing || x.shape[axis - missing] !== extent);
  const [first, end] = [isRepeated.indexOf(true), isRepeated.lastIndexOf(true) + 1];
  if (first < 0 || isRepeated.slice(first, end).includes(false)) return undefined;
  const [outer, times] = [sizeOf(node.shape.slice(0, first)), sizeOf(node.shape.slice(first, end))];
  const innerBytes = sizeOf(node.shape.slice(end)) * FLOAT;
  return {
    ...taskOf(node, "repeat", [x]),
    kernels: [repeatKernel],
    bind(places) {
      const run = places.call(repeatKernel);
      const parameters = { x: places.array(x).address, to: places.array(node).address, outer, times, innerBytes };
      return () => run(parameters);
    },
  };
};

/** Sums over axes that stand side by side, with something behind them. */
export const sum: Rule = (node): Task | undefined => {
  if (!isOp(node, "sum")) return undefined;
  const x = node.operand("x");
  const { axes } = node.attributes;
  const [first, last] = [axes[0] ?? 0, axes.at(-1) ?? -1];
  const inner = sizeOf(x.shape.slice(last + 1));
  const length = sizeOf(x.shape.slice(first, last + 1));
  if (axes.length === 0 || last - first + 1 !== axes.length || inner < 2 || length === 0) return undefined;
  return {
    ...taskOf(node, "sum", [x]),
    kernels: [sumKernel],
    bind(places) {
      const run = places.call(sumKernel);
      const parameters = {
        ...{ x: places.array(x).address, to: places.array(node).address },
        ...{ outer: sizeOf(x.shape.slice(0, first)), length, innerBytes: inner * FLOAT },
      };
      return () => run(parameters);
    },
  };
};
