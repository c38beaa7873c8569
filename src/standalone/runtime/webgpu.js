/** Runs the network on WebGPU: pipelines, buffers and bind groups are made once, and a prediction submits the recorded dispatches. */
import { heldBytes, PLAN } from "./main.js";

/** A device with everything on it; undefined where there is none. Throws where the device refuses something. */
export async function openGpu() {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const device = await adapter.requestDevice({ requiredLimits: PLAN.limits });
  try {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const { buffers, groups, pipelines } = record(device);
    const refusals = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    const list = (await pipelines).map((pipeline, index) => [pipeline, groups[index], PLAN.dispatches[index][1]]);
    for (const refusal of await refusals) if (refusal) throw refusal;
    // A lost device may leave promises open.
    const waiting = new Set();
    device.lost.then(() => {
      for (const refuse of waiting) refuse(new Error("The GPU device was lost."));
    });
    return { device, lost: device.lost, run: (inputs) => submit(device, buffers, list, waiting, inputs) };
  } catch (error) {
    device.destroy();
    throw error;
  }
}

function record(device) {
  const layouts = PLAN.shaders.map(([, accesses]) =>
    device.createBindGroupLayout({
      entries: [...accesses].map((access, binding) => ({
        binding,
        visibility: 4,
        buffer: { type: access === "r" ? "read-only-storage" : "storage" },
      })),
    }),
  );
  const pipelines = PLAN.shaders.map(([code], index) =>
    device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layouts[index]] }),
      compute: { module: device.createShaderModule({ code }) },
    }),
  );
  const buffers = PLAN.buffers.map(([size, parts]) => {
    const buffer = device.createBuffer({ size, usage: 140 });
    for (const [part, offset] of parts) device.queue.writeBuffer(buffer, offset, heldBytes(part));
    return buffer;
  });
  const groups = PLAN.dispatches.map(([shader, , ...bindings]) =>
    device.createBindGroup({
      layout: layouts[shader],
      entries: bindings.map(([place, offset, size], binding) => {
        return { binding, resource: { buffer: buffers[place], offset, size } };
      }),
    }),
  );
  return { buffers, groups, pipelines: Promise.all(PLAN.dispatches.map(([shader]) => pipelines[shader])) };
}

async function submit(device, buffers, list, waiting, inputs) {
  PLAN.inputs.forEach((place, index) => {
    if (place >= 0) device.queue.writeBuffer(buffers[place], 0, inputs[index]);
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const [pipeline, group, workgroups] of list) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
  }
  pass.end();
  const copies = PLAN.outputs.map(([place, offset, size]) => {
    const copy = device.createBuffer({ size, usage: 9 });
    encoder.copyBufferToBuffer(buffers[place], offset, copy, 0, size);
    return copy;
  });
  device.queue.submit([encoder.finish()]);
  let stop;
  await new Promise((resolve, reject) => {
    stop = reject;
    waiting.add(stop);
    Promise.all(copies.map((copy) => copy.mapAsync(1))).then(resolve, reject);
  }).finally(() => waiting.delete(stop));
  return copies.map((copy) => {
    const values = new Float32Array(copy.getMappedRange().slice(0));
    copy.destroy();
    return values;
  });
}
