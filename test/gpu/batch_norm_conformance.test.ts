import { webgpu } from "../../src/webgpu/backend.ts";
import { batchNormSuite } from "../conformance/batch_norm_suite.ts";
import { testGpu } from "../support/gpu.ts";

batchNormSuite("WebGPU", async () => webgpu({ gpu: await testGpu() }), 2 ** -24);
