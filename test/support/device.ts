/** The device that the tests of one file share, with its backend. */
import { afterAll, beforeAll, expect } from "vitest";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { testDevice } from "./gpu.ts";

export interface FileDevice {
  readonly device: GPUDevice;
  readonly backend: WebGpuBackend;
}

/** Opens them before the file's tests and closes them afterwards; a validation error that nobody asked for fails the file. */
export function deviceOfFile(options: { readonly quickStart?: boolean } = {}): FileDevice {
  let opened: FileDevice | undefined;
  const failures: string[] = [];
  const now = (): FileDevice => {
    if (opened === undefined) throw new Error("the device is open within tests only");
    return opened;
  };

  beforeAll(async () => {
    const device = await testDevice();
    device.addEventListener("uncapturederror", (event) => failures.push(event.error.message));
    opened = { device, backend: await webgpu({ device, ...options }) };
  });

  afterAll(() => {
    opened?.backend.dispose();
    opened?.device.destroy();
    expect(failures).toEqual([]);
  });

  return {
    get device() {
      return now().device;
    },
    get backend() {
      return now().backend;
    },
  };
}
