/** Shapes that nodes ask for, as the file counts axes. */
import type { Lowering } from "./lowering.ts";
import { axisOf, BATCH, shapeOf, sizeOf, type Value } from "./value.ts";

/** Axes of a node that keeps them in an attribute before opset 13, and in an input from then on. */
export function axesOf(node: Lowering, since = 13): number[] | undefined {
  return node.opset < since ? node.list("axes") : node.numbers(1);
}

/** The shape with −1 filled in; undefined where the elements do not fit. */
function filledIn(wanted: readonly number[], size: number): number[] | undefined {
  const rest = sizeOf(wanted.filter((extent) => extent !== -1));
  const shape = wanted.map((extent) => (extent === -1 ? size / rest : extent));
  const fits = shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) && sizeOf(shape) === size;
  return fits ? shape : undefined;
}

/** What a Reshape gives. A model's file may have its own batch written in: then that stands for the batch. */
export function reshapedTo(node: Lowering, x: Value): number[] {
  const has = shapeOf(x);
  const asked = (node.opset < 5 ? node.list("shape") : node.numbers(1)) ?? node.fail("says no shape");
  if (asked.length > 8) node.fail(`gives ${asked.length} axes; at most 8 are supported`);
  const wanted = asked.map((extent, axis) =>
    extent === 0 && node.number("allowzero", 0) === 0 ? (has[axis] ?? 0) : extent,
  );
  const size = sizeOf(has);
  const { declaredBatch } = node.reading;
  const meantBatch = has[0] === BATCH && declaredBatch !== undefined && wanted[0] === declaredBatch;
  const shape = (meantBatch ? filledIn([BATCH, ...wanted.slice(1)], size) : undefined) ?? filledIn(wanted, size);
  return (
    shape ??
    node.fail(
      `makes [${asked.join(", ")}] of [${has.join(", ").replaceAll(String(BATCH), "batch")}], which holds others`,
    )
  );
}

export function squeezedShape(node: Lowering, shape: readonly number[]): number[] {
  const axes = axesOf(node)?.map((axis) => axisOf(axis, shape.length, node.what));
  if (axes?.some((axis) => shape[axis] !== 1)) node.fail("takes away an axis that is longer than 1");
  return shape.filter((extent, axis) => (axes ? !axes.includes(axis) : extent !== 1));
}

export function unsqueezedShape(node: Lowering, shape: readonly number[]): number[] {
  const given = axesOf(node) ?? node.fail("says no axes");
  const rank = shape.length + given.length;
  const axes = new Set(given.map((axis) => axisOf(axis, rank, node.what)));
  if (axes.size !== given.length || rank > 8) node.fail("adds axes that do not fit");
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (rest.shift() ?? 1)));
}
