import { at } from "../../core/at.ts";
import { momentumFromTable, rateFromTable } from "../../core/schedule_rates.ts";
import { sizeOf } from "../../core/shape.ts";
import type { CpuArray } from "../../cpu/op.ts";
import { verdictOf } from "../../cpu/ops/finish_step.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { finishStepParts } from "../../graph/ops/finish_step.ts";
import type { OptimizerUpdateAttributes } from "../../graph/ops/optimizer_update.ts";
import { l2DecayOf, type RuleOf, stateOfParameters, withMomentum } from "../../graph/update_rule.ts";
import { cpuTask, flopsOf } from "../cpu_task.ts";
import { adamKernel, gatherBytesKernel, nonFiniteKernel, sgdKernel } from "../kernels/training.ts";
import type { WasmArray } from "../memory.ts";
import type { Places, Task, Value } from "../task.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

const LANES = 16;

/** Images of a batch from bytes, and what else is kept so. */
export const gatherBytes: Rule = (node): Task | undefined => {
  if (!isOp(node, "gatherRows")) return undefined;
  const [table, rows] = [node.operand("table"), node.operand("rows")];
  if (table.dtype !== "u8") return undefined;
  const { scale } = node.attributes;
  return {
    ...taskOf(node, "gather bytes", [table, rows]),
    // In f64, then rounded, as all other numbers that are scaled before they come here.
    tables: [new Int32Array(Float32Array.from({ length: 256 }, (_, byte) => byte * scale).buffer)],
    kernels: [gatherBytesKernel],
    bind(places) {
      const run = places.call(gatherBytesKernel);
      const parameters = {
        ...{ table: places.array(table).address, rows: places.array(rows).address, to: places.array(node).address },
        ...{ count: sizeOf(rows.shape), rowSize: sizeOf(node.shape.slice(1)) },
        values: places.table(0),
      };
      return () => run(parameters);
    },
  };
};

/** How many values of these arrays are not finite. `lanes` is working memory. */
function counter(places: Places, arrays: readonly WasmArray[], lanes: number): () => number[] {
  const run = places.call(nonFiniteKernel);
  return () =>
    arrays.map((array) => {
      run({ x: array.address, to: lanes, bytes: array.byteLength });
      return places.words(lanes, 4).reduce((sum, count) => sum + count, 0);
    });
}

export const nonFinite: Rule = (node): Task | undefined => {
  if (!isOp(node, "nonFinite")) return undefined;
  return {
    ...taskOf(node, "non-finite", node.inputs),
    ...{ scratch: [LANES], kernels: [nonFiniteKernel] },
    bind(places) {
      const inputs = node.inputs.map((input) => places.array(input));
      const [count, output] = [counter(places, inputs, places.scratch(0)), places.array(node)];
      return () => {
        output.values[0] = count().reduce((sum, found) => sum + found, 0);
      };
    },
  };
};

/** An effect that a kernel takes; `inputs` stand for its operands. */
export type EffectRule = (effect: Node, inputs: readonly Value[]) => Task | undefined;

/** The CPU's loops decide, but do not look through the gradients: of each they are given one number, NaN or 0. */
export const finishStep: EffectRule = (effect, inputs): Task | undefined => {
  if (!isOp(effect, "finishStep")) return undefined;
  const [loss, ...others] = inputs;
  if (!loss) return undefined;
  const { gradients } = finishStepParts(loss, others, effect.attributes);
  const firstGradient = inputs.length - gradients.length;
  const flags = gradients.map(() => new Float32Array(1));
  const standIns = inputs.map((_, index) => flags[index - firstGradient]);
  const loops = cpuTask(effect, inputs, standIns);
  return {
    ...loops,
    ...{ kernel: "non-finite", scratch: [LANES], kernels: [nonFiniteKernel] },
    bind(places) {
      const count = counter(
        places,
        gradients.map((gradient) => places.array(gradient)),
        places.scratch(0),
      );
      const decide = loops.bind(places);
      return () => {
        count().forEach((found, index) => {
          at(flags, index)[0] = found > 0 ? Number.NaN : 0;
        });
        decide();
      };
    },
  };
};

/** What moves one parameter, given its addresses and what all rules do with a gradient. */
interface Move {
  readonly p: WasmArray;
  readonly gradient: WasmArray;
  readonly slots: readonly WasmArray[];
}

/** What of a step is the same for all parameters. */
interface Step {
  readonly rule: OptimizerUpdateAttributes["rule"];
  readonly learningRate: number;
  /** From 1. */
  readonly t: number;
}

const moverOf = (rule: OptimizerUpdateAttributes["rule"]) => {
  if (rule.clip?.by === "value" || rule.ema) return undefined;
  if (rule.kind === "sgd") return sgdMover(rule);
  return rule.kind === "adam" && !rule.amsgrad ? adamMover() : undefined;
};

type Treatment = { readonly scale: number; readonly l2: number; readonly decay: number };
type Mover = (move: Move, step: Step, treatment: Treatment) => void;

function adamMover() {
  return {
    kernel: adamKernel,
    bind(places: Places): Mover {
      const run = places.call(adamKernel);
      return ({ p, gradient, slots: [m, v] }, { rule, learningRate, t }, treatment) => {
        const { beta1, beta2, epsilon, epsilonAs } = rule as RuleOf<"adam">;
        const correction2 = 1 - beta2 ** t;
        run({
          ...{ p: p.address, gradient: gradient.address, m: m?.address ?? 0, v: v?.address ?? 0, bytes: p.byteLength },
          ...{ ...treatment, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2 },
          ...{ rate: learningRate / (1 - beta1 ** t), correction: 1 / correction2 },
          reach: epsilonAs === "keras" ? epsilon / Math.sqrt(correction2) : epsilon,
        });
      };
    },
  };
}

function sgdMover({ momentum, nesterov }: RuleOf<"sgd">) {
  const kernel = sgdKernel({ momentum: momentum !== 0, nesterov });
  return {
    kernel,
    bind(places: Places): Mover {
      const run = places.call(kernel);
      return ({ p, gradient, slots: [velocity] }, { rule, learningRate, t }, treatment) => {
        const { momentum: now, dampening } = rule as RuleOf<"sgd">;
        run({
          ...{ p: p.address, gradient: gradient.address, velocity: velocity?.address ?? 0, bytes: p.byteLength },
          ...{ ...treatment, momentum: now, share: t === 1 ? 1 : 1 - dampening, rate: learningRate },
        });
      };
    },
  };
}

function squaredNorm(values: CpuArray): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return sum;
}

/** What a gradient is multiplied by so that no norm is above the limit. */
function scalesOf(
  { clip }: OptimizerUpdateAttributes["rule"],
  gradients: readonly WasmArray[],
  divisor: number,
): number[] {
  if (!clip) return gradients.map(() => 1 / divisor);
  const squares = gradients.map(({ values }) => squaredNorm(values) / divisor ** 2);
  const all = squares.reduce((sum, square) => sum + square, 0);
  return squares.map((square) => {
    const norm = Math.sqrt(clip.by === "globalNorm" ? all : square);
    return clip.limit / Math.max(norm, clip.limit) / divisor;
  });
}

/** Adam and SGD without averages; the CPU's loops know all rules. */
export const optimizerUpdate: EffectRule = (effect, inputs): Task | undefined => {
  if (!isOp(effect, "optimizerUpdate")) return undefined;
  const { attributes } = effect;
  const mover = moverOf(attributes.rule);
  const [step, schedule, ...gradients] = inputs;
  if (!mover || !step || !schedule) return undefined;
  return {
    ...{ layer: effect.layer, op: effect.op.name, kernel: attributes.rule.kind, shape: effect.shape },
    ...{ flops: flopsOf(effect), reads: inputs, makes: [], scratch: [], tables: [], kernels: [mover.kernel] },
    bind(places) {
      const move = mover.bind(places);
      const [verdict, table] = [places.array(step), places.array(schedule)];
      const arrays = gradients.map((gradient) => places.array(gradient));
      const parameters = attributes.parameters.variables.map((variable) => places.variable(variable));
      const slots = stateOfParameters(attributes.rule, attributes.parameters, attributes.state).map((variables) =>
        variables.map((variable) => places.variable(variable)),
      );
      return () => {
        const { moves, finished, divisor } = verdictOf(verdict.values);
        if (!moves) return;
        const learningRate = rateFromTable(table.values, finished);
        const momentum = momentumFromTable(table.values, finished);
        const rule = momentum === undefined ? attributes.rule : withMomentum(attributes.rule, momentum);
        const scales = scalesOf(rule, arrays, divisor);
        const decay = rule.decoupledWeightDecay ? 1 - learningRate * rule.weightDecay : 1;
        parameters.forEach((p, index) => {
          move(
            { p, gradient: at(arrays, index), slots: at(slots, index) },
            { rule, learningRate, t: finished + 1 },
            { scale: at(scales, index), l2: l2DecayOf(rule), decay },
          );
        });
      };
    },
  };
};

/** In this order: the first that takes an effect computes it. */
export const effectRules: readonly EffectRule[] = [finishStep, optimizerUpdate];
