import { describe, expect, it } from "vitest";
import { adam, type Backend, createTrainer, Profile, type StepEvent, webgpu } from "../../src/index.ts";
import { backendKind, backendName, testBackend } from "../support/backend.ts";
import { testDevice, testGpu } from "../support/gpu.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";

const kinds: readonly (readonly [string, () => Promise<Backend>])[] =
  backendKind !== "webgpu"
    ? [[`a profile on ${backendName}`, testBackend]]
    : [
        ["a profile by the GPU's clock", async () => webgpu({ gpu: await testGpu() })],
        [
          "a profile by the wall clock, on a device without timestamps",
          async () => webgpu({ device: await testDevice() }),
        ],
      ];

if (backendKind === "webgpu") {
  it("a device of our own has the GPU's clock here", async () => {
    const backend = await webgpu({ gpu: await testGpu() });
    expect(backend.device.features.has("timestamp-query")).toBe(true);
    backend.dispose();
  });
}

describe.each(kinds)("%s", (_, open) => {
  it("has a row a kernel, with all of the step's operations, and times that add up", async () => {
    const backend = await open();
    const trainer = await createTrainer(smallNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 16 });
    await expect(trainer.profile()).rejects.toThrow(/has not trained on a data set yet/);
    await trainer.fit(barPictures(64));
    const profile = await trainer.profile(undefined, { steps: 3 });
    const stats = trainer.stats();
    expect(profile).toBeInstanceOf(Profile);
    expect(profile.steps).toBe(3);
    expect(profile.kernels.reduce((sum, { flops }) => sum + flops, 0)).toBe(stats.flopsPerStep);
    expect(profile.kernels).toHaveLength(stats.dispatchesPerStep);
    expect(profile.milliseconds).toBeGreaterThan(0);
    for (const kernel of profile.kernels) expect(kernel.milliseconds).toBeGreaterThanOrEqual(0);
    const convolution = profile.kernels.find(({ layer, flops }) => layer === "conv2d" && flops > 0);
    expect(convolution?.bytes).toBeGreaterThan(0);
    if (profile.peakGflops !== undefined) expect(profile.peakGflops).toBeGreaterThan(0);
    for (const kernel of profile.kernels) {
      // A GPU's clock ticks in steps of up to 100 µs: a small kernel may take none of them, and has no share then.
      const share = profile.shareOfPeak(kernel);
      if (profile.peakGflops === undefined || kernel.milliseconds === 0) expect(share).toBeUndefined();
      else {
        expect(share).toBeCloseTo(kernel.flops / (kernel.milliseconds * 1e6 * profile.peakGflops), 10);
        expect(share).toBeLessThanOrEqual(1);
      }
    }
    expect(`${profile}`).toMatch(/layer +op +kernel +ms +% of step/);
    trainer.dispose();
    backend.dispose();
  });

  it("changes nothing: held in the middle of a run, the run goes on to the same bits", async () => {
    const backend = await open();
    const run = async (measure: boolean) => {
      const model = smallNetwork();
      const trainer = await createTrainer(model, { backend, loss: LOSS, optimizer: adam(), batchSize: 16, seed: 3 });
      const data = barPictures(160);
      let measured: Promise<Profile> | undefined;
      const onStep = ({ step }: StepEvent) => {
        if (measure && step === 4) measured = trainer.profile(data, { steps: 2 });
      };
      const { stepLosses } = await trainer.fit(data, { epochs: 6, onStep });
      if (measure) expect((await measured)?.steps).toBe(2);
      await trainer.syncModel();
      trainer.dispose();
      return { stepLosses, weights: [...model.parameters.values()].map(({ data }) => [...data]) };
    };
    expect(await run(true)).toEqual(await run(false));
    backend.dispose();
  });

  it("pause() resolves when no step is in flight", async () => {
    const backend = await open();
    const trainer = await createTrainer(smallNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 16 });
    let heard = 0;
    let atPause = -1;
    const onStep = () => {
      heard++;
      if (heard === 3) {
        void trainer.pause().then(async () => {
          atPause = heard;
          await new Promise((resolve) => setTimeout(resolve, 100));
          expect(heard).toBe(atPause);
          trainer.resume();
        });
      }
    };
    await trainer.fit(barPictures(160), { epochs: 4, onStep });
    expect(atPause).toBeGreaterThanOrEqual(3);
    expect(heard).toBe(40);
    await trainer.pause();
    trainer.dispose();
    backend.dispose();
  });
});
