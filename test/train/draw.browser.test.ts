/** `trainer.draw` into real canvases, on the page and from a worker: the pictures are those of the values that `inspect` reads. */
import { afterEach, describe, expect, it } from "vitest";
import { layOutMaps, type MapsCanvas, pictureOfMaps } from "../../src/core/maps_picture.ts";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  createTrainer,
  type MapsDrawing,
  type Model,
  type Tensor,
  type Trainer,
} from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker/remote_trainer.ts";
import { barPictures, residualNetwork } from "../support/networks.ts";

const worker = () => new Worker(new URL("../../src/worker/host.ts", import.meta.url), { type: "module" });
const OPTIONS = {
  loss: "sparseCategoricalCrossentropy",
  optimizer: adam({ learningRate: 0.01 }),
  batchSize: 8,
  seed: 4,
} as const;
const pictures = barPictures(24);
const image = new Float32Array(64).map((_, index) => (index % 8 === 3 ? 1 : 0.25));

afterEach(() => document.body.replaceChildren());

/** What is to be drawn: all maps, one of them, values before the activation, gradients, a kernel. */
const DRAWINGS: readonly Omit<MapsDrawing, "canvas">[] = [
  { layer: "conv2d" },
  { layer: "add", channel: 2, gap: 0 },
  { layer: "activation_1", values: "linear", columns: 4, mapWidth: 24, gap: 3 },
  { layer: "batch_normalization", values: "gradient" },
  { layer: "conv2d_1", values: "kernel", columns: 4 },
  { layer: "dense" },
];

function pixelsOf(canvas: MapsCanvas): Uint8ClampedArray {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data;
}

async function expectPictures(trainer: Trainer, canvases: readonly MapsCanvas[]): Promise<void> {
  const seen = await trainer.inspect(image);
  for (const [index, { layer, values = "output", ...options }] of DRAWINGS.entries()) {
    const found = seen.layers.find(({ name }) => name === layer);
    const tensors: Record<string, Tensor<Float32Array> | undefined> = {
      output: found?.output,
      linear: found?.linear,
      gradient: found?.gradient,
      kernel: seen.parameters.get(`${layer}/kernel`),
    };
    const tensor = tensors[values] ?? found?.output;
    if (tensor === undefined) throw new Error(`no values of ${layer}`);
    const want = pictureOfMaps(layOutMaps(tensor.shape, options), tensor.data);
    const got = pixelsOf(canvases[index] as MapsCanvas);
    expect(got.length, layer).toBe(want.length);
    const worst = got.reduce((most, level, at) => Math.max(most, Math.abs(level - (want[at] ?? 0))), 0);
    expect(worst, `${layer}, ${values}`).toBeLessThanOrEqual(1);
  }
}

const newCanvases = () =>
  DRAWINGS.map(() => {
    const canvas = document.createElement("canvas");
    document.body.append(canvas);
    return canvas;
  });

const onto = (canvases: readonly MapsCanvas[]): MapsDrawing[] =>
  DRAWINGS.map((drawing, index) => ({ ...drawing, canvas: canvases[index] as MapsCanvas }));

/** Turns the kernel of a layer round: other weights than those that were trained. */
function turnKernel(model: Model): void {
  const name = "conv2d_1/kernel";
  const { shape, data } = model.parameters.get(name) as Tensor<Float32Array>;
  model.setParameters(new Map([[name, { shape, data: data.toReversed() }]]), { partial: true });
}

/** A canvas on the page shows what its worker drew with the next frame. */
async function frames(count: number): Promise<void> {
  for (let frame = 0; frame < count; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

describe("pictures of layers", () => {
  it("on the CPU, on the page: painted", async () => {
    const model = residualNetwork(4);
    const trainer = await createTrainer(model, { ...OPTIONS, backend: cpu() });
    await trainer.fit(pictures, { steps: 3 });
    const canvases = newCanvases();
    await trainer.draw(image, onto(canvases));
    await expectPictures(trainer, canvases);
    turnKernel(model);
    await trainer.draw(image, onto(canvases));
    await expectPictures(trainer, canvases);
    const taken = document.createElement("canvas");
    taken.getContext("bitmaprenderer");
    await expect(trainer.draw(image, [{ canvas: taken, layer: "conv2d" }])).rejects.toThrow(/another kind/);
    trainer.dispose();
  });

  it.each([
    ["drawn by the GPU, without readback", false],
    ["read and painted", true],
  ])("on WebGPU, from a worker, while it trains: %s", async (_, readback) => {
    const model = residualNetwork(4);
    const trainer = await createWorkerTrainer(model, { ...OPTIONS, worker, backend: "webgpu" });
    const canvases = newCanvases();
    // Compiles what drawing needs, so that the training does not end meanwhile.
    await trainer.draw(image, onto(canvases), { readback });
    let training = true;
    const fitting = trainer.fit(pictures, { steps: 40 }).finally(() => {
      training = false;
    });
    let during = 0;
    while (training) {
      await trainer.draw(image, onto(canvases), { readback });
      during++;
    }
    await fitting;
    expect(during).toBeGreaterThan(1);
    await trainer.draw(image, onto(canvases), { readback });
    await frames(3);
    await expectPictures(trainer, canvases);
    turnKernel(model);
    await trainer.draw(image, onto(canvases), { readback });
    await frames(3);
    await expectPictures(trainer, canvases);
    if (!readback) {
      // The same numbers as if nobody had looked.
      const alone = await createWorkerTrainer(residualNetwork(4), { ...OPTIONS, worker, backend: "webgpu" });
      expect((await alone.fit(pictures, { steps: 40 })).stepLosses).toEqual((await fitting).stepLosses);
      alone.dispose();
    }

    const [first] = canvases as [HTMLCanvasElement];
    const other = await createWorkerTrainer(residualNetwork(4), { ...OPTIONS, worker, backend: "cpu" });
    const refused = other.draw(image, [{ canvas: first, layer: "conv2d" }]);
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow(/another trainer/);
    await expect(trainer.draw(image, [{ canvas: first, layer: "nothing" }])).rejects.toThrow(/no layer "nothing"/);
    other.dispose();
    trainer.dispose();
  });
});
