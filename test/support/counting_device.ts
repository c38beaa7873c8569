/** What a device was asked to do while it was watched. */
export interface DeviceCounts {
  buffers: number;
  bindGroups: number;
  pipelines: number;
  shaderModules: number;
  submits: number;
  dispatches: number;
  /** Bytes given to `queue.writeBuffer`. */
  uploadedBytes: number;
  encoders: number;
}

const ZERO: DeviceCounts = {
  buffers: 0,
  bindGroups: 0,
  pipelines: 0,
  shaderModules: 0,
  submits: 0,
  dispatches: 0,
  uploadedBytes: 0,
  encoders: 0,
};

/** Counts calls on a real device by replacing its methods; `take()` gives the counts since the last `take()`. */
export function watchDevice(device: GPUDevice): { take(): DeviceCounts } {
  let counts = { ...ZERO };

  function count<T extends object>(
    target: T,
    method: keyof T & string,
    note: (args: unknown[], result: unknown) => void,
  ): void {
    const original = target[method] as (...args: unknown[]) => unknown;
    Object.defineProperty(target, method, {
      configurable: true,
      value(...args: unknown[]) {
        const result = original.apply(target, args);
        note(args, result);
        return result;
      },
    });
  }

  count(device, "createBuffer", () => counts.buffers++);
  count(device, "createBindGroup", () => counts.bindGroups++);
  count(device, "createComputePipeline", () => counts.pipelines++);
  count(device, "createComputePipelineAsync", () => counts.pipelines++);
  count(device, "createShaderModule", () => counts.shaderModules++);
  count(device.queue, "submit", ([buffers]) => {
    // An empty one only reminds the device of what is awaited (src/webgpu/completion.ts).
    if ([...(buffers as Iterable<GPUCommandBuffer>)].length > 0) counts.submits++;
  });
  count(device.queue, "writeBuffer", (args) => {
    counts.uploadedBytes += (args[2] as ArrayBufferView).byteLength;
  });
  count(device, "createCommandEncoder", (_, encoder) => {
    counts.encoders++;
    count(encoder as GPUCommandEncoder, "beginComputePass", (__, pass) => {
      count(pass as GPUComputePassEncoder, "dispatchWorkgroups", () => counts.dispatches++);
    });
  });
  return {
    take() {
      const taken = counts;
      counts = { ...ZERO };
      return taken;
    },
  };
}
