import { alignTo } from "../core/align_to.ts";
import { ArgumentError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { bytesPerElement, type DType } from "../core/tensor.ts";
import type { ProgramPlan, Work } from "../cpu/host_program.ts";
import type { CompileOptions } from "../graph/backend.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { bytesOf } from "./cpu_task.ts";
import type { Crew, ProgramCrew } from "./crew.ts";
import type { Kernel } from "./emit/function.ts";
import type { Kernels } from "./kernels.ts";
import { LastingTasks } from "./lasting.ts";
import type { Lowered } from "./lower.ts";
import { WasmArray, type WasmMemory } from "./memory.ts";
import { type Lifetime, planOffsets } from "./plan.ts";
import { Own } from "./slices.ts";
import { Hidden, ownerOfValue, type Places, type Task, type Value } from "./task.ts";

const sizeOfValue = (value: Value): number => (value instanceof Hidden ? value.size : sizeOf(value.shape));
const variableOfLeaf = (value: Value) =>
  !(value instanceof Hidden) && isOp(value, "variable") ? value.attributes.variable : undefined;

/** Something of the block: a value, or a task's working memory or table. */
interface Wanted extends Lifetime {
  readonly value?: Value;
  readonly task?: Task;
  readonly scratch?: number;
  readonly table?: number;
  readonly own?: number;
}

/** Where a task's working memory and tables lie. */
interface Working {
  readonly scratch: number[];
  readonly tables: number[];
  readonly own: Own[];
}

/** Bytes of a cache line: threads do not share one. */
const LINE = 64;

/** When each part of the block is needed, counted in tasks. */
function wantedParts(
  { leaves, steps, effects }: Lowered,
  outputs: readonly Node[],
  lasting: LastingTasks,
  threads: number,
): Wanted[] {
  const tasks = [...steps, ...effects];
  const always = { first: 0, last: tasks.length };
  const parts: Wanted[] = leaves
    .filter((leaf) => !isOp(leaf, "variable"))
    .map((value) => ({ value, bytes: sizeOf(value.shape) * bytesPerElement(value.dtype), ...always }));
  const last = new Map<Value, number>();
  tasks.forEach((task, index) => {
    for (const value of [...task.reads, ...task.makes]) last.set(ownerOfValue(value), index);
  });
  // Outputs are read before the effects.
  for (const output of outputs.map(ownerOfValue)) last.set(output, Math.max(last.get(output) ?? 0, steps.length));
  tasks.forEach((task, first) => {
    for (const value of task.makes) {
      const bytes = sizeOfValue(value) * bytesPerElement(value.dtype);
      parts.push({ value, bytes, ...(lasting.has(task) ? always : { first, last: last.get(value) ?? first }) });
    }
    task.scratch.forEach((bytes, scratch) => {
      parts.push({ task, scratch, bytes, first, last: first });
    });
    task.own?.forEach((bytes, own) => {
      parts.push({ task, own, bytes: threads * alignTo(bytes, LINE), first, last: first });
    });
    task.tables.forEach(({ byteLength }, table) => {
      parts.push({ task, table, bytes: byteLength, ...always });
    });
  });
  return parts;
}

/** Gives a program its memory and binds its tasks. `storageOf` gives a variable's storage. Throws `OutOfMemoryError`. */
export function placeProgram(
  lowered: Lowered,
  outputs: CompileOptions["outputs"],
  memory: WasmMemory,
  kernels: Kernels,
  crew: Crew,
  storageOf: (variable: Variable) => WasmArray,
): ProgramPlan<WasmArray> {
  const lasting = new LastingTasks(lowered);
  const parts = wantedParts(lowered, Object.values(outputs), lasting, crew.threads);
  const plan = planOffsets(parts);
  // Before the block: where there is no room for them, nothing of the program is left.
  for (const variable of [...lowered.written, ...lowered.leaves.flatMap((leaf) => variableOfLeaf(leaf) ?? [])]) {
    storageOf(variable);
  }
  const block = memory.allocate(plan.bytes);
  const arrays = new Map<Value, WasmArray>();
  const inputs = new Map<string, { shape: readonly number[]; dtype: DType; array: WasmArray }>();
  const working = new Map<Task, Working>();
  const tasks = [...lowered.steps, ...lowered.effects];
  for (const task of tasks) working.set(task, { scratch: [], tables: [], own: [] });
  parts.forEach(({ value, task, scratch, table, own: ofThreads }, index) => {
    const address = block + (plan.offsets[index] ?? 0);
    if (value) arrays.set(value, new WasmArray(memory, value.dtype, address, sizeOfValue(value)));
    const own = task && working.get(task);
    if (own && scratch !== undefined) own.scratch[scratch] = address;
    if (own && ofThreads !== undefined) {
      own.own[ofThreads] = new Own(address, alignTo(task.own?.[ofThreads] ?? 0, LINE));
    }
    if (own && table !== undefined) {
      own.tables[table] = address;
      new Int32Array(memory.memory.buffer, address).set(task.tables[table] ?? []);
    }
  });
  const arrayOf = (value: Value): WasmArray => {
    const own = ownerOfValue(value);
    const variable = variableOfLeaf(own);
    const array = variable ? storageOf(variable) : arrays.get(own);
    if (array === undefined) throw new ArgumentError("A value belongs to another graph.");
    return array;
  };
  for (const leaf of lowered.leaves) {
    const array = arrayOf(leaf);
    if (isOp(leaf, "constant")) array.values.set(leaf.attributes.data);
    if (isOp(leaf, "input")) inputs.set(leaf.attributes.name, { shape: leaf.shape, dtype: leaf.dtype, array });
  }
  const jobs = crew.program();
  const bind = (task: Task) =>
    lasting.once(task, task.bind(placesOf(working.get(task), memory, kernels, jobs, arrayOf, storageOf)), storageOf);
  // What a task wants done first is shown as its part.
  const parted = new Set(tasks.map(({ first }) => first));
  const bound = (list: readonly Task[]) =>
    list.flatMap((task): Work[] => {
      if (parted.has(task)) return [];
      const { layer, op, kernel, shape, flops, first } = task;
      const [prepare, compute] = [first && bind(first), bind(task)];
      const both = () => {
        prepare?.();
        compute();
      };
      return [{ layer, op, kernel, shape, flops, bytes: bytesOf(task), compute: prepare ? both : compute }];
    });
  const [steps, effects] = [bound(lowered.steps), bound(lowered.effects)];
  jobs.ready();
  return {
    ...{ inputs, steps, effects, written: lowered.written },
    outputs: Object.entries(outputs).map(([name, node]) => ({ name, shape: node.shape, array: arrayOf(node) })),
    scratchBytes: plan.bytes,
    pipelines: new Set(tasks.flatMap((task) => task.kernels.map(({ name }) => name))).size,
    free() {
      jobs.free();
      memory.free(block);
    },
  };
}

function placesOf(
  working: Working | undefined,
  memory: WasmMemory,
  kernels: Kernels,
  jobs: ProgramCrew,
  array: (value: Value) => WasmArray,
  variable: (variable: Variable) => WasmArray,
): Places {
  return {
    array,
    variable,
    scratch: (index) => working?.scratch[index] ?? 0,
    table: (index) => working?.tables[index] ?? 0,
    own: (index) => working?.own[index] ?? new Own(0, 0),
    inSlices: (slices) => jobs.inSlices(slices),
    call(kernel) {
      const compiled = kernels.get(kernel as Kernel);
      const names = Object.keys(kernel.parameters);
      return (parameters) => compiled(...names.map((name) => parameters[name] ?? 0));
    },
    words: (address, count) => new Int32Array(memory.memory.buffer, address, count),
    generation: () => memory.generation,
  };
}
