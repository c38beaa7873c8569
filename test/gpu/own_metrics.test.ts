import { webgpu } from "../../src/webgpu/backend.ts";
import { testGpu } from "../support/gpu.ts";
import { ownMetricsSuite } from "../support/own_metrics_suite.ts";

ownMetricsSuite("WebGPU", async () => webgpu({ gpu: await testGpu(), quickStart: false }), 2e-5);
