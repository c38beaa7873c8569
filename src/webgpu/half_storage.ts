import half from "../../shaders/half.wgsl?raw";
import halfLoad from "../../shaders/half_load.wgsl?raw";
import halfLoadedTensor from "../../shaders/half_loaded_tensor.wgsl?raw";
import halfMatmulOperand from "../../shaders/half_matmul_operand.wgsl?raw";
import { at } from "../core/at.ts";
import { InternalError } from "../core/errors.ts";
import { type Plan, type PlannedDispatch, type PlannedValue, rootOf } from "./plan.ts";

/** What shaders include that read or write 16-bit floats, in the place of texts that know f32 alone. */
export const halfIncludes = {
  half,
  load: halfLoad,
  loaded_tensor: halfLoadedTensor,
  matmul_operand: halfMatmulOperand,
};

/**
 * Stores values that live between kernels of these layers as 16-bit floats: half the memory and half the traffic, while
 * every kernel computes and adds in f32 (mixed precision, Micikevicius et al. 2018). A value is stored so if it belongs to
 * one step alone, lies by itself, no output shows it, every kernel that writes or reads it can, and it is no part of a sum;
 * others stay f32: parameters, statistics, sums, losses, logits.
 */
export function storeHalves(plan: Plan, layers: ReadonlySet<string>): Plan {
  const kept = new Set([...plan.outputs.values()].map(({ value }) => rootOf(value)));
  for (const value of partsOfSums(plan)) kept.add(value);
  const touched = new Set<PlannedValue>();
  for (const dispatch of plan.dispatches) {
    const { spec, values, layer } = dispatch;
    const names = Object.keys(spec.bindings);
    values.forEach((value, index) => {
      const root = rootOf(value);
      touched.add(root);
      const possible =
        value === root &&
        root.placement.kind === "transient" &&
        root.dtype === "f32" &&
        root.size % 4 === 0 &&
        spec.variants?.halves.includes(at(names, index)) === true &&
        layer !== undefined &&
        layers.has(layer);
      if (!possible) kept.add(root);
    });
  }
  const halves = new Map<PlannedValue, PlannedValue>();
  for (const value of touched) if (!kept.has(value)) halves.set(value, { ...value, dtype: "f16" });
  const changes = ({ values }: PlannedDispatch) => values.some((value) => halves.has(value));
  const dispatches = plan.dispatches.map((dispatch, place): PlannedDispatch => {
    const { alternatives } = dispatch;
    if (!changes(dispatch)) {
      const replaced = plan.dispatches.slice(place, place + (alternatives?.span ?? 0));
      return replaced.some(changes) ? { ...dispatch, alternatives: undefined } : dispatch;
    }
    const bindings = Object.keys(dispatch.spec.bindings).filter((_, index) => halves.has(at(dispatch.values, index)));
    const spec = dispatch.spec.variants?.make({ halves: bindings, includes: halfIncludes });
    if (spec === undefined)
      throw new InternalError(`kernel "${dispatch.spec.name}" has no variant with 16-bit storage`);
    const values = dispatch.values.map((value) => halves.get(value) ?? value);
    // Alternatives keep f32.
    return { ...dispatch, spec, values, alternatives: undefined };
  });
  return { ...plan, dispatches };
}

/**
 * Values that would cost a sum its precision, or its range, if they were rounded: what pointwise kernels make for sums alone (the
 * squares of a variance, which overflow from 256 on), sums, and what pointwise kernels make of sums alone (a mean, a deviation).
 */
function partsOfSums({ dispatches }: Plan): readonly PlannedValue[] {
  const sums = new Set<PlannedValue>();
  /** Made by a pointwise kernel, and read by nothing but sums so far. */
  const forSums = new Set<PlannedValue>();
  const read = new Set<PlannedValue>();
  for (const { spec, values } of dispatches) {
    const role = spec.variants?.role;
    const isRead = Object.values(spec.bindings).map((access) => access === "read");
    const operands = values.filter((_, index) => isRead[index]).map(rootOf);
    const results = values.filter((_, index) => !isRead[index]).map(rootOf);
    for (const operand of operands) {
      read.add(operand);
      if (role !== "sum") forSums.delete(operand);
    }
    const summed = operands.filter((operand) => sums.has(operand));
    const isOfSums =
      role === "pointwise" &&
      summed.length > 0 &&
      operands.every((operand) => sums.has(operand) || operand.placement.kind === "constant");
    for (const result of results) {
      const grows = summed.every(({ size }) => size < result.size);
      if (role === "sum" || (isOfSums && !grows)) sums.add(result);
      if (role === "pointwise") forSums.add(result);
      else forSums.delete(result);
    }
  }
  return [...sums, ...[...forSums].filter((value) => read.has(value))];
}
