/** What presses do to the training on one's own pictures, without its page, on WebAssembly. */
import { expect, it, vi } from "vitest";
import { Learner } from "../../demo/pictures/learner.ts";
import { divide, type PictureSet } from "../../demo/pictures/picture_set.ts";
import { LOSS, type TrainerSetup } from "../../demo/setup.ts";
import { dataset } from "../../src/data/dataset.ts";
import { createTrainer, wasm } from "../../src/index.ts";

vi.mock("../../demo/open_trainer.ts", () => ({
  openTrainer: async ({ model, optimizer, batchSize, seed }: TrainerSetup) =>
    createTrainer(model, { backend: await wasm(), loss: LOSS, optimizer, batchSize, seed }),
}));

const keepTraining = vi.hoisted(() => vi.fn(async () => true));
vi.mock("../../demo/pictures/keep.ts", () => ({ keepTraining, dropTraining: async () => undefined }));

/** 20 pictures of noise in two classes. */
function pictures(): PictureSet {
  const images = Uint8Array.from({ length: 20 * 784 }, (_, at) => (at * 7919) % 251);
  const labels = Uint8Array.from({ length: 20 }, (_, row) => row % 2);
  const whole = dataset({ images, labels, shape: [28, 28, 1] });
  return {
    ...{ id: "1", store: "1", title: "noise", classNames: ["one", "two"], size: 28, channels: 1 },
    ...{ ...divide(whole), heldOutBy: "lot", files: 20, skipped: [], removed: [] },
  };
}

const is = (learner: Learner, phase: Learner["phase"]["value"]) =>
  vi.waitUntil(() => learner.phase.value === phase, { timeout: 20_000, interval: 1 });

it("a pause that comes with the last reading does not hold the next training", async () => {
  const set = pictures();
  const learner = new Learner("nowebgpu", () => set);
  learner.epochs.value = 2;
  let paused = false;
  const stop = learner.score.subscribe((score) => {
    if (score === undefined || paused || learner.epoch.value < 2) return;
    paused = true;
    learner.pause();
  });
  learner.train();
  await is(learner, "idle");
  expect([paused, learner.epoch.value]).toEqual([true, 2]);
  learner.train();
  await is(learner, "idle");
  expect(learner.epoch.value).toBe(4);
  stop();
  await learner.reset();
});

it("a pause in the middle holds it, and Train goes on", async () => {
  const set = pictures();
  const learner = new Learner("nowebgpu", () => set);
  learner.epochs.value = 3;
  const stop = learner.score.subscribe((score) => {
    if (score !== undefined && learner.epoch.value === 1) learner.pause();
  });
  learner.train();
  await is(learner, "paused");
  stop();
  await vi.waitUntil(() => learner.score.value !== undefined, { timeout: 20_000 });
  learner.train();
  await is(learner, "idle");
  expect(learner.epoch.value).toBe(3);
  await learner.reset();
});

it.each([true, false])("keeps a training only with its pictures: they are kept, %s", async (isSetKept) => {
  const set = pictures();
  keepTraining.mockClear();
  const learner = new Learner(
    "nowebgpu",
    () => set,
    () => isSetKept,
  );
  learner.epochs.value = 1;
  learner.train();
  await is(learner, "idle");
  expect([learner.kept.value, keepTraining.mock.calls.length > 0]).toEqual([isSetKept, isSetKept]);
  await learner.reset();
});
