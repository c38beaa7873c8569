/** When a training of the demo stops, what it can go back to, and how its work is queued. */
import { describe, expect, it } from "vitest";
import { parametersIn } from "../../demo/checkpoints.ts";
import { Snapshots } from "../../demo/snapshots.ts";
import { type Check, type StopConditions, Stopper, stepsToMeasurement } from "../../demo/train/stopping.ts";
import { Work } from "../../demo/work.ts";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint } from "../../src/formats/checkpoint.ts";
import { createTrainer, dense, sequential, sgd } from "../../src/index.ts";

const check = (loss: number, accuracy = 0.5, usual = true): Check => ({ loss, accuracy, usual });

/** At which of the checks it stops, each ten seconds after the one before; undefined: at none. */
function stopsAt(checks: readonly Check[], conditions: StopConditions): number | undefined {
  const stopper = new Stopper();
  const at = checks.findIndex((one) => stopper.take(one, 10, conditions) !== undefined);
  return at < 0 ? undefined : at;
}

describe("a training stops", () => {
  it("never by itself where no condition is set", () => {
    expect(stopsAt([check(2), check(3), check(Number.NaN), check(1, 1)], {})).toBeUndefined();
  });

  it("at the first check with the accuracy that was wanted", () => {
    const checks = [check(2, 0.5), check(1, 0.9), check(1, 0.98, false), check(1, 0.99)];
    expect(stopsAt(checks, { accuracy: 0.98 })).toBe(2);
    expect(new Stopper().take(check(1, 0.98), 0, { accuracy: 0.98 })).toEqual({ kind: "accuracy", value: 0.98 });
  });

  it("when the loss was no better for so many checks in a row, of those on the usual digits", () => {
    const losses = [2, 1, 1.1, 0.9, 0.95, 0.9, 0.91].map((loss) => check(loss));
    expect(stopsAt(losses, { patience: 3 })).toBe(6);
    expect(stopsAt(losses, { patience: 2 })).toBe(5);
    expect(stopsAt(losses, { patience: 1 })).toBe(2);
    const others = [check(2), check(1), check(1.5, 0.5, false), check(1.6, 0.5, false), check(0.9)];
    expect(stopsAt(others, { patience: 1 })).toBeUndefined();
    expect(stopsAt([check(Number.NaN), check(Number.NaN)], { patience: 2 })).toBe(1);
  });

  it("when it has trained for so long, which also bounds the time to the next check", () => {
    expect(stopsAt(Array(9).fill(check(1)), { minutes: 0.5 })).toBe(2);
    const stopper = new Stopper();
    expect(stopper.secondsLeft({ minutes: 1 })).toBe(60);
    stopper.take(check(1), 59.5, { minutes: 1 });
    expect(stopper.secondsLeft({ minutes: 1 })).toBe(0.5);
    expect(stopper.secondsLeft({})).toBeUndefined();
    // Somebody shortened it meanwhile: a step, and a check that ends it.
    expect(stopper.secondsLeft({ minutes: 0.5 })).toBeGreaterThan(0);
    expect(stopper.take(check(1), 0, { minutes: 0.5 })).toEqual({ kind: "minutes", value: 0.5 });
  });

  it("is measured early, then at twice the steps, and where an epoch or the training ends", () => {
    const far = { toEpochEnd: 1e6, toTarget: 1e6 };
    const measuredAt: number[] = [];
    for (let steps = 0; steps < 1200; ) {
      steps += stepsToMeasurement({ ...far, steps, measured: steps });
      measuredAt.push(steps);
    }
    expect(measuredAt).toEqual([8, 16, 32, 64, 128, 256, 512, 768, 1024, 1280]);
    // One step was made by hand since.
    expect(stepsToMeasurement({ ...far, steps: 33, measured: 32 })).toBe(32);
    expect(stepsToMeasurement({ ...far, steps: 500, measured: 500, toEpochEnd: 7 })).toBe(7);
    expect(stepsToMeasurement({ ...far, steps: 500, measured: 500, toTarget: 6 })).toBe(6);
  });
});

describe("what a training can go back to", () => {
  const state = (steps: number) => ({ checkpoint: Uint8Array.of(steps), steps, cursor: steps });

  it("is the state with the least loss, once a step has shown that its weights are numbers", () => {
    const snapshots = new Snapshots();
    snapshots.keep(state(8), 2);
    expect(snapshots.best).toBeUndefined();
    snapshots.taken(7);
    expect(snapshots.best).toBeUndefined();
    snapshots.taken(8);
    expect(snapshots.best?.steps).toBe(8);
    snapshots.keep(state(16), 1);
    snapshots.keep(state(32), 3);
    snapshots.taken(32);
    expect(snapshots.best).toMatchObject({ steps: 16, loss: 1 });
    expect(snapshots.newest?.steps).toBe(32);
    // Weights that are no numbers, in a network whose ReLU made zeros of them; the next step finds out.
    snapshots.keep(state(64), 0.5);
    expect(snapshots.best?.steps).toBe(16);
  });

  it("is nothing later than where it went back to, and nothing of other digits", () => {
    const snapshots = new Snapshots();
    snapshots.keep(state(8), 2);
    snapshots.taken(8);
    snapshots.forgetAfter(8);
    expect(snapshots.best?.steps).toBe(8);
    snapshots.forgetAfter(7);
    expect(snapshots.best).toBeUndefined();
    snapshots.keep(state(8), 2);
    snapshots.forgetBest();
    snapshots.taken(9);
    expect(snapshots.best).toBeUndefined();
    expect(snapshots.newest?.steps).toBe(8);
  });

  it("puts earlier weights into a training that goes on: counters and optimizer stay", async () => {
    const model = sequential({ inputShape: [3], seed: 1 }, [dense({ units: 2 })]);
    const trainer = await createTrainer(model, {
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      batchSize: 2,
    });
    const step = () => trainer.trainOnBatch(new Float32Array([1, 2, 3, 3, 2, 1]), [0, 1]);
    await step();
    const early = await trainer.checkpoint();
    await step();
    const late = await trainer.checkpoint();
    const names = new Set(model.variables.map(({ name }) => name));
    model.setParameters(parametersIn(early, names));
    const [before, after, now] = [early, late, await trainer.checkpoint()].map(
      (bytes) => decodeCheckpoint(bytes).tensors,
    );
    for (const [name, tensor] of now ?? []) {
      const from = names.has(name) ? before : after;
      expect([...tensor.data], name).toEqual([...(from?.get(name)?.data ?? [])]);
    }
    expect(before?.get("dense/kernel")).not.toEqual(after?.get("dense/kernel"));
    trainer.dispose();
  });
});

describe("the work on a trainer", () => {
  it("is one piece after the other, and a stop ends the piece under way and those that wait", async () => {
    const log: string[] = [];
    const work = new Work({ onFailure: (error) => log.push(`failed ${String(error)}`), onEnd: () => log.push("end") });
    work.begin(async () => {
      await Promise.resolve();
      log.push("first");
    });
    work.begin(async () => {
      throw "second";
    });
    await work.done;
    expect(log).toEqual(["first", "end", "failed second", "end"]);
    log.length = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    work.begin(async (signal) => {
      await held;
      signal.throwIfAborted();
      log.push("never");
    });
    work.begin(async () => {
      log.push("never either");
    });
    await work.stop(release);
    expect(log).toEqual(["end", "end"]);
    work.begin(async (signal) => {
      log.push(`again ${signal.aborted}`);
    });
    await work.done;
    expect(log.at(-2)).toBe("again false");
  });
});
