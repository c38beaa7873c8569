/** Dispatches as the device takes them. */

/** A dispatch with everything that the device wants for it. */
export interface RecordedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
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
