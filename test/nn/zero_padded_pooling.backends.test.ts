import { describe, expect, it } from "vitest";
import {
  createPredictor,
  createTrainer,
  dense,
  flatten,
  maxPooling2d,
  reshape,
  sequential,
  sgd,
  zeroPadding2d,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";

const PADDING = [
  [1, 0],
  [0, 1],
] as const;
/** All below 0 but one. */
const IMAGE = Float32Array.of(-1, -2, -3, 4, -5, -6, -7, -8, -9);

const zeros = () => [zeroPadding2d({ padding: PADDING }), maxPooling2d({ poolSize: 2, strides: 1 })];
const nothing = () => [maxPooling2d({ poolSize: 2, strides: 1, padding: PADDING })];

describe(`max-pooling beside the image on ${backendName}`, () => {
  const pooled = async (layers: ReturnType<typeof zeros>) => {
    const backend = await testBackend();
    const predictor = await createPredictor(sequential({ inputShape: [3, 3, 1] }, layers), { backend });
    const [result] = await predictor.predict([IMAGE]);
    backend.dispose();
    return [...(result?.data ?? [])];
  };

  it("leaves padding out, and takes zeros where zeroPadding2d has put them", async () => {
    expect(await pooled(nothing())).toEqual([-1, -2, -3, 4, -2, -3, 4, -5, -6]);
    expect(await pooled(zeros())).toEqual([0, 0, 0, 4, -2, 0, 4, -5, 0]);
  });

  it("sends gradients to the image alone: a window that a zero wins sends none", async () => {
    const trained = async (layers: ReturnType<typeof zeros>) => {
      const backend = await testBackend();
      const first = dense({ units: 9, useBias: false, name: "image" });
      const last = dense({ units: 1, useBias: false, kernelInitializer: "ones", trainable: false });
      const model = sequential({ inputShape: [1] }, [first, ...reshaped(layers), flatten(), last]);
      model.setParameters(new Map([["image/kernel", { shape: [1, 9], data: IMAGE }]]), { partial: true });
      const trainer = await createTrainer(model, {
        ...{ backend, batchSize: 1, optimizer: sgd({ learningRate: 1 }) },
        // Its gradient by the sum of all windows is 1.
        loss: (graph, outputs, targets) => graph.sum(graph.sub(outputs, targets), 1),
      });
      await trainer.trainOnBatch(Float32Array.of(1), Float32Array.of(0));
      await trainer.syncModel();
      const moved = model.parameters.get("image/kernel")!.data;
      backend.dispose();
      return [...IMAGE].map((value, place) => value - moved[place]!);
    };
    expect(await trained(zeros())).toEqual([0, 1, 0, 2, 1, 0, 0, 0, 0]);
    expect(await trained(nothing())).toEqual([1, 2, 2, 2, 1, 1, 0, 0, 0]);
  });
});

const reshaped = (layers: ReturnType<typeof zeros>) => [reshape({ targetShape: [3, 3, 1] }), ...layers];
