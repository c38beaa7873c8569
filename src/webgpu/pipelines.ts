import type { KernelSpec } from "./kernel.ts";
import { kernelSource } from "./kernel_source.ts";

/** Kernels that are kept beyond the programs that use them: several large networks' worth. */
const MOST_KEPT = 256;

/** Compiled kernels of one device, by their specialised source: equal shapes compile once, whatever graph they are in. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<string, GPUPipelineLayout>();
  /** Kernels that somebody waits for. */
  #awaited = new Set<Promise<unknown>>();
  /** The end of the queue of kernels that nobody waits for. */
  #later: Promise<unknown> = Promise.resolve();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The pipelines of these kernels, compiled in parallel. */
  async compile(specs: readonly KernelSpec[]): Promise<GPUComputePipeline[]> {
    const pipelines = Promise.all(specs.map((spec) => this.#compileOne(spec)));
    this.#awaited.add(pipelines);
    try {
      return await pipelines;
    } finally {
      this.#awaited.delete(pipelines);
    }
  }

  /** Kernels that are kept. */
  get count(): number {
    return this.#pipelines.size;
  }

  /** Whether this kernel is compiled, or being compiled. */
  has(spec: KernelSpec): boolean {
    return this.#pipelines.has(this.#key(spec));
  }

  /**
   * The pipeline of a kernel that a program can do without for now: one after the other, when no program waits for its
   * own. Undefined if it is no longer needed when its turn comes.
   */
  compileLater(spec: KernelSpec, isWanted: () => boolean): Promise<GPUComputePipeline | undefined> {
    const turn = this.#later.then(async () => {
      while (this.#awaited.size > 0) await Promise.allSettled(this.#awaited);
      return isWanted() ? this.#compileOne(spec) : undefined;
    });
    this.#later = turn.catch(() => undefined);
    return turn;
  }

  #key(spec: KernelSpec): string {
    return `${Object.values(spec.bindings).join()}\n${kernelSource(spec)}`;
  }

  #compileOne(spec: KernelSpec): Promise<GPUComputePipeline> {
    const key = this.#key(spec);
    const code = key.slice(key.indexOf("\n") + 1);
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#device
        .createComputePipelineAsync({
          label: spec.name,
          layout: this.#layout(spec),
          compute: { module: this.#device.createShaderModule({ label: spec.name, code }) },
        })
        .catch((cause: unknown) => {
          this.#pipelines.delete(key);
          throw new Error(`Kernel "${spec.name}" does not compile on this device: ${String(cause)}`, { cause });
        });
    }
    // The longest unused is at the front. Programs hold on to what they run, so that forgetting costs compiling at most.
    this.#pipelines.delete(key);
    this.#pipelines.set(key, pipeline);
    for (const oldest of this.#pipelines.keys()) {
      if (this.#pipelines.size <= MOST_KEPT) break;
      this.#pipelines.delete(oldest);
    }
    return pipeline;
  }

  #layout(spec: KernelSpec): GPUPipelineLayout {
    const accesses = Object.values(spec.bindings);
    const key = accesses.join();
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      const group = this.#device.createBindGroupLayout({
        entries: accesses.map((access, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: access === "read" ? "read-only-storage" : "storage" },
        })),
      });
      layout = this.#device.createPipelineLayout({ bindGroupLayouts: [group] });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}
