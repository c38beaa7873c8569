import { expect, it } from "vitest";
import {
  DataSourceError,
  type Dataset,
  DisposedError,
  DivergedError,
  dataSource,
  dataset,
  type RowReading,
  subset,
} from "../../../src/index.ts";
import { type Bench, network, pictures, rejection, trainedWeights, unhandledIn } from "./bench.ts";

const SIZE = 16;
const tick = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** A data set as a source, which `before` may hold up or spoil. */
function sourceOf(
  { images, labels, targets, count, sampleWeights }: Dataset,
  before: (rows: readonly number[], reading: RowReading) => void | Promise<void> = () => undefined,
): Dataset {
  const isBytes = images instanceof Uint8Array;
  return dataSource({
    ...{ count, sampleShape: [4, 4, 1], dtype: isBytes ? "u8" : "f32" },
    ...(targets ? { targetShape: targets.shape } : { labels, classes: 3 }),
    ...(sampleWeights ? { sampleWeights } : {}),
    async read(rows, into, reading) {
      await before(rows, reading);
      for (const [place, row] of rows.entries()) {
        into.set(images.subarray(row * SIZE, (row + 1) * SIZE), place * SIZE);
        const width = targets?.shape[0] ?? 0;
        if (targets) reading.targets?.set(targets.data.subarray(row * width, (row + 1) * width), place * width);
      }
    },
  });
}

/** Data sets that are read when they are needed. */
export function streamingContract(bench: Bench): void {
  it("a data source trains, validates and evaluates to the bits of the same images in memory", async () => {
    const oneHot = Float32Array.from({ length: 46 * 3 }, (_, place) => Number(Math.floor(place / 3) % 3 === place % 3));
    const { images, shape, labels } = pictures(46);
    const floats = Float32Array.from(images, (value) => value / 100);
    const sets = [
      dataset({ images, labels, shape, sampleWeights: Float32Array.from(labels, (label) => 1 + label) }),
      dataset({ images: floats, targets: oneHot, shape }),
    ];
    for (const data of sets) {
      const config = data.targets ? { loss: "categoricalCrossentropy" as const } : {};
      const train = async (training: Dataset, validation: Dataset) => {
        const model = network();
        const trainer = await bench.trainer(model, config);
        const { epochs, stepLosses } = await trainer.fit(training, { epochs: 2, validationData: validation });
        expect(trainer.stats().residency).toBe(training === data ? "resident" : "streamed");
        const { validationLoss } = epochs[1] ?? {};
        const evaluation = await trainer.evaluate(validation, { outputs: true });
        return { stepLosses, validationLoss, evaluation, weights: await trainedWeights(trainer, model) };
      };
      const expected = await train(data, subset(data, 0, 10));
      const source = sourceOf(data, (rows) => tick((rows[0] ?? 0) % 3));
      expect(await train(source, subset(source, 0, 10))).toEqual(expected);
    }
  });

  it("a read that fails ends fit and evaluate with an error that names the images, and training can go on", async () => {
    let broken = true;
    const data = sourceOf(pictures(), (rows) => {
      if (broken && rows.includes(5)) throw new TypeError("the disk is gone");
    });
    const trainer = await bench.trainer(network());
    const unhandled = await unhandledIn(async () => {
      for (const call of [() => trainer.fit(data, { shuffle: false }), () => trainer.evaluate(data)]) {
        const error = await rejection(call());
        expect(error).toBeInstanceOf(DataSourceError);
        expect(error).toMatchObject({ code: "data-source", rows: [4, 5, 6, 7] });
        expect(String(error)).toMatch(/read failed for images 4, 5, 6, 7: the disk is gone/);
        expect((error as Error).cause).toMatchObject({ message: "the disk is gone", name: "TypeError" });
      }
    });
    expect(unhandled).toEqual([]);
    expect(trainer.stats().steps).toBe(1);
    broken = false;
    expect((await trainer.fit(data, { shuffle: false })).stepLosses).toHaveLength(3);
  });

  it("an abort and a dispose end a read that never resolves, and its signal says so", async () => {
    for (const end of ["abort", "dispose"] as const) {
      const trainer = await bench.trainer(network());
      const signals: AbortSignal[] = [];
      const data = sourceOf(pictures(), async (rows, { signal }) => {
        signals.push(signal);
        if (rows.includes(5)) await new Promise(() => undefined);
      });
      const abort = new AbortController();
      const running = trainer.fit(data, { shuffle: false, signal: abort.signal });
      const ended = rejection(running);
      while (signals.length < 3) await tick(5);
      await tick(30);
      if (end === "abort") abort.abort(new Error("enough"));
      else trainer.dispose();
      const error = await ended;
      if (end === "abort") expect(error).toMatchObject({ message: "enough" });
      else expect(error).toBeInstanceOf(DisposedError);
      for (let waits = 0; waits < 100 && !signals.every(({ aborted }) => aborted); waits++) await tick(10);
      // Those that had been answered were never aborted on the page.
      expect(signals.some(({ aborted }) => aborted)).toBe(true);
      if (end === "abort") expect((await trainer.fit(pictures(), { steps: 2 })).stepLosses).toHaveLength(2);
    }
  });

  it("an image that is not finite is named", async () => {
    const { images, labels, shape } = pictures();
    const floats = Float32Array.from(images, (value) => value / 255);
    floats[6 * SIZE + 1] = Number.NaN;
    const trainer = await bench.trainer(network());
    const error = await rejection(trainer.fit(sourceOf(dataset({ images: floats, labels, shape })), { epochs: 2 }));
    expect(error).toBeInstanceOf(DivergedError);
    expect(String(error)).toMatch(/Image 6 of the data set holds NaN/);
  });

  it("release forgets a source, which may be used again, and evaluations under way are finished first", async () => {
    const data = sourceOf(pictures(), () => tick(3));
    const trainer = await bench.trainer(network());
    const evaluating = trainer.evaluate(data);
    const released = trainer.release(data);
    const first = await evaluating;
    await released;
    expect(await trainer.evaluate(data)).toEqual(first);
    await trainer.fit(data, { steps: 2 });
    await trainer.release(data);
    expect((await trainer.fit(data, { steps: 2 })).stepLosses).toHaveLength(2);
  });
}
