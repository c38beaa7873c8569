import { ArgumentError, DisposedError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import type {
  Backend,
  BackendStats,
  CompileOptions,
  DirectDrawing,
  Program,
  VariableSnapshot,
} from "../graph/backend.ts";
import { checkCompile } from "../graph/checks.ts";
import { Closing } from "../graph/closing.ts";
import type { Graph } from "../graph/graph.ts";
import { type AcquiredDevice, acquireDevice, checkWebGpuOptions, type WebGpuOptions } from "./device.ts";
import { type ContextOptions, DeviceContext } from "./device_context.ts";
import type { DeviceTraits } from "./kernel.ts";
import { lowerGraph } from "./lower.ts";
import { checkMemoryBudget, memoryBudget } from "./memory_budget.ts";
import type { Plan } from "./plan.ts";
import { buildProgram, type ProgramHost, WebGpuProgram } from "./program.ts";
import { recordPlan } from "./recording.ts";
import { fetchEarly } from "./rules/index.ts";

/** A backend on the GPU. Throws `WebGpuUnavailableError`, which says why and what to do. */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  checkWebGpuOptions(options);
  checkMemoryBudget(options.memoryBudget);
  return new WebGpuBackend(await acquireDevice(options), options);
}

/** Lets kernels write over operands, where there is one that can; families of such kernels fetch the pass with them. */
async function inPlace(plan: Plan): Promise<Plan> {
  if (plan.dispatches.every(({ spec: { variants } }) => !variants?.inPlace.length)) return plan;
  const { writeInPlace } = await onDemand("kernels in place", () => import("./in_place.ts"));
  return writeInPlace(plan);
}

/** The kernels of a graph, before the autotuner looks at them. */
async function planOf(traits: DeviceTraits, graph: Graph, { outputs, halfLayers }: CompileOptions): Promise<Plan> {
  const [lowered, halves] = await Promise.all([
    lowerGraph(graph, outputs, traits),
    halfLayers && onDemand("16-bit storage", () => import("./half_storage.ts")),
  ]);
  return inPlace(halfLayers && halves ? halves.storeHalves(lowered, halfLayers) : lowered);
}

/** Runs graphs on one GPU device at a time; several backends may coexist. */
export class WebGpuBackend implements Backend, ProgramHost {
  readonly kind = "webgpu";
  declare why?: string;
  declare goOnElsewhere?: Backend["goOnElsewhere"] & {};
  readonly programs = new Set<WebGpuProgram>();
  readonly #options: WebGpuOptions;
  readonly #contextOptions: ContextOptions;
  readonly #closing = new Closing();
  #context: DeviceContext;
  #reopening = Promise.resolve();
  #disposed = false;

  constructor(acquired: AcquiredDevice, options: WebGpuOptions = {}) {
    const { quickStart = true, autotune = false, winograd = true } = options;
    // What it came from, which a fresh device comes from too.
    this.#options = acquired.gpu ? { ...options, gpu: acquired.gpu } : options;
    const budget = options.memoryBudget ?? memoryBudget();
    this.#contextOptions = { quickStart, autotune, winograd, memoryBudget: budget };
    this.#context = this.#open(acquired);
  }

  /** What programs are recorded on. */
  get context(): DeviceContext {
    return this.#context;
  }

  get device(): GPUDevice {
    return this.#context.device;
  }

  get description(): string {
    return this.#context.description;
  }

  /** Whether the adapter is a program on the processor. */
  get isSoftware(): boolean {
    return this.#context.traits.software;
  }

  get lost(): DeviceContext["lost"] {
    return this.#context.lost;
  }

  get isReplaceable(): boolean {
    return this.#options.device === undefined;
  }

  /** Bytes of device memory that programs and variables of this backend hold now, staging included. */
  get bytes(): number {
    return this.#context.bytes;
  }

  stats(): BackendStats {
    const { variables, scratch, readback, pipelines, bytes } = this.#context;
    let [own, bindGroups] = [0, 0];
    for (const { recorded } of this.programs) {
      own += recorded.buffers;
      bindGroups += recorded.stats.dispatches;
    }
    return {
      programs: this.programs.size,
      buffers: variables.count + scratch.count + readback.count + own,
      stagingBuffers: readback.count,
      bytes,
      pipelines: this.#disposed ? 0 : pipelines.count,
      bindGroups,
    };
  }

  fetchEarly(ops: readonly string[]): void {
    fetchEarly(ops);
  }

  get drawing(): DirectDrawing {
    return {
      // The GPU process of Chromium 156 falls over when SwiftShader presents a canvas without
      // `--use-angle=swiftshader --use-vulkan=swiftshader`.
      isQuicker: !this.#context.traits.software,
      draw: async (program, feeds, drawings) => {
        if (!(program instanceof WebGpuProgram))
          throw new ArgumentError("draw: the program is one of another backend.");
        const { drawOutputs } = await onDemand("painter of maps", () => import("./draw.ts"));
        return drawOutputs(program, feeds, drawings);
      },
    };
  }

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    this.checkUsable();
    checkCompile(graph, options);
    const program = await buildProgram(this, async (context) => {
      const plan = await planOf(context.traits, graph, options);
      const tuner = await context.tuner();
      return tuner ? tuner.tune(plan) : plan;
    });
    program.source = { graph, options };
    return program;
  }

  async checkMemory(graph: Graph, options: CompileOptions): Promise<void> {
    this.checkUsable();
    const recording = await recordPlan(this.#context, await planOf(this.#context.traits, graph, options), true);
    recording.dispose();
  }

  get closed(): Error | undefined {
    return this.#closing.error;
  }

  onClosed(listener: (error: Error) => void): () => void {
    return this.#closing.onClosed(listener);
  }

  onReopened(listener: () => void): () => void {
    return this.#closing.onOpened(listener);
  }

  /** Throws when the device is gone or the backend was disposed of. */
  checkUsable(): void {
    if (this.#closing.error) throw this.#closing.error;
  }

  async snapshot(): Promise<VariableSnapshot> {
    this.checkUsable();
    const { variables, readback } = this.#context;
    return variables.snapshot(readback);
  }

  reopen(snapshot: VariableSnapshot = new Map()): Promise<void> {
    // One after the other: what was asked for last holds.
    this.#reopening = this.#reopening.catch(() => undefined).then(() => this.#reopen(snapshot));
    return this.#reopening;
  }

  async #reopen(snapshot: VariableSnapshot): Promise<void> {
    this.#checkNotDisposed();
    if (this.#options.device) {
      throw new ArgumentError(
        "reopen: this backend was made with a device of your own, which only you can replace. Make a new one with " +
          "webgpu({ device }), and restore a checkpoint there.",
      );
    }
    const before = this.#context;
    before.variables.checkKept(snapshot);
    const fresh = new DeviceContext(await acquireDevice(this.#options), this.#contextOptions);
    try {
      // One that still works is not to be used by anybody while its programs move.
      before.device.destroy();
      this.#closing.close(await before.lost);
      const replacements = await Promise.all([...this.programs].map((program) => program.recordAgain(fresh)));
      this.#checkNotDisposed();
      for (const replace of replacements) replace();
    } catch (error) {
      fresh.dispose();
      throw error;
    }
    before.dispose();
    fresh.variables.restore(snapshot);
    this.#context = fresh;
    this.#closing.open();
    this.#watch(fresh);
  }

  /** It can be used again: another backend does its work (moved.ts). */
  opened(): void {
    this.#checkNotDisposed();
    this.#closing.open();
  }

  #open(acquired: AcquiredDevice): DeviceContext {
    const context = new DeviceContext(acquired, this.#contextOptions);
    this.#watch(context);
    return context;
  }

  /** Closes the backend when its device is lost. */
  #watch(context: DeviceContext): void {
    void context.lost.then((error) => {
      if (this.#context === context) this.#closing.close(error);
    });
  }

  #checkNotDisposed(): void {
    if (this.#disposed) throw new DisposedError("This backend was disposed of; make a new one.");
  }

  dispose(): void {
    this.#disposed = true;
    this.#closing.close(new DisposedError("This backend was disposed of; make a new one."));
    for (const program of this.programs) program.dispose();
    this.#context.dispose();
  }
}
