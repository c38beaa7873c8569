/** What is computed once, and anew when a variable behind it changes. */
import { afterAll, describe, expect, it } from "vitest";
import { Variable } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { LastingTasks } from "../../src/wasm/lasting.ts";
import { lower } from "../../src/wasm/lower.ts";
import { WasmArray, WasmMemory } from "../../src/wasm/memory.ts";

const backend = await openWasm();
afterAll(() => backend.dispose());

const kernelOf = () => new Variable({ name: "kernel", shape: [2, 2], initial: Float32Array.of(1, 2, 3, 4) });

describe("values of variables that a program does not change", () => {
  it("follow what other programs, writes and resets do to them", async () => {
    const kernel = kernelOf();
    const [using, changing] = [new Graph(), new Graph()];
    const x = using.input("x", [1, 2]);
    // Twice the kernel is computed from it by a task of its own.
    const doubled = using.mul(using.variable(kernel), 2);
    const outputs = { y: using.matmul(x, using.variable(kernel)), z: using.matmul(x, doubled) };
    const program = await backend.compile(using, { outputs });
    changing.assign(kernel, changing.add(changing.variable(kernel), 1));
    const change = await backend.compile(changing, { outputs: {} });
    const results = async () => {
      const { y, z } = await program.run({ x: [1, 10] });
      return [...(y?.data ?? []), ...(z?.data ?? [])];
    };
    expect(await results()).toEqual([31, 42, 62, 84]);
    expect(await results()).toEqual([31, 42, 62, 84]);
    await change.enqueue({ steps: 2 });
    expect(await results()).toEqual([53, 64, 106, 128]);
    program.write(kernel, [1, 0, 0, 1]);
    expect(await results()).toEqual([1, 10, 2, 20]);
    kernel.reset(Float32Array.of(2, 0, 0, 1));
    expect(await results()).toEqual([2, 10, 4, 20]);
    const snapshot = await backend.snapshot();
    program.write(kernel, [5, 5, 5, 5]);
    await backend.reopen(snapshot);
    expect(await results()).toEqual([2, 10, 4, 20]);
    program.dispose();
    change.dispose();
  });

  it("are not computed again where nothing has changed, nor kept where the program changes them itself", () => {
    const kernel = kernelOf();
    const lastingOf = (changes: boolean) => {
      const graph = new Graph();
      const y = graph.matmul(graph.input("x", [1, 2]), graph.variable(kernel));
      if (changes) graph.assign(kernel, graph.mul(graph.variable(kernel), 2));
      const lowered = lower(graph, [y]);
      const [pack] = lowered.steps;
      if (!pack) throw new RangeError("no task");
      return { pack, lasting: new LastingTasks(lowered), steps: lowered.steps };
    };
    const { pack, lasting, steps } = lastingOf(false);
    expect(steps.map((task) => lasting.has(task))).toEqual([true, false]);
    const memory = new WasmMemory();
    const array = new WasmArray(memory, "f32", memory.allocate(16), 4);
    let computed = 0;
    const once = lasting.once(
      pack,
      () => {
        computed++;
      },
      () => array,
    );
    once();
    once();
    expect(computed).toBe(1);
    array.changes++;
    once();
    expect(computed).toBe(2);
    const other = lastingOf(true);
    expect(other.lasting.has(other.pack)).toBe(false);
  });
});
