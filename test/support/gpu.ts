/**
 * WebGPU for tests: the page's own in a browser, Dawn's in Node. A machine without an adapter fails here, with the
 * fix in the message; no test skips itself.
 */
import { learnCompletion } from "../../src/webgpu/completion.ts";
import { calmDawn } from "./dawn_ticks.ts";
import { watchAllLeaks } from "./leaks.ts";

const FIX =
  "Tests need a WebGPU adapter. Run them through `npm test`, which finds Chromium's SwiftShader; on Debian: " +
  "apt-get update && apt-get install -y chromium";

/** Whether the tests run in a page. Node has a `navigator` too, from version 21 on. */
export const inBrowser = typeof process === "undefined" || !process.versions?.node;

/**
 * What kind of device the tests' GPU passes itself off as, by the environment variable CORTEZA_TRAITS, in Node alone:
 * "hardware" is a graphics card, for which kernels choose other tiles and algorithms than for software; "small" is one of 128
 * threads a workgroup, 16 KiB of its memory and no subgroups, the least that WebGPU has (its compatibility mode).
 */
export const disguise: "hardware" | "small" | undefined = (() => {
  const wanted = inBrowser ? undefined : process.env["CORTEZA_TRAITS"];
  if (wanted === undefined || wanted === "hardware" || wanted === "small") return wanted;
  throw new Error(`CORTEZA_TRAITS is "hardware" or "small", not "${wanted}"`);
})();

/** Threads and bytes of a workgroup that kernels may take on the tests' devices. */
export const workgroupLimits = { maxWorkgroupSize: disguise === "small" ? 128 : 256, maxWorkgroupStorage: 16384 };

/**
 * Which third of the long lists is tried: vitest.config.ts chooses it by the commit, if the environment variable CORTEZA_THIRD
 * does not; all of them where CORTEZA_WHOLE is set, as in the project "hardware" on request.
 */
const third: number | undefined = (() => {
  const environment: Record<string, string | undefined> = import.meta.env ?? process.env;
  if (environment["CORTEZA_WHOLE"]) return undefined;
  return Number(environment["CORTEZA_THIRD"] ?? 0) % 3;
})();

/** Whether everything is tried. */
export const isWhole = third === undefined;

/** For names of tests: what `shareOf` leaves. */
export const shareWords = third === undefined ? "all" : `CORTEZA_THIRD=${third}`;

/** A third of a long list, or all of it. */
export function shareOf<T>(list: readonly T[]): readonly T[] {
  return third === undefined || list.length < 3 ? list : list.filter((_, index) => index % 3 === third);
}

/** What devices were given back with, where CORTEZA_LEAKS asks for that. */
const leaks: string[] | undefined = !inBrowser && process.env["CORTEZA_LEAKS"] ? [] : undefined;
// Threads that tests start have no tests.
if (leaks && (await import("node:worker_threads")).isMainThread) {
  const { afterAll, expect } = await import("vitest");
  afterAll(() => expect(leaks, "left behind on devices").toEqual([]));
}

let shared: Promise<GPU> | undefined;

async function open(): Promise<GPU> {
  if (inBrowser) {
    if (!navigator.gpu) throw new Error(`This browser has no navigator.gpu. ${FIX}`);
    return navigator.gpu;
  }
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  calmDawn();
  return asDisguised(create([]));
}

/** Dawn's GPU as the tests are to see it. */
export const asDisguised = (gpu: GPU): GPU => (disguise === undefined ? gpu : disguised(gpu));

/** Puts own properties before those of a native object. */
function override<T extends object>(native: T, values: { readonly [name in keyof T]?: unknown }): T {
  // Tests that count calls put theirs over these.
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(native, name, { value, configurable: true });
  return native;
}

function disguised(gpu: GPU): GPU {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  return override(gpu, {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await requestAdapter(options);
      return adapter && disguisedAdapter(adapter);
    },
  });
}

function disguisedAdapter(adapter: GPUAdapter): GPUAdapter {
  const requestDevice = adapter.requestDevice.bind(adapter);
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const info = { vendor: "test", architecture: disguise, device: "", description: "", isFallbackAdapter: false };
  const known = { ...info, subgroupMinSize, subgroupMaxSize };
  const features = new Set([...adapter.features].filter((name) => disguise === "hardware" || name !== "subgroups"));
  return override(adapter, {
    info: known,
    features,
    async requestDevice(descriptor: GPUDeviceDescriptor = {}) {
      // What the library asks for by itself, for tests that ask for nothing.
      const wanted = new Set([...(descriptor.requiredFeatures ?? []), "subgroups"]);
      const requiredFeatures = [...wanted].filter((name) => features.has(name)) as GPUFeatureName[];
      return disguisedDevice(await requestDevice({ ...descriptor, requiredFeatures }), known);
    },
  });
}

function disguisedDevice(device: GPUDevice, adapterInfo: object): GPUDevice {
  if (disguise !== "small") return override(device, { adapterInfo });
  const { maxWorkgroupSize } = workgroupLimits;
  const own: Readonly<Record<string | symbol, number>> = {
    maxComputeInvocationsPerWorkgroup: maxWorkgroupSize,
    maxComputeWorkgroupSizeX: maxWorkgroupSize,
    maxComputeWorkgroupSizeY: maxWorkgroupSize,
  };
  const limits = new Proxy(device.limits, { get: (target, name) => own[name] ?? Reflect.get(target, name, target) });
  const createShaderModule = device.createShaderModule.bind(device);
  return override(device, {
    adapterInfo,
    limits,
    // The device itself would take larger ones.
    createShaderModule(descriptor: GPUShaderModuleDescriptor) {
      const threads = workgroupSizeOf(descriptor.code);
      if (threads > maxWorkgroupSize) throw new Error(`a workgroup of ${threads} threads: ${descriptor.label ?? ""}`);
      return createShaderModule(descriptor);
    },
  });
}

/** Threads of a workgroup of WGSL whose extents are numbers or constants. */
function workgroupSizeOf(code: string): number {
  const extents = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1] ?? "1";
  return extents
    .split(",")
    .map((extent) => {
      const text = extent.trim();
      const constant = new RegExp(`const ${text}\\b[^=]*= *(\\d+)`).exec(code)?.[1];
      return Number.parseInt(constant ?? text, 10);
    })
    .reduce((product, extent) => product * extent, 1);
}

/** The GPU interface; one Dawn instance a process. */
export function testGpu(): Promise<GPU> {
  shared ??= open().then((gpu) => (leaks ? watchAllLeaks(gpu, (left) => leaks.push(...left)) : gpu));
  return shared;
}

/**
 * A fresh device with the spec's default limits, and those of `wantedFeatures` that the adapter has. Throws, with what to
 * install, when there is no adapter.
 */
export async function testDevice(
  descriptor: GPUDeviceDescriptor = {},
  wantedFeatures: readonly GPUFeatureName[] = [],
): Promise<GPUDevice> {
  const adapter = await (await testGpu()).requestAdapter();
  if (adapter === null) throw new Error(`requestAdapter() gave no adapter. ${FIX}`);
  const wanted = wantedFeatures.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({
    ...descriptor,
    requiredFeatures: [...(descriptor.requiredFeatures ?? []), ...wanted],
  });
  await learnCompletion(device);
  return device;
}
