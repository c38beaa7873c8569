import { alignTo } from "../../core/align_to.ts";
import { at } from "../../core/at.ts";
import { onDemand } from "../../core/on_demand.ts";
import { sizeOf } from "../../core/shape.ts";
import { Arena, type Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { OptimizerUpdateAttributes } from "../../graph/ops/optimizer_update.ts";
import type { copy } from "../kernels/copy.ts";
import type { UpdateFormula } from "../kernels/optimizer_update.ts";
import type { PlannedValue } from "../plan.ts";
import { throughReshapes } from "./patterns.ts";
import { Annotation, type MatchContext, PARTIAL_SUMS, type RuleEmitter, UNREAD } from "./rule.ts";

export type UpdateNode = Node<OptimizerUpdateAttributes>;

/** The gradients of an update in one buffer, and where each block of the arena finds its own (`optimizerUpdate`). */
export interface GatheredGradients {
  readonly partials: PlannedValue;
  readonly blockTable: PlannedValue;
  readonly arenaSize: number;
}

/** The part of that buffer for one gradient. */
interface GradientRange {
  readonly gradient: Node;
  readonly value: PlannedValue;
  readonly slices: number;
  /** The gradient's own kernel writes there. */
  readonly direct: boolean;
}

/** Left at an update by a rule other than SGD and Adam: its formula. */
export const FORMULA = new Annotation<UpdateFormula>();

/** Left at an update: its buffer of gradients, in ranges as its parameters are ordered. */
const RESERVED = new Annotation<{ readonly partials: PlannedValue; readonly ranges: readonly GradientRange[] }>();
const GATHERED = new Annotation<GatheredGradients>();

/** Left at an update of which a gradient is computed elsewhere: the kernel that copies it to its range. */
const COPY = new Annotation<typeof copy>();

/**
 * Gives each gradient that only this update reads a range in one buffer of partial sums, which the update's kernel adds up
 * itself; other gradients are computed as usual and copied there.
 */
export function reserveGradients(update: UpdateNode, emit: RuleEmitter): void {
  const gradients = gradientsOf(update);
  const plans = gradients.map((gradient) => {
    const direct = isDirect(update, gradient, gradients, emit);
    const slices = (direct ? emit.find(PARTIAL_SUMS, gradient) : undefined) ?? 1;
    return { gradient, direct, slices, size: slices * alignTo(sizeOf(gradient.shape), Arena.ALIGNMENT) };
  });
  const total = plans.reduce((sum, { size }) => sum + size, 0);
  const partials = emit.scratch("gradients", total);
  let offset = 0;
  const ranges = plans.map(({ gradient, direct, slices, size }): GradientRange => {
    // With one slice the range is the gradient itself.
    const value = emit.view(partials, {
      offset,
      size: slices === 1 ? sizeOf(gradient.shape) : size,
      label: `${gradient.layer ?? ""}/gradient`,
    });
    offset += size;
    if (direct) emit.reserve(gradient, value);
    return { gradient, value, slices, direct };
  });
  emit.leave(RESERVED, update, { partials, ranges });
}

/** Fetches the kernel for gradients that cannot be computed in their range, where there are such. */
export function fetchCopy(update: UpdateNode, context: MatchContext): Promise<void> | undefined {
  const gradients = gradientsOf(update);
  if (gradients.every((gradient) => isDirect(update, gradient, gradients, context))) return undefined;
  return onDemand("kernel that copies", async () =>
    context.leave(COPY, update, (await import("../kernels/copy.ts")).copy),
  );
}

function gradientsOf(update: UpdateNode): readonly Node[] {
  return update.operands("gradients").map(throughReshapes);
}

/** Whether a gradient is computed where the update reads it: a kernel of its own writes it, for this parameter alone. */
function isDirect(update: UpdateNode, gradient: Node, gradients: readonly Node[], context: MatchContext): boolean {
  const alone = gradients.filter((other) => other === gradient).length === 1;
  return alone && isMadeFor(update, gradient, context);
}

/** Whether a kernel writes the gradient, and only the update reads it. */
function isMadeFor(update: UpdateNode, gradient: Node, context: MatchContext): boolean {
  const hasKernel = gradient.inputs.length > 0 && !isOp(gradient, "stopGradient");
  return hasKernel && !context.isOutput(gradient) && leadsOnlyTo(gradient, update, context);
}

/** Whether every use of a node, through reshapes, is that effect, uses left out that do not read its value. */
function leadsOnlyTo(node: Node, effect: Node, context: MatchContext): boolean {
  return context
    .usesOf(node)
    .every(
      (use) =>
        use === effect ||
        context.find(UNREAD, use)?.has(node) === true ||
        (isOp(use, "reshape") && leadsOnlyTo(use, effect, context)),
    );
}

/** The gradients of an update, those that could not be computed in their range copied there. */
export function gatherGradients(update: UpdateNode, emit: RuleEmitter): GatheredGradients {
  const known = emit.find(GATHERED, update);
  if (known) return known;
  const reserved = emit.find(RESERVED, update);
  if (reserved === undefined) throw new Error("an update was lowered before its gradients had their places");
  const { partials, ranges } = reserved;
  const operands = update.operands("gradients");
  ranges.forEach(({ gradient, value, direct }, index) => {
    if (direct) return;
    const copy = emit.find(COPY, update);
    if (copy === undefined) throw new Error("a gradient was to be copied without the kernel for it");
    emit.begin("copy", gradient.layer);
    const source = emit.value(at(operands, index));
    emit.dispatch(copy({ size: source.size, dtype: "f32" }, emit.traits), { x: source, output: value });
  });
  const blockTable = emit.constant(
    "gradient block table",
    blockTableOf(update, ranges, emit.find(FORMULA, update)?.table),
    "u32",
  );
  const gathered = { partials, blockTable, arenaSize: update.attributes.parameters.size };
  emit.leave(GATHERED, update, gathered);
  return gathered;
}

/** Four numbers a block of the arena, as `optimizerUpdate` wants them, and the formula's own behind them. */
function blockTableOf(
  update: UpdateNode,
  ranges: readonly GradientRange[],
  tail: Uint32Array = new Uint32Array(0),
): Uint32Array {
  const { parameters } = update.attributes;
  const blocks = parameters.size / Arena.ALIGNMENT;
  const table = new Uint32Array(blocks * 4 + tail.length);
  table.set(tail, blocks * 4);
  ranges.forEach(({ value, slices }, index) => {
    const start = value.placement.kind === "view" ? value.placement.offset : 0;
    const { size } = at(parameters.variables, index);
    const firstBlock = at(parameters.offsets, index) / Arena.ALIGNMENT;
    for (let done = 0; done < size; done += Arena.ALIGNMENT) {
      const block = firstBlock + done / Arena.ALIGNMENT;
      const present = Math.min(Arena.ALIGNMENT, size - done);
      table.set([start + done, slices, alignTo(size, Arena.ALIGNMENT), present], block * 4);
    }
  });
  return table;
}
