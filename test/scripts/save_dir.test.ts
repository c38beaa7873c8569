import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resume, SaveDirectory, saveEvery } from "../../scripts/save_dir.ts";
import { cpu } from "../../src/cpu.ts";
import { createTrainer, sgd } from "../../src/index.ts";
import { network, pictures, weightsOf } from "../support/contract/bench.ts";

const bytesOf = (value: number, size = 3_000_000) => new Uint8Array(size).fill(value);

describe("a folder of checkpoints", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "corteza-saves-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("has the newest, or the one before, wherever a save ends", async () => {
    let operations = 0;
    const counting = new SaveDirectory(join(folder, "count"), () => operations++);
    await counting.save(bytesOf(1), 1);
    expect(operations).toBeGreaterThan(10);
    for (let end = 0; end < operations; end++) {
      const own = join(folder, `${end}`);
      await new SaveDirectory(own).save(bytesOf(1), 1);
      await new SaveDirectory(own).save(bytesOf(2), 2);
      let done = 0;
      const ending = new SaveDirectory(own, (operation) => {
        if (done++ === end) throw new Error(`no space left: ${operation}`);
      });
      await expect(ending.save(bytesOf(3, 2_500_000), 3)).rejects.toThrow(/no space left/);
      const found = await new SaveDirectory(own).newest();
      expect([2, 3], `operation ${end}`).toContain(found?.steps);
      expect(found?.bytes.every((byte) => byte === found.steps)).toBe(true);
      // And it goes on.
      await ending.save(bytesOf(4, 1000), 4);
      expect((await ending.newest())?.steps).toBe(4);
    }
  });

  it("keeps what is whole until the next one is, where the newest is damaged and a save ends anywhere", async () => {
    for (let end = 0; ; end++) {
      const own = join(folder, `${end}`);
      const saves = new SaveDirectory(own);
      await saves.save(bytesOf(1, 1000), 1);
      await saves.save(bytesOf(2, 1000), 2);
      await truncate(join(own, "b.safetensors"), 999);
      let done = 0;
      const ending = new SaveDirectory(own, () => {
        if (done++ === end) throw new Error("no space left");
      });
      const ended = await ending.save(bytesOf(3, 1000), 3).then(
        () => false,
        () => true,
      );
      const found = await new SaveDirectory(own).newest();
      expect([1, 3], `operation ${end}`).toContain(found?.steps);
      expect(found?.bytes.every((byte) => byte === found.steps)).toBe(true);
      if (!ended) break;
    }
  });

  it("goes back to the one before where the newest is cut off, changed or gone, and says where both are", async () => {
    const damages: ((path: string) => Promise<void>)[] = [
      (path) => truncate(path, 100),
      async (path) => {
        const bytes = await readFile(path);
        bytes.writeUInt8(9, 1000);
        await writeFile(path, bytes);
      },
      (path) => rm(path),
    ];
    for (const [index, damage] of damages.entries()) {
      const own = join(folder, `${index}`);
      const saves = new SaveDirectory(own);
      expect(await saves.newest()).toBeUndefined();
      await saves.save(bytesOf(1), 1);
      await saves.save(bytesOf(2), 2);
      await damage(join(own, "b.safetensors"));
      expect((await saves.newest())?.steps).toBe(1);
      await damage(join(own, "a.safetensors"));
      await expect(saves.newest()).rejects.toThrow(/neither of its two checkpoints is whole/);
    }
    await writeFile(join(folder, "0", "manifest.json"), "{");
    await expect(new SaveDirectory(join(folder, "0")).newest()).rejects.toThrow(
      /manifest.json is not what was written/,
    );
  });

  it("a training goes on from it in another trainer, to the same bits", async () => {
    const backend = cpu();
    const options = {
      backend,
      loss: "sparseCategoricalCrossentropy",
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    } as const;
    const whole = network();
    const undisturbed = await createTrainer(whole, { ...options, batchSize: 4 });
    await undisturbed.fit(pictures(), { steps: 7 });
    const saves = new SaveDirectory(folder);
    const first = await createTrainer(network(), { ...options, batchSize: 4 });
    expect(await resume(first, saves)).toBe(0);
    const failures: unknown[] = [];
    const end = saveEvery(first, saves, { seconds: 0.001, onFailure: (error) => failures.push(error) });
    await first.fit(pictures(), { steps: 4 });
    await end();
    const model = network(5);
    const second = await createTrainer(model, { ...options, batchSize: 4 });
    expect(await resume(second, new SaveDirectory(folder))).toBe(4);
    await second.fit(pictures(), { steps: 3 });
    expect(weightsOf(model)).toEqual(weightsOf(whole));
    expect(failures).toEqual([]);
    backend.dispose();
  });
});
