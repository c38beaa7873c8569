import { DeviceLostError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Autotuner } from "./autotune.ts";
import type { AcquiredDevice } from "./device.ts";
import type { DeviceTraits } from "./kernel.ts";
import { PipelineCache } from "./pipelines.ts";
import { Readback } from "./readback.ts";
import { ScratchPool, VariableStorage } from "./storage.ts";
import type { AutotuneOptions } from "./tuning_store.ts";

/** How a backend uses its devices, whichever it has. */
export interface ContextOptions {
  /** Whether programs may begin on kernels that compile quickly. */
  readonly quickStart: boolean;
  /** How tiles are tuned; false: not at all. */
  readonly autotune: boolean | AutotuneOptions;
  readonly winograd: boolean;
  /** Bytes that programs and variables may come to. */
  readonly memoryBudget: number;
}

/** Everything that a backend has on one device. A lost device takes all of it along; a fresh one has a context of its own. */
export class DeviceContext {
  readonly device: GPUDevice;
  readonly traits: DeviceTraits;
  readonly description: string;
  readonly lost: Promise<DeviceLostError>;
  readonly pipelines: PipelineCache;
  readonly variables: VariableStorage;
  readonly scratch: ScratchPool;
  readonly readback: Readback;
  readonly quickStart: boolean;
  readonly memoryBudget: number;
  /** Bytes of buffers that belong to single programs: constants and fed inputs. */
  programBytes = 0;
  readonly #acquired: AcquiredDevice;
  readonly #autotune: ContextOptions["autotune"];
  #tuner: Autotuner | undefined;
  #isGone = false;

  constructor(acquired: AcquiredDevice, { quickStart, autotune, winograd, memoryBudget }: ContextOptions) {
    const { device, traits, description } = acquired;
    this.#acquired = acquired;
    this.device = device;
    this.traits = { ...traits, winograd, autotunes: autotune !== false };
    this.description = description;
    this.quickStart = quickStart;
    this.memoryBudget = memoryBudget;
    this.lost = device.lost.then(({ reason, message }) => {
      this.#isGone = true;
      return new DeviceLostError(
        `The GPU device was lost (${reason}): ${message || "no message"}. Make a new backend and restore a checkpoint, or give ` +
          "this one's reopen() a snapshot from before.",
      );
    });
    this.pipelines = new PipelineCache(device);
    this.#autotune = autotune;
    this.variables = new VariableStorage(device);
    this.scratch = new ScratchPool(device);
    this.readback = new Readback(device, this.lost);
  }

  /** Bytes of device memory that programs and variables hold now, staging included. */
  get bytes(): number {
    return this.variables.bytes + this.scratch.bytes + this.readback.bytes + this.programBytes;
  }

  /** Whether the device was lost or given back. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** What chooses among tiles; undefined where that was not asked for. */
  async tuner(): Promise<Autotuner | undefined> {
    if (this.#autotune === false) return undefined;
    const options = this.#autotune === true ? {} : this.#autotune;
    const { Autotuner } = await onDemand("autotuner", () => import("./autotune.ts"));
    this.#tuner ??= new Autotuner(this.device, this.pipelines, this.description, options);
    return this.#tuner;
  }

  /** Frees everything; the device too, unless it is the user's. */
  dispose(): void {
    this.#isGone = true;
    this.variables.dispose();
    this.scratch.dispose();
    this.readback.dispose();
    if (this.#acquired.owned) this.device.destroy();
  }
}
