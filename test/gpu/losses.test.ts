import { webgpu } from "../../src/webgpu/backend.ts";
import { testGpu } from "../support/gpu.ts";
import { lossesSuite } from "../support/losses_suite.ts";

lossesSuite("WebGPU", async () => webgpu({ gpu: await testGpu(), quickStart: false }), 2e-5);
