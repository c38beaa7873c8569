import { afterAll, beforeAll, describe, expect } from "vitest";
import { webgpu } from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { residualTests } from "../support/residual_suite.ts";

describe("models with branches and batch normalisation on WebGPU", () => {
  let device: GPUDevice;
  const failures: string[] = [];

  beforeAll(async () => {
    device = await testDevice();
    device.addEventListener("uncapturederror", (event) => failures.push(event.error.message));
  });

  afterAll(() => {
    device.destroy();
    expect(failures).toEqual([]);
  });

  residualTests(() => webgpu({ device }));
});
