/** Which kernels an engine launches: the WGSL behind each dispatch, by wrapping WebGPU's prototypes. */

export interface Launched {
  /** As the engine calls its pipeline. */
  readonly label: string;
  readonly wgsl: string;
  /** All of the grid. */
  readonly workgroups: number;
  /** Of all buffers that it binds, each once. */
  readonly bytes: number;
}

/** Bytes of each buffer of a bind group that it may read or write. */
function boundBytes({ entries }: GPUBindGroupDescriptor): Map<GPUBuffer, number> {
  const bytes = new Map<GPUBuffer, number>();
  for (const { resource } of entries) {
    const binding = resource as GPUBufferBinding | GPUBuffer;
    const isWhole = binding instanceof GPUBuffer;
    const buffer = isWhole ? binding : binding.buffer;
    if (!(buffer instanceof GPUBuffer)) continue;
    bytes.set(buffer, isWhole ? buffer.size : (binding.size ?? buffer.size - (binding.offset ?? 0)));
  }
  return bytes;
}

/** Calls `note` with the object, the arguments and what came back of each call; of a promise, what it resolves to. */
function watch<T extends object>(
  type: { prototype: T } | undefined,
  method: string,
  note: (self: unknown, args: readonly unknown[], result: unknown) => void,
): void {
  if (type === undefined) return;
  const original: unknown = Reflect.get(type.prototype, method);
  if (typeof original !== "function") return;
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(original, this, args);
    if (!(result instanceof Promise)) {
      note(this, args, result);
      return result;
    }
    return result.then((value: unknown) => {
      note(this, args, value);
      return value;
    });
  };
  Object.defineProperty(type.prototype, method, { value: wrapped, configurable: true, writable: true });
}

/** Begins to watch; `take` gives what was launched since the last call. Before any engine starts. */
export function watchKernels(): { take(): Launched[] } {
  let launched: Launched[] = [];
  const texts = new WeakMap<object, string>();
  const pipelines = new WeakMap<object, { label: string; wgsl: string }>();
  const current = new WeakMap<object, { label: string; wgsl: string }>();
  watch(globalThis.GPUDevice, "createShaderModule", (_, [descriptor], module) => {
    texts.set(module as GPUShaderModule, (descriptor as GPUShaderModuleDescriptor).code);
  });
  for (const method of ["createComputePipeline", "createComputePipelineAsync"]) {
    watch(globalThis.GPUDevice, method, (_, [descriptor], pipeline) => {
      const { label = "", compute } = descriptor as GPUComputePipelineDescriptor;
      const wgsl = texts.get(compute.module);
      if (wgsl !== undefined) pipelines.set(pipeline as GPUComputePipeline, { label, wgsl });
    });
  }
  const groups = new WeakMap<object, Map<GPUBuffer, number>>();
  const bound = new WeakMap<object, Map<unknown, Map<GPUBuffer, number>>>();
  watch(globalThis.GPUDevice, "createBindGroup", (_, [descriptor], group) => {
    groups.set(group as GPUBindGroup, boundBytes(descriptor as GPUBindGroupDescriptor));
  });
  watch(globalThis.GPUComputePassEncoder, "setBindGroup", (pass, [index, group]) => {
    const known = bound.get(pass as GPUComputePassEncoder) ?? new Map();
    known.set(index, groups.get(group as GPUBindGroup) ?? new Map());
    bound.set(pass as GPUComputePassEncoder, known);
  });
  watch(globalThis.GPUComputePassEncoder, "setPipeline", (pass, [pipeline]) => {
    const known = pipelines.get(pipeline as GPUComputePipeline);
    if (known) current.set(pass as GPUComputePassEncoder, known);
  });
  watch(globalThis.GPUComputePassEncoder, "dispatchWorkgroups", (pass, [x, y = 1, z = 1]) => {
    const known = current.get(pass as GPUComputePassEncoder);
    if (!known) return;
    const buffers = new Map([...(bound.get(pass as GPUComputePassEncoder)?.values() ?? [])].flatMap((one) => [...one]));
    const bytes = [...buffers.values()].reduce((sum, size) => sum + size, 0);
    launched.push({ ...known, workgroups: Number(x) * Number(y) * Number(z), bytes });
  });
  return {
    take() {
      const taken = launched;
      launched = [];
      return taken;
    },
  };
}
