import probeShader from "../../shaders/multiply_add_probe.wgsl?raw";
import type { DeviceTraits, KernelSpec } from "./kernel.ts";
import type { PipelineCache } from "./pipelines.ts";

const CHAINS = 16;
const ENOUGH_MILLISECONDS = 30;
const MOST_ROUNDS = 1 << 22;

/** A kernel of nothing but `rounds` multiply-adds in sixteen chains a thread. Binding: one f32 a thread. */
export function multiplyAddProbe(rounds: number, traits: DeviceTraits): KernelSpec & { readonly threads: number } {
  const size = traits.software ? 4 : 256;
  const groups = traits.software ? 64 : 4096;
  const threads = size * groups;
  return {
    name: "multiply_add_probe",
    shader: probeShader,
    constants: { THREADS: size, ROUNDS: rounds },
    bindings: ["write"],
    workgroups: [groups, 1, 1],
    flops: 2 * CHAINS * rounds * threads,
    threads,
  };
}

/** Multiply-add throughput of the device in GFLOP/s: the best of three runs of a kernel that does nothing else. */
export async function measurePeak(device: GPUDevice, pipelines: PipelineCache, traits: DeviceTraits): Promise<number> {
  const output = device.createBuffer({
    label: "corteza probe",
    size: multiplyAddProbe(1, traits).threads * 4,
    usage: GPUBufferUsage.STORAGE,
  });
  try {
    const time = async (rounds: number): Promise<{ milliseconds: number; flops: number }> => {
      const spec = multiplyAddProbe(rounds, traits);
      const [pipeline] = await pipelines.compile([spec]);
      if (pipeline === undefined) throw new Error("the probe has no pipeline");
      const bindGroup = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer: output } }],
      });
      await device.queue.onSubmittedWorkDone();
      const started = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...spec.workgroups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return { milliseconds: performance.now() - started, flops: spec.flops };
    };
    let rounds = 256;
    // Long enough that the launch does not count.
    while ((await time(rounds)).milliseconds < ENOUGH_MILLISECONDS && rounds < MOST_ROUNDS) rounds *= 4;
    let best = 0;
    for (let run = 0; run < 3; run++) {
      const { milliseconds, flops } = await time(rounds);
      best = Math.max(best, flops / milliseconds / 1e6);
    }
    return best;
  } finally {
    output.destroy();
  }
}
