import type { Attributes } from "./node.ts";
import type { OpDefinition } from "./op.ts";
import type { PointwiseAttributes, PointwiseFunction } from "./pointwise_functions.ts";

/** Every constant `nameOp` of the ops, for the compiler alone: nothing of them is in the code that runs. */
type Definitions = typeof import("./graph.ts") &
  typeof import("./ops/argmax.ts") &
  typeof import("./ops/arithmetic.ts") &
  typeof import("./ops/augment_images.ts") &
  typeof import("./ops/avg_pool2d.ts") &
  typeof import("./ops/batch_norm.ts") &
  typeof import("./ops/batch_rows.ts") &
  typeof import("./ops/binary.ts") &
  typeof import("./ops/broadcast_to.ts") &
  typeof import("./ops/cast.ts") &
  typeof import("./ops/compare.ts") &
  typeof import("./ops/concat.ts") &
  typeof import("./ops/confusion_matrix.ts") &
  typeof import("./ops/conv2d.ts") &
  typeof import("./ops/conv2d_gradients.ts") &
  typeof import("./ops/count_correct.ts") &
  typeof import("./ops/cumsum.ts") &
  typeof import("./ops/dropout.ts") &
  typeof import("./ops/finish_step.ts") &
  typeof import("./ops/gather_part.ts") &
  typeof import("./ops/gather_rows.ts") &
  typeof import("./ops/gaussian_noise.ts") &
  typeof import("./ops/matmul.ts") &
  typeof import("./ops/max_pool2d.ts") &
  typeof import("./ops/max_pool2d_gradient.ts") &
  typeof import("./ops/mix_images.ts") &
  typeof import("./ops/moving_average.ts") &
  typeof import("./ops/non_finite.ts") &
  typeof import("./ops/norm_constraint.ts") &
  typeof import("./ops/normalization.ts") &
  typeof import("./ops/one_hot.ts") &
  typeof import("./ops/optimizer_update.ts") &
  typeof import("./ops/record_step.ts") &
  typeof import("./ops/reduce.ts") &
  typeof import("./ops/sum.ts") &
  typeof import("./ops/relu.ts") &
  typeof import("./ops/relu_gradient.ts") &
  typeof import("./ops/resample_axis.ts") &
  typeof import("./ops/reshape.ts") &
  typeof import("./ops/slice.ts") &
  typeof import("./ops/softmax.ts") &
  typeof import("./ops/softmax_cross_entropy.ts") &
  typeof import("./ops/stop_gradient.ts") &
  typeof import("./ops/transpose.ts") &
  typeof import("./ops/unary.ts") &
  typeof import("./ops/where.ts");

type AttributesOf<Definition> = Definition extends OpDefinition<infer A extends Attributes> ? A : never;

/**
 * The attributes of each op, by its name. A backend finds nodes by these names, so that no op's shape and gradient rules are
 * fetched for a kernel: an op `name` is the constant `nameOp` of its file.
 */
export type OpAttributes = {
  [Name in keyof Definitions as Name extends `${infer Op}Op` ? Op : never]: AttributesOf<Definitions[Name]>;
} & { [Name in PointwiseFunction | `${PointwiseFunction}Gradient`]: PointwiseAttributes };

export type OpName = keyof OpAttributes;
