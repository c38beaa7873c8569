import { afterEach, describe, expect, it, vi } from "vitest";
import { bestBackend, type PassedOver } from "../../src/best_backend.ts";
import { WebGpuUnavailableError } from "../../src/core/errors.ts";
import { openDevice } from "../support/device.ts";
import { testGpu } from "../support/gpu.ts";

const gpu = await testGpu();
afterEach(() => vi.unstubAllGlobals());

/** The tests' adapter under another name; the devices that it opened. */
function gpuNamed(description: string) {
  const devices: GPUDevice[] = [];
  const named = {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await gpu.requestAdapter(options);
      if (!adapter) throw new RangeError("no adapter");
      const { features, limits } = adapter;
      return {
        ...{ features, limits },
        info: { vendor: "acme", architecture: "", device: "", description, isFallbackAdapter: false },
        async requestDevice(wanted?: GPUDeviceDescriptor) {
          const device = await adapter.requestDevice(wanted);
          devices.push(device);
          return device;
        },
      };
    },
  } as unknown as GPU;
  return { gpu: named, devices };
}
const inSoftware = () => gpuNamed("llvmpipe (LLVM 19)");

const withoutWasm = () => vi.stubGlobal("WebAssembly", undefined);

describe("bestBackend takes", () => {
  it("WebGPU on hardware, for no reason", async () => {
    const backend = await bestBackend({ gpu: gpuNamed("card").gpu });
    expect([backend.kind, backend.why]).toEqual(["webgpu", undefined]);
    backend.dispose();
  });

  it("WebAssembly in the place of WebGPU in software, whose device it gives back", async () => {
    const { gpu: watched, devices } = inSoftware();
    const told: PassedOver[] = [];
    const backend = await bestBackend({ gpu: watched, onFallback: (reason) => told.push(reason) });
    expect(backend.kind).toBe("wasm");
    expect(backend.why).toBe(
      "webgpu-unavailable (software): WebGPU runs on the processor here (WebGPU · acme · llvmpipe (LLVM 19)).",
    );
    expect(told.map(({ code, reason }) => [code, reason])).toEqual([["webgpu-unavailable", "software"]]);
    expect(devices).toHaveLength(1);
    expect((await devices[0]?.lost)?.reason).toBe("destroyed");
    backend.dispose();
  });

  it("WebGPU in software where there is no WebAssembly", async () => {
    withoutWasm();
    const backend = await bestBackend({ gpu: inSoftware().gpu });
    expect(backend.kind).toBe("webgpu");
    expect(backend.why).toMatch(
      /^webgpu-unavailable \(software\): WebGPU .* wasm-unavailable \(no-api\): .*has no WebAssembly/,
    );
    backend.dispose();
  });

  it("WebAssembly without WebGPU, and the CPU without either; it tells of each that it passed over", async () => {
    const told: PassedOver[] = [];
    const none = { requestAdapter: async () => null } as unknown as GPU;
    const onFallback = (reason: PassedOver) => told.push(reason);
    const first = await bestBackend({ gpu: none, onFallback });
    expect([first.kind, first.why]).toEqual(["wasm", `webgpu-unavailable (no-adapter): ${told[0]?.message}`]);
    expect(told[0]).toBeInstanceOf(WebGpuUnavailableError);
    withoutWasm();
    const second = await bestBackend({ gpu: none, onFallback });
    expect(second.kind).toBe("cpu");
    expect(second.why).toMatch(/no graphics adapter answered.*has no WebAssembly/);
    expect(told.map(({ code, reason }) => `${code}: ${reason}`)).toEqual([
      "webgpu-unavailable: no-adapter",
      "webgpu-unavailable: no-adapter",
      "wasm-unavailable: no-api",
    ]);
    first.dispose();
    second.dispose();
  });

  it("the device that it is given, in software too", async () => {
    const backend = await bestBackend({ device: await openDevice() });
    expect([backend.kind, backend.why]).toEqual(["webgpu", undefined]);
    backend.dispose();
  });
});
