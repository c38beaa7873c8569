import probeShader from "../../shaders/subgroup_probe.wgsl?raw";
import type { KernelSpec, SubgroupSizes } from "./kernel.ts";
import { runKernel } from "./run_kernel.ts";

/** Threads of the largest workgroup whose reductions exchange values. */
const THREADS = 256;

/** Counts for each of 256 threads the exchanges that go where kernels expect it. */
export function subgroupProbe({ minSize }: SubgroupSizes): KernelSpec {
  return {
    name: "subgroup_probe",
    shader: probeShader,
    constants: { THREADS, SUBGROUP_SIZE: minSize },
    bindings: { rightExchanges: "write" },
    workgroups: [1, 1, 1],
    flops: 0,
  };
}

/** Experimental in Chromium, behind chrome://flags/#enable-unsafe-webgpu; no part of WebGPU yet. */
export const SUBGROUP_MATRIX_FEATURE = "chromium-experimental-subgroup-matrix";

/** The sizes that a device with the feature "subgroups" says it has; undefined where kernels could not rely on them. */
export function subgroupSizes(device: GPUDevice, info: GPUAdapterInfo | undefined): SubgroupSizes | undefined {
  const { subgroupMinSize: minSize = 0, subgroupMaxSize: maxSize = 0 } = info ?? {};
  const usable = minSize >= 4 && minSize <= maxSize && Number.isInteger(Math.log2(minSize));
  return device.features.has("subgroups") && usable ? { minSize, maxSize } : undefined;
}

/**
 * Tries on the device whether neighbouring threads of a workgroup exchange values with each other: WGSL leaves open which
 * threads make a subgroup, and every reduction would be wrong where it is another mapping than the usual one. One small
 * kernel, once a device; false too if it cannot run.
 */
export async function exchangesAsExpected(device: GPUDevice, sizes: SubgroupSizes): Promise<boolean> {
  if (device.limits.maxComputeInvocationsPerWorkgroup < THREADS) return false;
  // Reductions through workgroup memory need none of this.
  const counts = await runKernel(device, subgroupProbe(sizes), [], THREADS * 4).catch(() => undefined);
  return counts !== undefined && new Uint32Array(counts).every((count) => count === sizes.minSize - 1);
}
