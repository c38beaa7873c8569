/** The page's session on the CPU, without its page: what a visitor's presses do to the training. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DIGIT_NAMES, type Digits } from "../../demo/digits.ts";
import { readNetworkFile } from "../../demo/network_file.ts";
import { Session } from "../../demo/session.ts";
import { LOSS, type OpenTrainer } from "../../demo/setup.ts";
import { decodeRows } from "../../demo/train/design.ts";
import { cpu } from "../../src/cpu.ts";
import { sample, subset } from "../../src/data/subset.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import { createTrainer, type Dataset, fetchIdx, type Trainer } from "../../src/index.ts";

/** A window of 4×4, then one row: a step takes under a millisecond. */
const QUICK = decodeRows("p4_f_d") ?? [];

let digits: Promise<Digits> | undefined;
/** 320 digits to learn from and 200 held out. */
function load(): Promise<Digits> {
  digits ??= (async () => {
    const file = (name: string) => `https://example.org/${name}-ubyte.gz`;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
      const name = String(url).split("/").at(-1);
      return new Response(await readFile(resolve(import.meta.dirname, `../../public/data/mnist-small-${name}`)));
    });
    const part = async (name: string, count: number): Promise<Dataset> =>
      subset(await fetchIdx({ images: file(`${name}-images.idx3`), labels: file(`${name}-labels.idx1`) }), 0, count);
    const [train, heldOut] = [await part("train", 320), await part("test", 200)];
    vi.restoreAllMocks();
    return { train, heldOut, id: "small", names: DIGIT_NAMES } as const;
  })();
  return digits;
}

const made: Trainer[] = [];
const openTrainer: OpenTrainer = async ({ model, optimizer, batchSize, seed }) => {
  const trainer = await createTrainer(model, { backend: cpu(), loss: LOSS, optimizer, batchSize, seed });
  made.push(trainer);
  return trainer;
};

let onChange = (): void => undefined;

/** A session that is ready, and whose first measurement may be under way. */
async function open(network = QUICK): Promise<Session> {
  const session = new Session({ force: "cpu", load, openTrainer, onChange: () => onChange() });
  session.augment = false;
  session.plan({ network, batchSize: 16 });
  await session.open();
  return session;
}

const is = (session: Session, phase: Session["phase"]) =>
  vi.waitFor(() => expect(session.phase).toBe(phase), { timeout: 20_000, interval: 1 });

/** Trains as many epochs to their end. */
async function train(session: Session, epochs = 1): Promise<void> {
  session.train(epochs);
  await is(session, "ready");
}

afterEach(() => {
  onChange = () => undefined;
  for (const trainer of made.splice(0)) trainer.dispose();
});

/** What the session holds: everything that a failed opening may not change. */
async function state(session: Session) {
  const { phase, steps, target, learningRate, batchSize, seed, adoptions, replacements, latest, error } = session;
  return {
    ...{ phase, steps, target, learningRate, batchSize, seed, adoptions, replacements, latest, error },
    rule: session.optimizer.rule,
    model: session.model,
    rows: session.rows,
    run: structuredClone(session.run),
    checkpoint: await session.checkpoint(),
  };
}

describe("opening a network", () => {
  it("that does not work leaves everything as it was, in every phase", async () => {
    const session = await open();
    await train(session);
    const good = (await session.checkpoint()) ?? new Uint8Array();
    const { config, tensors } = decodeCheckpoint(good);
    const { "trainer/step": _, ...rest } = Object.fromEntries(tensors);
    // It can be read, and built; only the trainer finds out.
    const bad = {
      ...readNetworkFile(good),
      checkpoint: encodeCheckpoint({ config, tensors: new Map(Object.entries(rest)) }),
    };
    const before = await state(session);
    await expect(session.tryOut(bad)).rejects.toThrow(/trainer\/step/);
    expect(await state(session)).toEqual(before);
    await expect(session.tryOut({ ...bad, steps: -5 })).rejects.toThrow();
    expect(await state(session)).toEqual(before);
    // The trainer at hand goes on.
    await train(session);
    expect(session.steps).toBe(40);
    session.train(5);
    await expect(session.tryOut(bad)).rejects.toThrow(/trainer\/step/);
    expect(session.phase).toBe("training");
    session.pause();
    await expect(session.tryOut(bad)).rejects.toThrow(/trainer\/step/);
    expect(session.phase).toBe("paused");
    session.train(1);
    await is(session, "ready");
    expect(session.steps).toBe(140);
    expect(session.error).toBeUndefined();
  });

  it("that works takes the place of the one at hand, with its weights and its place", async () => {
    const session = await open();
    await train(session);
    const file = readNetworkFile((await session.checkpoint()) ?? new Uint8Array());
    const accuracy = session.latest?.accuracy;
    await session.setUp({ seed: 5 });
    expect(session.steps).toBe(0);
    await session.adopt(await session.tryOut(file));
    expect(session).toMatchObject({ phase: "ready", steps: 20, seed: 1, isFromFile: false, adoptions: 1 });
    expect(session.latest).toMatchObject({ step: 20, accuracy });
  });
});

describe("a lesson", () => {
  it("that is given again to the same network makes the same network of it, bit for bit", async () => {
    const session = await open();
    await train(session, 5);
    const { heldOut } = await load();
    const rows = Array.from({ length: heldOut.count }, (_, row) => sample(heldOut, row));
    const shares = (await session.predict(Float32Array.from(rows.flatMap(({ image }) => [...image])))) ?? [];
    const misread = rows.find(({ label }, row) => {
      const given = [...shares.slice(10 * row, 10 * row + 10)];
      return given.indexOf(Math.max(...given)) !== label;
    });
    if (misread === undefined) throw new Error("The network makes no mistakes.");
    const { image: pixels, label } = misread;
    const state = async () => Buffer.from((await session.checkpoint()) ?? []);
    const before = await state();
    const { checkpoint: _, ...first } = (await session.teach([{ pixels, label }], [])) ?? {};
    const taught = await state();
    expect(first).toMatchObject({ kept: true, readings: [{ read: label }] });
    expect(taught.equals(before)).toBe(false);
    await session.unteach();
    expect((await state()).equals(before)).toBe(true);
    const { checkpoint: __, ...second } = (await session.teach([{ pixels, label }], [])) ?? {};
    expect(second).toEqual(first);
    expect((await state()).equals(taught)).toBe(true);
  });

  it("that costs more than half a point of held-out accuracy is taken back, bit for bit", async () => {
    const session = await open();
    session.setLearningRate(0.01);
    await train(session, 20);
    const { heldOut } = await load();
    // Digits with other labels than they have: whoever learns those reads others like them wrong.
    const wrong = Array.from({ length: 20 }, (_, row) => sample(heldOut, row)).map(({ image, label }) => ({
      pixels: image,
      label: (label + 1) % 10,
    }));
    const before = Buffer.from((await session.checkpoint()) ?? []);
    const { steps, latest } = session;
    const taught = await session.teach(wrong, []);
    expect([taught?.kept, taught?.count]).toEqual([false, 200]);
    expect((taught?.before ?? 0) - (taught?.after ?? 1)).toBeGreaterThan(0.005);
    expect(session).toMatchObject({ steps, phase: "ready", canUnteach: false });
    expect(session.latest?.accuracy).toBe(latest?.accuracy);
    expect(before.equals((await session.checkpoint()) ?? new Uint8Array())).toBe(true);
  });
});

describe("a pause", () => {
  it("is measured, so that what is kept says how well the network reads", async () => {
    const session = await open();
    const kept: number[] = [];
    session.onKeep = () => kept.push(session.latest?.step === session.steps ? session.steps : -1);
    session.train(6);
    await vi.waitFor(() => expect(session.steps).toBeGreaterThan(20), { timeout: 20_000, interval: 1 });
    session.pause();
    await vi.waitFor(() => expect(kept.at(-1)).toBe(session.steps), { timeout: 20_000 });
    expect(session.phase).toBe("paused");
    expect(session.latest?.step).toBe(session.steps);
    session.train(1);
    await is(session, "ready");
    expect(session.steps).toBe(120);
  });
});

describe("a time to stop at", () => {
  it("ends the training where it trained for so long, without its pauses, and says so", async () => {
    let [session, seconds, paused] = [await open(), 0.4, 0];
    const train = async () => {
      session.stopping = { minutes: seconds / 60 };
      const began = performance.now();
      session.train(1000);
      await vi.waitUntil(() => session.steps > 0, { timeout: 20_000, interval: 1 });
      session.pause();
      await vi.waitUntil(() => session.latest?.step === session.steps, { timeout: 20_000 });
      paused = session.steps;
      if (session.phase === "ready") return;
      await new Promise((resolve) => setTimeout(resolve, 500));
      session.train(1);
      await is(session, "ready");
      expect(performance.now() - began).toBeGreaterThan(1000 * (seconds + 0.5));
    };
    await train();
    // Where the first steps alone took a slow machine that long, it goes on behind the pause with more time.
    while (session.steps === paused && seconds < 20) {
      [session, seconds] = [await open(), 4 * seconds];
      await train();
    }
    expect(session.steps).toBeGreaterThan(paused);
    expect(session.stopped?.why).toEqual({ kind: "minutes", value: seconds / 60 });
    expect(session.target).toBe(session.steps);
    expect(session.latest?.step).toBe(session.steps);
  });
});

describe("a pause at any moment", () => {
  it("holds the training, also where its steps up to the next measurement come to their end meanwhile", async () => {
    for (const at of [7, 8, 15, 16, 20, 31, 32, 33]) {
      const session = await open();
      let paused = false;
      onChange = () => {
        if (paused || session.phase !== "training" || session.steps < at) return;
        paused = true;
        session.pause();
      };
      session.train(6);
      await is(session, "paused");
      await vi.waitFor(() => expect(session.latest?.step).toBe(session.steps), { timeout: 20_000, interval: 5 });
      const { steps } = session;
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect([session.phase, session.steps], `paused at ${at}`).toEqual(["paused", steps]);
      expect(steps).toBeLessThan(at + 40);
      session.train(1);
      expect(session.phase).toBe("training");
      session.pause();
      await session.reset();
      expect([session.phase, session.steps]).toEqual(["ready", 0]);
    }
  });

  it("that comes with the last measurement does not hold the next training", async () => {
    const session = await open();
    let paused = false;
    onChange = () => {
      const isLast = session.phase === "training" && session.latest?.step === session.target;
      if (paused || !isLast) return;
      paused = true;
      session.pause();
    };
    session.train(1);
    await is(session, "ready");
    const { steps } = session;
    expect(paused).toBe(true);
    session.train(1);
    await is(session, "ready");
    expect(session.steps).toBe(2 * steps);
  });
});

describe("weights that others take the place of", () => {
  it("are counted, so that the page shows nothing that was read with those before", async () => {
    const session = await open();
    let before = session.replacements;
    const grew = () => {
      const grown = session.replacements > before;
      before = session.replacements;
      return grown;
    };
    await train(session);
    expect(grew()).toBe(false);
    await session.reset();
    expect(grew()).toBe(true);
    await session.setUp({ seed: 3 });
    expect(grew()).toBe(true);
    await train(session);
    await session.setUp({ network: decodeRows("p7_f_d") ?? [] });
    expect(grew()).toBe(true);
  });
});

describe("another batch size", () => {
  it("keeps the first weights of an opened network: a reset goes back to them, not to the trained ones", async () => {
    const session = await open();
    const first = (await session.checkpoint()) ?? new Uint8Array();
    await train(session);
    const trained = readNetworkFile((await session.checkpoint()) ?? new Uint8Array());
    await session.adopt(await session.tryOut(trained));
    await session.parameters();
    await session.setUp({ batchSize: 32 });
    await is(session, "ready");
    await session.reset();
    const now = decodeCheckpoint((await session.checkpoint()) ?? new Uint8Array()).tensors;
    expect(now.get("dense/kernel")).toEqual(decodeCheckpoint(first).tensors.get("dense/kernel"));
  });
});

describe("the first weights", () => {
  it("are known whenever Train is pressed, and not of a training that began elsewhere", async () => {
    const session = await open();
    const kernel = () => session.firstParameters?.get("dense/kernel")?.data;
    const first = kernel();
    expect(first).toHaveLength(490);
    await train(session);
    expect(kernel()).toEqual(first);
    const trained = readNetworkFile((await session.checkpoint()) ?? new Uint8Array());
    await session.adopt(await session.tryOut(trained));
    expect(kernel()).toBeUndefined();
    await session.reset();
    expect(kernel()).toEqual(first);
  });
});

describe("a training that learns nothing", () => {
  it("is known at a learning rate of 100, with what it answers, and is forgotten when it begins anew", async () => {
    const session = await open(decodeRows("c4.3.relu.same.4_f_d32.relu_d") ?? []);
    session.setLearningRate(100);
    await train(session, 3);
    expect(session.ailment?.kind).toMatch(/sameAnswer|worseThanGuessing/);
    await session.reset();
    expect(session.ailment).toBeUndefined();
    session.setLearningRate(0.001);
    await train(session, 3);
    expect(session.ailment).toBeUndefined();
  });

  it.each([0.03, 0.001, 0.0001])("is none that learns, however slowly: %d", async (rate) => {
    const session = await open();
    session.setLearningRate(rate);
    const found: unknown[] = [];
    onChange = () => found.push(session.ailment);
    await train(session, 3);
    expect(found.filter((ailment) => ailment !== undefined)).toEqual([]);
  });
});

describe("where the graphics card went away", () => {
  it("the training stays what it is, made anew on the CPU backend or carried on by another one", async () => {
    let kind: "webgpu" | "cpu" = "webgpu";
    let recovered: Parameters<OpenTrainer>[0]["onRecovered"];
    const session = new Session({
      ...{ force: undefined, load, onChange: () => onChange() },
      openTrainer: async (setup, backend) => {
        recovered = setup.onRecovered?.bind(setup);
        return Object.assign(await openTrainer(setup, backend), { backendKind: kind });
      },
    });
    session.augment = false;
    session.plan({ network: QUICK });
    await session.open();
    await train(session);
    const { run, batchSize, steps } = session;
    expect(steps).toBeGreaterThan(0);

    recovered?.({ stepsRedone: 0, backend: { kind: "wasm", description: "WebAssembly" } });
    expect([session.backendKind, session.passedOver.length, session.phase]).toEqual(["wasm", 1, "ready"]);
    expect([session.run.id, session.steps]).toEqual([run.id, steps]);

    kind = "cpu";
    await session.open();
    expect([session.backendKind, session.phase, session.error]).toEqual(["cpu", "paused", undefined]);
    // As usual on this backend it would be another size, and another training.
    expect([session.run.id, session.steps, session.batchSize]).toEqual([run.id, steps, batchSize]);
  });
});
