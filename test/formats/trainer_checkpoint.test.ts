import { describe, expect, it } from "vitest";
import { SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../src/core/schedule.ts";
import { scheduleTable } from "../../src/core/schedule_rates.ts";
import { checkTrainerTensors, trainerConfig } from "../../src/formats/trainer_checkpoint.ts";
import { adam, cosineDecay, FormatError, type Tensor } from "../../src/index.ts";

const rates = Float32Array.from(scheduleTable(cosineDecay({ initialLearningRate: 0.1, decaySteps: 100 })));
const honest: Record<string, Tensor> = {
  "dense/kernel": { shape: [2], data: Float32Array.of(1, 2) },
  "trainer/step": { shape: [], data: Uint32Array.of(300) },
  "trainer/cursor": { shape: [], data: Uint32Array.of(7) },
  "trainer/learningRate": { shape: [SCHEDULE_ROWS, SCHEDULE_COLUMNS], data: rates },
};
const scalar = (value: number): Tensor => ({ shape: [], data: Float64Array.of(value) });
const check = (changes: Record<string, Tensor>) => () =>
  checkTrainerTensors(new Map(Object.entries({ ...honest, ...changes })));
const withRate = (place: number, value: number): Record<string, Tensor> => ({
  "trainer/learningRate": { shape: [SCHEDULE_ROWS, SCHEDULE_COLUMNS], data: rates.with(place, value) },
});

describe("the tensors of a trainer's checkpoint", () => {
  it("tell its counters where they are honest", () => {
    expect(check({})()).toEqual({ steps: 300, cursor: 7 });
    expect(checkTrainerTensors(new Map())).toEqual({ steps: 0, cursor: 0 });
  });

  it.each([-5, 0.5, 4e9, Number.NaN, Number.POSITIVE_INFINITY])("a step %f is refused", (value) => {
    expect(check({ "trainer/step": scalar(value) })).toThrow(FormatError);
    expect(check({ "trainer/step": scalar(value) })).toThrow(/"trainer\/step" must be one whole number from 0 to/);
    expect(check({ "trainer/cursor": scalar(value) })).toThrow(/"trainer\/cursor"/);
  });

  it("counters of several values or none are refused", () => {
    expect(check({ "trainer/step": { shape: [2], data: Uint32Array.of(1, 2) } })).toThrow(FormatError);
    expect(check({ "trainer/step": { shape: [0], data: new Uint32Array() } })).toThrow(FormatError);
  });

  it.each([
    ["not finite", withRate(3, Number.NaN), /not finite/],
    ["of an unknown kind", withRate(2, 7), /segment of kind 7/],
    ["of a negative rate", withRate(3, -1), /rate of -1/],
    ["of segments without steps", withRate(1, 0), /segment of 0 steps/],
    ["that does not begin at step 0", withRate(0, 5), /starts? at step/],
    ["cut off", { "trainer/learningRate": { shape: [8], data: rates.slice(0, 8) } }, /has 8 numbers, not 128/],
  ])("a table of rates %s is refused", (_, changes, message) => {
    expect(check(changes)).toThrow(FormatError);
    expect(check(changes)).toThrow(message);
  });

  it("weights that are not finite are refused by name, and so is a loss scale of 0", () => {
    const bad = { "dense/kernel": { shape: [2], data: Float32Array.of(1, Number.NaN) } };
    expect(check(bad)).toThrow(FormatError);
    expect(check(bad)).toThrow(/"dense\/kernel" holds NaN at place 1/);
    expect(check({ "trainer/lossScale": scalar(0) })).toThrow(/lossScale/);
    expect(check({ "trainer/lossScale": scalar(1024) })).not.toThrow();
  });
});

describe("the configuration of a trainer's checkpoint", () => {
  const config = { model: {}, optimizer: adam({ clipNorm: 1 }).rule, batchSize: 32, seed: 0, loss: "mse" };

  it("gives what a trainer is made with", () => {
    expect(trainerConfig(JSON.parse(JSON.stringify(config)))).toEqual({
      model: {},
      optimizer: config.optimizer,
      batchSize: 32,
      seed: 0,
    });
  });

  it.each([
    [{ batchSize: 0 }, /batchSize must be a whole number/],
    [{ batchSize: "32" }, /batchSize must be a whole number.*"32"/],
    [{ batchSize: 1e12 }, /batchSize/],
    [{ seed: null }, /seed must be a number, got null/],
    [{ optimizer: null }, /optimizer: unknown optimizer undefined/],
    [{ optimizer: { ...config.optimizer, beta1: 7 } }, /adam: beta1/],
    [{ optimizer: { ...config.optimizer, "x: 1 } }); (": 1 } }, /unknown option "x: 1/],
  ])("refuses %o", (changes, message) => {
    expect(() => trainerConfig({ ...config, ...changes })).toThrow(FormatError);
    expect(() => trainerConfig({ ...config, ...changes })).toThrow(message);
  });
});
