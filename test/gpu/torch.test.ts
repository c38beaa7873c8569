import { webgpu } from "../../src/webgpu/backend.ts";
import { torchSuite } from "../conformance/torch_suite.ts";
import { testGpu } from "../support/gpu.ts";

torchSuite("WebGPU", async () => webgpu({ gpu: await testGpu(), quickStart: false }), 2 ** -24, 1e-4);
