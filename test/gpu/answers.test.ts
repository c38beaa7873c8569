import { webgpu } from "../../src/webgpu/backend.ts";
import { answersSuite } from "../support/answers_suite.ts";
import { testGpu } from "../support/gpu.ts";

answersSuite("WebGPU", async () => webgpu({ gpu: await testGpu(), quickStart: false }));
