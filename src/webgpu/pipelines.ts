import type { KernelSpec } from "./kernel.ts";
import { preprocess } from "./preprocess.ts";
import { shaderIncludes } from "./shaders.ts";

/** Compiled kernels of one device, by their specialised source: equal shapes compile once, whatever graph they are in. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<string, GPUPipelineLayout>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The pipelines of these kernels, compiled in parallel. */
  compile(specs: readonly KernelSpec[]): Promise<GPUComputePipeline[]> {
    return Promise.all(specs.map((spec) => this.#compileOne(spec)));
  }

  #compileOne(spec: KernelSpec): Promise<GPUComputePipeline> {
    const code = preprocess(spec.shader, spec.constants, shaderIncludes);
    const key = `${spec.bindings.join()}\n${code}`;
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
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  #layout(spec: KernelSpec): GPUPipelineLayout {
    const key = spec.bindings.join();
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      const group = this.#device.createBindGroupLayout({
        entries: spec.bindings.map((access, binding) => ({
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
