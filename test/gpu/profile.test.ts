import { describe, expect, it } from "vitest";
import { webgpu } from "../../src/index.ts";
import { testDevice, testGpu } from "../support/gpu.ts";
import { profileTests } from "../support/profile_suite.ts";

describe("a profile by the GPU's clock", () => {
  it("is what a device of our own can do here", async () => {
    const backend = await webgpu({ gpu: await testGpu() });
    expect(backend.device.features.has("timestamp-query")).toBe(true);
    backend.dispose();
  });

  profileTests(async () => webgpu({ gpu: await testGpu() }));
});

describe("a profile by the wall clock, on a device without timestamps", () => {
  profileTests(async () => webgpu({ device: await testDevice() }));
});
