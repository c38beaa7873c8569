import { randomKey, randomNormal, randomUniform } from "../../src/core/random.ts";
import {
  activation,
  add,
  batchNormalization,
  conv2d,
  type Dataset,
  dataset,
  dense,
  flatten,
  globalAveragePooling2d,
  input,
  type Model,
  maxPooling2d,
  model,
  sequential,
} from "../../src/index.ts";

/** The project's reference network (DESIGN section 1). */
export function referenceNetwork(seed = 1): Model {
  return sequential({ inputShape: [28, 28, 1], seed }, [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);
}

/** A network of the same kind, small enough for many steps a second anywhere. */
export function smallNetwork(seed = 1): Model {
  return sequential({ inputShape: [8, 8, 1], seed }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 6, kernelSize: 3, activation: "relu" }),
    flatten(),
    dense({ units: 3 }),
  ]);
}

/** A residual block (He et al. 2016) with batch normalisation, for the same pictures. */
export function residualNetwork(seed = 1): Model {
  const convolution = () => conv2d({ filters: 4, kernelSize: 3, padding: "same", useBias: false });
  const x = input([8, 8, 1]);
  let y = activation("relu")(batchNormalization({ momentum: 0.9 })(convolution()(x)));
  y = batchNormalization({ momentum: 0.9 })(convolution()(y));
  const shortcut = conv2d({ filters: 4, kernelSize: 1, name: "shortcut" })(x);
  y = activation("relu")(add()([y, shortcut]));
  return model({ inputs: x, outputs: dense({ units: 3 })(globalAveragePooling2d()(y)), seed });
}

/** Pictures of bars in three directions with noise: what `smallNetwork` can learn. `count` images of 8×8. */
export function barPictures(count: number, seed = 7): Dataset {
  const key = randomKey(seed);
  const images = new Uint8Array(count * 64);
  const labels = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const label = index % 3;
    const place = Math.floor(randomUniform(key, index * 100) * 6) + 1;
    labels[index] = label;
    for (let row = 0; row < 8; row++) {
      for (let column = 0; column < 8; column++) {
        const inBar = label === 0 ? row === place : label === 1 ? column === place : row === column;
        const noise = 20 * randomNormal(key, index * 100 + row * 8 + column + 1);
        images[index * 64 + row * 8 + column] = Math.max(0, Math.min(255, (inBar ? 200 : 30) + noise));
      }
    }
  }
  return dataset({ images, labels, shape: [8, 8, 1] });
}
