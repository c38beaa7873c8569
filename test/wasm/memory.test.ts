import { describe, expect, it, vi } from "vitest";
import { OutOfMemoryError } from "../../src/core/errors.ts";
import { WasmUnavailableError } from "../../src/core/wasm_unavailable.ts";
import { Variable } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { WasmArray, WasmMemory } from "../../src/wasm/memory.ts";
import { wasm } from "../../src/wasm/open.ts";
import { planOffsets } from "../../src/wasm/plan.ts";
import { RandomData } from "../support/random.ts";

const SEED = 31;

describe("the memory", () => {
  it(`gives blocks that do not overlap, and takes all of it back (seed ${SEED})`, () => {
    const [memory, random] = [new WasmMemory(), new RandomData(SEED)];
    const held = new Map<number, number>();
    for (let turn = 0; turn < 400; turn++) {
      if (random.uniform() < 0.6) {
        const bytes = random.integer(0, 40_000);
        const address = memory.allocate(bytes);
        for (const [start, size] of held) expect(address + bytes <= start || start + size <= address).toBe(true);
        expect(address % 64).toBe(0);
        expect(address + bytes).toBeLessThan(memory.memory.buffer.byteLength);
        held.set(address, bytes);
      } else {
        const [first] = held.keys();
        if (first === undefined) continue;
        memory.free(first);
        held.delete(first);
      }
    }
    for (const address of held.keys()) memory.free(address);
    expect(memory.bytes).toBe(0);
    const { byteLength } = memory.memory.buffer;
    // All free places are one again.
    memory.allocate(byteLength - 128);
    expect(memory.memory.buffer.byteLength).toBe(byteLength);
  });

  it("keeps what arrays hold when it grows", () => {
    const memory = new WasmMemory();
    const array = new WasmArray(memory, "i32", memory.allocate(12), 3);
    array.values.set([1, 2, 3]);
    memory.allocate(2 ** 22);
    expect([...array.values]).toEqual([1, 2, 3]);
  });

  it("says what to do where it cannot grow", () => {
    const memory = new WasmMemory();
    expect(() => memory.allocate(2 ** 33)).toThrow(OutOfMemoryError);
    expect(() => memory.allocate(2 ** 33)).toThrow(/8\.59 GB.*Lower the batch size/);
    expect(memory.bytes).toBe(0);
    expect(memory.allocate(100)).toBeGreaterThan(0);
  });
});

describe("the plan", () => {
  it(`lets values share memory that are not needed together, and no others (seed ${SEED})`, () => {
    const random = new RandomData(SEED);
    for (let turn = 0; turn < 60; turn++) {
      const lifetimes = Array.from({ length: random.integer(1, 30) }, () => {
        const first = random.integer(0, 20);
        return { bytes: random.integer(0, 5000), first, last: first + random.integer(0, 8) };
      });
      const { offsets, bytes } = planOffsets(lifetimes);
      lifetimes.forEach((one, index) => {
        const offset = offsets[index] ?? -1;
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + one.bytes).toBeLessThanOrEqual(bytes);
        lifetimes.slice(0, index).forEach((other, place) => {
          const together = one.first <= other.last && other.first <= one.last;
          const start = offsets[place] ?? -1;
          if (together) expect(offset + one.bytes <= start || start + other.bytes <= offset).toBe(true);
        });
      });
    }
  });

  it("needs no more than what is alive at once, for values one behind the other", () => {
    const chain = Array.from({ length: 20 }, (_, index) => ({ bytes: 640, first: index, last: index + 1 }));
    expect(planOffsets(chain).bytes).toBe(1280);
  });
});

it("holds what the plans of its programs name, to the byte", async () => {
  const backend = await wasm({ threads: 1 });
  const programs = await Promise.all(
    [7, 64].map(async (batch) => {
      const g = new Graph();
      const x = g.input("x", [batch, 5, 5, 3]);
      // Neither fills whole cache lines.
      const [kernel, bias] = [
        g.variable(new Variable({ name: "kernel", shape: [3, 3, 3, 5] })),
        g.variable(new Variable({ name: "bias", shape: [5] })),
      ];
      const y = g.relu(g.add(g.conv2d(x, kernel, { padding: "same" }), bias));
      const [gradient = y] = g.gradients(g.sum(y), [kernel]);
      return backend.compile(g, { outputs: { y, gradient } });
    }),
  );
  const named = programs.reduce((sum, { stats }) => sum + stats.scratchBytes + stats.variableBytes, 0);
  expect(named).toBeGreaterThan(64 * 5 * 5 * 5 * 4);
  expect(backend.bytes).toBe(named);
  for (const program of programs) program.dispose();
  backend.dispose();
  expect(backend.bytes).toBe(0);
});

describe("where WebAssembly cannot be used", () => {
  const reasonOf = async (open: Promise<unknown>) => {
    const error = await open.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof WasmUnavailableError)) throw error;
    return [error.reason, error.code, error.message] as const;
  };

  it("says so without it, without vectors, and where the page's policy forbids it", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(await reasonOf(openWasm())).toEqual(["no-api", "wasm-unavailable", expect.stringContaining("cpu()")]);
    vi.unstubAllGlobals();
    vi.stubGlobal("WebAssembly", { validate: () => false });
    expect((await reasonOf(wasm()))[0]).toBe("no-simd");
    vi.stubGlobal("WebAssembly", {
      validate: () => true,
      compile: () => Promise.reject(new Error("refused by the policy")),
    });
    expect(await reasonOf(wasm())).toEqual([
      "blocked",
      "wasm-unavailable",
      expect.stringMatching(/wasm-unsafe-eval.*refused by/),
    ]);
    vi.unstubAllGlobals();
    expect((await wasm()).kind).toBe("wasm");
  });
});
