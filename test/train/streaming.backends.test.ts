import { afterAll, describe, expect, it } from "vitest";
import { randomKey, randomUniform } from "../../src/core/random.ts";
import {
  adam,
  conv2d,
  createTrainer,
  DataSourceError,
  type Dataset,
  DisposedError,
  DivergedError,
  dataSource,
  dataset,
  dense,
  dropout,
  type FitOptions,
  flatten,
  type Model,
  maxPooling2d,
  type RowReader,
  readSample,
  sample,
  sequential,
  split,
  subset,
  type Trainer,
  type TrainerConfig,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";

const SIDE = 6;

/** Noise with a bright row that tells the class; 13 batches of 8 and one of 3. */
function noise(count = 107, channels = 1, classes = 3): { images: Uint8Array; labels: Int32Array } {
  const key = randomKey(21);
  const labels = Int32Array.from({ length: count }, (_, index) => index % classes);
  const images = Uint8Array.from({ length: count * SIDE * SIDE * channels }, (_, place) => {
    const pixel = Math.floor(place / channels);
    const row = Math.floor(pixel / SIDE) % SIDE;
    const isBright = row === (labels[Math.floor(pixel / (SIDE * SIDE))] ?? 0) * 2;
    return Math.floor(randomUniform(key, place) * 120) + (isBright ? 130 : 0);
  });
  return { images, labels };
}

function network(channels = 1, units = 3, rate = 0.3): Model {
  return sequential({ inputShape: [SIDE, SIDE, channels], seed: 4 }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    ...(rate > 0 ? [dropout({ rate })] : []),
    dense({ units }),
  ]);
}

/** Milliseconds in which nothing that a test waits for can fail to come. */
const later = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The same data set, read when it is needed; `delay` says how long each call takes, none is at once. */
function streamed(whole: Dataset, delay?: (call: number) => number): { data: Dataset; rows: number[][] } {
  const rows: number[][] = [];
  const fill = (wanted: readonly number[], from: Uint8Array | Float32Array, into: Uint8Array | Float32Array) => {
    const size = from.length / whole.count;
    for (const [place, row] of wanted.entries()) into.set(from.subarray(row * size, (row + 1) * size), place * size);
  };
  const read: RowReader = (wanted, into, { targets }) => {
    rows.push([...wanted]);
    const now = () => {
      fill(wanted, whole.images, into);
      if (targets && whole.targets) fill(wanted, whole.targets.data, targets);
    };
    if (delay) return later(delay(rows.length)).then(now);
    return now();
  };
  const { count, shape, labels, classes, targets, sampleWeights } = whole;
  const data = dataSource({
    ...{ count, read, sampleShape: shape, dtype: whole.images instanceof Uint8Array ? "u8" : "f32" },
    ...(targets ? { targetShape: targets.shape } : { labels, classes }),
    ...(sampleWeights ? { sampleWeights } : {}),
  });
  return { data, rows };
}

const ofWords = (values: ArrayLike<number>) => [...new Uint32Array(Float32Array.from(values).buffer)];

interface Trained {
  readonly weights: readonly number[];
  readonly losses: readonly number[];
  readonly epochs: readonly unknown[];
  readonly residency: string | undefined;
}

describe(`data that is streamed, on ${backendName}`, async () => {
  const backend = await testBackend();
  afterAll(() => backend.dispose());

  async function withTrainer<T>(
    model: Model,
    config: Partial<TrainerConfig>,
    use: (trainer: Trainer) => Promise<T>,
  ): Promise<T> {
    const settings = { loss: "sparseCategoricalCrossentropy" as const, optimizer: adam(), batchSize: 8, seed: 7 };
    const trainer = await createTrainer(model, { ...settings, ...config, backend });
    try {
      return await use(trainer);
    } finally {
      trainer.dispose();
    }
  }

  const train = (
    data: Dataset,
    options: FitOptions,
    { make = network, config = {} }: { make?: () => Model; config?: Partial<TrainerConfig> } = {},
  ): Promise<Trained> => {
    const model = make();
    return withTrainer(model, config, async (trainer) => {
      const { stepLosses, epochs } = await trainer.fit(data, options);
      return {
        weights: [...model.parameters.values()].flatMap((tensor) => ofWords(tensor.data)),
        losses: ofWords(stepLosses),
        epochs: epochs.map(({ seconds: _, ...rest }) => rest),
        residency: trainer.stats().residency,
      };
    });
  };

  const { images, labels } = noise();
  const shape = [SIDE, SIDE, 1];
  const weighted = { sampleWeights: Float32Array.from(labels, (_, index) => 0.5 + (index % 4) / 4) };
  const floats = Float32Array.from(images, (value) => value / 200);
  const oneHot = Float32Array.from({ length: labels.length * 3 }, (_, place) =>
    Number(labels[Math.floor(place / 3)] === place % 3),
  );
  const classWeight = { 1: 3 };
  const augment: FitOptions["augment"] = {
    ...{ shift: 1, rotate: 10, zoom: 0.1, flip: "both", crop: 1, fill: "reflect" },
    ...{ contrast: 0.3, brightness: 0.2, noise: 0.05, cutout: 0.3 },
  };
  const crossentropy = { config: { loss: "categoricalCrossentropy" as const } };

  it.each<[string, Dataset, FitOptions, Parameters<typeof train>[2]?]>([
    ["bytes with labels", dataset({ images, labels, shape }), {}],
    ["bytes in their own order", dataset({ images, labels, shape }), { shuffle: false }],
    ["whole batches", dataset({ images: images.slice(0, 96 * 36), labels: labels.slice(0, 96), shape }), {}],
    ["floats", dataset({ images: floats, labels, shape }), {}],
    ["weights of classes and of samples", dataset({ images, labels, shape, ...weighted }), { classWeight, augment }],
    ["images that are mixed", dataset({ images, labels, shape, ...weighted }), { augment: { mixup: 0.2, cutMix: 1 } }],
    ["targets, whose last batch is shorter", dataset({ images, targets: oneHot, shape }), {}, crossentropy],
    [
      "bytes of which a batch has no multiple of four",
      dataset({ images: images.slice(0, 107 * 33), labels, shape: [11, 3, 1] }),
      {},
      {
        make: () => sequential({ inputShape: [11, 3, 1], seed: 2 }, [flatten(), dense({ units: 3 })]),
        config: { batchSize: 7 },
      },
    ],
  ])("trains to the bits of a data set that lies on the device: %s", async (_, whole, options, rest) => {
    const run = { epochs: 2, ...options, validationData: subset(whole, 0, 30) };
    const resident = await train(whole, run, rest);
    expect(resident.residency).toBe("resident");
    const { data, rows } = streamed(whole);
    const validation = streamed(subset(whole, 0, 30)).data;
    const atOnce = await train(data, { ...run, validationData: validation }, rest);
    expect(atOnce).toEqual({ ...resident, residency: "streamed" });
    // Each image once an epoch.
    const numbers = Array.from({ length: whole.count }, (__, row) => row);
    expect(rows.flat().sort((a, b) => a - b)).toEqual([...numbers, ...numbers].sort((a, b) => a - b));
    const late = streamed(whole, (call) => (call % 3) * 2);
    expect(await train(late.data, run, rest)).toEqual({ ...resident, residency: "streamed" });
  });

  const whole = dataset({ images, labels, shape });
  const plain = () => network(1, 3, 0);

  it("a run that was cut short in the middle of an epoch goes on from its checkpoint, with a data source of its own", async () => {
    const resident = await train(whole, { epochs: 3 });
    const saved = await withTrainer(network(), {}, async (trainer) => {
      await trainer.fit(streamed(whole, () => 1).data, { steps: 19 });
      return trainer.checkpoint();
    });
    const model = network();
    await withTrainer(model, {}, async (trainer) => {
      await trainer.restore(saved);
      const { data } = streamed(whole, () => 0);
      await trainer.fit(data, { steps: 9 });
      await trainer.fit(data, { steps: 42 - 19 - 9 });
      expect([...model.parameters.values()].flatMap((tensor) => ofWords(tensor.data))).toEqual(resident.weights);
    });
  });

  it("evaluates, with outputs, and divides, as what lies on the device", async () => {
    await withTrainer(plain(), {}, async (trainer) => {
      const { data } = streamed(whole, () => 1);
      const outputs = { outputs: true };
      const expected = await trainer.evaluate(whole, outputs);
      expect(expected.outputs?.shape).toEqual([107, 3]);
      expect(await trainer.evaluate(data, outputs)).toEqual(expected);
      expect(await trainer.evaluate(data)).toEqual(await trainer.evaluate(whole));
      for (const options of [{ validation: 0.3 }, { validation: 0.3, seed: 5, stratified: true }]) {
        const [parts, wanted] = [split(data, options), split(whole, options)];
        for (const part of ["training", "validation"] as const) {
          expect(parts[part].count).toBe(wanted[part].count);
          expect(await trainer.evaluate(parts[part], outputs)).toEqual(await trainer.evaluate(wanted[part], outputs));
        }
      }
    });
    const options = { epochs: 2, validationSplit: 0.25 };
    expect(await train(streamed(whole, () => 1).data, options)).toEqual({
      ...(await train(whole, options)),
      residency: "streamed",
    });
  });

  it("prepare and profile read what they need, and training goes on from where it was", async () => {
    const resident = await train(whole, { epochs: 2 });
    const model = network();
    await withTrainer(model, {}, async (trainer) => {
      const { data, rows } = streamed(whole, () => 1);
      await trainer.prepare(data);
      expect(rows.length).toBeGreaterThan(0);
      await trainer.fit(data, { steps: 5 });
      const { kernels } = await trainer.profile(data, { steps: 3 });
      expect(kernels.length).toBeGreaterThan(3);
      await trainer.profile(streamed(whole).data, { steps: 1 });
      const running = trainer.fit(data, { steps: 28 - 5 });
      await trainer.profile(undefined, { steps: 2 });
      await running;
      expect([...model.parameters.values()].flatMap(({ data }) => ofWords(data))).toEqual(resident.weights);
    });
  });

  it.each<[string, (into: Uint8Array | Float32Array) => void | PromiseLike<void>, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("no such file");
      },
      /no such file/,
    ],
    ["rejects", () => Promise.reject(new Error("404")), /404/],
    ["fills in too much", (into) => into.set(new Uint8Array(into.length + 1)), /into has 288 values/],
    ["returns what it was to fill in", () => new Uint8Array(3) as never, /returned a Uint8Array.*into\.set/],
    ["gives the memory away", (into) => void structuredClone(into, { transfer: [into.buffer] }), /gave the memory/],
  ])(
    "a read that %s ends fit with an error that names its images, after the steps before them",
    async (_, fault, message) => {
      const rows: (readonly number[])[] = [];
      const data = dataSource({
        ...{ count: 107, sampleShape: shape, labels },
        read(wanted, into) {
          rows.push(wanted);
          for (const [place, row] of wanted.entries()) into.set(images.subarray(row * 36, row * 36 + 36), place * 36);
          return wanted.includes(27) && rows.length < 20 ? fault(into) : undefined;
        },
      });
      const model = plain();
      await withTrainer(model, {}, async (trainer) => {
        const error = await trainer.fit(data, { shuffle: false }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(DataSourceError);
        expect(error).toMatchObject({ code: "data-source", rows: [24, 25, 26, 27, 28, 29, 30, 31] });
        expect(String(error)).toMatch(/read failed for images 24, 25, 26, 27, 28 and 3 more/);
        expect(String(error)).toMatch(message);
        expect(trainer.stats().steps).toBe(3);
        await expect(trainer.evaluate(data)).rejects.toBeInstanceOf(DataSourceError);
        rows.length = 20;
        await trainer.fit(data, { shuffle: false, steps: 11 });
        const { weights } = await train(whole, { shuffle: false }, { make: plain });
        expect([...model.parameters.values()].flatMap((tensor) => ofWords(tensor.data))).toEqual(weights);
      });
    },
  );

  describe("a read that never resolves", () => {
    /** Hangs from image 24 on; `signals` are those of its calls. */
    function hanging() {
      const signals: AbortSignal[] = [];
      let reached = () => undefined as void;
      const stuck = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const data = dataSource({
        ...{ count: 107, sampleShape: shape, labels },
        async read(wanted, into, { signal }) {
          signals.push(signal);
          for (const [place, row] of wanted.entries()) into.set(images.subarray(row * 36, row * 36 + 36), place * 36);
          if (!wanted.includes(24)) return;
          reached();
          await new Promise(() => undefined);
        },
      });
      return { data, signals, stuck };
    }

    it("ends with the abort of fit and of evaluate, whose signal it is told", async () => {
      await withTrainer(plain(), {}, async (trainer) => {
        for (const call of ["fit", "evaluate"] as const) {
          const { data, signals, stuck } = hanging();
          const abort = new AbortController();
          const { signal } = abort;
          const running =
            call === "fit" ? trainer.fit(data, { shuffle: false, signal }) : trainer.evaluate(data, { signal });
          const ended = running.catch((error) => error);
          await stuck;
          while (call === "fit" && trainer.stats().steps < 3) await later(5);
          await later(50);
          expect(signals.at(-1)?.aborted).toBe(false);
          const reason = new Error("enough");
          abort.abort(reason);
          expect(await ended).toBe(reason);
          expect(signals.every(({ aborted }) => aborted)).toBe(true);
        }
        expect(trainer.stats().steps).toBe(3);
        expect((await trainer.fit(whole, { steps: 2 })).stepLosses).toHaveLength(2);
      });
    });

    it("lets a pause, a batch of one's own and a profile through", async () => {
      await withTrainer(plain(), {}, async (trainer) => {
        const { data, stuck } = hanging();
        const abort = new AbortController();
        const running = trainer.fit(data, { shuffle: false, signal: abort.signal }).catch((error) => error);
        await stuck;
        while (trainer.stats().steps < 3) await later(5);
        await trainer.pause();
        expect(trainer.paused).toBe(true);
        trainer.resume();
        await trainer.trainOnBatch(images.slice(0, 36), [0]);
        expect(trainer.stats().steps).toBe(4);
        expect(trainer.stats().dataWaitSeconds).toBeGreaterThan(0);
        abort.abort(new Error("enough"));
        expect(await running).toMatchObject({ message: "enough" });
      });
    });

    it.each(["fit", "evaluate"] as const)("ends with the trainer that waits for it in %s", async (call) => {
      const { data, signals, stuck } = hanging();
      await withTrainer(plain(), {}, async (trainer) => {
        const running = call === "fit" ? trainer.fit(data, { shuffle: false }) : trainer.evaluate(data);
        const ended = running.catch((error) => error);
        await stuck;
        await later(50);
        trainer.dispose();
        expect(await ended).toBeInstanceOf(DisposedError);
        expect(signals.every(({ aborted }) => aborted)).toBe(true);
      });
    });
  });

  it("reads ahead so much and no more, and nothing while it is paused", async () => {
    const { data, rows } = streamed(whole, () => 3);
    await withTrainer(plain(), {}, async (trainer) => {
      const running = trainer.fit(data, { epochs: 4 });
      await later(30);
      await trainer.pause();
      await later(30);
      const [reads, { steps }] = [rows.length, trainer.stats()];
      await later(60);
      expect(rows.length).toBe(reads);
      expect(reads).toBeLessThan(4 * 14);
      expect(reads).toBeGreaterThanOrEqual(steps);
      trainer.resume();
      expect((await running).epochs).toHaveLength(4);
      expect(rows).toHaveLength(4 * 14);
    });
  });

  it("tells how long steps waited for data", async () => {
    await withTrainer(plain(), {}, async (trainer) => {
      await trainer.fit(whole, { epochs: 1 });
      expect(trainer.stats()).toMatchObject({ residency: "resident", dataWaitSeconds: 0 });
      await trainer.fit(streamed(whole, () => 100).data, { epochs: 1 });
      const { dataWaitSeconds, residency } = trainer.stats();
      expect(residency).toBe("streamed");
      // For the first of them there is nothing else to do; 14 reads, four at a time, wait less than one after the other.
      expect(dataWaitSeconds).toBeGreaterThan(0.09);
      expect(dataWaitSeconds).toBeLessThan(10);
    });
  });

  it("a step on an image that is not finite is told, with its number, and not taken, however often the ring went round", async () => {
    const spoilt = floats.slice();
    // In the third batch, which nobody looks at before the end of the epoch: the ring of seven would be written over.
    spoilt[20 * 36 + 4] = Number.NaN;
    const bad = dataset({ images: spoilt, labels, shape });
    const told = async (data: Dataset) => {
      const model = plain();
      return withTrainer(model, {}, async (trainer) => {
        await trainer.fit(dataset({ images: floats, labels, shape }), { epochs: 3 });
        const error = await trainer.fit(data, { epochs: 2, shuffle: false }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(DivergedError);
        const weights = [...model.parameters.values()].flatMap((tensor) => ofWords(tensor.data));
        const again = await trainer.fit(data, { shuffle: false }).catch((reason: unknown) => reason);
        expect(String(again)).toBe(String(error));
        return { weights, error: String(error), steps: trainer.stats().steps };
      });
    };
    const expected = await told(bad);
    expect(expected.error).toMatch(/Image 20 of the data set holds NaN/);
    expect(await told(streamed(bad).data)).toEqual(expected);
    expect(await told(streamed(bad, () => 1).data)).toEqual(expected);
  });

  it("refuses what is no source, with what to write", () => {
    const read = () => undefined;
    const good = { count: 3, sampleShape: [2], labels: [0, 1, 1], read };
    expect(dataSource(good)).toMatchObject({ count: 3, shape: [2], classes: 2 });
    expect(dataSource({ ...good, classNames: ["cat", "dog", "owl"] })).toMatchObject({ classes: 3 });
    const bad: [object, RegExp][] = [
      [{ ...good, shape: [2] }, /"sampleShape"/],
      [{ ...good, count: 0 }, /count/],
      [{ ...good, count: 4 }, /4 images want as many labels, got 3/],
      [{ ...good, sampleShape: [0] }, /sampleShape/],
      [{ ...good, dtype: "float" }, /dtype.*"u8" or "f32"/],
      [{ ...good, read: undefined }, /read must be a function/],
      [{ ...good, labels: undefined }, /either labels.*or a targetShape/],
      [{ ...good, targetShape: [1] }, /got both/],
      [{ ...good, labels: [0, 1, "cat"] }, /label 2 is "cat"/],
      [{ ...good, classes: 1 }, /label 1 of image 1/],
      [{ ...good, classes: 3, classNames: ["cat", "dog"] }, /3 classes have 2 classNames/],
      [{ ...good, sampleWeights: [1, 2] }, /sampleWeights/],
    ];
    for (const [options, message] of bad) expect(() => dataSource(options as never), String(message)).toThrow(message);
  });

  it("readSample gives an image of either kind; sample says where it is", async () => {
    const { data } = streamed(whole, () => 0);
    expect(await readSample(subset(data, 10, 20), 3)).toEqual(sample(whole, 13));
    expect(await readSample(whole, 13)).toEqual(sample(whole, 13));
    await expect(readSample(data, 107)).rejects.toThrow(/no image 107/);
    expect(() => sample(data, 3)).toThrow(/await readSample/);
  });
});
