import type { Report, Suite } from "../suite.ts";
import { checkTorchNetwork, type TorchNetwork } from "./check.ts";
import frozen from "./frozen.json" with { type: "json" };

const networks: readonly unknown[] = frozen;

/** The sample of PyTorch's exported networks that lies in the repository (scripts/torch-onnx.ts wrote it). */
export const torchOnnxSuite: Suite = {
  source: "torch-onnx",
  expected: { total: 12, inScope: 12 },
  run: (backend, report: Report) =>
    report.each(
      networks as readonly TorchNetwork[],
      ({ seed }) => `network ${seed} of test/conformance/torch_onnx/draw.py`,
      (one) => checkTorchNetwork(backend, one),
    ),
};
