import { webgpu } from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { runsSuite } from "../support/runs_suite.ts";

runsSuite("WebGPU", async () => webgpu({ device: await testDevice() }));
