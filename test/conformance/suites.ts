import { kerasJsSuite } from "./keras_js_suite.ts";
import { onnxSuite } from "./onnx_suite.ts";
import { optimizerSuites } from "./optimizers_suite.ts";
import { frozenOracleSuite } from "./oracle/frozen_suite.ts";
import type { Suite } from "./suite.ts";
import { torchBatchNormSuite } from "./torch_batch_norm_suite.ts";
import { torchOnnxSuite } from "./torch_onnx/suite.ts";
import { torchSuites } from "./torch_suites.ts";
import { torchTrainingSuites } from "./torch_training_suite.ts";
import { webnnBaselineSuite } from "./webnn_baseline_suite.ts";
import { webnnSuite } from "./webnn_suite.ts";

/** Every suite, in the order in which they are printed. */
export const suites: readonly Suite[] = [
  ...torchSuites,
  torchBatchNormSuite,
  ...torchTrainingSuites,
  ...optimizerSuites,
  kerasJsSuite,
  webnnSuite,
  webnnBaselineSuite,
  frozenOracleSuite,
  onnxSuite,
  torchOnnxSuite,
];
