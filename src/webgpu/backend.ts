import { DeviceLostError, DisposedError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { Backend, CompileOptions, Program } from "../graph/backend.ts";
import { checkCompile } from "../graph/checks.ts";
import { Closing } from "../graph/closing.ts";
import type { Graph } from "../graph/graph.ts";
import { Autotuner, checkAutotune } from "./autotune.ts";
import { type AcquiredDevice, acquireDevice, WEBGPU, type WebGpuOptions } from "./device.ts";
import { storeHalves } from "./half_storage.ts";
import { writeInPlace } from "./in_place.ts";
import { lowerGraph } from "./lower.ts";
import { MapsPainter } from "./maps_painter.ts";
import { checkMemoryBudget, memoryBudget } from "./memory_budget.ts";
import { measurePeak } from "./peak.ts";
import { PipelineCache } from "./pipelines.ts";
import { buildProgram } from "./program.ts";
import { Readback } from "./readback.ts";
import { ScratchPool, VariableStorage } from "./storage.ts";

/** A backend on the GPU. Throws `WebGpuUnavailableError`, which says why and what to do. */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  checkOptions("webgpu", options, WEBGPU);
  checkAutotune(options.autotune);
  checkMemoryBudget(options.memoryBudget);
  return new WebGpuBackend(await acquireDevice(options), options);
}

/** Runs graphs on one GPU device; several may coexist. */
export class WebGpuBackend implements Backend {
  readonly kind = "webgpu";
  readonly description: string;
  readonly lost: Promise<DeviceLostError>;
  readonly device: GPUDevice;
  readonly pipelines: PipelineCache;
  readonly variables: VariableStorage;
  readonly scratch: ScratchPool;
  readonly readback: Readback;
  readonly painter: MapsPainter;
  /** Whether programs may begin on kernels that compile quickly. */
  readonly quickStart: boolean;
  /** Bytes that `bytes` may come to. */
  readonly memoryBudget: number;
  /** Bytes of buffers that belong to single programs: constants and fed inputs. */
  programBytes = 0;
  readonly #acquired: AcquiredDevice;
  readonly #tuner: Autotuner | undefined;
  readonly #closing = new Closing();
  #peak: Promise<number> | undefined;

  constructor(acquired: AcquiredDevice, options: WebGpuOptions = {}) {
    const { quickStart = true, autotune = false, winograd = true } = options;
    this.#acquired = { ...acquired, traits: { ...acquired.traits, winograd } };
    this.quickStart = quickStart;
    this.memoryBudget = options.memoryBudget ?? memoryBudget();
    this.device = acquired.device;
    this.description = acquired.description;
    this.lost = this.device.lost.then((info) => {
      const error = new DeviceLostError(
        `The GPU device was lost (${info.reason}): ${info.message || "no message"}. Make a new backend and restore a checkpoint.`,
      );
      this.#closing.close(error);
      return error;
    });
    this.pipelines = new PipelineCache(this.device);
    if (autotune !== false) {
      const tuning = autotune === true ? {} : autotune;
      this.#tuner = new Autotuner(this.device, this.pipelines, this.description, tuning);
    }
    this.variables = new VariableStorage(this.device);
    this.scratch = new ScratchPool(this.device);
    this.readback = new Readback(this.device, this.lost);
    this.painter = new MapsPainter(this.device, this.pipelines, acquired.traits);
  }

  /** Bytes of device memory that programs and variables of this backend hold now, staging included. */
  get bytes(): number {
    return this.variables.bytes + this.scratch.bytes + this.readback.bytes + this.programBytes;
  }

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    this.checkUsable();
    checkCompile(graph, options);
    const { outputs, halfLayers } = options;
    const lowered = lowerGraph(graph, outputs, this.#acquired.traits);
    const plan = writeInPlace(halfLayers ? storeHalves(lowered, halfLayers) : lowered);
    return buildProgram(this, this.#tuner ? await this.#tuner.tune(plan) : plan);
  }

  /** Multiply-add throughput of the device in GFLOP/s, measured when first asked for. */
  peakGflops(): Promise<number> {
    this.#peak ??= this.readback.race(measurePeak(this.device, this.pipelines, this.#acquired.traits));
    return this.#peak;
  }

  onClosed(listener: (error: Error) => void): () => void {
    return this.#closing.onClosed(listener);
  }

  /** Whether the device is gone or the backend was disposed of. */
  get isUnusable(): boolean {
    return this.#closing.error !== undefined;
  }

  /** Throws when the device is gone or the backend was disposed of. */
  checkUsable(): void {
    if (this.#closing.error) throw this.#closing.error;
  }

  dispose(): void {
    this.#closing.close(new DisposedError("This backend was disposed of; make a new one."));
    this.variables.dispose();
    this.scratch.dispose();
    this.readback.dispose();
    if (this.#acquired.owned) this.device.destroy();
  }
}
