/** What only moves values: other shapes, other orders, parts, larger images. */
import { at } from "../../../../core/at.ts";
import { paddingSource } from "../../../../graph/ops/pad.ts";
import type { ResampleAttributes, Tap } from "../../../../graph/ops/resample_axis.ts";
import { tapsOf } from "../../../../graph/ops/upsample2d.ts";
import { asItIs, placesOf, sameList, stridesOf } from "../../value.ts";
import type { WrittenAttribute } from "../file.ts";
import type { TwinNode } from "../twin.ts";
import { channelsFirst, extentsOf, type Made, once, type Value } from "../values.ts";
import type { Writing } from "../writing.ts";
import type { Rules } from "./rule.ts";

/** A matrix [batch, columns] of an image as it lies: which column is which goes along with it. */
function flattened(node: Writing, x: Made): Made | undefined {
  const { extents } = node.node;
  if (extents.length !== 2 || extents[0] !== -1 || x.extents[0] !== -1 || x.order[0] !== 0) return undefined;
  const image = x.extents.slice(1);
  const strides = stridesOf(image);
  const axes = x.order.slice(1).map((axis) => axis - 1);
  const from = placesOf(
    axes.map((axis) => at(image, axis)),
    axes.map((axis) => at(strides, axis)),
  );
  const flat = (name: string) => node.emit("Flatten", [name], { axis: 1 });
  if (from.every((column, place) => column === place)) return node.made(flat(x.name));
  const plain = once(() => node.made(flat(node.at(x))));
  return { ...node.made(""), columns: { from, lying: once(() => flat(x.name)), plain } };
}

function reshape(node: Writing): Value {
  const given = node.operand("x");
  const { extents } = node.node;
  if (given.kind === "held") return { ...given, shape: extents, name: `${given.name} as ${extents.join("x")}` };
  if (given.rowsOf && sameList(given.rowsOf.extents, extents)) return given.rowsOf;
  const x = node.ordinary(given);
  const last = at(x.extents, x.extents.length - 1);
  // Rows of what a dense layer takes: it needs no reshape in ONNX.
  if (
    x.extents.length > 2 &&
    x.extents[0] === -1 &&
    extents.length === 2 &&
    extents[1] === last &&
    at(extents, 0) < -1
  ) {
    return { ...node.made("", asItIs(2), extents, x.type), rowsOf: x };
  }
  const flat = x.extents.length > 2 ? flattened(node, x) : undefined;
  if (flat) return flat;
  // The order of axes of extent 1 does not matter: those that are longer are where they have to be, or get there.
  const long = x.order.filter((axis) => x.extents[axis] !== 1);
  const isPlain = long.every((axis, index) => index === 0 || axis > at(long, index - 1));
  const name = isPlain ? x.name : node.at(x);
  return node.made(node.emit("Reshape", [name, node.extents(extents)]), asItIs(extents.length), extents, x.type);
}

/** An ordinary value and the order in which it lies. */
function lying(node: Writing, x: Value): { name: string; order: readonly number[] } {
  const order = node.orderOf(x);
  return { name: node.at(x, order), order };
}

/** The batch as a shape of one extent, of some input. */
function batchOf(node: Writing): string {
  const { writer } = node;
  const input = writer.values.get(at(writer.twin.inputs, 0));
  if (input?.kind !== "made") return node.fail("wants the batch of an input");
  return node.emit("Shape", [input.name], { start: 0, end: 1 });
}

function broadcastTo(node: Writing): Value {
  const x = node.operand("x");
  const { extents } = node.node;
  const rank = extents.length;
  const has = [...new Array<number>(rank - extentsOf(x).length).fill(1), ...extentsOf(x)];
  const fixed = extents.map((extent, axis) => (extent < 0 || extent === has[axis] ? 1 : extent));
  const grows = extents.flatMap((extent, axis) => (extent < 0 && at(has, axis) > 0 ? [axis] : []));
  if (grows.length === 0)
    return node.made(node.emit("Expand", [node.at(x), node.ints(fixed)]), undefined, undefined, x.type);
  if (grows.length > 1 || grows[0] !== 0 || extents[0] !== -1)
    return node.fail("stretches to the batch elsewhere than in front");
  const rest = fixed.slice(1);
  const shape = rest.length === 0 ? batchOf(node) : node.emit("Concat", [batchOf(node), node.ints(rest)], { axis: 0 });
  return node.made(node.emit("Expand", [node.at(x), shape]), undefined, undefined, x.type);
}

function sameTaps(a: readonly (readonly Tap[])[], b: readonly (readonly Tap[])[]): boolean {
  const kept = (list: readonly Tap[]) => list.filter(({ weight }) => weight !== 0);
  return (
    a.length === b.length &&
    a.every((list, place) => {
      const [left, right] = [kept(list), kept(at(b, place))];
      return (
        left.length === right.length &&
        left.every(({ index, weight }, tap) => index === right[tap]?.index && weight === right[tap]?.weight)
      );
    })
  );
}

/** Ways to make an image larger that ONNX has, in this library's words and in its own; for whole factors the first two are one. */
const WAYS = [
  [
    { interpolation: "nearest", halfPixelCenters: false },
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  ],
  [
    { interpolation: "nearest" },
    { mode: "nearest", coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_ceil" },
  ],
  [{ interpolation: "bilinear" }, { mode: "linear", coordinate_transformation_mode: "half_pixel" }],
  [
    { interpolation: "bilinear", alignCorners: true },
    { mode: "linear", coordinate_transformation_mode: "align_corners" },
  ],
  [
    { interpolation: "bilinear", halfPixelCenters: false },
    { mode: "linear", coordinate_transformation_mode: "asymmetric" },
  ],
] as const satisfies readonly (readonly [Parameters<typeof tapsOf>[2], Readonly<Record<string, WrittenAttribute>>])[];

/** How ONNX says this; nothing where it does not, or where a factor as f32 gives another extent. */
function waysOf(node: TwinNode, extent: number): (typeof WAYS)[number][1][] {
  const { axis, taps } = node.attributes as ResampleAttributes;
  const isExact = Math.floor(extent * Math.fround(taps.length / extent)) === taps.length;
  if (node.extents.length !== 4 || (axis !== 1 && axis !== 2) || !isExact) return [];
  return WAYS.filter(([own]) => sameTaps(tapsOf(extent, taps.length, own), taps)).map(([, attributes]) => attributes);
}

/** An image that is made larger or smaller; undefined where it is no such image. */
function resized(node: Writing): Value | undefined {
  const { writer, node: own } = node;
  const { axis } = own.attributes as ResampleAttributes;
  const first = writer.resized.get(own.operand("x"));
  const given = node.operand("x");
  const ways = waysOf(own, at(extentsOf(given), axis));
  const next = writer.onlyReader(own.id);
  if (!first && axis === 1 && next?.op === "resampleAxis" && (next.attributes as ResampleAttributes).axis === 2) {
    // Height and width in one step, which the width's node writes.
    const others = waysOf(next, at(extentsOf(given), 2));
    const way = ways.find((one) => others.includes(one));
    if (way) {
      writer.resized.set(own.id, way);
      return given;
    }
  }
  const way = first ?? ways[0];
  if (way === undefined) return undefined;
  const order = channelsFirst(4);
  const scales = order.map((one) => (one === 0 ? 1 : at(own.extents, one) / at(extentsOf(given), one)));
  const name = node.emit("Resize", [node.at(given, order), "", node.floats("scales", [4], scales)], way);
  return node.made(name, order);
}

/** The padding that takes these places of an axis, of which there are so many. */
function paddedFrom(
  places: readonly number[],
  extent: number,
): { mode: "edge" | "reflect"; before: number } | undefined {
  const more = places.length - extent;
  for (const mode of ["reflect", "edge"] as const) {
    // As many as lie before the first element that goes on with the second.
    const before = places.findIndex((place, index) => place === 0 && (extent === 1 || places[index + 1] === 1));
    if (before < 0 || before > more || (mode === "reflect" && Math.max(before, more - before) >= extent)) continue;
    if (places.every((place, index) => place === paddingSource(index - before, extent, mode))) return { mode, before };
  }
  return undefined;
}

function resample(node: Writing, attributes: ResampleAttributes): Value {
  const { axis, taps } = attributes;
  const image = resized(node);
  if (image) return image;
  const x = node.operand("x");
  const extent = at(extentsOf(x), axis);
  const single = taps.every((list) => list.length === 1 && list[0]?.weight === 1);
  if (single) {
    const { name, order } = lying(node, x);
    const along = order.indexOf(axis);
    const places = taps.map((list) => at(list, 0).index);
    const padded = paddedFrom(places, extent);
    if (padded === undefined) return node.made(node.emit("Gather", [name, node.ints(places)], { axis: along }), order);
    const none = order.map(() => 0);
    const pads = [...none, ...none];
    pads[along] = padded.before;
    pads[along + order.length] = places.length - extent - padded.before;
    return node.made(node.emit("Pad", [name, node.ints(pads)], { mode: padded.mode }), order);
  }
  // Sums of weighted elements along one axis: a product with the table of weights.
  const rank = extentsOf(x).length;
  const order = [...asItIs(rank).filter((one) => one !== axis), axis];
  const table = new Float64Array(extent * taps.length);
  taps.forEach((list, place) => {
    for (const { index, weight } of list)
      table[index * taps.length + place] = (table[index * taps.length + place] ?? 0) + weight;
  });
  const name = node.emit("MatMul", [node.at(x, order), node.floats("weights", [extent, taps.length], table)]);
  return node.made(name, order);
}

export const layoutRules: Rules = {
  broadcastTo,
  concat(node, { axis }) {
    const parts = node.node.operands("parts").map((id) => node.counted(node.value(id)));
    const leader = parts.find((one): one is Made => one.kind === "made" && !one.columns && !one.rowsOf);
    const order = leader?.order ?? asItIs(node.node.extents.length);
    const names = parts.map((one) => node.at(one, order));
    return node.made(node.emit("Concat", names, { axis: order.indexOf(axis) }), order, undefined, parts[0]?.type);
  },
  dropout(node, { rate }) {
    const x = node.operand("x");
    const { name, order } = lying(node, x);
    return node.made(node.emit("Dropout", [name, node.scalar(rate)], {}, { own: true }), order);
  },
  gatherRows(node, { scale }) {
    const [table, rows] = [node.operand("table"), node.counted(node.operand("rows"))];
    const taken = node.emit("Gather", [node.at(table), node.at(rows)], { axis: 0 });
    const name = scale === 1 ? taken : node.emit("Mul", [taken, node.scalar(scale)]);
    return node.made(name, undefined, undefined, table.type);
  },
  place(node, { begin, shape, strides, value }) {
    const x = node.operand("x");
    if (strides.some((stride) => stride !== 1)) return node.fail("spreads values with strides");
    if (node.node.dependsOnBatch("begin") || (at(begin, 0) !== 0 && at(node.node.extents, 0) < 0))
      return node.fail("pads the batch");
    const { name, order } = lying(node, x);
    const has = extentsOf(x);
    const before = order.map((axis) => at(begin, axis));
    const after = order.map((axis) => (at(has, axis) < 0 ? 0 : at(shape, axis) - at(has, axis) - at(begin, axis)));
    const inputs = [name, node.ints([...before, ...after])];
    return node.made(
      node.emit("Pad", value === 0 ? inputs : [...inputs, node.scalar(value)]),
      order,
      undefined,
      x.type,
    );
  },
  reshape,
  resampleAxis: resample,
  slice(node, { begin, shape, strides }) {
    const x = node.operand("x");
    const has = extentsOf(x);
    if (node.node.dependsOnBatch("begin")) return node.fail("takes images out of the batch");
    const { name, order } = lying(node, x);
    const some = order.flatMap((axis, place) => {
      const [from, step] = [at(begin, axis), at(strides, axis)];
      const extent = at(has, axis);
      if (extent === at(node.node.extents, axis) && from === 0 && step === 1) return [];
      if (extent < 0) return node.fail("takes images out of the batch");
      return [{ place, from, to: from + (at(shape, axis) - 1) * step + 1, step }];
    });
    if (some.length === 0) return x;
    const lists = [some.map(({ from }) => from), some.map(({ to }) => to), some.map(({ place }) => place)];
    const steps = some.map(({ step }) => step);
    const inputs = [...lists, ...(steps.every((step) => step === 1) ? [] : [steps])].map((list) => node.ints(list));
    return node.made(node.emit("Slice", [name, ...inputs]), order, undefined, x.type);
  },
  transpose(node, { permutation }) {
    const x = node.operand("x");
    if (x.kind === "held") return node.made(node.held(x, permutation), undefined, undefined, x.type);
    const own = node.ordinary(x);
    const order = own.order.map((axis) => permutation.indexOf(axis));
    return node.made(own.name, order, undefined, own.type);
  },
};
