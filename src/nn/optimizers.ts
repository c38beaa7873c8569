export type * from "./optimizer_options.ts";
export { adam, adamw } from "./optimizers/adam.ts";
export {
  checkLearningRate,
  checkMomentumSchedule,
  isChecked,
  type Optimizer,
  withGlobalClipNorm,
} from "./optimizers/optimizer.ts";
export { adadelta, adafactor, adagrad, adamax, ftrl, lamb, lion, nadam, rmsprop } from "./optimizers/others.ts";
export { sgd } from "./optimizers/sgd.ts";
