/** Draws tensors that lie on the device into textures and canvases, so that no value comes back to the page. */
import shader from "../../shaders/draw_maps.wgsl?raw";
import { at } from "../core/at.ts";
import { contextOf } from "../core/canvas_context.ts";
import { fitCanvas, type MapsCanvas, type MapsLayout } from "../core/maps_picture.ts";
import { NEGATIVE, POSITIVE, type Rgb } from "../core/signed_colors.ts";
import type { DeviceTraits } from "./kernel.ts";
import { largestMagnitude } from "./kernels/largest_magnitude.ts";
import type { PipelineCache } from "./pipelines.ts";
import { preprocess } from "./preprocess.ts";

/** f32 values in a buffer; `offset` in bytes, as bindings want it. */
export interface DrawnValues {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** A picture to be made of values. */
export interface MapsPainting {
  readonly values: DrawnValues;
  readonly layout: MapsLayout;
  /** A canvas that has a WebGPU context, or a texture of `layout`'s size. */
  readonly target: MapsCanvas | GPUTexture;
}

/** What stays on the device from one picture in a target to the next. */
interface Held {
  readonly key: string;
  readonly buffer: GPUBuffer;
  readonly range: GPUBindGroup;
  readonly picture: GPUBindGroup;
}

/** The shader; the colours come from the one place that has them. */
export function drawMapsShader(): string {
  const ends = { POSITIVE, NEGATIVE } satisfies Record<string, Rgb>;
  const constants = Object.entries(ends).flatMap(([name, color]) =>
    [`${name}_RED`, `${name}_GREEN`, `${name}_BLUE`].map((part, index) => [part, { f32: at(color, index) }]),
  );
  return preprocess(shader, Object.fromEntries(constants));
}

/** The device that each canvas' context was last configured for: another trainer may have drawn there in between. */
const deviceOf = new WeakMap<GPUCanvasContext, GPUDevice>();

export class MapsPainter {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  readonly #traits: DeviceTraits;
  readonly #drawers = new Map<GPUTextureFormat, Promise<GPURenderPipeline>>();
  readonly #held = new WeakMap<MapsCanvas | GPUTexture, Held>();

  constructor(device: GPUDevice, pipelines: PipelineCache, traits: DeviceTraits) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.#traits = traits;
  }

  /** Makes a canvas ready to be drawn to by this device; false where it cannot have a WebGPU context. */
  configure(canvas: MapsCanvas): boolean {
    const context = contextOf(canvas, "webgpu");
    if (context === null) return false;
    if (deviceOf.get(context) !== this.#device) {
      const format = navigator.gpu.getPreferredCanvasFormat();
      context.configure({ device: this.#device, format, alphaMode: "premultiplied" });
      deviceOf.set(context, this.#device);
    }
    return true;
  }

  /** Compiles what these pictures need, so that `paint` has nothing to wait for. */
  async prepare(paintings: readonly MapsPainting[]): Promise<(encoder: GPUCommandEncoder) => void> {
    const ranges = await this.#pipelines.compile(
      paintings.map(({ values }) => largestMagnitude(values.size, this.#traits)),
    );
    const drawers = await Promise.all(paintings.map(({ target }) => this.#drawer(formatOf(target))));
    return (encoder) => {
      const held = paintings.map((painting, index) => this.#hold(painting, at(ranges, index), at(drawers, index)));
      const pass = encoder.beginComputePass({ label: "corteza range of colours" });
      held.forEach(({ range }, index) => {
        pass.setPipeline(at(ranges, index));
        pass.setBindGroup(0, range);
        pass.dispatchWorkgroups(1);
      });
      pass.end();
      paintings.forEach(({ target, layout }, index) => {
        this.#draw(encoder, textureOf(target, layout), at(drawers, index), at(held, index).picture);
      });
    };
  }

  #draw(encoder: GPUCommandEncoder, texture: GPUTexture, pipeline: GPURenderPipeline, group: GPUBindGroup): void {
    const pass = encoder.beginRenderPass({
      label: "corteza maps",
      colorAttachments: [{ view: texture.createView(), loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.draw(3);
    pass.end();
  }

  #drawer(format: GPUTextureFormat): Promise<GPURenderPipeline> {
    let pipeline = this.#drawers.get(format);
    if (pipeline === undefined) {
      const module = this.#device.createShaderModule({ label: "draw_maps", code: drawMapsShader() });
      pipeline = this.#device.createRenderPipelineAsync({
        label: "draw_maps",
        layout: "auto",
        vertex: { module },
        fragment: { module, targets: [{ format }] },
      });
      this.#drawers.set(format, pipeline);
    }
    return pipeline;
  }

  /** The bind groups of a picture; made anew where it is of other values or of another layout than the last one there. */
  #hold({ values, layout, target }: MapsPainting, range: GPUComputePipeline, drawer: GPURenderPipeline): Held {
    const { rows, columns, channels, first, count, perRow, mapWidth, mapHeight, gap } = layout;
    const whole = [rows, columns, channels, first, count, perRow];
    const lengths = [mapWidth, mapHeight, gap];
    const key = [values.offset, values.size, ...whole, ...lengths].join();
    const before = this.#held.get(target);
    if (before?.key === key && before.buffer === values.buffer) return before;
    const largest = this.#device.createBuffer({ label: "corteza range", size: 4, usage: GPUBufferUsage.STORAGE });
    const uniform = this.#device.createBuffer({
      label: "corteza picture",
      size: 4 * (whole.length + lengths.length),
      usage: GPUBufferUsage.UNIFORM,
      mappedAtCreation: true,
    });
    const bytes = uniform.getMappedRange();
    new Uint32Array(bytes, 0, whole.length).set(whole);
    new Float32Array(bytes, 4 * whole.length).set(lengths);
    uniform.unmap();
    const source = { buffer: values.buffer, offset: values.offset, size: values.size * 4 };
    const group = (layout: GPUBindGroupLayout, resources: readonly GPUBindingResource[]) =>
      this.#device.createBindGroup({ layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
    const held: Held = {
      key,
      buffer: values.buffer,
      range: group(range.getBindGroupLayout(0), [source, { buffer: largest }]),
      picture: group(drawer.getBindGroupLayout(0), [source, { buffer: largest }, { buffer: uniform }]),
    };
    this.#held.set(target, held);
    return held;
  }
}

function isTexture(target: MapsCanvas | GPUTexture): target is GPUTexture {
  return "createView" in target;
}

function formatOf(target: MapsCanvas | GPUTexture): GPUTextureFormat {
  return isTexture(target) ? target.format : navigator.gpu.getPreferredCanvasFormat();
}

function textureOf(target: MapsCanvas | GPUTexture, layout: MapsLayout): GPUTexture {
  if (isTexture(target)) return target;
  fitCanvas(target, layout);
  const context = contextOf(target, "webgpu");
  if (context === null) throw new Error("the canvas was not configured");
  return context.getCurrentTexture();
}
