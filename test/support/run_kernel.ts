import { completed } from "../../src/webgpu/completion.ts";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { kernelSource } from "../../src/webgpu/kernel_source.ts";

type Data = Float32Array | Uint32Array | Int32Array;

/** Pipelines by their text: a test that runs one kernel at many steps compiles it once. */
const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

async function pipelineOf(device: GPUDevice, spec: KernelSpec): Promise<GPUComputePipeline> {
  const code = kernelSource(spec);
  const known = pipelines.get(device) ?? new Map<string, GPUComputePipeline>();
  pipelines.set(device, known);
  const cached = known.get(code);
  if (cached) return cached;
  const module = device.createShaderModule({ code });
  const messages = (await module.getCompilationInfo()).messages.filter((message) => message.type === "error");
  if (messages.length > 0) {
    const lines = code.split("\n");
    throw new Error(
      messages.map((m) => `${spec.name}: ${m.message}\n  ${m.lineNum}: ${lines[m.lineNum - 1]}`).join("\n"),
    );
  }
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  known.set(code, pipeline);
  return pipeline;
}

/**
 * Runs one kernel by itself on an array for each of its bindings, by name or in their order: sizes and initial values come
 * from the arrays, and every array comes back as the device left it. Any validation error throws.
 */
export function runKernel<Name extends string>(
  device: GPUDevice,
  spec: KernelSpec,
  buffers: Readonly<Record<Name, Data>>,
): Promise<Record<Name, Data>>;
export function runKernel(device: GPUDevice, spec: KernelSpec, buffers: readonly Data[]): Promise<Data[]>;
export async function runKernel(
  device: GPUDevice,
  spec: KernelSpec,
  buffers: Readonly<Record<string, Data>> | readonly Data[],
): Promise<Record<string, Data> | Data[]> {
  if (Array.isArray(buffers)) return runInOrder(device, spec, buffers);
  const names = Object.keys(spec.bindings);
  const named = buffers as Readonly<Record<string, Data>>;
  const foreign = Object.keys(named).find((name) => !names.includes(name));
  if (foreign !== undefined) throw new Error(`${spec.name} has no binding "${foreign}"`);
  const inOrder = names.map((name) => {
    const data = named[name];
    if (data === undefined) throw new Error(`${spec.name}: no array for its binding "${name}"`);
    return data;
  });
  const results = await runInOrder(device, spec, inOrder);
  return Object.fromEntries(names.map((name, index) => [name, results[index] as Data]));
}

async function runInOrder(device: GPUDevice, spec: KernelSpec, buffers: readonly Data[]): Promise<Data[]> {
  device.pushErrorScope("validation");
  const pipeline = await pipelineOf(device, spec);
  const gpu = buffers.map((data) => {
    const buffer = device.createBuffer({
      size: Math.max(16, Math.ceil(data.byteLength / 16) * 16),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    return buffer;
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: gpu.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...spec.workgroups);
  pass.end();
  const staging = gpu.map((buffer) => {
    const copy = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
    return copy;
  });
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error) throw new Error(`${spec.name}: ${error.message}`);
  await Promise.all(staging.map((buffer) => completed(device, buffer.mapAsync(GPUMapMode.READ))));
  const results: Data[] = [];
  for (const [index, buffer] of staging.entries()) {
    const like = buffers[index] as Data;
    const bytes = buffer.getMappedRange().slice(0, like.byteLength);
    results.push(
      like instanceof Float32Array
        ? new Float32Array(bytes)
        : like instanceof Uint32Array
          ? new Uint32Array(bytes)
          : new Int32Array(bytes),
    );
    buffer.destroy();
  }
  for (const buffer of gpu) buffer.destroy();
  return results;
}
