import type { Kernel } from "./emit/function.ts";
import type { SentCall } from "./threads/thread.ts";

/** A kernel in a backend's memory, called with its parameters in their order. */
export type KernelFunction = (...parameters: number[]) => void;

/** Code knows no memory until it is instantiated, so that all backends share it; but of one kind, shared by threads or not. */
const modules = {
  own: new Map<string, Promise<WebAssembly.Module>>(),
  shared: new Map<string, Promise<WebAssembly.Module>>(),
};

function moduleOf(kernel: Kernel, memory: "own" | "shared"): Promise<WebAssembly.Module> {
  let compiled = modules[memory].get(kernel.name);
  if (compiled === undefined) {
    compiled = WebAssembly.compile(kernel.bytes(memory));
    modules[memory].set(kernel.name, compiled);
  }
  return compiled;
}

interface Loaded {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly run: KernelFunction;
}

/** The kernels of one backend, each compiled when a program first wants it. */
export class Kernels {
  readonly #memory: WebAssembly.Memory;
  readonly #kind: "own" | "shared";
  readonly #loaded = new Map<string, Loaded>();
  readonly #functions: KernelFunction[] = [];
  #unsent: Loaded[] = [];

  constructor(memory: WebAssembly.Memory, isShared = false) {
    this.#memory = memory;
    this.#kind = isShared ? "shared" : "own";
  }

  async load(kernels: readonly Kernel[]): Promise<void> {
    await Promise.all(
      kernels.map(async (kernel) => {
        if (this.#loaded.has(kernel.name)) return;
        const module = await moduleOf(kernel, this.#kind);
        const { exports } = await WebAssembly.instantiate(module, { m: { m: this.#memory } });
        // Another program may have wanted it meanwhile.
        if (this.#loaded.has(kernel.name)) return;
        const run = exports["f"] as KernelFunction;
        const loaded = { id: this.#functions.push(run) - 1, module, run };
        this.#loaded.set(kernel.name, loaded);
        if (this.#kind === "shared") this.#unsent.push(loaded);
      }),
    );
  }

  #get(kernel: Kernel): Loaded {
    const found = this.#loaded.get(kernel.name);
    if (found === undefined) throw new RangeError(`The kernel "${kernel.name}" was not loaded.`);
    return found;
  }

  /** One that was loaded. */
  get(kernel: Kernel): KernelFunction {
    return this.#get(kernel).run;
  }

  /** Its number among those of this backend, by which other threads know it. */
  numberOf(kernel: Kernel): number {
    return this.#get(kernel).id;
  }

  /** What a call with a number runs. */
  run(call: SentCall | undefined): KernelFunction {
    return this.#functions[call?.kernel ?? -1] as KernelFunction;
  }

  /** What other threads have not been sent yet. */
  unsent(): (readonly [id: number, module: WebAssembly.Module])[] {
    const unsent = this.#unsent.map(({ id, module }) => [id, module] as const);
    this.#unsent = [];
    return unsent;
  }
}
