import { at } from "../core/at.ts";
import { InternalError } from "../core/errors.ts";
import { type Plan, type PlannedDispatch, type PlannedValue, rootOf } from "./plan.ts";

/**
 * Stores values that live between kernels of these layers as 16-bit floats: half the memory and half the traffic, while
 * every kernel computes and adds in f32 (mixed precision, Micikevicius et al. 2018). A value is stored so if it belongs to
 * one step alone, lies by itself, no output shows it, and every kernel that writes or reads it can; others stay f32:
 * parameters, statistics, sums, losses, logits.
 */
export function storeHalves(plan: Plan, layers: ReadonlySet<string>): Plan {
  const kept = new Set([...plan.outputs.values()].map(({ value }) => rootOf(value)));
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
  const dispatches = plan.dispatches.map((dispatch): PlannedDispatch => {
    const bindings = Object.keys(dispatch.spec.bindings).filter((_, index) => halves.has(at(dispatch.values, index)));
    if (bindings.length === 0) return dispatch;
    const spec = dispatch.spec.variants?.make({ halves: bindings });
    if (spec === undefined)
      throw new InternalError(`kernel "${dispatch.spec.name}" has no variant with 16-bit storage`);
    const values = dispatch.values.map((value) => halves.get(value) ?? value);
    // Alternatives keep f32.
    return { ...dispatch, spec, values, alternatives: undefined };
  });
  return { ...plan, dispatches };
}
