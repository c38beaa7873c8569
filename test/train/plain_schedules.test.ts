/** Schedules that come as plain data, on a page that has made none: nothing here may call cosineDecay() or its kin. */
import { describe, expect, it, vi } from "vitest";
import { constantRate, constantTable, type Schedule } from "../../src/core/schedule.ts";
import { rateFromTable, scheduleTable } from "../../src/core/schedule_rates.ts";

// Modules of its own: other files of tests make schedules.
vi.resetModules();
const { adam, createTrainer, dataset, dense, sequential } = await import("../../src/index.ts");
const { cpu } = await import("../../src/cpu.ts");
const { scheduleRates } = await import("../../src/core/schedule_part.ts");

const digits = dataset({ images: new Float32Array(4 * 3), labels: [0, 1, 1, 0], shape: [3] });
const model = () => sequential({ inputShape: [3] }, [dense({ units: 2 })]);
const falling: Schedule = { segments: [{ kind: "polynomial", start: 0, steps: 4, from: 0.4, to: 0, power: 1 }] };
const options = { backend: cpu(), loss: "sparseCategoricalCrossentropy", batchSize: 4 } as const;

describe("without a schedule made", () => {
  it("a summary knows what the optimizers keep that were made, and says what to give before that", () => {
    const given = { rule: { kind: "adagrad" }, learningRate: 0.1 } as unknown as ReturnType<typeof adam>;
    expect(() => model().summary({ optimizer: given })).toThrow("summary: optimizer must be what adam(), sgd()");
    expect(model().summary({ optimizer: adam({ amsgrad: true }) }).bytes.optimizer).toBe(3 * 8 * 4);
  });

  it("a constant rate needs none of it, and a schedule is refused by a running trainer", async () => {
    const trainer = await createTrainer(model(), { ...options, optimizer: adam({ learningRate: 0.25 }) });
    trainer.setLearningRate(0.5);
    const { epochs } = await trainer.fit(digits, { epochs: 1 });
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([0.5]);
    expect(scheduleRates.atHand).toBeUndefined();
    expect(() => trainer.setLearningRate(falling)).toThrow("setLearningRate: make the schedule with cosineDecay()");
    trainer.dispose();
  });

  it("an optimizer takes one as plain data, and the trainer waits for what reads it", async () => {
    const trainer = await createTrainer(model(), { ...options, optimizer: adam({ learningRate: falling }) });
    const { epochs } = await trainer.fit(digits, { epochs: 3 });
    [0.3, 0.2, 0.1].forEach((rate, epoch) => {
      expect(epochs[epoch]?.learningRate).toBeCloseTo(rate, 6);
    });
    trainer.dispose();
  });

  it("what is none rejects the trainer", async () => {
    const broken = { segments: [{ ...falling.segments[0], steps: 0 }] } as unknown as Schedule;
    await expect(async () => {
      const optimizer = adam({ learningRate: broken });
      await createTrainer(model(), { ...options, optimizer });
    }).rejects.toThrow("has a segment of 0 steps");
  });
});

it.each([0, 1e-3, 0.1, 3])("the table of the rate %d is that of a schedule which stays there", (rate) => {
  const segment = { kind: "polynomial", start: 0, steps: 1, from: rate, to: rate, power: 1 } as const;
  const table = constantTable(rate);
  expect(table).toEqual(scheduleTable({ segments: [segment] }));
  expect(constantRate(Float32Array.from(table))).toBe(Math.fround(rate));
  for (const step of [0, 1, 1000]) expect(rateFromTable(table, step)).toBe(rate);
  expect(constantRate(scheduleTable(falling))).toBeUndefined();
  expect(constantRate(scheduleTable({ segments: [segment, { ...segment, start: 5 }] }))).toBeUndefined();
});
