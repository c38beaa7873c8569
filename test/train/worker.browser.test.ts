import { describe, expect, it } from "vitest";
import { ArgumentError, adam, type LossFunction } from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker/remote_trainer.ts";
import { barPictures, residualNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";

/** The worker itself, from its source. */
const worker = () => new Worker(new URL("../../src/worker/host.ts", import.meta.url), { type: "module" });

describe.each(["webgpu", "cpu"] as const)("a residual network with batch normalisation in a worker (%s)", (backend) => {
  it("trains there, and its weights and moving statistics come back", async () => {
    const model = residualNetwork(4);
    const trainer = await createWorkerTrainer(model, {
      ...{ worker, backend, loss: LOSS, optimizer: adam({ learningRate: 0.01 }), batchSize: 16, seed: 4 },
    });
    expect(trainer.backendKind).toBe(backend);
    const before = model.parameters.get("batch_normalization/moving_mean")?.data;
    const pictures = barPictures(100);
    const { stepLosses } = await trainer.fit(pictures, { epochs: 4 });
    const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(mean(stepLosses.slice(-5))).toBeLessThan(0.8 * mean(stepLosses.slice(0, 5)));
    // `fit` brings them; `syncModel` changes nothing more.
    const after = model.parameters.get("batch_normalization/moving_mean")?.data;
    await trainer.syncModel();
    expect(model.parameters.get("batch_normalization/moving_mean")?.data).toEqual(after);
    expect(after).not.toEqual(before);

    // What the page sets reaches the worker: without a scale every picture looks the same.
    const image = new Float32Array(64).map((_, i) => (i % 8 === 3 ? 1 : 0));
    const kernel = model.parameters.get("dense/kernel")!;
    model.setParameters(new Map([["dense/kernel", { ...kernel, data: kernel.data.fill(0) }]]), { partial: true });
    const bias = model.parameters.get("dense/bias")!.data;
    const exponentials = Array.from(bias, Math.exp);
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    const { data } = await trainer.predict(image);
    exponentials.forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value / total, 5);
    });
    const saved = await trainer.checkpoint();
    await trainer.restore(saved);
    await trainer.syncModel();
    expect(model.parameters.get("batch_normalization/moving_mean")?.data).toEqual(after);
    trainer.dispose();
  });
});

it("targets, weights, metrics and early stopping work in a worker as on the page", async () => {
  const { clusters } = await import("../support/losses.ts");
  const { RandomData } = await import("../support/random.ts");
  const { createTrainer, dataset, dense, earlyStopping, huber, precision, sequential } = await import(
    "../../src/index.ts"
  );
  const { cpu } = await import("../../src/cpu.ts");
  const plain = clusters(new RandomData(5), 10, 3);
  const weighted = dataset({
    ...{ images: plain.images, shape: [4], targetShape: [3] },
    targets: Float32Array.from([...plain.labels].flatMap((label) => [0, 1, 2].map((c) => Number(c === label)))),
    sampleWeights: Array.from({ length: 10 }, (_, i) => 1 + (i % 2)),
  });
  const labelled = dataset({ images: plain.images, labels: plain.labels, shape: [4] });
  const network = () => sequential({ inputShape: [4], seed: 2 }, [dense({ units: 3 })]);
  const fits = [
    { loss: huber({ delta: 0.5 }), metrics: ["mae"], data: weighted, classWeight: undefined },
    { loss: "sparse_categorical_crossentropy", metrics: [precision()], data: labelled, classWeight: [1, 2, 1] },
  ];
  for (const { loss, metrics, data, classWeight } of fits) {
    const options = { loss, metrics, optimizer: adam({ learningRate: 0 }), batchSize: 4 };
    const fitting = {
      ...{ epochs: 5, validationData: data, earlyStopping: earlyStopping({ patience: 1 }) },
      ...(classWeight ? { classWeight } : {}),
    };
    const there = await createWorkerTrainer(network(), { ...options, worker, backend: "cpu" });
    const here = await createTrainer(network(), { ...options, backend: cpu() });
    const [a, b] = [await there.fit(data, fitting), await here.fit(data, fitting)];
    const timeless = ({ seconds, epochs, ...history }: typeof a) => ({
      ...history,
      epochs: epochs.map(({ seconds, ...epoch }) => epoch),
    });
    expect(timeless(a)).toEqual(timeless(b));
    expect(a.stoppedEarly).toBe(true);
    expect(await there.evaluate(data)).toEqual(await here.evaluate(data));
    there.dispose();
    here.dispose();
  }
});

it("a data set that is released goes from the worker too, outputs come from there, and it can be sent again", async () => {
  const sent: { call: string; datasets: number }[] = [];
  const counting = () => {
    const made = worker();
    const send = made.postMessage.bind(made);
    made.postMessage = (message: { call?: string; luggage?: { datasets: readonly unknown[] } }) => {
      sent.push({ call: message.call ?? "", datasets: message.luggage?.datasets.length ?? 0 });
      send(message);
    };
    return made;
  };
  const options = { loss: LOSS, optimizer: adam(), batchSize: 16 };
  const trainer = await createWorkerTrainer(residualNetwork(4), { ...options, worker: counting, backend: "cpu" });
  const pictures = barPictures(20);
  const evaluate = () => trainer.evaluate(pictures, { outputs: true });
  const { outputs, accuracy } = await evaluate();
  expect(outputs?.shape).toEqual([20, 3]);
  expect(outputs?.data).toBeInstanceOf(Float32Array);
  expect(await evaluate()).toMatchObject({ accuracy, outputs });
  await trainer.release(pictures);
  await trainer.release(pictures);
  expect(await evaluate()).toMatchObject({ accuracy, outputs });
  expect(sent.slice(1)).toEqual([
    { call: "evaluate", datasets: 1 },
    { call: "evaluate", datasets: 0 },
    { call: "release", datasets: 0 },
    { call: "release", datasets: 0 },
    { call: "evaluate", datasets: 1 },
  ]);
  trainer.dispose();
});

it("precision reaches the worker: a mixed run's checkpoint holds the scale of its loss", async () => {
  const { dense, loadSafetensors, sequential } = await import("../../src/index.ts");
  const network = () => sequential({ inputShape: [4] }, [dense({ units: 2 })]);
  const options = { worker, backend: "cpu", loss: LOSS, optimizer: adam(), batchSize: 2 } as const;
  const namesOf = async (precision: "float32" | "mixed") => {
    const trainer = await createWorkerTrainer(network(), { ...options, precision });
    const names = [...loadSafetensors(await trainer.checkpoint()).keys()];
    trainer.dispose();
    return names;
  };
  const [plain, mixed] = [await namesOf("float32"), await namesOf("mixed")];
  expect(mixed.filter((name) => !plain.includes(name)).join()).toMatch(/scale/i);
  const wrong = createWorkerTrainer(network(), { ...options, precision: "half" as "mixed" });
  await expect(wrong).rejects.toThrow('precision must be "float32" or "mixed"');
});

it("a loss of one's own, which cannot be sent, is refused before a worker is made", async () => {
  const { input, dense, model } = await import("../../src/index.ts");
  const x = input([3]);
  const twoOutputs = model({ inputs: x, outputs: [dense({ units: 2 })(x), dense({ units: 3 })(x)] });
  let made = 0;
  const counting = () => {
    made++;
    return worker();
  };
  const own: LossFunction = () => {
    throw new Error("never called");
  };
  for (const loss of [own, [LOSS, own]] as const) {
    const trainer = createWorkerTrainer(twoOutputs, { worker: counting, loss, optimizer: adam() });
    await expect(trainer).rejects.toThrow(ArgumentError);
  }
  expect(made).toBe(0);
});

it("several inputs and outputs train in a worker as on the page", async () => {
  const { createTrainer, dense, input, model, multiDataset, add, sgd } = await import("../../src/index.ts");
  const { cpu } = await import("../../src/cpu.ts");
  const network = () => {
    const [left, right] = [input([2], { name: "left" }), input([3], { name: "right" })];
    const sum = add()([dense({ units: 4 })(left), dense({ units: 4 })(right)]);
    const outputs = [dense({ units: 3, name: "class" })(sum), dense({ units: 1, name: "size" })(sum)];
    return model({ inputs: [left, right], outputs, seed: 2 });
  };
  const values = (size: number) => Float32Array.from({ length: 10 * size }, (_, i) => ((i * 7) % 11) / 11);
  const data = multiDataset({
    inputs: { right: { images: values(3), shape: [3] }, left: { images: values(2), shape: [2] } },
    outputs: { class: { labels: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0] }, size: { targets: values(1) } },
  });
  const options = {
    ...{ loss: { class: LOSS, size: "mse" }, lossWeights: { size: 0.5 }, metrics: { class: ["accuracy"] } },
    ...{ optimizer: sgd({ learningRate: 0.1 }), batchSize: 4 },
  };
  const results = [];
  for (const trainer of [
    await createWorkerTrainer(network(), { ...options, worker, backend: "cpu" }),
    await createTrainer(network(), { ...options, backend: cpu() }),
  ]) {
    const { stepLosses } = await trainer.fit(data, { epochs: 2 });
    const { loss, metrics, allOutputs } = await trainer.evaluate(data, { outputs: true });
    const lists = [
      [values(2).subarray(0, 4), values(3).subarray(0, 6)],
      [[0, 1], values(1).subarray(0, 2)],
    ] as const;
    const batch = await trainer.trainOnBatch(...lists);
    const outputs = await trainer.predict([values(2), values(3)]);
    trainer.dispose();
    results.push({ stepLosses, loss, metrics, allOutputs, batch, outputs });
  }
  expect(results[0]).toEqual(results[1]);
  expect(results[0]?.allOutputs?.map(({ shape }) => shape)).toEqual([
    [10, 3],
    [10, 1],
  ]);
  expect(results[0]?.batch.loss).toBeGreaterThan(0);
  expect(Object.keys(results[0]?.metrics ?? {})).toEqual(["class_loss", "class_accuracy", "size_loss"]);
  const own = { ...options, loss: { class: LOSS, size: () => Promise.reject() as never } };
  await expect(createWorkerTrainer(network(), { ...own, worker, backend: "cpu" })).rejects.toThrow(ArgumentError);
});
