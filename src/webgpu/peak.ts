import probeShader from "../../shaders/multiply_add_probe.wgsl?raw";
import { at } from "../core/at.ts";
import type { DeviceContext } from "./device_context.ts";
import { bindKernel, encodeDispatches } from "./dispatches.ts";
import type { DeviceTraits, KernelSpec } from "./kernel.ts";
import type { PipelineCache } from "./pipelines.ts";
import { openStopwatch, repeatsNeeded } from "./stopwatch.ts";

export interface MultiplyAddProbeOptions {
  /** Vectors of four in flight in a thread. */
  readonly chains: number;
  /** Written as `fma` rather than as a product and a sum, which most compilers fuse by themselves. */
  readonly fused: boolean;
}

const THREADS = 64;
/** Unrolled statements of a round: few enough for any instruction cache, enough that the loop's counting is nothing. */
const STATEMENTS = 64;
/** Multiply-adds of a thread in each chain. */
const LENGTH = 2048;
const LEAST_MILLISECONDS = 30;
const MOST_DISPATCHES = 4096;
const RUNS = 3;
/**
 * Workgroups of a launch: graphics cards want many, to be busy everywhere, but the same launch may take a slow device many
 * seconds. So it begins with few, and grows while it is short.
 */
const FEWEST_WORKGROUPS = 32;
const MOST_WORKGROUPS = 16384;
const GROWTH = 8;
const SHORT_MILLISECONDS = 4;

/** A kernel of nothing but multiply-adds. It reads factor and term, and writes a vec4f a thread. */
export function multiplyAddProbe({ chains, fused }: MultiplyAddProbeOptions, traits: DeviceTraits): KernelSpec {
  const workgroups = traits.software ? FEWEST_WORKGROUPS : MOST_WORKGROUPS;
  const links = STATEMENTS / chains;
  return {
    name: "multiply_add_probe",
    shader: probeShader,
    constants: { THREADS, CHAINS: chains, LINKS: links, ROUNDS: LENGTH / links, FUSED: fused },
    bindings: { factors: "read", output: "write" },
    workgroups: [workgroups, 1, 1],
    flops: 8 * chains * LENGTH * THREADS * workgroups,
  };
}

/** What was measured on each device, or is being measured. */
const peaks = new WeakMap<DeviceContext, Promise<number>>();

/** Multiply-add throughput of the context's device in GFLOP/s, measured when first asked for. */
export function peakGflops(context: DeviceContext): Promise<number> {
  const { device, pipelines, traits, readback } = context;
  const peak = peaks.get(context) ?? readback.race(measurePeak(device, pipelines, traits));
  peaks.set(context, peak);
  return peak;
}

/**
 * Multiply-add throughput of the device in GFLOP/s, as far as WGSL reaches it: the best of all variants and runs, since
 * nothing makes a device faster than it is. Few chains spare registers, of which a CPU behind WebGPU has sixteen; many
 * hide latency.
 */
async function measurePeak(device: GPUDevice, pipelines: PipelineCache, traits: DeviceTraits): Promise<number> {
  // A CPU may have `fma` only as a slow function.
  const writings = traits.software ? [false] : [false, true];
  const specs = [1, 2, 4, 8].flatMap((chains) => writings.map((fused) => multiplyAddProbe({ chains, fused }, traits)));
  const compiled = await pipelines.compile(specs);
  const threads = THREADS * at(specs, 0).workgroups[0];
  const factors = device.createBuffer({
    label: "corteza probe",
    size: 8,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  // Values stay finite however long the chains are.
  device.queue.writeBuffer(factors, 0, new Float32Array([0.999, 0.1]));
  const results = device.createBuffer({ label: "corteza probe", size: threads * 16, usage: GPUBufferUsage.STORAGE });
  const watch = await openStopwatch(device);
  try {
    let best = 0;
    for (const [index, spec] of specs.entries()) {
      const launch = (groups: number) => {
        const sized: KernelSpec = { ...spec, workgroups: [groups, 1, 1] };
        const dispatch = bindKernel(device, sized, at(compiled, index), [{ buffer: factors }, { buffer: results }]);
        return (pass: GPUComputePassEncoder, times: number) => encodeDispatches(pass, [dispatch], times);
      };
      const most = spec.workgroups[0];
      let groups = Math.min(FEWEST_WORKGROUPS, most);
      let encode = launch(groups);
      // The first launch ends the compilation; then as many as make one measurement long enough.
      await watch.time((pass) => encode(pass, 1));
      while (groups < most && (await watch.time((pass) => encode(pass, 1))) < SHORT_MILLISECONDS) {
        groups = Math.min(most, groups * GROWTH);
        encode = launch(groups);
      }
      const times = await repeatsNeeded(watch, encode, { milliseconds: LEAST_MILLISECONDS, most: MOST_DISPATCHES });
      const flops = (spec.flops * groups) / most;
      for (let run = 0; run < RUNS; run++) {
        const milliseconds = await watch.time((pass) => encode(pass, times));
        best = Math.max(best, (flops * times) / milliseconds / 1e6);
      }
    }
    return best;
  } finally {
    factors.destroy();
    results.destroy();
    watch.dispose();
  }
}
