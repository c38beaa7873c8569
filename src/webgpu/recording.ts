import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import { onDemand } from "../core/on_demand.ts";
import type { ProgramStats } from "../graph/backend.ts";
import { type Arena, Variable } from "../graph/node.ts";
import type { ProfileData } from "../graph/profile.ts";
import { allocate, refusalOf } from "./allocate.ts";
import type { DeviceContext } from "./device_context.ts";
import { bindKernel, encodePass, type RecordedDispatch } from "./dispatches.ts";
import type { KernelSpec } from "./kernel.ts";
import { checkLimits, ownBytes, planMemory, type Slot } from "./memory.ts";
import { checkBudget } from "./memory_budget.ts";
import { byteSize, offsetInRoot, type Plan, type PlannedValue, rootOf, storedBytes } from "./plan.ts";
import { encode, VariableStorage } from "./storage.ts";
import { quickVariant } from "./variants.ts";

/** The kernel to begin with: one that compiles quickly, unless the better one is there already. */
function firstKernel({ quickStart, pipelines }: DeviceContext, spec: KernelSpec): KernelSpec {
  const quick = quickStart ? quickVariant(spec) : undefined;
  return quick && !pipelines.has(spec) ? quick : spec;
}

/** Memory that a program holds on its device. */
interface Holding {
  readonly owners: ReadonlySet<Variable | Arena>;
  /** By value. */
  readonly buffers: ReadonlyMap<number, GPUBuffer>;
  readonly scratch: readonly GPUBuffer[];
  /** Constants and inputs. */
  readonly own: readonly GPUBuffer[];
}

/**
 * Plans memory, compiles all kernels in parallel and records the dispatches; throws before allocating what cannot fit. `isTrial`:
 * takes the memory alone, for a recording that cannot run.
 */
export async function recordPlan(context: DeviceContext, plan: Plan, isTrial = false): Promise<Recording> {
  const { device, variables } = context;
  const slots = planMemory(plan);
  const owners = new Set([...plan.variables].map(VariableStorage.ownerOf));
  checkPlanLimits(plan, slots, owners, device.limits);
  const checkFits = () => checkBudget(context, { slots, owners, own: ownBytes(plan) });
  checkFits();

  const planned = isTrial ? [] : plan.dispatches;
  const specs = planned.map((dispatch) => firstKernel(context, dispatch.spec));
  const pipelines = await context.pipelines.compile(specs);
  // Other programs may have taken memory meanwhile.
  checkFits();

  device.pushErrorScope("validation");
  for (const owner of owners) variables.retain(owner);
  const scratch = context.scratch.take(slots.map((slot) => slot.bytes));
  const own: GPUBuffer[] = [];
  const buffers = placeValues(context, plan, slots, scratch, own);
  const dispatches = planned.map((dispatch, index): RecordedDispatch => {
    const bindings = dispatch.values.map((value) => ({
      buffer: buffers.get(rootOf(value).id) as GPUBuffer,
      offset: offsetInRoot(value) * storedBytes(value.dtype),
      size: byteSize(value.size, value.dtype),
    }));
    const { workgroups } = at(specs, index);
    return bindKernel(device, { name: dispatch.spec.name, workgroups }, at(pipelines, index), bindings);
  });
  const recording = new Recording(
    context,
    plan,
    dispatches,
    { owners, buffers, scratch, own },
    {
      pipelines: new Set(pipelines).size,
      provisional: planned.flatMap(({ spec }, index) => (at(specs, index) === spec ? [] : [index])),
    },
  );
  const all = [...[...owners].map((owner) => variables.buffer(owner)), ...own, ...scratch];
  // Both before waiting for either: programs that compile at the same time share the device's stack of scopes.
  const [validation, ...refusals] = await Promise.all([device.popErrorScope(), ...all.map(refusalOf)]);
  if (refusals.some((refusal) => refusal)) {
    recording.dispose();
    const { lackOf } = await onDemand("report of missing memory", () => import("./lack.ts"));
    throw await lackOf(all, slots);
  }
  if (validation) {
    recording.dispose();
    throw new Error(`The device refused the plan, which is a fault of Corteza: ${validation.message}`, {
      cause: validation,
    });
  }
  return recording;
}

/** Throws `OutOfMemoryError`, naming the tensor, when a buffer of the plan is larger than the device can bind. */
function checkPlanLimits(
  plan: Plan,
  slots: readonly Slot[],
  owners: Iterable<Variable | Arena>,
  limits: GPUSupportedLimits,
): void {
  checkLimits(
    [
      ...slots.map((slot) => ({
        label: slot.values.map((value) => value.label)[0] ?? "scratch",
        bytes: slot.bytes,
        role: "activation" as const,
      })),
      ...[...owners].map((owner) => ({
        label: owner.name,
        bytes: VariableStorage.bytesOf(owner),
        role: "variable" as const,
      })),
      ...[...plan.inputs.values()].map(({ value }) => ({
        label: value.label,
        bytes: byteSize(value.size, value.dtype),
        role: "input" as const,
      })),
    ],
    limits,
  );
}

/** The buffer of every value that owns memory, by value id. */
function placeValues(
  { device, variables }: DeviceContext,
  plan: Plan,
  slots: readonly Slot[],
  scratch: readonly GPUBuffer[],
  own: GPUBuffer[],
): Map<number, GPUBuffer> {
  const buffers = new Map<number, GPUBuffer>();
  slots.forEach((slot, index) => {
    for (const value of slot.values) buffers.set(value.id, at(scratch, index));
  });
  const place = (value: PlannedValue) => {
    const root = rootOf(value);
    if (buffers.has(root.id)) return;
    const { placement } = root;
    if (placement.kind === "variable") buffers.set(root.id, variables.buffer(placement.variable));
    else if (placement.kind === "arena") buffers.set(root.id, variables.buffer(placement.arena));
    else {
      const buffer = allocate(device, {
        label: root.label,
        size: byteSize(root.size, root.dtype),
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
      });
      own.push(buffer);
      buffers.set(root.id, buffer);
      if (placement.kind === "constant") device.queue.writeBuffer(buffer, 0, encode(placement.data, root.dtype));
    }
  };
  for (const { value } of plan.inputs.values()) place(value);
  for (const dispatch of plan.dispatches) for (const value of dispatch.values) place(value);
  for (const { value } of plan.outputs.values()) place(value);
  return buffers;
}

/** What a step does beside its dispatches. */
export interface Submission {
  readonly steps: number;
  /** Of which the bytes are wanted, as they are after the last step. */
  readonly read: readonly (PlannedValue | Variable)[];
  /** Encodes what comes after the steps. */
  readonly after?: ((encoder: GPUCommandEncoder) => void) | undefined;
}

/** A plan on one device: its buffers, pipelines and bind groups, made once. */
export class Recording {
  readonly context: DeviceContext;
  readonly plan: Plan;
  readonly stats: ProgramStats;
  readonly #dispatches: RecordedDispatch[];
  readonly #held: Holding;
  /** What a step writes. */
  readonly #written: ReadonlySet<Variable | Arena>;
  /** Dispatches that still run the kernel that they began with. */
  readonly #provisional: readonly number[];
  #settled: Promise<void> | undefined;
  #disposed = false;

  constructor(
    context: DeviceContext,
    plan: Plan,
    dispatches: RecordedDispatch[],
    held: Holding,
    { pipelines, provisional }: { pipelines: number; provisional: readonly number[] },
  ) {
    this.context = context;
    this.plan = plan;
    this.#dispatches = dispatches;
    this.#held = held;
    this.#written = writtenOwners(plan);
    this.#provisional = provisional;
    const total = (sizes: Iterable<number>) => [...sizes].reduce((sum, size) => sum + size, 0);
    context.programBytes += total(held.own.map((buffer) => buffer.size));
    context.readback.retain();
    this.stats = {
      dispatches: dispatches.length,
      pipelines,
      scratchBytes: total([...held.scratch, ...held.own].map((buffer) => buffer.size)),
      variableBytes: total([...held.owners].map(VariableStorage.bytesOf)),
      flops: total(plan.dispatches.map((dispatch) => dispatch.spec.flops)),
    };
  }

  /** Buffers that no other program uses. */
  get buffers(): number {
    return this.#held.own.length;
  }

  /** Where a value lies: the buffer, and the offset in it as bindings want it. */
  place(value: PlannedValue): { readonly buffer: GPUBuffer; readonly offset: number } {
    const buffer = this.#held.buffers.get(rootOf(value).id);
    if (buffer === undefined) throw new Error(`"${value.label}" has no buffer`);
    return { buffer, offset: offsetInRoot(value) * storedBytes(value.dtype) };
  }

  /** Writes an input of the next step. */
  feed(value: PlannedValue, data: ArrayLike<number>): void {
    this.context.device.queue.writeBuffer(this.place(value).buffer, 0, encode(data, value.dtype));
  }

  /** Encodes `steps` times the dispatches in one pass, submits once, and waits for the bytes of `read`. */
  async submit({ steps, read, after }: Submission): Promise<ArrayBuffer[]> {
    const { device, readback, variables } = this.context;
    variables.synchronize(this.plan.variables);
    const encoder = device.createCommandEncoder();
    if (steps > 0) {
      encodePass(encoder, this.#dispatches, { steps });
      variables.changed(this.#written);
    }
    after?.(encoder);
    const sources = read.map((value) => {
      const size = alignTo(value.size * storedBytes(value.dtype), 4);
      if (!(value instanceof Variable)) return { label: value.label, ...this.place(value), size };
      const buffer = variables.buffer(VariableStorage.ownerOf(value));
      return { label: value.name, buffer, offset: value.arenaOffset * 4, size };
    });
    const waits = readback.submit(encoder, sources);
    const bytes = await Promise.all(waits);
    if (waits.length === 0) await readback.race(device.queue.onSubmittedWorkDone());
    // What failed is told by whoever asks for it; the program goes on as it began.
    if (steps > 0) this.settled().catch(() => undefined);
    return bytes;
  }

  settled(): Promise<void> {
    this.#settled ??= this.#settle();
    return this.#settled;
  }

  /** Puts the kernels that the plan chose in the place of those that the program began with. */
  async #settle(): Promise<void> {
    const isWanted = () => !this.#disposed && !this.context.isGone;
    await Promise.all(
      this.#provisional.map(async (index) => {
        const { spec } = at(this.plan.dispatches, index);
        const pipeline = await this.context.pipelines.compileLater(spec, isWanted);
        if (pipeline === undefined) return;
        // Bind groups fit: pipelines of the same bindings have one layout.
        this.#dispatches[index] = { ...at(this.#dispatches, index), pipeline, workgroups: spec.workgroups };
      }),
    );
  }

  async profile(steps: number): Promise<ProfileData> {
    const { profileRecording } = await onDemand("profiler", () => import("./profiler.ts"));
    await this.settled();
    return profileRecording(
      this.context,
      { plan: this.plan, recorded: this.#dispatches, written: this.#written },
      steps,
    );
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { owners, scratch, own } = this.#held;
    this.context.scratch.give(scratch);
    for (const buffer of own) {
      this.context.programBytes -= buffer.size;
      buffer.destroy();
    }
    for (const owner of owners) this.context.variables.release(owner);
    this.context.readback.release();
  }
}

/** The variables and arenas that a dispatch of the plan writes. */
function writtenOwners(plan: Plan): ReadonlySet<Variable | Arena> {
  const written = plan.dispatches.flatMap(({ spec, values }) =>
    values.filter((_, index) => Object.values(spec.bindings)[index] !== "read"),
  );
  return new Set(
    written.flatMap((value) => {
      const { placement } = rootOf(value);
      if (placement.kind === "arena") return [placement.arena];
      return placement.kind === "variable" ? [VariableStorage.ownerOf(placement.variable)] : [];
    }),
  );
}
