import directionShader from "../../../shaders/adafactor_direction.wgsl?raw";
import momentsShader from "../../../shaders/adafactor_moments.wgsl?raw";
import scalesShader from "../../../shaders/adafactor_scales.wgsl?raw";
import gradientSum from "../../../shaders/gradient_sum.wgsl?raw";
import learningRate from "../../../shaders/learning_rate.wgsl?raw";
import workgroupElementSum from "../../../shaders/workgroup_element_sum.wgsl?raw";
import { at } from "../../core/at.ts";
import { SCHEDULE_ROWS } from "../../core/schedule.ts";
import { factoredShape, factoredSlots } from "../../graph/factored_moments.ts";
import { Arena } from "../../graph/node.ts";
import type { RuleOf } from "../../graph/update_rule.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { clipGroups } from "./gradient_norms.ts";
import { treatmentConstants } from "./optimizer_update.ts";
import { lanesPerRow, loneWorkgroupThreads, rowReduction, workgroupReduction, workgroupThreads } from "./sizes.ts";

/** What Adafactor's kernels look up: tables of u32. */
export interface AdafactorTables {
  /** An entry each row of a matrix and each element of a vector: first element, how many, stride, which moment. */
  readonly rows: Uint32Array;
  /** An entry each column, then one each matrix, of its rows' moments and for its mean. */
  readonly columns: Uint32Array;
  /** Where in `columns` the entries of means begin; how many they are. */
  readonly firstMean: number;
  readonly means: number;
  /** Eight a block of 64 elements: see adafactor_direction.wgsl. */
  readonly layout: Uint32Array;
  /** Four a tensor: first block, blocks, elements, 0. */
  readonly tensors: Uint32Array;
  /** Four a block, as in `optimizerUpdate`, of directions that lie in the arena's order. */
  readonly directions: Uint32Array;
}

const entriesIn = (table: Uint32Array) => table.length / 4;

/** Lists the rows, columns and matrices of the parameters, whose moments lie in `state` (`factoredSpecs`). */
export function adafactorTables(parameters: Arena, state: Arena): AdafactorTables {
  const [rowEntries, columnEntries, meanEntries]: [number[], number[], number[]] = [[], [], []];
  const blocks = parameters.size / Arena.ALIGNMENT;
  const layout = new Uint32Array(blocks * 8);
  const directions = new Uint32Array(blocks * 4);
  const slots = factoredSlots(parameters, state);
  parameters.variables.forEach(({ shape, size }, index) => {
    const start = at(parameters.offsets, index);
    const [first, second] = at(slots, index).map(({ arenaOffset }) => arenaOffset);
    const [rowsAt, columnsAt] = [first ?? 0, second ?? 0];
    const firstMean = meanEntries.length / 4;
    const factored = factoredShape(shape);
    if (factored === undefined) {
      for (let i = 0; i < size; i++) rowEntries.push(start + i, 1, 1, rowsAt + i);
    } else {
      const { matrices, rows, columns } = factored;
      for (let row = 0; row < matrices * rows; row++) {
        rowEntries.push(start + row * columns, columns, 1, rowsAt + row);
      }
      for (let matrix = 0; matrix < matrices; matrix++) {
        for (let column = 0; column < columns; column++) {
          const moment = columnsAt + matrix * columns + column;
          columnEntries.push(start + matrix * rows * columns + column, rows, columns, moment);
        }
        meanEntries.push(rowsAt + matrix * rows, rows, 1, firstMean + matrix);
      }
    }
    const [columns, matrixSize] = factored ? [factored.columns, factored.rows * factored.columns] : [0, 0];
    for (let done = 0; done < size; done += Arena.ALIGNMENT) {
      const block = (start + done) / Arena.ALIGNMENT;
      const valid = Math.min(Arena.ALIGNMENT, size - done);
      layout.set([columns, matrixSize, done, valid, rowsAt, columnsAt, firstMean, 0], block * 8);
      directions.set([start + done, 1, Arena.ALIGNMENT, valid], block * 4);
    }
  });
  const groups = clipGroups("norm", parameters);
  return {
    rows: Uint32Array.from(rowEntries),
    columns: Uint32Array.from([...columnEntries, ...meanEntries]),
    firstMean: columnEntries.length / 4,
    means: meanEntries.length / 4,
    layout,
    tensors: Uint32Array.from(groups.flatMap((group, index) => [...group, at(parameters.variables, index).size, 0])),
    directions,
  };
}

function momentsKernel(
  rule: RuleOf<"adafactor">,
  { table, firstMean, skippable }: { table: Uint32Array; firstMean?: number; skippable: boolean },
  traits: DeviceTraits,
) {
  const rows = firstMean === undefined;
  const entries = entriesIn(table);
  const counts = table.filter((_, place) => place % 4 === 1);
  const longest = counts.reduce((most, count) => Math.max(most, count), 1);
  const threads = workgroupThreads(traits);
  const lanes = lanesPerRow(entries, longest, traits);
  const { L2_DECAY, WEIGHT_DECAY, CLIP_FACTORS, CLIP_VALUE, LIMIT } = treatmentConstants(rule);
  return {
    name: "adafactor_moments",
    shader: momentsShader,
    includes: { gradient_sum: gradientSum },
    constants: {
      ...rowReduction(threads, lanes, traits),
      ...{ L2_DECAY, WEIGHT_DECAY, CLIP_FACTORS, CLIP_VALUE, LIMIT },
      ROWS: rows,
      ENTRIES: entries,
      FIRST_MEAN: firstMean ?? entries,
      SKIPPABLE: skippable,
      ALIGNED_PARTIALS: true,
      BETA2_DECAY: { f32: rule.beta2Decay },
      EPSILON1: { f32: rule.epsilon1 },
    },
    workgroups: linearWorkgroups(entries * lanes, threads),
    flops: counts.reduce((sum, count) => sum + count, 0) * (rows ? 3 : 2),
  } as const;
}

/**
 * Moments of rows and of vectors' elements. `treated` are the gradients as they arrive, in the arena's order (f32
 * [arenaSize]); `gradientPartials` and `blockTable` are those of `optimizerUpdate`, `entries` are `tables.rows`, and
 * `finishedSteps` (u32) is with `skippable` followed by 0 where the step is skipped. A rule that clips by norm takes
 * `gradientFactors` of `clipFactors`, one with L2 decay the parameters.
 */
export function adafactorRows(
  rule: RuleOf<"adafactor">,
  tables: AdafactorTables,
  skippable: boolean,
  traits: DeviceTraits,
): KernelSpec {
  const kernel = momentsKernel(rule, { table: tables.rows, skippable }, traits);
  return {
    ...kernel,
    bindings: presentBindings({
      treated: "write",
      gradientPartials: "read",
      blockTable: "read",
      finishedSteps: "read",
      entries: "read",
      moments: "readWrite",
      gradientFactors: kernel.constants.CLIP_FACTORS === true && "read",
      parameters: kernel.constants.L2_DECAY === true && "read",
    }),
    variant: "rows",
  };
}

/** Moments of columns, and means of the rows'. `treated` are those of `adafactorRows`, `entries` are `tables.columns`. */
export function adafactorColumns(
  rule: RuleOf<"adafactor">,
  tables: AdafactorTables,
  skippable: boolean,
  traits: DeviceTraits,
): KernelSpec {
  return {
    ...momentsKernel(rule, { table: tables.columns, firstMean: tables.firstMean, skippable }, traits),
    bindings: { treated: "read", means: "write", finishedSteps: "read", entries: "read", moments: "readWrite" },
    variant: "columns and means",
  };
}

/**
 * Directions in the place of `treated` of `adafactorRows`, and squares (f32 [arenaSize / 4, 2]). `places` are
 * `tables.layout`; with decoupled decay it reads step and schedule.
 */
export function adafactorDirection(rule: RuleOf<"adafactor">, arenaSize: number, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const { DECOUPLED_DECAY, WEIGHT_DECAY } = treatmentConstants(rule);
  return {
    name: "adafactor_direction",
    shader: directionShader,
    includes: { learning_rate: learningRate },
    constants: {
      THREADS: threads,
      ARENA_VECTORS: arenaSize / 4,
      SCHEDULE_ROWS,
      MOMENTUM_SCHEDULE: false,
      DECOUPLED_DECAY,
      WEIGHT_DECAY,
    },
    bindings: presentBindings({
      parameters: "read",
      directions: "readWrite",
      places: "read",
      finishedSteps: DECOUPLED_DECAY === true && "read",
      schedule: DECOUPLED_DECAY === true && "read",
      moments: "read",
      means: "read",
      squares: "write",
    }),
    workgroups: linearWorkgroups(arenaSize / 4, threads),
    flops: arenaSize * 9,
  };
}

/** How far each block goes, in learning rates: `scales`, an f32 a block. `tensors` are `tables.tensors`. */
export function adafactorScales(
  { epsilon2, clipThreshold }: RuleOf<"adafactor">,
  { tensors }: AdafactorTables,
  traits: DeviceTraits,
): KernelSpec {
  const blocks = Array.from({ length: entriesIn(tensors) }, (_, index) => tensors[index * 4 + 1] as number);
  return {
    name: "adafactor_scales",
    shader: scalesShader,
    includes: { workgroup_element_sum: workgroupElementSum },
    constants: {
      ...workgroupReduction(loneWorkgroupThreads(16 * Math.max(...blocks), traits), traits),
      EPSILON2: { f32: epsilon2 },
      CLIP_THRESHOLD: { f32: clipThreshold },
    },
    bindings: { squares: "read", tensors: "read", scales: "write" },
    workgroups: [blocks.length, 1, 1],
    flops: 32 * blocks.reduce((sum, count) => sum + count, 0),
  };
}
