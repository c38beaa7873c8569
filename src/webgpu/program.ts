import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import { ArgumentError, DisposedError, OutOfMemoryError, ShapeError } from "../core/errors.ts";
import { formatBytes, formatCount, formatTable } from "../core/format.ts";
import { layOutMaps, paintMaps } from "../core/maps_picture.ts";
import { median } from "../core/median.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Feeds, OutputDrawing, Program, ProgramStats } from "../graph/backend.ts";
import type { Arena, Variable } from "../graph/node.ts";
import { type ProfileData, peakOf } from "../graph/profile.ts";
import type { WebGpuBackend } from "./backend.ts";
import { bindKernel, encodePass, type RecordedDispatch } from "./dispatches.ts";
import type { KernelSpec } from "./kernel.ts";
import { checkLimits, ownBytes, planMemory, type Slot } from "./memory.ts";
import { checkBudget } from "./memory_budget.ts";
import { byteSize, offsetInRoot, type Plan, type PlannedValue, rootOf, storedBytes } from "./plan.ts";
import { timeDispatches } from "./profiler.ts";
import { decode, encode, VariableStorage } from "./storage.ts";

/** The kernel to begin with: one that compiles quickly, unless the better one is there already. */
function firstKernel(backend: WebGpuBackend, spec: KernelSpec): KernelSpec {
  return backend.quickStart && spec.quick && !backend.pipelines.has(spec) ? spec.quick : spec;
}

/** Plans memory, compiles all kernels in parallel and records the dispatches; throws before allocating what cannot fit. */
export async function buildProgram(backend: WebGpuBackend, plan: Plan): Promise<WebGpuProgram> {
  const { device } = backend;
  const slots = planMemory(plan);
  const owners = new Set([...plan.variables].map(VariableStorage.ownerOf));
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
    device.limits,
  );
  const checkFits = () => checkBudget(backend, { slots, owners, own: ownBytes(plan) });
  checkFits();

  const specs = plan.dispatches.map((dispatch) => firstKernel(backend, dispatch.spec));
  const pipelines = await backend.pipelines.compile(specs);
  // Other programs may have taken memory meanwhile.
  checkFits();

  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  for (const owner of owners) backend.variables.retain(owner);
  const scratch = backend.scratch.take(slots.map((slot) => slot.bytes));
  const own: GPUBuffer[] = [];
  const buffers = placeValues(backend, plan, slots, scratch, own);
  const recorded = plan.dispatches.map((dispatch, index): RecordedDispatch => {
    const bindings = dispatch.values.map((value) => ({
      buffer: buffers.get(rootOf(value).id) as GPUBuffer,
      offset: offsetInRoot(value) * storedBytes(value.dtype),
      size: byteSize(value.size, value.dtype),
    }));
    const { workgroups } = at(specs, index);
    return bindKernel(device, { name: dispatch.spec.name, workgroups }, at(pipelines, index), bindings);
  });
  const program = new WebGpuProgram(backend, plan, recorded, buffers, {
    scratch,
    own,
    owners,
    pipelines: new Set(pipelines).size,
    provisional: plan.dispatches.flatMap(({ spec }, index) => (at(specs, index) === spec ? [] : [index])),
  });
  // Both before waiting for either: programs that compile at the same time share the device's stack of scopes.
  const [validation, memory] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  if (memory || validation) {
    const bytes = program.stats.scratchBytes + program.stats.variableBytes;
    program.dispose();
    if (memory) {
      throw new OutOfMemoryError(
        `The device could not give ${formatBytes(bytes)}: ${memory.message}. Lower the batch size or close other pages.`,
        bytes,
        { cause: memory },
      );
    }
    throw new Error(`The device refused the plan, which is a fault of Corteza: ${validation?.message}`, {
      cause: validation,
    });
  }
  return program;
}

/** The buffer of every value that owns memory, by value id. */
function placeValues(
  backend: WebGpuBackend,
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
    if (placement.kind === "variable") buffers.set(root.id, backend.variables.buffer(placement.variable));
    else if (placement.kind === "arena") buffers.set(root.id, backend.variables.buffer(placement.arena));
    else {
      const buffer = backend.device.createBuffer({
        label: root.label,
        size: byteSize(root.size, root.dtype),
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
      });
      own.push(buffer);
      buffers.set(root.id, buffer);
      if (placement.kind === "constant")
        backend.device.queue.writeBuffer(buffer, 0, encode(placement.data, root.dtype));
    }
  };
  for (const { value } of plan.inputs.values()) place(value);
  for (const dispatch of plan.dispatches) for (const value of dispatch.values) place(value);
  for (const { value } of plan.outputs.values()) place(value);
  return buffers;
}

export class WebGpuProgram implements Program {
  readonly stats: ProgramStats;
  readonly #backend: WebGpuBackend;
  readonly #plan: Plan;
  readonly #recorded: RecordedDispatch[];
  /** Dispatches that still run the kernel that they began with. */
  readonly #provisional: readonly number[];
  #settled: Promise<void> | undefined;
  readonly #buffers: ReadonlyMap<number, GPUBuffer>;
  readonly #scratch: readonly GPUBuffer[];
  readonly #own: readonly GPUBuffer[];
  readonly #owners: ReadonlySet<Variable | Arena>;
  #disposed = false;

  constructor(
    backend: WebGpuBackend,
    plan: Plan,
    recorded: RecordedDispatch[],
    buffers: ReadonlyMap<number, GPUBuffer>,
    held: {
      scratch: readonly GPUBuffer[];
      own: readonly GPUBuffer[];
      owners: ReadonlySet<Variable | Arena>;
      pipelines: number;
      provisional: readonly number[];
    },
  ) {
    this.#backend = backend;
    this.#plan = plan;
    this.#recorded = recorded;
    this.#buffers = buffers;
    this.#scratch = held.scratch;
    this.#own = held.own;
    this.#owners = held.owners;
    this.#provisional = held.provisional;
    const total = (sizes: Iterable<number>) => [...sizes].reduce((sum, size) => sum + size, 0);
    backend.programBytes += total(held.own.map((buffer) => buffer.size));
    backend.readback.retain();
    this.stats = {
      dispatches: recorded.length,
      pipelines: held.pipelines,
      scratchBytes: total([...held.scratch, ...held.own].map((buffer) => buffer.size)),
      variableBytes: total([...held.owners].map(VariableStorage.bytesOf)),
      flops: total(plan.dispatches.map((dispatch) => dispatch.spec.flops)),
    };
  }

  async run(feeds: Feeds = {}): Promise<Record<string, Tensor>> {
    this.#feed(feeds);
    const outputs = [...this.#plan.outputs];
    const bytes = await this.#submit(
      1,
      outputs.map(([, { value }]) => value),
    );
    return Object.fromEntries(
      outputs.map(([name, { value, shape }], index) => [
        name,
        { shape: [...shape], data: decode(at(bytes, index), value.dtype, value.size) },
      ]),
    );
  }

  async draw(feeds: Feeds, drawings: readonly OutputDrawing[], options: { readback?: boolean } = {}): Promise<void> {
    this.#checkUsable();
    const { painter } = this.#backend;
    const wanted = drawings.map(({ output, shape, canvas, picture }) => {
      const value = this.#plan.outputs.get(output)?.value;
      if (value === undefined) throw new ArgumentError(`draw: the program has no output "${output}".`);
      return { value, canvas, layout: layOutMaps(shape, picture) };
    });
    const readback = options.readback ?? !painter.prefersCanvas;
    const direct = wanted.filter(({ canvas }) => !readback && painter.configure(canvas));
    const painted = wanted.filter((one) => !direct.includes(one));
    const paint = await painter.prepare(
      direct.map(({ value, layout, canvas }) => ({
        layout,
        target: canvas,
        values: {
          buffer: this.#bufferOf(value),
          offset: offsetInRoot(value) * storedBytes(value.dtype),
          size: value.size,
        },
      })),
    );
    this.#feed(feeds);
    const bytes = await this.#submit(
      1,
      painted.map(({ value }) => value),
      paint,
    );
    painted.forEach(({ canvas, layout, value }, index) => {
      paintMaps(canvas, layout, decode(at(bytes, index), value.dtype, value.size));
    });
  }

  /** Writes the inputs of the next step. */
  #feed(feeds: Feeds): void {
    this.#checkUsable();
    for (const name of Object.keys(feeds)) {
      if (!this.#plan.inputs.has(name)) {
        const known = [...this.#plan.inputs.keys()].map((input) => `"${input}"`).join(", ") || "none";
        throw new ArgumentError(`run: the program has no input "${name}" (its inputs: ${known}).`);
      }
    }
    for (const [name, { value, shape }] of this.#plan.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new ArgumentError(`run: input "${name}" ${formatShape(shape)} is missing.`);
      if (feed.length !== value.size) {
        throw new ShapeError(
          `run: input "${name}" ${formatShape(shape)} holds ${value.size} values, ${feed.length} were fed.`,
        );
      }
    }
    for (const [name, { value }] of this.#plan.inputs) {
      const buffer = this.#bufferOf(value);
      this.#backend.device.queue.writeBuffer(buffer, 0, encode(feeds[name] ?? [], value.dtype));
    }
  }

  async enqueue(options: { steps?: number; read?: readonly Variable[]; feeds?: Feeds } = {}): Promise<Tensor[]> {
    this.#checkUsable();
    const read = options.read ?? [];
    if (options.feeds) this.#feed(options.feeds);
    const bytes = await this.#submit(options.steps ?? 1, read);
    return read.map((variable, index) => ({
      shape: [...variable.shape],
      data: decode(at(bytes, index), variable.dtype, variable.size),
    }));
  }

  async read(variable: Variable): Promise<Tensor> {
    const [tensor] = await this.enqueue({ steps: 0, read: [variable] });
    return tensor as Tensor;
  }

  write(variable: Variable, data: ArrayLike<number>): void {
    this.#checkUsable();
    if (data.length !== variable.size) {
      throw new ShapeError(
        `write: variable "${variable.name}" ${formatShape(variable.shape)} was given ${data.length} values.`,
      );
    }
    this.#backend.variables.write(variable, data);
  }

  /**
   * Encodes `steps` times the recorded dispatches in one pass, and `then` after them, submits once, and waits for the bytes
   * of `read`.
   */
  async #submit(
    steps: number,
    read: readonly (PlannedValue | Variable)[],
    then?: (encoder: GPUCommandEncoder) => void,
  ): Promise<ArrayBuffer[]> {
    const { device, readback, variables } = this.#backend;
    variables.synchronize(this.#plan.variables);
    const encoder = device.createCommandEncoder();
    if (steps > 0) encodePass(encoder, this.#recorded, { steps });
    then?.(encoder);
    const waits = read.map((value) => {
      if ("placement" in value) {
        const offset = offsetInRoot(value) * storedBytes(value.dtype);
        return readback.copy(encoder, this.#bufferOf(value), offset, paddedBytes(value.size, value.dtype));
      }
      const buffer = variables.buffer(VariableStorage.ownerOf(value));
      return readback.copy(encoder, buffer, value.arenaOffset * 4, paddedBytes(value.size, value.dtype));
    });
    device.queue.submit([encoder.finish()]);
    const bytes = await Promise.all(waits.map((wait) => wait()));
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
    const isWanted = () => !this.#disposed && !this.#backend.isUnusable;
    await Promise.all(
      this.#provisional.map(async (index) => {
        const { spec } = at(this.#plan.dispatches, index);
        const pipeline = await this.#backend.pipelines.compileLater(spec, isWanted);
        if (pipeline === undefined) return;
        // Bind groups fit: pipelines of the same bindings have one layout.
        this.#recorded[index] = { ...at(this.#recorded, index), pipeline, workgroups: spec.workgroups };
      }),
    );
  }

  async profile({ steps = 5 }: { steps?: number } = {}): Promise<ProfileData> {
    this.#checkUsable();
    await this.settled();
    const { device, variables, readback } = this.#backend;
    const probed = await this.#backend.peakGflops();
    variables.synchronize(this.#plan.variables);
    const { timing, times } = await timeDispatches(device, readback, this.#recorded, steps);
    const kernels = this.#plan.dispatches.map(({ spec, op, layer, values }, index) => ({
      layer,
      op,
      kernel: spec.name,
      milliseconds: median(at(times, index)),
      flops: spec.flops,
      bytes: values.reduce((sum, value) => sum + value.size * storedBytes(value.dtype), 0),
    }));
    return { timing, steps, peakGflops: peakOf(probed, kernels), kernels };
  }

  #bufferOf(value: PlannedValue): GPUBuffer {
    const buffer = this.#buffers.get(rootOf(value).id);
    if (buffer === undefined) throw new Error(`"${value.label}" has no buffer`);
    return buffer;
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This program was disposed of; compile the graph again.");
    this.#backend.checkUsable();
  }

  toString(): string {
    const rows = this.#plan.dispatches.map(({ spec, op, layer, values }) => [
      layer ?? "",
      op,
      spec.name,
      spec.variant ?? "",
      spec.workgroups.filter((count, axis) => axis === 0 || count > 1).join("×"),
      formatCount(spec.flops),
      formatCount(values.reduce((sum, value) => sum + value.size * storedBytes(value.dtype), 0)),
    ]);
    return formatTable([["layer", "op", "kernel", "tile", "workgroups", "FLOPs", "bytes"], ...rows]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#backend.scratch.give(this.#scratch);
    for (const buffer of this.#own) {
      this.#backend.programBytes -= buffer.size;
      buffer.destroy();
    }
    for (const owner of this.#owners) this.#backend.variables.release(owner);
    this.#backend.readback.release();
  }
}

function paddedBytes(size: number, dtype: PlannedValue["dtype"]): number {
  return alignTo(size * storedBytes(dtype), 4);
}
