import { ArgumentError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import type { Model } from "../../nn/model.ts";
import { literal } from "../keras/python.ts";
import { networkSource, weightTables } from "./network.ts";
import { AUGMENTATION } from "./script_augmentation.ts";
import { DATA, FILES, HEAD } from "./script_files.ts";
import { LAYERS, RANDOM } from "./script_network.ts";
import { ARGUMENTS, MAIN_OF_TRAINING, RUN, TRAINING_ARGUMENTS } from "./script_run.ts";
import { FORMULAS, LOSSES, OPTIMIZER } from "./script_training.ts";
import { type PyTorchTraining, trainingSource } from "./training.ts";

const OF_TRAINING = `"""A network of Corteza for PyTorch, and its training.

    python3 train.py --weights model.safetensors --images images.npy --labels labels.npy --output trained.safetensors
    torchrun --nproc_per_node 4 train.py --weights model.safetensors --folder pictures --checkpoint state.pt
    python3 train.py --weights trained.safetensors --images images.npy --predict scores.npy
"""`;
const OF_NETWORK = `"""A network of Corteza for PyTorch.

    python3 network.py --weights model.safetensors --images images.npy --predict scores.npy
"""`;

const MAIN = `
def main():
    options = arguments()
    if not options.predict:
        raise SystemExit("--predict FILE.npy is wanted; the script was written without a training: toPyTorch(model, training)")
    predict(options, data_of(options.images, None, options.folder, options.fit))
`;

const END = `

if __name__ == "__main__":
    from concurrent.futures import ThreadPoolExecutor

    READERS = ThreadPoolExecutor(8)
    main()
`;

/**
 * A model as a Python script of its own for PyTorch (1.13 or later), with NumPy beside it:
 *
 *     download("train.py", toPyTorch(model, { loss: "sparseCategoricalCrossentropy", optimizer: adam(), epochs: 10 }));
 *     download("model.safetensors", saveModel(model));
 *
 * The script has the network as an `nn.Module`, and with `training` loss, optimizer, schedule, augmentation and the order of the data as a
 * trainer of this library has them, on one process or, under `torchrun`, on any number of them. It reads the weights that
 * `saveModel` writes, and what it writes goes back into `loadModel` or `model.setParameters`. `python3 train.py --help` tells the rest. Texts
 * of the model are literals there and nothing else. After training in the page call `trainer.syncModel()` first. Throws
 * `ArgumentError`, which lists the layers that have no counterpart, and for a training that has none.
 */
export function toPyTorch(model: Model, training?: PyTorchTraining): string {
  const given: unknown = model;
  if (typeof given !== "object" || given === null || !("arena" in given && "layers" in given)) {
    throw new ArgumentError(
      `toPyTorch: wants a model, as sequential() and model() make it, got ${describeValue(given)}.`,
    );
  }
  const trained = training === undefined ? undefined : trainingSource(model, training);
  const { source, weights } = networkSource(model, trained?.folded ?? []);
  const constants = `
# The network's JSON, which files of weights carry for the page.
CONFIG = ${literal(JSON.stringify(model))}
INPUT_SHAPES = ${literal(model.inputShapes.map((shape) => [...shape]))}
${weightTables(weights).trimStart()}`;
  const used = ARGUMENTS.replace("%TRAINING%", trained ? TRAINING_ARGUMENTS : "");
  const parts = trained
    ? [
        ...[OF_TRAINING, HEAD, constants, trained.tables, RANDOM, LAYERS, source, FILES, DATA, AUGMENTATION, LOSSES],
        ...[OPTIMIZER, FORMULAS[trained.kind] ?? "", RUN, used, MAIN_OF_TRAINING, END],
      ]
    : [OF_NETWORK, HEAD, constants, RANDOM, LAYERS, source, FILES, DATA, used, MAIN, END];
  const text = parts.map((part) => part.trim().replace(/^(?=def formula)/, "    ")).join("\n\n\n");
  return `${text.replaceAll("\n\n\n    def formula", "\n\n    def formula")}\n`;
}
