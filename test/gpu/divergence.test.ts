import { webgpu } from "../../src/index.ts";
import { divergenceSuite } from "../support/divergence_suite.ts";
import { testDevice } from "../support/gpu.ts";

divergenceSuite("WebGPU", async () => webgpu({ device: await testDevice() }));
