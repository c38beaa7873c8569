import { webgpu } from "../../src/webgpu/backend.ts";
import { optimizerSuites } from "../conformance/optimizers_suite.ts";
import { testSuites } from "../conformance/test_suites.ts";
import { testGpu } from "../support/gpu.ts";

testSuites("WebGPU", optimizerSuites, async () => webgpu({ gpu: await testGpu(), quickStart: false }));
