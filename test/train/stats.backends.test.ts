/** What backends and trainers count of what they hold. */
import { describe, expect, it } from "vitest";
import { nextTurn } from "../../src/core/next_turn.ts";
import { adam, createClassifier, createPredictor, createTrainer } from "../../src/index.ts";
import { WebGpuBackend } from "../../src/webgpu/backend.ts";
import { backendKind, backendName, testBackend } from "../support/backend.ts";
import { network, PICTURE, pictures } from "../support/contract/bench.ts";
import { watchLeaks } from "../support/leaks.ts";

const NOTHING = { programs: 0, buffers: 0, stagingBuffers: 0, bytes: 0, bindGroups: 0 };

describe(`counters on ${backendName}`, () => {
  it("grow with what is made, stand still in the steady state, and are zero when all of it is disposed of", async () => {
    const backend = await testBackend();
    const leaks = backend instanceof WebGpuBackend ? watchLeaks(backend.device) : undefined;
    expect(backend.stats()).toMatchObject(NOTHING);
    const model = network();
    const options = { backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 4 } as const;
    const trainer = await createTrainer(model, options);
    const made = backend.stats();
    expect(made.programs).toBe(1);
    expect(made.buffers).toBeGreaterThan(0);
    const [data, other] = [pictures(), pictures(6)];
    await trainer.fit(data, { epochs: 2, validationData: other });
    await trainer.trainOnBatch(PICTURE, [1]);
    await trainer.predict(PICTURE);
    await trainer.inspect(PICTURE);
    await trainer.checkpoint();
    const used = backend.stats();
    expect(used.programs).toBeGreaterThan(4);
    expect(used.bytes).toBe(backend.bytes);
    expect(used.bytes).toBeGreaterThan(made.bytes);
    if (backendKind === "webgpu") {
      expect(used.bindGroups).toBeGreaterThan(trainer.stats().dispatchesPerStep);
      expect(used.pipelines).toBeGreaterThan(0);
      expect(used.stagingBuffers).toBeGreaterThan(0);
      expect(trainer.stats().snapshotBytes).toBeGreaterThan(0);
      expect(leaks?.left()).toHaveLength(used.buffers);
    }
    await trainer.fit(data, { epochs: 4, validationData: other });
    await trainer.predict(PICTURE);
    expect(backend.stats()).toMatchObject({
      programs: used.programs,
      bindGroups: used.bindGroups,
      pipelines: used.pipelines,
    });
    const [classifier, predictor] = [
      await createClassifier(model, { backend }),
      await createPredictor(model, { backend }),
    ];
    await classifier.predict(PICTURE);
    await predictor.predict(PICTURE);
    for (const each of [trainer, classifier, predictor]) each.dispose();
    await nextTurn();
    expect(backend.stats()).toMatchObject(NOTHING);
    expect(leaks?.left() ?? []).toEqual([]);
    expect(trainer.stats()).toMatchObject({ gpuBytes: 0, datasetBytes: 0, snapshotBytes: 0 });
    backend.dispose();
  });

  it("are zero when the backend alone is disposed of", async () => {
    const backend = await testBackend();
    const leaks = backend instanceof WebGpuBackend ? watchLeaks(backend.device) : undefined;
    const options = { backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 4 } as const;
    const trainer = await createTrainer(network(), options);
    await trainer.fit(pictures(), { steps: 2 });
    backend.dispose();
    expect(backend.stats()).toEqual({ ...NOTHING, pipelines: 0 });
    expect(leaks?.left() ?? []).toEqual([]);
    trainer.dispose();
  });
});
