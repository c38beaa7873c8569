import { webgpu } from "../../src/webgpu/backend.ts";
import { testGpu } from "../support/gpu.ts";
import { severalSuite } from "../support/several_suite.ts";

severalSuite("WebGPU", async () => webgpu({ gpu: await testGpu(), quickStart: false }), 2e-5);
