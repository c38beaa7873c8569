/**
 * Counts what an engine asks of WebGPU (and, for TF.js on WebGL, of WebGL), by wrapping the browser's own prototypes.
 * Only pages in which one engine runs alone load this, so that it is the same measure for everyone and no timing that
 * compares engines is taken through it.
 */
export interface Counts {
  /** Kernel launches; draws, for WebGL. */
  dispatches: number;
  passes: number;
  submits: number;
  buffers: number;
  bindGroups: number;
  pipelines: number;
  shaderModules: number;
  /** `writeBuffer` calls. */
  writes: number;
  /** Bytes of GPU buffers that exist now, and the most that ever did. */
  liveBytes: number;
  peakBytes: number;
}

export const counts: Counts = {
  dispatches: 0,
  passes: 0,
  submits: 0,
  buffers: 0,
  bindGroups: 0,
  pipelines: 0,
  shaderModules: 0,
  writes: 0,
  liveBytes: 0,
  peakBytes: 0,
};

/** Calls `note` after each call of a method, with the object, the arguments and what came back. */
function after(
  type: { prototype: object } | undefined,
  method: string,
  note: (self: unknown, result: unknown) => void,
): void {
  if (type === undefined) return;
  const original: unknown = Reflect.get(type.prototype, method);
  if (typeof original !== "function") return;
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(original, this, args);
    note(this, result);
    return result;
  };
  Object.defineProperty(type.prototype, method, { value: wrapped, configurable: true, writable: true });
}

type Countable = Exclude<keyof Counts, "liveBytes" | "peakBytes">;

const COUNTED: [{ prototype: object } | undefined, string, Countable][] = [
  [globalThis.GPUComputePassEncoder, "dispatchWorkgroups", "dispatches"],
  [globalThis.GPUComputePassEncoder, "dispatchWorkgroupsIndirect", "dispatches"],
  [globalThis.WebGL2RenderingContext, "drawElements", "dispatches"],
  [globalThis.WebGL2RenderingContext, "drawArrays", "dispatches"],
  [globalThis.GPUCommandEncoder, "beginComputePass", "passes"],
  [globalThis.GPUQueue, "submit", "submits"],
  [globalThis.GPUQueue, "writeBuffer", "writes"],
  [globalThis.GPUDevice, "createBindGroup", "bindGroups"],
  [globalThis.GPUDevice, "createComputePipeline", "pipelines"],
  [globalThis.GPUDevice, "createComputePipelineAsync", "pipelines"],
  [globalThis.GPUDevice, "createShaderModule", "shaderModules"],
];

export function startCounting(): void {
  for (const [type, method, name] of COUNTED) {
    after(type, method, () => {
      counts[name]++;
    });
  }
  const alive = new WeakSet<GPUBuffer>();
  after(globalThis.GPUDevice, "createBuffer", (_, result) => {
    const buffer = result as GPUBuffer;
    alive.add(buffer);
    counts.buffers++;
    counts.liveBytes += buffer.size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.liveBytes);
  });
  after(globalThis.GPUBuffer, "destroy", (self) => {
    const buffer = self as GPUBuffer;
    if (alive.delete(buffer)) counts.liveBytes -= buffer.size;
  });
}
