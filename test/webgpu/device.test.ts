/** Why there is no device, and what is said about it. */
import { describe, expect, it } from "vitest";
import { WebGpuUnavailableError } from "../../src/index.ts";
import { acquireDevice } from "../../src/webgpu/device.ts";

async function refusal(gpu: object): Promise<WebGpuUnavailableError> {
  const error: unknown = await acquireDevice({ gpu: gpu as GPU }).catch((reason: unknown) => reason);
  if (!(error instanceof WebGpuUnavailableError)) throw new Error(`not the right error: ${String(error)}`);
  return error;
}

const failing = (message: string) => () => Promise.reject(new Error(message));

describe("a device that is not to be had", () => {
  it("because no adapter answered: says where browsers tell why, and not to turn on what is on", async () => {
    const { reason, message } = await refusal({ requestAdapter: async () => null });
    expect(reason).toBe("no-adapter");
    expect(message).toContain("about:support");
    expect(message).not.toContain("dom.webgpu.enabled");
  });

  it("because the request for an adapter failed: the failure is its cause", async () => {
    const { reason, cause } = await refusal({ requestAdapter: failing("the GPU process is gone") });
    expect(reason).toBe("no-adapter");
    expect(String(cause)).toContain("the GPU process is gone");
  });

  it("because the adapter opens none: says what it says, and what to do", async () => {
    const adapter = { features: new Set(), limits: {}, requestDevice: failing("too many devices.") };
    const { reason, message } = await refusal({ requestAdapter: async () => adapter });
    expect(reason).toBe("no-device");
    expect(message).toMatch(/too many devices\. Close other pages/);
  });
});
