import { expect, it } from "vitest";
import { adam, DisposedError, type StepEvent } from "../../../src/index.ts";
import { type Bench, network, PICTURE, pictures, rejection, settles, unhandledIn } from "./bench.ts";

/** Pausing, and the ends of waits. */
export function waitsContract(bench: Bench): void {
  // A worker on the CPU takes hundreds of these small steps before a busy page hears of the first.
  const epochs = bench.kind === "webgpu" ? 40 : 400;

  it("pause holds a running fit after the steps in flight, and resume goes on to the same bits", async () => {
    const data = pictures();
    const want = (await (await bench.trainerHere(network())).fit(data, { epochs })).stepLosses;
    const trainer = await bench.trainer(network());
    let heard = 0;
    let pausing: Promise<void> | undefined;
    const onStep = () => {
      heard++;
      if (heard === 3) pausing = trainer.pause();
    };
    const fitting = trainer.fit(data, { epochs, onStep });
    await expect.poll(() => pausing !== undefined, { timeout: 20_000 }).toBe(true);
    await pausing;
    expect(trainer.paused).toBe(true);
    const held = heard;
    expect(held).toBeLessThan(want.length);
    expect(trainer.stats().steps).toBe(held);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toBe(held);
    // What reads the weights works meanwhile.
    expect((await trainer.predict(PICTURE)).shape).toEqual([1, 3]);
    trainer.resume();
    expect(trainer.paused).toBe(false);
    expect((await fitting).stepLosses).toEqual(want);
    await trainer.pause();
    expect(trainer.paused).toBe(true);
    trainer.resume();
  });

  it("a call after dispose is refused with DisposedError, and leaves nothing unhandled", async () => {
    const left = await unhandledIn(async () => {
      const trainer = await bench.trainer(network());
      const data = pictures();
      await trainer.fit(data, { steps: 1 });
      const bytes = await trainer.checkpoint();
      trainer.dispose();
      trainer.dispose();
      const calls = [
        ...[trainer.fit(data), trainer.prepare(data), trainer.evaluate(data), trainer.release(data)],
        ...[trainer.predict(PICTURE), trainer.predict([PICTURE]), trainer.inspect(PICTURE), trainer.draw(PICTURE, [])],
        ...[trainer.trainOnBatch(PICTURE, [0]), trainer.checkpoint(), trainer.restore(bytes), trainer.syncModel()],
        ...[trainer.profile(data), trainer.swapEma(), trainer.pause(), trainer.settled()],
      ];
      for (const [index, call] of calls.entries()) {
        expect(await rejection(call), `call ${index}`).toBeInstanceOf(DisposedError);
      }
      expect(() => trainer.setLearningRate(0.1)).toThrow(DisposedError);
      expect(() => trainer.resume()).toThrow(DisposedError);
      expect(trainer.stats().steps).toBe(1);
      expect(trainer.paused).toBe(false);
    });
    expect(left).toEqual([]);
  });

  it("dispose ends what is under way with DisposedError: a fit, an evaluation, a prediction", async () => {
    const left = await unhandledIn(async () => {
      const trainer = await bench.trainer(network());
      const data = pictures();
      const calls = [trainer.fit(data, { epochs: 100_000 }), trainer.evaluate(data), trainer.predict(PICTURE)];
      // All at once: each is waited for from the beginning.
      const ends = calls.map((call) => rejection(call));
      trainer.dispose();
      for (const end of ends) expect(await end).toBeInstanceOf(DisposedError);
    });
    expect(left).toEqual([]);
  });

  it("an abort ends the pause of a fit, and the next fit runs", async () => {
    const trainer = await bench.trainer(network());
    const data = pictures();
    const controller = new AbortController();
    let pausing: Promise<void> | undefined;
    const onStep = () => {
      pausing ??= trainer.pause();
    };
    const fitting = trainer.fit(data, { epochs: 100_000, signal: controller.signal, onStep });
    fitting.catch(() => undefined);
    await expect.poll(() => pausing !== undefined, { timeout: 20_000 }).toBe(true);
    await pausing;
    controller.abort("enough");
    expect(await rejection(fitting)).toBe("enough");
    expect(trainer.paused).toBe(false);
    expect(await settles(trainer.fit(data, { steps: 2 }))).toBe(true);
  });

  it("dispose ends the pause of a fit", async () => {
    const trainer = await bench.trainer(network());
    let pausing: Promise<void> | undefined;
    const onStep = () => {
      pausing ??= trainer.pause();
    };
    const fitting = rejection(trainer.fit(pictures(), { epochs: 100_000, onStep }));
    await expect.poll(() => pausing !== undefined, { timeout: 20_000 }).toBe(true);
    await pausing;
    trainer.dispose();
    expect(await settles(fitting)).toBe(true);
    expect(await fitting).toBeInstanceOf(DisposedError);
  });

  it("resume during a profile changes nothing, and a pause during one outlives it", async () => {
    const data = pictures();
    const config = { optimizer: adam({ learningRate: 0.02 }) };
    const want = (await (await bench.trainerHere(network(), config)).fit(data, { epochs })).stepLosses;
    const trainer = await bench.trainer(network(), config);
    let measuring: Promise<unknown> | undefined;
    const onStep = ({ step }: StepEvent) => {
      if (step !== 4) return;
      measuring = trainer.profile(data, { steps: 3 });
      trainer.resume();
      void trainer.pause();
    };
    const fitting = trainer.fit(data, { epochs, onStep });
    await expect.poll(() => measuring !== undefined, { timeout: 20_000 }).toBe(true);
    await measuring;
    expect(trainer.paused).toBe(true);
    expect(await settles(fitting, 300)).toBe(false);
    trainer.resume();
    expect((await fitting).stepLosses).toEqual(want);
  });
}
