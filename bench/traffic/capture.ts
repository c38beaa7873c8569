/**
 * Catches the dispatches of a step on their way to the device, and does them again one by one: on copies of their buffers as
 * `rewrite.ts` makes them, to see what they move, and then as they are, so that the next finds what it should.
 */
import { create, globals } from "webgpu";
import { hash } from "../jobs.ts";
import { countTraffic, type Traffic } from "./log.ts";
import { type Drawn, type Instrumented, instrument, LOG_GROUP, wordsOf } from "./rewrite.ts";

/** One dispatch as the device was to get it. */
export interface Caught {
  readonly label: string;
  readonly wgsl: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly entries: readonly GPUBufferBinding[];
  readonly workgroups: readonly [number, number, number];
}

/** Puts own properties before those of a native object. */
function override<T extends object>(native: T, values: { readonly [name in keyof T]?: unknown }): T {
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(native, name, { value, configurable: true });
  return native;
}

/** A device that a backend uses as any, and that keeps dispatches to itself when told to. */
export class Catcher {
  /** Dawn's, which passes itself off as a graphics card where `isHardware`. */
  readonly gpu: GPU;
  #device: GPUDevice | undefined;
  #caught: Caught[] | undefined;
  readonly #modules = new WeakMap<GPUShaderModule, string>();
  readonly #pipelines = new WeakMap<GPUComputePipeline, { label: string; wgsl: string }>();
  readonly #groups = new WeakMap<GPUBindGroup, GPUBufferBinding[]>();

  constructor(isHardware: boolean) {
    Object.assign(globalThis, globals);
    const gpu = create([]);
    const requestAdapter = gpu.requestAdapter.bind(gpu);
    this.gpu = override(gpu, {
      requestAdapter: async (options?: GPURequestAdapterOptions) => {
        const adapter = await requestAdapter(options);
        return adapter && this.#watchedAdapter(adapter, isHardware);
      },
    });
  }

  get device(): GPUDevice {
    if (this.#device === undefined) throw new Error("traffic: nobody has asked for a device yet");
    return this.#device;
  }

  /** The dispatches of what `work` would have run. */
  async catch(work: () => Promise<unknown>): Promise<Caught[]> {
    const caught: Caught[] = [];
    this.#caught = caught;
    try {
      await work();
    } finally {
      this.#caught = undefined;
    }
    return caught;
  }

  #watchedAdapter(adapter: GPUAdapter, isHardware: boolean): GPUAdapter {
    const requestDevice = adapter.requestDevice.bind(adapter);
    const { subgroupMinSize, subgroupMaxSize } = adapter.info;
    const card = { vendor: "a card", architecture: "", device: "", description: "", isFallbackAdapter: false };
    const info = isHardware ? { ...card, subgroupMinSize, subgroupMaxSize } : adapter.info;
    const { maxStorageBuffersPerShaderStage } = adapter.limits;
    return override(adapter, {
      info,
      requestDevice: async (descriptor: GPUDeviceDescriptor = {}) => {
        const requiredLimits = { ...descriptor.requiredLimits, maxStorageBuffersPerShaderStage };
        const device = await requestDevice({ ...descriptor, requiredLimits });
        return this.#watchedDevice(override(device, { adapterInfo: info }));
      },
    });
  }

  #watchedDevice(device: GPUDevice): GPUDevice {
    this.#device = device;
    const { createBuffer, createShaderModule, createComputePipelineAsync, createBindGroup, createCommandEncoder } =
      device;
    const copied = () => GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return override(device, {
      createBuffer: (descriptor: GPUBufferDescriptor) => {
        const isStorage = (descriptor.usage & GPUBufferUsage.STORAGE) !== 0;
        return createBuffer.call(
          device,
          isStorage ? { ...descriptor, usage: descriptor.usage | copied() } : descriptor,
        );
      },
      createShaderModule: (descriptor: GPUShaderModuleDescriptor) => {
        const module = createShaderModule.call(device, descriptor);
        this.#modules.set(module, descriptor.code);
        return module;
      },
      createComputePipelineAsync: async (descriptor: GPUComputePipelineDescriptor) => {
        const pipeline = await createComputePipelineAsync.call(device, descriptor);
        const wgsl = this.#modules.get(descriptor.compute.module) ?? "";
        this.#pipelines.set(pipeline, { label: descriptor.label ?? "", wgsl });
        return pipeline;
      },
      createBindGroup: (descriptor: GPUBindGroupDescriptor) => {
        const group = createBindGroup.call(device, descriptor);
        const bindings = [...descriptor.entries].sort((one, other) => one.binding - other.binding);
        this.#groups.set(
          group,
          bindings.map(({ resource }) => resource as GPUBufferBinding),
        );
        return group;
      },
      createCommandEncoder: (descriptor?: GPUCommandEncoderDescriptor) => {
        const encoder = createCommandEncoder.call(device, descriptor);
        const caught = this.#caught;
        return caught ? override(encoder, { beginComputePass: () => this.#pass(caught) }) : encoder;
      },
    });
  }

  /** A pass that keeps what it is given. */
  #pass(caught: Caught[]): Pick<GPUComputePassEncoder, "setPipeline" | "dispatchWorkgroups" | "end"> & object {
    let pipeline: GPUComputePipeline | undefined;
    let bindGroup: GPUBindGroup | undefined;
    return {
      setPipeline: (set: GPUComputePipeline) => {
        pipeline = set;
        return undefined;
      },
      setBindGroup: (_: number, set: GPUBindGroup) => {
        bindGroup = set;
      },
      dispatchWorkgroups: (x: number, y = 1, z = 1) => {
        const known = pipeline && this.#pipelines.get(pipeline);
        const entries = bindGroup && this.#groups.get(bindGroup);
        if (!pipeline || !bindGroup || !known || !entries) throw new Error("traffic: a dispatch that nobody prepared");
        caught.push({ ...known, pipeline, bindGroup, entries, workgroups: [x, y, z] });
        return undefined;
      },
      end: () => undefined,
    } as Pick<GPUComputePassEncoder, "setPipeline" | "dispatchWorkgroups" | "end">;
  }
}

/** `count` different numbers below `size`, ascending; the same for the same seed. */
export function draw(size: number, count: number, seed: number): number[] {
  const drawn = new Set<number>();
  for (let time = 0; drawn.size < Math.min(size, count); time++) drawn.add(hash(time, seed) % size);
  return [...drawn].sort((one, other) => one - other);
}

export interface Look {
  /** Workgroups to look at. */
  readonly groups: number;
  readonly seed: number;
  /** Whether all workgroups run, and all that they wrote is compared; else those that are looked at. */
  readonly whole: boolean;
  readonly cacheBytes: number;
  /** Bytes of notes at most. */
  readonly logBytes: number;
}

export interface Seen {
  readonly traffic: Traffic;
  readonly threads: number;
  /** Words of the kernel's buffers that were compared with those of the kernel as it is. */
  readonly compared: number;
}

/** The bytes of a range of a buffer. */
async function read(
  device: GPUDevice,
  { buffer, offset = 0, size = buffer.size - offset }: GPUBufferBinding,
): Promise<ArrayBuffer> {
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}

/** How a kernel declares its buffers, by binding. */
function declaredBindings(wgsl: string): { name: string; writes: boolean }[] {
  const found: { name: string; writes: boolean }[] = [];
  for (const [, binding, access, name] of wgsl.matchAll(
    /@group\(0\) @binding\((\d+)\) var<storage, (read|read_write)> (\w+)/g,
  ))
    found[Number(binding)] = { name: name as string, writes: access === "read_write" };
  return found;
}

/** Runs a dispatch on copies of its buffers, with notes; gives the log, and the copies. */
async function runNoting(
  device: GPUDevice,
  { wgsl, label, entries, workgroups }: Caught,
  drawn: Drawn,
): Promise<{ instrumented: Instrumented; log: Uint32Array; copies: GPUBuffer[] }> {
  const instrumented = instrument(wgsl, drawn);
  const layout = (types: readonly GPUBufferBindingType[]) =>
    device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
    });
  const layouts = [
    layout(declaredBindings(wgsl).map(({ writes }) => (writes ? "storage" : "read-only-storage"))),
    layout(["storage"]),
  ];
  const pipeline = await device.createComputePipelineAsync({
    label,
    layout: device.createPipelineLayout({ bindGroupLayouts: layouts }),
    compute: { module: device.createShaderModule({ label, code: instrumented.wgsl }) },
  });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const logSize = 4 * drawn.noting.length * instrumented.threads * wordsOf(drawn.capacity);
  const log = device.createBuffer({ label: "log", size: logSize, usage });
  const encoder = device.createCommandEncoder();
  const copies = entries.map(({ buffer, offset = 0, size = buffer.size - offset }) => {
    const copy = device.createBuffer({ label: `copy of ${buffer.label}`, size, usage });
    encoder.copyBufferToBuffer(buffer, offset, copy, 0, size);
    return copy;
  });
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  [copies, [log]].forEach((buffers, group) => {
    const bound = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(
      group === 0 ? 0 : LOG_GROUP,
      device.createBindGroup({ layout: layouts[group] as GPUBindGroupLayout, entries: bound }),
    );
  });
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
  device.queue.submit([encoder.finish()]);
  const notes = new Uint32Array(await read(device, { buffer: log }));
  log.destroy();
  return { instrumented, log: notes, copies };
}

/** Runs a dispatch as the device was to get it. */
export function runAsItIs(device: GPUDevice, { pipeline, bindGroup, workgroups }: Caught): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** What a dispatch moves; afterwards it has run as it is. Throws where the kernel that notes has written something else. */
export async function lookAt(
  device: GPUDevice,
  caught: Caught,
  { groups, seed, whole, cacheBytes, logBytes }: Look,
): Promise<Seen> {
  const [x, y, z] = caught.workgroups;
  const noting = draw(x * y * z, groups, seed);
  // Workgroups that tell each other something need all of them.
  const all = whole || /\batomic</.test(caught.wgsl.replaceAll(/var<workgroup>[^;]*;/g, ""));
  const drawn = { workgroups: caught.workgroups, noting, whole: all };
  const first = await runNoting(device, caught, { ...drawn, capacity: 0 });
  for (const copy of first.copies) copy.destroy();
  const most = first.log.reduce((largest, notes) => Math.max(largest, notes), 0);
  const room = Math.floor(logBytes / (8 * noting.length * first.instrumented.threads));
  const capacity = Math.min(room, most);
  const { instrumented, log, copies } = await runNoting(device, caught, { ...drawn, capacity });
  const traffic = countTraffic(instrumented, log, { capacity, workgroups: noting.length, cacheBytes });

  runAsItIs(device, caught);
  let compared = 0;
  for (const [binding, { name, writes }] of declaredBindings(caught.wgsl).entries()) {
    if (!writes) continue;
    const wanted = new Uint32Array(await read(device, caught.entries[binding] as GPUBufferBinding));
    const written = new Uint32Array(await read(device, { buffer: copies[binding] as GPUBuffer }));
    const places = all ? wanted.keys() : wordsStored(traffic, name);
    for (const place of places) {
      compared++;
      if (wanted[place] !== written[place])
        throw new Error(
          `traffic: ${caught.label} wrote ${written[place]?.toString(16)} at word ${place} of ${name} where it should ` +
            `write ${wanted[place]?.toString(16)}: what notes its loads is another kernel.`,
        );
    }
  }
  for (const copy of copies) copy.destroy();
  return { traffic, threads: instrumented.threads, compared };
}

/** Words of a variable that were stored to, as far as notes tell. */
function* wordsStored({ sites, stored }: Traffic, name: string): Generator<number> {
  const bytes = Math.max(0, ...sites.filter(({ variable }) => variable === name).map((site) => site.bytes));
  for (const address of stored.get(name) ?? []) {
    for (let word = address >> 2; 4 * word < address + bytes; word++) yield word;
  }
}
