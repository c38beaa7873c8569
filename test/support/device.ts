/** The device that the tests of one file share, with its backend. */
import { afterAll, expect } from "vitest";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { testDevice } from "./gpu.ts";

export interface FileDevice {
  readonly device: GPUDevice;
  readonly backend: WebGpuBackend;
}

/** Opens a device for the tests of one file, which goes with them; a validation error that nobody asked for fails the file. */
export async function openDevice(features: readonly GPUFeatureName[] = []): Promise<GPUDevice> {
  const device = await testDevice({}, features);
  const failures: string[] = [];
  device.addEventListener("uncapturederror", (event) => failures.push(event.error.message));
  afterAll(() => {
    device.destroy();
    expect(failures).toEqual([]);
  });
  return device;
}

/** The same with a backend on it. */
export async function deviceOfFile(options: { readonly quickStart?: boolean } = {}): Promise<FileDevice> {
  const device = await openDevice();
  const backend = await webgpu({ device, ...options });
  afterAll(() => backend.dispose());
  return { device, backend };
}
