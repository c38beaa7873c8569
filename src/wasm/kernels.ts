import type { Kernel } from "./emit/function.ts";

/** A kernel in a backend's memory, called with its parameters in their order. */
export type KernelFunction = (...parameters: number[]) => void;

/** Code knows no memory until it is instantiated, so that all backends share it. */
const modules = new Map<string, Promise<WebAssembly.Module>>();

function moduleOf(kernel: Kernel): Promise<WebAssembly.Module> {
  let compiled = modules.get(kernel.name);
  if (compiled === undefined) {
    compiled = WebAssembly.compile(kernel.bytes());
    modules.set(kernel.name, compiled);
  }
  return compiled;
}

/** The kernels of one backend, each compiled when a program first wants it. */
export class Kernels {
  readonly #memory: WebAssembly.Memory;
  readonly #functions = new Map<string, KernelFunction>();

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  async load(kernels: readonly Kernel[]): Promise<void> {
    await Promise.all(
      kernels.map(async (kernel) => {
        if (this.#functions.has(kernel.name)) return;
        const { exports } = await WebAssembly.instantiate(await moduleOf(kernel), { m: { m: this.#memory } });
        this.#functions.set(kernel.name, exports["f"] as KernelFunction);
      }),
    );
  }

  /** One that was loaded. */
  get(kernel: Kernel): KernelFunction {
    const found = this.#functions.get(kernel.name);
    if (found === undefined) throw new RangeError(`The kernel "${kernel.name}" was not loaded.`);
    return found;
  }
}
