import { WebGpuUnavailableError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions, type OptionKinds } from "../core/options.ts";
import { learnCompletion } from "./completion.ts";
import type { DeviceTraits } from "./kernel.ts";
import { exchangesAsExpected, SUBGROUP_MATRIX_FEATURE, subgroupSizes } from "./subgroups.ts";
import type { AutotuneOptions } from "./tuning_store.ts";

export interface WebGpuOptions {
  /**
   * Where adapters come from; default `navigator.gpu`. In Node: `create([])` of the npm package "webgpu", which the backend
   * keeps alive as long as its device: Dawn's devices do not, and crash once it is collected.
   */
  gpu?: GPU;
  /**
   * A device of your own; Corteza then uses it and never destroys it. In Node keep the object that it came from, the result
   * of `create([])`, reachable as long as the device, or give it as `gpu` too.
   */
  device?: GPUDevice;
  powerPreference?: GPUPowerPreference;
  /**
   * On software adapters, which compile one kernel at a time and a large one for a second: begin on kernels of smaller
   * tiles, and go over to the large ones as they get ready. The numbers are the same bits. Default true; false waits.
   */
  quickStart?: boolean;
  /**
   * Times other tiles of the kernels on this device while compiling, a few seconds for a new network, and remembers the
   * fastest by adapter and shape; 3 × 3 convolutions of 32 and more channels also as Winograd's, unless `winograd` is false.
   * Results differ by rounding at most: Winograd's sums have a larger bound of their own (winograd.ts), and on evenly
   * spread numbers errors of 0.5 to 0.75 of the direct kernels' (bench/NOTES.md). Default false.
   */
  autotune?: boolean | AutotuneOptions;
  /**
   * Whether 3 × 3 convolutions of 128 and more channels may run as Winograd's on hardware adapters: less than half the
   * products, more memory (four times input and output, for the moment), and somewhat larger rounding errors. Default true.
   */
  winograd?: boolean;
  /**
   * Bytes of device memory that programs and variables of this backend may hold; a program that would take more is refused
   * by an `OutOfMemoryError` before anything is allocated. Default: on phones and tablets a quarter of the memory where the
   * browser tells it, else 768 MiB, since iOS ends pages at about 1.5 GB whatever the device's limits say; elsewhere none.
   */
  memoryBudget?: number;
}

/** The options of `webgpu`. */
export const WEBGPU: OptionKinds<WebGpuOptions> = {
  gpu: "any",
  device: "any",
  powerPreference: "string",
  quickStart: "boolean",
  autotune: "any",
  winograd: "boolean",
  memoryBudget: "number",
};

/** Those of `autotune`. */
const AUTOTUNE: OptionKinds<AutotuneOptions> = { store: "any", milliseconds: "number" };

/** Throws `ArgumentError` for options that `webgpu` does not know. */
export function checkWebGpuOptions(options: WebGpuOptions): void {
  checkOptions("webgpu", options, WEBGPU);
  const { autotune } = options;
  if (autotune !== undefined && typeof autotune !== "boolean") checkOptions("webgpu: autotune", autotune, AUTOTUNE);
}

export interface AcquiredDevice {
  readonly device: GPUDevice;
  /** Where the device comes from, as far as it is known: in Node it must outlive the device. */
  readonly gpu: GPU | undefined;
  /** Whether `dispose` may destroy it. */
  readonly owned: boolean;
  readonly traits: DeviceTraits;
  /** "nvidia · lovelace", "google · SwiftShader …". */
  readonly description: string;
}

/** Gets a device with as much buffer space as the adapter offers; throws `WebGpuUnavailableError` with the reason. */
export async function acquireDevice(options: WebGpuOptions = {}): Promise<AcquiredDevice> {
  if (options.device) return describe(options.device, options.gpu, options.device.adapterInfo, false);
  const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined) {
    if (globalThis.isSecureContext === false) {
      throw new WebGpuUnavailableError(
        "insecure-context",
        "WebGPU works only on secure pages: open this page through https:// or http://localhost.",
      );
    }
    throw new WebGpuUnavailableError(
      "no-api",
      "This browser has no WebGPU. Use a current Chrome or Edge, Safari 26 or newer, or Firefox where it is on " +
        "(about:config, dom.webgpu.enabled); " +
        'in Node pass { gpu: create([]) } from the npm package "webgpu".',
    );
  }
  let cause: unknown;
  const adapter = await gpu
    .requestAdapter(options.powerPreference === undefined ? {} : { powerPreference: options.powerPreference })
    .catch((refusal: unknown) => {
      cause = refusal;
      return null;
    });
  if (adapter === null) {
    throw new WebGpuUnavailableError(
      "no-adapter",
      "WebGPU is on here, but no graphics adapter answered. Turn on hardware acceleration and update the graphics driver. " +
        "Chrome tells why in chrome://gpu and on Linux may need --enable-unsafe-webgpu --enable-features=Vulkan; Firefox tells " +
        "why in about:support; Node needs a Vulkan, Metal or D3D12 driver.",
      { cause },
    );
  }
  try {
    const device = await adapter.requestDevice({
      label: "corteza",
      requiredFeatures: USEFUL_FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits: {
        maxBufferSize: adapter.limits.maxBufferSize,
        maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      },
    });
    return await describe(device, gpu, adapter.info, true);
  } catch (cause) {
    throw new WebGpuUnavailableError(
      "no-device",
      `The graphics adapter refused to open a device: ${(cause instanceof Error ? cause.message : String(cause)).replace(/\.?$/, ".")} ` +
        "Close other pages and programs that use it, update its driver, and restart the browser.",
      { cause },
    );
  }
}

/**
 * What is asked for where it is there: for `trainer.profile()`, for reductions, and for matrix products that the autotuner may
 * choose. Nothing needs more than WebGPU's base.
 */
const USEFUL_FEATURES: readonly string[] = ["timestamp-query", "subgroups", "shader-f16", SUBGROUP_MATRIX_FEATURE];

const SOFTWARE_ADAPTERS = /swiftshader|llvmpipe|lavapipe|basic render/i;

/**
 * What each device came from, as long as somebody holds the device: programs, or a page's own code, may outlive the backend
 * that they were made with.
 */
const origins = new WeakMap<GPUDevice, GPU>();

const matrices = () => onDemand("kernels for matrices of subgroups", () => import("./subgroup_matrix.ts"));

async function describe(
  device: GPUDevice,
  gpu: GPU | undefined,
  info: GPUAdapterInfo | undefined,
  owned: boolean,
): Promise<AcquiredDevice> {
  if (gpu) origins.set(device, gpu);
  await learnCompletion(device);
  const words = [info?.vendor, info?.architecture, info?.description].filter((word) => word);
  const software = info?.isFallbackAdapter === true || SOFTWARE_ADAPTERS.test([...words, info?.device].join(" "));
  const sizes = subgroupSizes(device, info);
  const traits: DeviceTraits = {
    maxWorkgroupSize: Math.min(device.limits.maxComputeInvocationsPerWorkgroup, device.limits.maxComputeWorkgroupSizeX),
    maxWorkgroupStorage: device.limits.maxComputeWorkgroupStorageSize,
    software,
    subgroups: sizes && (await exchangesAsExpected(device, sizes)) ? sizes : undefined,
  };
  const proven =
    device.features.has(SUBGROUP_MATRIX_FEATURE) && (await matrices()).provenMatrices(device, info, traits);
  return {
    device,
    gpu,
    owned,
    traits: { ...traits, ...(await proven) },
    description: `WebGPU · ${[...new Set(words)].join(" · ") || "unnamed adapter"}`,
  };
}
