/** What only moves values: other shapes, other orders, parts, larger images. */

import { sliceRange, slicesOf } from "../fold.ts";
import type { Lowering, Rule } from "../lowering.ts";
import { reshapedTo, squeezedShape, unsqueezedShape } from "../shapes.ts";
import {
  asItIs,
  axisOf,
  type Computed,
  channelsLast,
  extentsOf,
  type Handle,
  placesOf,
  rankOf,
  sameList,
  shapeOf,
  sizeOf,
  stridesOf,
  type Value,
} from "../value.ts";

/** A value in another shape, counted as the file counts. */
function reshaped(node: Lowering, x: Value, shape: readonly number[]): Computed {
  const plain = () => node.computed(node.op("reshape", [node.handle(x)], shape), undefined, x.type);
  const isFlattened = shape.length === 2 && rankOf(x) > 2 && shape[0] === shapeOf(x)[0];
  const turned = x.kind === "computed" && !x.columns && x.order[0] === 0 && !sameList(x.order, asItIs(rankOf(x)));
  if (!node.isModel || !isFlattened || !turned) return plain();
  // As many columns as the file's weights have at most, or somebody's extents are no network's.
  if (sizeOf(shapeOf(x).slice(1)) > node.reading.budget) return plain();
  // The image is flattened as it lies; which column is which goes along with it.
  const image = shapeOf(x).slice(1);
  const strides = stridesOf(image);
  const axes = x.order.slice(1).map((axis) => axis - 1);
  const from = placesOf(
    axes.map((axis) => image[axis] ?? 1),
    axes.map((axis) => strides[axis] ?? 1),
  );
  const handle = node.op("reshape", [x.handle], shape);
  const order = asItIs(2);
  if (from.every((column, place) => column === place)) return node.computed(handle, order, x.type);
  let made: Computed | undefined;
  return { ...node.computed(handle, order, x.type), columns: { from, plain: () => (made ??= plain()) } };
}

const reshape: Rule = (node) => [reshaped(node, node.input(0), reshapedTo(node, node.input(0)))];

const flatten: Rule = (node) => {
  const x = node.input(0);
  const [shape, axis] = [shapeOf(x), node.number("axis", 1)];
  // The rank itself is an axis too: everything lies before it.
  const split = axisOf(axis, rankOf(x) + (axis < 0 ? 0 : 1), node.what);
  return [reshaped(node, x, [sizeOf(shape.slice(0, split)), sizeOf(shape.slice(split))])];
};

const squeeze: Rule = (node) => [reshaped(node, node.input(0), squeezedShape(node, shapeOf(node.input(0))))];
const unsqueeze: Rule = (node) => [reshaped(node, node.input(0), unsqueezedShape(node, shapeOf(node.input(0))))];

/** Nothing moves: the value only counts its axes in another way. */
const transpose: Rule = (node) => {
  const given = node.input(0);
  const x =
    given.kind === "known"
      ? node.computed(node.handle(given), undefined, given.type)
      : (given.columns?.plain() ?? given);
  const permutation = node.list("perm") ?? asItIs(rankOf(x)).reverse();
  if (
    !sameList(
      [...permutation].sort((a, b) => a - b),
      asItIs(rankOf(x)),
    )
  )
    node.fail("has a perm that is none");
  return [{ ...x, order: x.order.map((axis) => permutation.indexOf(axis)) }];
};

const concat: Rule = (node) => {
  const values = node.inputs;
  const leader = values.find((one): one is Computed => one.kind === "computed" && !one.columns);
  const order = leader?.order ?? asItIs(rankOf(node.input(0)));
  const axis = node.axis(node.number("axis", 1), node.input(0));
  if (node.isModel && values.some(({ kind }) => kind === "known"))
    node.fail("joins an image with constants, which is not supported");
  const handles = values.map((value) => node.handle(value, order));
  return [node.computed(node.op("concat", handles, order.indexOf(axis)), order, values[0]?.type)];
};

const ordinary = (node: Lowering, value: Value): Computed =>
  value.kind === "known" || value.columns ? node.ordered(value, asItIs(rankOf(value))) : value;

const split: Rule = (node) => {
  const x = ordinary(node, node.input(0));
  const axis = node.axis(node.number("axis", 0), x);
  const extent = shapeOf(x)[axis] ?? 1;
  const count = node.number("num_outputs", node.node.outputs.length);
  const even = Math.ceil(extent / count);
  const given = node.opset < 13 ? node.list("split") : node.numbers(1);
  if (count > 1024) node.fail(`makes ${count} parts; at most 1024 are supported`);
  const parts = given ?? Array.from({ length: count }, (_, part) => Math.min(even, extent - part * even));
  const handles = node.ops("split", [x.handle], parts, x.order.indexOf(axis));
  return handles.map((handle) => node.computed(handle, x.order, x.type));
};

const slice: Rule = (node) => {
  const x = ordinary(node, node.input(0));
  const extents = extentsOf(x.handle);
  const [begin, sizes, strides] = [extents.map(() => 0), [...extents], extents.map(() => 1)];
  for (const { axis, start, end, step } of slicesOf(node, rankOf(x))) {
    const place = x.order.indexOf(axis);
    const extent = extents[place] ?? 1;
    const [from, count] = sliceRange(extent, start, end, step);
    if (step < 0) node.fail("goes backwards, which is not supported");
    if (count === 0) node.fail("leaves nothing of its input");
    begin[place] = from;
    sizes[place] = Math.min(count * step, extent - from);
    strides[place] = step;
  }
  return [node.computed(node.op("slice", [x.handle], begin, sizes, strides), x.order, x.type)];
};

/** Places at most that are taken one by one. */
const MOST_TAKEN = 256;

const gather: Rule = (node) => {
  const x = ordinary(node, node.input(0));
  const indices = node.known(1) ?? node.fail("lacks its indices");
  const axis = node.axis(node.number("axis", 0), x);
  if (indices.shape.length > 1 || indices.data.length === 0 || indices.data.length > MOST_TAKEN) {
    node.fail(`takes from a list of 1 to ${MOST_TAKEN} places`);
  }
  const extents = extentsOf(x.handle);
  const place = x.order.indexOf(axis);
  const extent = extents[place] ?? 1;
  const sizes = extents.map((whole, other) => (other === place ? 1 : whole));
  const parts = Array.from(indices.data, (index) => {
    const from = index < 0 ? index + extent : index;
    if (!(from >= 0 && from < extent)) node.fail(`takes element ${index} of ${extent}`);
    return node.op(
      "slice",
      [x.handle],
      extents.map((_, other) => (other === place ? from : 0)),
      sizes,
    );
  });
  const joined = parts.length === 1 ? (parts[0] as Handle) : node.op("concat", parts, place);
  if (indices.shape.length === 1) return [node.computed(joined, x.order, x.type)];
  const flat = node.op(
    "reshape",
    [joined],
    extents.filter((_, other) => other !== place),
  );
  const order = x.order.filter((one) => one !== axis).map((one) => (one > axis ? one - 1 : one));
  return [node.computed(flat, order, x.type)];
};

const expand: Rule = (node) => {
  const x = node.input(0);
  const asked = node.numbers(1) ?? node.fail("says no shape");
  const has = shapeOf(x);
  const rank = Math.max(asked.length, has.length);
  const at = (shape: readonly number[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  const shape = asItIs(rank).map((axis) => (at(asked, axis) === 1 ? at(has, axis) : at(asked, axis)));
  return [node.computed(node.op("broadcastTo", [node.handle(x)], shape), undefined, x.type)];
};

const pad: Rule = (node) => {
  const x = ordinary(node, node.input(0));
  const rank = rankOf(x);
  const attributed = node.opset < 11;
  const pads = (attributed ? node.list("pads") : node.numbers(1)) ?? node.fail("says no pads");
  const axes = (attributed ? undefined : node.numbers(3))?.map((axis) => node.axis(axis, x)) ?? asItIs(rank);
  const value = (attributed ? node.number("value", 0) : node.numbers(2)?.[0]) ?? 0;
  const mode = node.text("mode", "constant");
  if (pads.length !== 2 * axes.length || pads.some((one) => one < 0))
    node.fail("wants two pads of at least 0 for each axis");
  if (!["constant", "edge", "reflect"].includes(mode))
    node.fail(`pads in mode "${mode.slice(0, 20)}", which is not supported`);
  const pairs = x.order.map((axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [pads[at] ?? 0, pads[at + axes.length] ?? 0];
  });
  return [node.computed(node.op("pad", [x.handle], pairs, { mode, value }), x.order, x.type)];
};

/** What the pixels of a larger image are made of, in this library's words; undefined for what it has not. */
function resampling(node: Lowering, isWhole: boolean): object | undefined {
  const isUpsample = node.node.op === "Upsample";
  const mode = node.text("mode", "nearest");
  const coordinates = node.text(
    "coordinate_transformation_mode",
    isUpsample || node.opset < 11 ? "asymmetric" : "half_pixel",
  );
  const rounding = node.text("nearest_mode", isUpsample || node.opset < 11 ? "floor" : "round_prefer_floor");
  if (mode === "nearest") {
    // A whole factor: whichever way the centres are counted, each pixel is repeated.
    const repeats =
      isWhole &&
      (rounding.startsWith("round")
        ? coordinates === "half_pixel"
        : coordinates === "asymmetric" && rounding === "floor");
    if (repeats) return { interpolation: "nearest" };
    const isFloor = coordinates === "asymmetric" && rounding === "floor";
    return isFloor ? { interpolation: "nearest", halfPixelCenters: false } : undefined;
  }
  if (mode !== "linear" && mode !== "bilinear") return undefined;
  if (coordinates === "align_corners") return { interpolation: "bilinear", alignCorners: true };
  if (coordinates === "asymmetric") return { interpolation: "bilinear", halfPixelCenters: false };
  return coordinates === "half_pixel" || coordinates === "pytorch_half_pixel"
    ? { interpolation: "bilinear" }
    : undefined;
}

const resize: Rule = (node) => {
  const x = node.input(0);
  const isOld = node.node.op === "Upsample" || node.opset < 11;
  if (rankOf(x) !== 4) node.fail("wants an image of 2 spatial axes");
  if (node.number("antialias", 0) === 1 || node.list("axes"))
    node.fail("has antialias or axes, which are not supported");
  const scales = node.node.op === "Upsample" && node.opset < 9 ? node.list("scales") : node.numbers(isOld ? 1 : 2);
  const sizes = isOld ? undefined : node.numbers(3);
  const has = shapeOf(x);
  const wanted = sizes?.length ? sizes : has.map((extent, axis) => extent * (scales?.[axis] ?? 1));
  const outputSize = wanted.slice(2);
  if (
    wanted
      .slice(0, 2)
      .some((extent, axis) => extent !== has[axis] && !(axis === 0 && extent === node.reading.declaredBatch))
  ) {
    node.fail("resizes more than the spatial axes");
  }
  if (!outputSize.every((extent) => Number.isInteger(extent) && extent > 0))
    node.fail("gives no whole number of pixels");
  const isWhole = outputSize.every((extent, axis) => extent % (has[axis + 2] ?? 1) === 0);
  const how =
    resampling(node, isWhole) ??
    node.fail("resizes in a way that is not supported (docs/onnx.md lists those that are)");
  const image = cornered(node, node.image(x), outputSize);
  return [node.computed(node.op("upsample2d", [image], { outputSize, ...how }), channelsLast(4))];
};

/** With pytorch_half_pixel, a row or a column that is all that is left is the first one; the image with that alone. */
function cornered(node: Lowering, image: Handle, outputSize: readonly number[]): Handle {
  if (node.text("coordinate_transformation_mode", "") !== "pytorch_half_pixel") return image;
  const extents = extentsOf(image);
  const sizes = extents.map((extent, axis) => (outputSize[axis - 1] === 1 ? 1 : extent));
  if (sameList(sizes, extents)) return image;
  return node.op(
    "slice",
    [image],
    extents.map(() => 0),
    sizes,
  );
}

/** The place of a pixel among channels: [b, block, block, c] of DCR, [c, block, block] of CRD. */
const depthToSpace: Rule = (node) => {
  const x = node.input(0);
  const block = node.number("blocksize", 1);
  const [batch = 1, channels = 1, height = 1, width = 1] = shapeOf(x);
  if (rankOf(x) !== 4 || !Number.isInteger(channels / block ** 2)) node.fail("wants channels that make whole blocks");
  const rest = channels / block ** 2;
  const isDcr = node.text("mode", "DCR") === "DCR";
  const parts = node.op(
    "reshape",
    [node.handle(x)],
    isDcr ? [batch, block, block, rest, height, width] : [batch, rest, block, block, height, width],
  );
  const turned = node.op("transpose", [parts], isDcr ? [0, 4, 1, 5, 2, 3] : [0, 4, 2, 5, 3, 1]);
  return [node.computed(node.op("reshape", [turned], [batch, height * block, width * block, rest]), channelsLast(4))];
};

export const layoutRules: Readonly<Record<string, Rule>> = {
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Pad: pad,
  Reshape: reshape,
  Resize: resize,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Upsample: resize,
};
