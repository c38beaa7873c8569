/**
 * WebGPU for tests: the page's own in a browser, Dawn's in Node. A machine without an adapter fails here, with the
 * fix in the message; no test skips itself.
 */
import { learnCompletion } from "../../src/webgpu/completion.ts";

const FIX =
  "Tests need a WebGPU adapter. Run them through `npm test`, which finds Chromium's SwiftShader; on Debian: " +
  "apt-get update && apt-get install -y chromium";

/** Whether the tests run in a page. Node has a `navigator` too, from version 21 on. */
export const inBrowser = typeof process === "undefined" || !process.versions?.node;

let shared: Promise<GPU> | undefined;

async function open(): Promise<GPU> {
  if (inBrowser) {
    if (!navigator.gpu) throw new Error(`This browser has no navigator.gpu. ${FIX}`);
    return navigator.gpu;
  }
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  return create([]);
}

/** The GPU interface; one Dawn instance a process. */
export function testGpu(): Promise<GPU> {
  shared ??= open();
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
