import { webgpu } from "../../src/webgpu/backend.ts";
import { suites } from "../conformance/suites.ts";
import { testSuites } from "../conformance/test_suites.ts";
import { inBrowser, testGpu } from "../support/gpu.ts";

/**
 * Each case compiles kernels of its own, for a second on a software GPU, so that this is a sample: every n-th case.
 * `npm run conformance` runs them all, on WebGPU too. Node and the browser take other cases, and the CPU backend all.
 */
const EVERY: readonly (readonly [sources: string, node: number, browser: number])[] = [
  ["torch/train", 1, 1],
  ["torch/optimizers", 1, 1],
  ["torch/lr_schedulers", 1, 1],
  ["keras-optimizers", 1, 1],
  ["torch/conv2d", 8, 20],
  ["torch/convtranspose2d", 8, 13],
  ["torch/activations", 1, 7],
  ["keras-js", 24, 60],
  ["frozen-oracle", 3, 6],
  ["torch-onnx", 12, 12],
  ["webnn-wpt", 2, 40],
  ["webnn-baseline", 8, 60],
  ["", 8, 20],
];

testSuites(
  "WebGPU",
  suites,
  async () => webgpu({ gpu: await testGpu(), quickStart: false }),
  ({ source }) => {
    const [, node, browser] = EVERY.find(([prefix]) => source.startsWith(prefix)) as [string, number, number];
    return inBrowser ? { every: browser, first: Math.floor(browser / 2) } : { every: node };
  },
);
