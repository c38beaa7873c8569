import confusionShader from "../../../shaders/confusion_matrix.wgsl?raw";
import countShader from "../../../shaders/count_correct.wgsl?raw";
import workgroupSum from "../../../shaders/workgroup_sum.wgsl?raw";
import { at } from "../../core/at.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { loneRowKernel } from "./cross_entropy_step.ts";
import { asRows, type Rows } from "./rows.ts";
import { workgroupThreads } from "./sizes.ts";

/** [correct rows, rows with a label (i32)]. */
export function countCorrect(shape: Rows, traits: DeviceTraits): KernelSpec {
  return {
    name: "count_correct",
    shader: countShader,
    includes: { workgroup_sum: workgroupSum },
    bindings: { logits: "read", labels: "read", counts: "write" },
    ...loneRowKernel(shape, traits),
    flops: shape.rows * shape.columns,
  };
}

/** Counts [classes, classes] of labels and predictions (i32). */
export function confusionMatrix(options: { batch: number; classes: number }, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const cells = options.classes ** 2;
  return {
    name: "confusion_matrix",
    shader: confusionShader,
    constants: { THREADS: threads, BATCH: options.batch, CLASSES: options.classes },
    bindings: { labels: "read", predictions: "read", counts: "write" },
    workgroups: linearWorkgroups(cells, threads),
    variant: "a cell a thread",
    flops: cells * options.batch,
  };
}

export const metricLowerings: readonly Lowering[] = [
  lowering("countCorrect", (node, values, output, emit) => {
    emit.dispatch(countCorrect(asRows(node.operand("logits").shape), emit.traits), {
      logits: values.operand("logits"),
      labels: values.operand("labels"),
      counts: output,
    });
  }),
  lowering("confusionMatrix", (node, values, output, emit) => {
    const options = { batch: at(node.operand("labels").shape, 0), classes: node.attributes.classes };
    emit.dispatch(confusionMatrix(options, emit.traits), {
      labels: values.operand("labels"),
      predictions: values.operand("predictions"),
      counts: output,
    });
  }),
];
