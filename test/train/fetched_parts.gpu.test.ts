import { expect, it, vi } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { createTrainer, ModuleLoadError, sgd, type Trainer } from "../../src/index.ts";
import { network, PICTURE, pictures, rejection } from "../support/contract/bench.ts";

const connection = vi.hoisted(() => ({ isUp: true, milliseconds: 0 }));
vi.mock(import("../../src/core/on_demand.ts"), async (original) => {
  const { onDemand } = await original();
  const fetched = async <T>(load: () => Promise<T>) => {
    await new Promise((resolve) => setTimeout(resolve, connection.milliseconds));
    if (!connection.isUp) throw new TypeError("Failed to fetch dynamically imported module");
    return load();
  };
  return { onDemand: <T>(what: string, load: () => Promise<T>) => onDemand(what, () => fetched(load)) };
});

const newTrainer = (): Promise<Trainer> =>
  createTrainer(network(), {
    ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: 4 },
  });

it("without a connection a call whose part is not there is refused alone: a fit goes on to the same bits", async () => {
  const data = pictures();
  const want = (await (await newTrainer()).fit(data, { epochs: 3 })).stepLosses;
  const trainer = await newTrainer();
  connection.isUp = false;
  const refused: Promise<unknown>[] = [];
  const onStep = ({ step }: { step: number }) => {
    if (step !== 1) return;
    const calls = [trainer.predict(PICTURE), trainer.trainOnBatch(PICTURE, [0]), trainer.evaluate(data)];
    const others = [trainer.inspect(PICTURE), trainer.profile(data, { steps: 1 }), trainer.checkpoint()];
    refused.push(...[...calls, ...others].map((call) => rejection(call)));
  };
  expect((await trainer.fit(data, { epochs: 3, onStep })).stepLosses).toEqual(want);
  expect(refused).toHaveLength(6);
  for (const error of await Promise.all(refused)) expect(error).toBeInstanceOf(ModuleLoadError);
  // What has no part of its own works.
  await trainer.pause();
  trainer.resume();
  trainer.setLearningRate(0.01);
  await trainer.syncModel();
  // And so does everything when the connection is back.
  connection.isUp = true;
  expect((await trainer.predict(PICTURE)).shape).toEqual([1, 3]);
  expect((await trainer.trainOnBatch(PICTURE, [0])).loss).toBeGreaterThan(0);
  trainer.dispose();
});

it("calls keep their order while what does them is on its way", async () => {
  const data = pictures();
  const trainer = await newTrainer();
  const ended: string[] = [];
  connection.milliseconds = 50;
  const calls = [
    trainer.evaluate(data).then(() => ended.push("evaluate")),
    trainer.release(data).then(() => ended.push("release")),
    trainer.trainOnBatch(PICTURE, [0]).then(() => ended.push("trainOnBatch")),
    trainer.fit(data, { steps: 1 }).then(() => ended.push("fit")),
  ];
  await Promise.all(calls);
  connection.milliseconds = 0;
  expect(ended).toEqual(["evaluate", "release", "trainOnBatch", "fit"]);
  trainer.dispose();
});
