/** Dispatches as the device takes them. */
import type { KernelSpec } from "./kernel.ts";

/** A dispatch with everything that the device wants for it. */
export interface RecordedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** A compiled kernel with the buffers of its bindings, in their order. */
export function bindKernel(
  device: GPUDevice,
  { name, workgroups }: Pick<KernelSpec, "name" | "workgroups">,
  pipeline: GPUComputePipeline,
  buffers: readonly GPUBufferBinding[],
): RecordedDispatch {
  const bindGroup = device.createBindGroup({
    label: name,
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((resource, binding) => ({ binding, resource })),
  });
  return { pipeline, bindGroup, workgroups };
}

/** Appends one compute pass with `steps` times the dispatches. */
export function encodePass(
  encoder: GPUCommandEncoder,
  dispatches: readonly RecordedDispatch[],
  { steps = 1, timestampWrites }: { steps?: number; timestampWrites?: GPUComputePassTimestampWrites } = {},
): void {
  const pass = encoder.beginComputePass(timestampWrites === undefined ? {} : { timestampWrites });
  encodeDispatches(pass, dispatches, steps);
  pass.end();
}

/** Appends `steps` times the dispatches to a pass. */
export function encodeDispatches(
  pass: GPUComputePassEncoder,
  dispatches: readonly RecordedDispatch[],
  steps: number,
): void {
  for (let step = 0; step < steps; step++) {
    for (const { pipeline, bindGroup, workgroups } of dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    }
  }
}
