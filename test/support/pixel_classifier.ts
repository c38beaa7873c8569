import { cpu } from "../../src/cpu.ts";
import {
  type ClassifierImage,
  type ClassifierOptions,
  createClassifier,
  dense,
  flatten,
  sequential,
} from "../../src/index.ts";

type Options = Omit<ClassifierOptions, "backend">;

/** Something that reads back what a model of `shape` sees of pictures, through a classifier whose logits are its inputs. */
export async function pixelReader(
  shape: readonly [number, number, number],
  options: Options = {},
): Promise<(image: ClassifierImage) => Promise<Float32Array>> {
  const size = shape[0] * shape[1] * shape[2];
  const network = sequential({ inputShape: shape }, [
    flatten(),
    dense({ units: size, kernelInitializer: "identity", useBias: false }),
  ]);
  const classifier = await createClassifier(network, { backend: cpu(), activation: "sigmoid", ...options });
  return async (image) => {
    const { probabilities } = await classifier.predict(image);
    return probabilities.map((p) => Math.log(p / (1 - p)));
  };
}

/** What a model of `shape` sees of one picture. */
export async function seenBy(
  shape: readonly [number, number, number],
  image: ClassifierImage,
  options: Options = {},
): Promise<Float32Array> {
  return (await pixelReader(shape, options))(image);
}
