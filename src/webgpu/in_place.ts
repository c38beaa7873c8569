import { at } from "../core/at.ts";
import type { KernelSpec } from "./kernel.ts";
import { byteSize, type Plan, type PlannedDispatch, type PlannedValue, rootOf } from "./plan.ts";

/**
 * Lets kernels write over an operand that nobody reads afterwards, where they can: the result then lies in the operand's
 * memory. WebGPU forbids one buffer in two bindings of a dispatch when either writes, hence kernels of their own for it.
 */
export function writeInPlace(plan: Plan): Plan {
  const lastUse = new Map<PlannedValue, number>();
  plan.dispatches.forEach((dispatch, index) => {
    for (const value of dispatch.values) lastUse.set(rootOf(value), index);
  });
  const read = new Set([...plan.outputs.values()].map(({ value }) => rootOf(value)));
  /** Results that lie in an operand's memory now. */
  const moved = new Map<PlannedValue, PlannedValue>();
  const placed = (value: PlannedValue): PlannedValue => {
    const found = moved.get(value);
    if (found) return found;
    if (value.placement.kind !== "view") return value;
    const parent = placed(value.placement.parent);
    return parent === value.placement.parent ? value : { ...value, placement: { ...value.placement, parent } };
  };

  const dispatches = plan.dispatches.map((dispatch, index): PlannedDispatch => {
    const output = dispatch.values.at(-1);
    const operand =
      output && operandToReplace(dispatch, output, (root) => lastUse.get(root) === index && !read.has(root));
    if (output === undefined || operand === undefined) return placeAll(dispatch, placed);
    const parent = placed(operand.value);
    moved.set(output, { ...output, placement: { kind: "view", parent, offset: 0 } });
    const values = dispatch.values.filter((_, place) => place !== operand.place).map(placed);
    return { ...dispatch, spec: operand.spec, values };
  });
  const outputs = new Map([...plan.outputs].map(([name, entry]) => [name, { ...entry, value: placed(entry.value) }]));
  return { ...plan, dispatches, outputs };
}

/** The dispatch with its values where they lie now, and those of its alternatives. */
function placeAll(dispatch: PlannedDispatch, placed: (value: PlannedValue) => PlannedValue): PlannedDispatch {
  const { values, alternatives } = dispatch;
  return {
    ...dispatch,
    values: values.map(placed),
    alternatives: alternatives && {
      ...alternatives,
      lists: alternatives.lists.map((list) => list.map((other) => placeAll(other, placed))),
    },
  };
}

/** The first operand in whose place the result may lie: of this step alone, as large, and read for the last time. */
function operandToReplace(
  { spec, values }: PlannedDispatch,
  output: PlannedValue,
  isOver: (root: PlannedValue) => boolean,
): { place: number; value: PlannedValue; spec: KernelSpec } | undefined {
  const { variants } = spec;
  if (variants === undefined || variants.inPlace.length === 0 || output.placement.kind !== "transient")
    return undefined;
  const names = Object.keys(spec.bindings);
  for (const [place, value] of values.slice(0, -1).entries()) {
    const sole = values.filter((other) => rootOf(other) === rootOf(value)).length === 1;
    const fits =
      value.dtype === output.dtype && byteSize(value.size, value.dtype) === byteSize(output.size, output.dtype);
    if (value.placement.kind !== "transient" || !sole || !fits || !isOver(value)) continue;
    const inPlace = at(names, place);
    if (variants.inPlace.includes(inPlace)) return { place, value, spec: variants.make({ inPlace }) };
  }
  return undefined;
}
