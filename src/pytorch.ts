/** `corteza/pytorch`: networks as Python scripts that train them with PyTorch, and PyTorch's weights. */

export {
  type LoadedTensor,
  type LoadStateDictOptions,
  loadStateDict,
  type StateDictReport,
} from "./formats/pytorch/state_dict.ts";
export { toPyTorch } from "./formats/pytorch/to_pytorch.ts";
export type { PyTorchTraining } from "./formats/pytorch/training.ts";
