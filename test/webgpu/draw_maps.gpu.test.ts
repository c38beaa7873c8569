/** Pictures of maps: the shader's against the ones that the CPU makes, and what `trainer.draw` refuses. */
import { describe, expect, it } from "vitest";
import { layOutMaps, type MapsPictureOptions, pictureOfMaps } from "../../src/core/maps_picture.ts";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  conv2d,
  createClassifier,
  createTrainer,
  type MapsDrawing,
  ShapeError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { MapsPainter } from "../../src/webgpu/maps_painter.ts";
import { PipelineCache } from "../../src/webgpu/pipelines.ts";
import { openDevice } from "../support/device.ts";
import { smallNetwork } from "../support/networks.ts";
import { RandomData } from "../support/random.ts";

const TRAITS = { software: true, maxWorkgroupSize: 256, maxWorkgroupStorage: 16384 };

const CASES: readonly (readonly [string, number[], MapsPictureOptions])[] = [
  ["maps, about a square", [9, 7, 10], {}],
  ["maps in rows of three, larger, further apart", [5, 6, 7], { columns: 3, mapWidth: 18, gap: 4 }],
  ["one map of several", [4, 4, 3], { channel: 2, gap: 0 }],
  ["kernels, a picture a pair of channels", [3, 3, 2, 5], { columns: 5 }],
  ["a row of neurons", [40], {}],
  ["a dense kernel", [6, 10], { mapWidth: 30 }],
];

const device = await openDevice();

describe("the shader draws the picture that the CPU makes, to a level of colour", () => {
  const painter = new MapsPainter(device, new PipelineCache(device), TRAITS);

  async function drawn(values: Float32Array<ArrayBuffer>, shape: number[], options: MapsPictureOptions) {
    const layout = layOutMaps(shape, options);
    // Not at the buffer's beginning, as a parameter within its arena.
    const offset = 256;
    const buffer = device.createBuffer({
      size: offset + values.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, offset, values);
    const target = device.createTexture({
      size: [layout.width, layout.height],
      format: "rgba8unorm",
      usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC,
    });
    const bytesPerRow = Math.ceil((layout.width * 4) / 256) * 256;
    const staging = device.createBuffer({
      size: bytesPerRow * layout.height,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const paint = await painter.prepare([{ values: { buffer, offset, size: values.length }, layout, target }]);
    device.pushErrorScope("validation");
    const encoder = device.createCommandEncoder();
    paint(encoder);
    encoder.copyTextureToBuffer({ texture: target }, { buffer: staging, bytesPerRow }, [layout.width, layout.height]);
    device.queue.submit([encoder.finish()]);
    expect((await device.popErrorScope())?.message).toBeUndefined();
    await staging.mapAsync(GPUMapMode.READ);
    const padded = new Uint8Array(staging.getMappedRange());
    const bytes = Array.from({ length: layout.height }, (_, row) => [
      ...padded.subarray(row * bytesPerRow, row * bytesPerRow + layout.width * 4),
    ]).flat();
    for (const held of [buffer, target, staging]) held.destroy();
    return { bytes, want: pictureOfMaps(layout, values) };
  }

  it.each(CASES)("%s", async (_, shape, options) => {
    const random = new RandomData(5);
    const size = shape.reduce((product, extent) => product * extent, 1);
    const values = Float32Array.from(random.normals(size), (value, index) => (index % 4 === 0 ? 0 : value));
    const { bytes, want } = await drawn(values, shape, options);
    expect(bytes.length).toBe(want.length);
    const worst = bytes.reduce((most, level, index) => Math.max(most, Math.abs(level - (want[index] ?? 0))), 0);
    expect(worst).toBeLessThanOrEqual(1);
    // There are colours on both sides of white, white itself, and nothing between the maps.
    const pixels = new Set(
      Array.from({ length: bytes.length / 4 }, (__, at) => bytes.slice(4 * at, 4 * at + 4).join()),
    );
    for (const color of ["255,255,255,255", ...(options.gap === 0 ? [] : shape.length > 2 ? ["0,0,0,0"] : [])])
      expect(pixels).toContain(color);
    expect(pixels.size).toBeGreaterThan(5);
  });

  it("values that are all 0 are white", async () => {
    const { bytes } = await drawn(new Float32Array(12), [2, 3, 2], { gap: 0 });
    expect(new Set(bytes)).toEqual(new Set([255]));
  });
});

describe("trainer.draw", () => {
  // No context is asked of it before everything else is checked.
  const canvas = {} as OffscreenCanvas;
  const image = new Float32Array(64);
  const options = { loss: "sparseCategoricalCrossentropy", optimizer: sgd(), batchSize: 1 } as const;

  it("names what it cannot draw", async () => {
    const trainer = await createTrainer(smallNetwork(), { ...options, backend: cpu() });
    const wrong: [Partial<MapsDrawing>, RegExp][] = [
      [{ layer: "conv" }, /no layer "conv" \(its layers: "conv2d", "max_pooling2d"/],
      [{ layer: "flatten", values: "kernel" }, /"flatten" has no kernel/],
      [{ layer: "conv2d", channel: 4 }, /channel must be a map from 0 to 3, got 4/],
      [{ layer: "conv2d", mapWidth: 0 }, /mapWidth must be a number of pixels above 0/],
      [{ layer: "conv2d", gap: -1 }, /gap must be/],
      [{ layer: "conv2d", columns: 1.5 }, /columns must be a whole number/],
      [{ layer: "conv2d", mapWidth: 5000 }, /more than 8192 on a side/],
      [{ layer: "conv2d", values: "all" as "output" }, /values must be/],
    ];
    for (const [drawing, message] of wrong) {
      const call = trainer.draw(image, [{ canvas, layer: "", ...drawing }]);
      await expect(call).rejects.toThrow(ArgumentError);
      await expect(call).rejects.toThrow(message);
    }
    await expect(trainer.draw(new Float32Array(63), [])).rejects.toThrow(ShapeError);
    trainer.dispose();
    await expect(trainer.draw(image, [])).rejects.toThrow(/disposed/);
  });

  it("a network that gives images has no class to look for: inspect, gradients and classifiers say so", async () => {
    const model = sequential({ inputShape: [8, 8, 1] }, [conv2d({ filters: 2, kernelSize: 3, padding: "same" })]);
    const trainer = await createTrainer(model, { ...options, loss: "meanSquaredError", backend: cpu() });
    for (const call of [
      () => trainer.inspect(image),
      () => trainer.draw(image, [{ canvas, layer: "conv2d", values: "gradient" }]),
      () => createClassifier(model, { backend: cpu() }),
    ]) {
      await expect(call()).rejects.toThrow(ShapeError);
      await expect(call()).rejects.toThrow(/not one row of classes/);
    }
    trainer.dispose();
  });
});
