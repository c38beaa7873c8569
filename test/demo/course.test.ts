import { beforeEach, describe, expect, it } from "vitest";
import { Course } from "../../demo/course.ts";
import type { StepEvent } from "../../src/index.ts";

const PER_EPOCH = 10;
const SETTINGS = {
  ...{ network: "4-0", optimizer: "adam", learningRate: 0.001, batchSize: 32, seed: 1, vary: true, digits: 320 },
} as const;

let course: Course;
beforeEach(() => {
  course = new Course();
});

function step(index: number): void {
  const event: StepEvent = {
    ...{ step: index, epoch: Math.floor(index / PER_EPOCH), stepInEpoch: index % PER_EPOCH },
    ...{
      stepsPerEpoch: PER_EPOCH,
      loss: 1 / (index + 1),
      accuracy: 0.5,
      millisecondsPerStep: 4,
      imagesPerSecond: 8000,
    },
    ...{ metrics: {}, learningRate: 0.001, secondsLeft: 1 },
  };
  course.record(event, () => SETTINGS);
}

/** Measures with this loss and keeps the state. */
function check(loss: number, usual = true): void {
  const { steps, cursor } = course;
  course.measured({ step: steps, loss, accuracy: 0.8, usual, count: usual ? 500 : 2000 });
  course.keep({ checkpoint: Uint8Array.of(steps), steps, cursor });
}

describe("the course of a training", () => {
  it("counts steps and batches, and how many are left of the epoch", () => {
    for (let index = 0; index < 13; index++) step(index);
    expect(course).toMatchObject({ steps: 13, cursor: 13 });
    expect(course.toEpochEnd(PER_EPOCH)).toBe(7);
    expect(course.last?.step).toBe(12);
    expect(course.run.settings).toEqual(SETTINGS);
    expect(course.run.losses).toHaveLength(13);
  });

  it("knows the best state behind it, once a step was taken from it, and none where the last one is the best", () => {
    step(0);
    check(0.5);
    expect(course.best).toBeUndefined();
    step(1);
    expect(course.best).toMatchObject({ steps: 1, loss: 0.5 });
    check(0.9);
    expect(course.better).toMatchObject({ steps: 1 });
    expect(course.newest).toMatchObject({ steps: 2 });
    step(2);
    check(0.4);
    step(3);
    check(0.3);
    expect(course.better).toBeUndefined();
  });

  it("does not compare losses on other digits than the usual ones", () => {
    step(0);
    check(0.1, false);
    step(1);
    expect(course.best).toBeUndefined();
    check(0.5);
    step(2);
    expect(course.best?.loss).toBe(0.5);
    course.target = 20;
    course.changeDigits();
    expect(course).toMatchObject({ best: undefined, cursor: 0, target: 3, steps: 3 });
    expect(course.newest).toBeDefined();
  });

  it("forgets what lies ahead when it moves back, and notes no change before the first step", () => {
    course.note({ kind: "learningRate", value: 0.1 });
    expect(course.run.events).toEqual([]);
    for (let index = 0; index < 4; index++) {
      step(index);
      check(1 - 0.1 * index);
    }
    course.note({ kind: "learningRate", value: 0.1 });
    course.stopped = { why: { kind: "steps", value: 4 }, best: undefined };
    course.moveTo(2, 2);
    expect(course).toMatchObject({ steps: 2, cursor: 2, last: undefined, stopped: undefined });
    expect(course.run.losses).toHaveLength(2);
    expect(course.latest?.step).toBe(2);
    expect(course.run.events).toEqual([]);
    expect(course.best?.steps ?? 0).toBeLessThanOrEqual(2);
  });

  it("goes on with a training from a file, whose curve nobody saw", () => {
    for (let index = 0; index < 3; index++) step(index);
    const before = course.run.id;
    course.adopt({ checkpoint: Uint8Array.of(9), steps: 70, cursor: 5 });
    expect(course).toMatchObject({ steps: 70, cursor: 5, target: 70, best: undefined });
    expect(course.newest).toMatchObject({ steps: 70 });
    expect(course.run.losses).toEqual(Array(70).fill(null));
    expect(course.run.id).not.toBe(before);
  });

  it("begins again with nothing", () => {
    step(0);
    check(0.5);
    course.target = 5;
    course.begin();
    expect(course).toMatchObject({ steps: 0, target: 0, cursor: 0, newest: undefined, latest: undefined });
  });

  it("shows where a number was none, with the layer", () => {
    step(0);
    course.diverged(1, "dense");
    expect(course.run.losses[1]).toBeNaN();
    expect(course.run.events).toEqual([{ kind: "diverged", step: 1, layer: "dense" }]);
  });
});
