import { at } from "../core/at.ts";
import { completed } from "./completion.ts";
import { bindKernel, encodePass } from "./dispatches.ts";
import type { KernelSpec } from "./kernel.ts";
import { kernelSource } from "./kernel_source.ts";

/**
 * Runs a kernel once, away from any program, for probes of what a device does: its bindings are `inputs`, then one output of
 * `outputBytes`, which comes back. Throws what the device has to say against the kernel, which the page's own handlers do not
 * see.
 */
export async function runKernel(
  device: GPUDevice,
  spec: KernelSpec,
  inputs: readonly ArrayBufferView<ArrayBuffer>[],
  outputBytes: number,
): Promise<ArrayBuffer> {
  const buffer = (size: number, usage: number) => device.createBuffer({ label: spec.name, size, usage });
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const operands = inputs.map(({ byteLength }) => buffer(byteLength, STORAGE | COPY_DST));
  const output = buffer(outputBytes, STORAGE | COPY_SRC);
  const staging = buffer(outputBytes, MAP_READ | COPY_DST);
  try {
    const pipeline = await valid(device, () => {
      const code = kernelSource(spec);
      const module = device.createShaderModule({ label: spec.name, code });
      return device.createComputePipelineAsync({ label: spec.name, layout: "auto", compute: { module } });
    });
    await valid(device, () => {
      for (const [index, data] of inputs.entries()) device.queue.writeBuffer(at(operands, index), 0, data);
      const bindings = [...operands, output].map((buffer) => ({ buffer }));
      const encoder = device.createCommandEncoder();
      encodePass(encoder, [bindKernel(device, spec, pipeline, bindings)]);
      encoder.copyBufferToBuffer(output, 0, staging, 0, outputBytes);
      device.queue.submit([encoder.finish()]);
    });
    await completed(device, staging.mapAsync(GPUMapMode.READ));
    return staging.getMappedRange().slice(0);
  } finally {
    for (const each of [...operands, output, staging]) each.destroy();
  }
}

/** What `work` gives; throws the validation error that it caused. */
async function valid<T>(device: GPUDevice, work: () => T | Promise<T>): Promise<T> {
  device.pushErrorScope("validation");
  let error: Promise<GPUError | null>;
  let result: T | Promise<T>;
  try {
    result = work();
  } finally {
    error = device.popErrorScope();
  }
  const [given, refused] = await Promise.all([result, error]);
  if (refused) throw new Error(refused.message);
  return given;
}
