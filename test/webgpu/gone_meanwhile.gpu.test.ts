/** A device that goes away while a program is compiled for it: the error says so, and blames no kernel or buffer. */
import { describe, expect, it } from "vitest";
import { DeviceLostError, DisposedError } from "../../src/core/errors.ts";
import { Graph } from "../../src/graph.ts";
import { webgpu } from "../../src/webgpu/backend.ts";
import { testGpu } from "../support/gpu.ts";

/** What a compilation waits for. */
const WAITS = ["createComputePipelineAsync", "popErrorScope"] as const;

/** Compiles a small graph; `leave` is called when the compilation waits for the device for the first time. */
async function compileAndLeave(wait: (typeof WAITS)[number], leave: "dispose" | "destroy"): Promise<unknown> {
  const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
  const { device } = backend;
  const method = device[wait].bind(device) as (...args: unknown[]) => Promise<unknown>;
  let left = false;
  Object.defineProperty(device, wait, {
    value: (...args: unknown[]) => {
      const result = method(...args);
      if (!left) queueMicrotask(leave === "dispose" ? () => backend.dispose() : () => device.destroy());
      left = true;
      return result;
    },
  });
  const graph = new Graph();
  const x = graph.input("x", [64, 64]);
  try {
    const program = await backend.compile(graph, { outputs: { y: graph.relu(graph.matmul(x, graph.neg(x))) } });
    // What had come through by then says it when it is used.
    return await program.run({ x: new Float32Array(64 * 64) });
  } catch (error) {
    expect(left, `${wait} was called`).toBe(true);
    return error;
  } finally {
    backend.dispose();
  }
}

describe.each(WAITS)("while it waits for %s", (wait) => {
  it("a backend that is disposed of", async () => {
    const error = await compileAndLeave(wait, "dispose");
    expect(error).toBeInstanceOf(DisposedError);
    expect(String(error)).toMatch(/backend was disposed of/);
  });

  it("a device that is lost", async () => {
    const error = await compileAndLeave(wait, "destroy");
    expect(error).toBeInstanceOf(DeviceLostError);
    expect(String(error)).toMatch(/device was lost/);
  });
});
