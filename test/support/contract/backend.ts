/** What `Backend` and `Program` promise: the same tests for every backend that computes on this thread. */
import { describe, expect, it } from "vitest";
import { ArgumentError, DisposedError, ShapeError } from "../../../src/core/errors.ts";
import type { Backend, Program } from "../../../src/graph/backend.ts";
import { Variable } from "../../../src/graph/node.ts";
import { Graph } from "../../../src/graph.ts";

const scalar = async (tensor: Promise<{ data: ArrayLike<number> } | undefined>) => (await tensor)?.data[0];

/** `alignment`: bytes of which the place of a value is a multiple. */
export function backendContract(open: () => Promise<Backend>, alignment = 4): void {
  /** A program that adds one to a variable in each step. */
  async function counter(given?: Backend, variable = new Variable({ name: "count", shape: [] })) {
    const backend = given ?? (await open());
    const graph = new Graph();
    const value = graph.variable(variable);
    graph.assign(variable, graph.add(value, 1));
    return { backend, variable, program: await backend.compile(graph, { outputs: { value } }) };
  }

  it("counts the bytes that each op reads and writes, every array once", async () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [5, 6]), graph.input("w", [6, 7])];
    const program = await (await open()).compile(graph, { outputs: { y: graph.add(graph.matmul(x, w), 1) } });
    await program.run({ x: new Float32Array(30), w: new Float32Array(42) });
    const { kernels } = await program.profile({ steps: 1 });
    const size = Float32Array.BYTES_PER_ELEMENT;
    expect(kernels.map(({ op, bytes }) => [op, bytes / size])).toEqual([
      ["matmul", 5 * 6 + 6 * 7 + 5 * 7],
      ["add", 5 * 7 + 1 + 5 * 7],
    ]);
  });

  describe("it checks feeds", async () => {
    const graph = new Graph();
    const program = await (await open()).compile(graph, { outputs: { y: graph.relu(graph.input("image", [2, 3])) } });

    it("names a missing input and its shape", () =>
      expect(program.run({})).rejects.toThrow(/input "image" \[2, 3\] is missing/));

    it("names an unknown input and the known ones", () =>
      expect(program.run({ picture: [1] })).rejects.toThrow(/no input "picture".*"image"/));

    it("names both lengths of a wrong feed", async () => {
      await expect(program.run({ image: [1, 2] })).rejects.toThrow(/"image" \[2, 3\] holds 6 values, 2 were fed/);
      await expect(program.run({ image: [1, 2] })).rejects.toBeInstanceOf(ShapeError);
      await expect(program.run({})).rejects.toBeInstanceOf(ArgumentError);
    });

    it("takes what was fed even when the caller fills the array anew at once", async () => {
      const image = Float32Array.of(1, 2, 3, 4, 5, 6);
      const result = program.run({ image });
      image.fill(9);
      expect([...((await result)["y"]?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });

  describe("effects", () => {
    it("see the values from before the step, so that two variables swap", async () => {
      const [a, b] = [1, 2].map((n) => new Variable({ name: `v${n}`, shape: [1], initial: Float32Array.of(n) }));
      const graph = new Graph();
      graph.assign(a!, graph.variable(b!));
      graph.assign(b!, graph.reshape(graph.variable(a!), [1]));
      const program = await (await open()).compile(graph, { outputs: {} });
      const [readA, readB] = await program.enqueue({ steps: 3, read: [a!, b!] });
      expect([readA?.data[0], readB?.data[0]]).toEqual([2, 1]);
    });

    it("come after the outputs were read", async () => {
      const { program, variable } = await counter();
      expect((await program.run())["value"]?.data[0]).toBe(0);
      expect(await scalar(program.read(variable))).toBe(1);
    });
  });

  describe("calls that overlap", () => {
    it("happen in the order in which they were made", async () => {
      const { program, variable } = await counter();
      const first = program.enqueue({ steps: 10, read: [variable] });
      const read = program.read(variable);
      program.write(variable, [1000]);
      const second = program.enqueue({ steps: 1, read: [variable] });
      expect([(await first)[0]?.data[0], await scalar(read), (await second)[0]?.data[0]]).toEqual([10, 10, 1001]);
    });

    it("keep that order across programs that share variables", async () => {
      const { backend, program, variable } = await counter();
      const other = await counter(backend, variable);
      const steps = program.enqueue({ steps: 5 });
      expect((await other.program.run())["value"]?.data[0]).toBe(5);
      await steps;
    });

    it("are unaffected by a reset that came later", async () => {
      const { program, variable } = await counter();
      const steps = program.enqueue({ steps: 3, read: [variable] });
      variable.reset(Float32Array.of(50));
      expect((await steps)[0]?.data[0]).toBe(3);
      expect(await scalar(program.read(variable))).toBe(50);
    });

    it("go on after one of them failed", async () => {
      const { backend, program, variable } = await counter();
      const other = await counter(backend, variable);
      const doomed = program.enqueue({ steps: 5 });
      program.dispose();
      await expect(doomed).rejects.toBeInstanceOf(DisposedError);
      expect(await scalar(other.program.read(variable))).toBe(0);
    });

    it("let the page do other things between steps", async () => {
      const { program } = await counter();
      let turns = 0;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        turns++;
        channel.port2.postMessage(0);
      };
      channel.port2.postMessage(0);
      await program.enqueue({ steps: 50 });
      channel.port1.close();
      expect(turns).toBeGreaterThan(10);
    });
  });

  describe("variables", () => {
    it("are shared by the programs of a backend, and freed with the last", async () => {
      const one = await counter();
      const two = await counter(one.backend, one.variable);
      await one.program.enqueue({ steps: 2 });
      one.program.dispose();
      expect(await scalar(two.program.read(one.variable))).toBe(2);
      two.program.dispose();
      expect(one.backend.bytes).toBe(0);
      expect(await scalar((await counter(one.backend, one.variable)).program.read(one.variable))).toBe(0);
    });

    it("are not shared between backends", async () => {
      const one = await counter();
      const two = await counter(await open(), one.variable);
      await one.program.enqueue();
      expect(await scalar(two.program.read(one.variable))).toBe(0);
    });

    it("keep their values out of reach of what was read", async () => {
      const { program, variable } = await counter();
      (await program.read(variable)).data[0] = 7;
      expect(await scalar(program.read(variable))).toBe(0);
    });

    it("refuse another length, and programs that do not know them", async () => {
      const { program, variable } = await counter();
      expect(() => program.write(variable, [1, 2])).toThrow(ShapeError);
      const stranger = new Variable({ name: "stranger", shape: [] });
      await expect(program.read(stranger)).rejects.toThrow(/no variable "stranger"/);
    });
  });

  describe("reopen", () => {
    it("sets variables back to the snapshot, those that were set anew and those it does not hold aside", async () => {
      const backend = await open();
      const [kept, set] = [await counter(backend), await counter(backend)];
      await kept.program.enqueue({ steps: 2 });
      await set.program.enqueue({ steps: 2 });
      const snapshot = await backend.snapshot();
      const gone = new Variable({ name: "gone", shape: [] });
      await kept.program.enqueue({ steps: 5 });
      set.variable.reset(Float32Array.of(50));
      await backend.reopen(new Map([...snapshot, [gone, { version: gone.version, data: Float32Array.of(1) }]]));
      expect(await scalar(kept.program.read(kept.variable))).toBe(2);
      expect(await scalar(set.program.read(set.variable))).toBe(50);
    });
  });

  describe("after dispose", () => {
    const uses: [string, (program: Program, variable: Variable) => unknown][] = [
      ["run", (program) => program.run()],
      ["enqueue", (program) => program.enqueue()],
      ["read", (program, variable) => program.read(variable)],
      ["write", (program, variable) => program.write(variable, [1])],
    ];

    it.each(uses)("%s of the program says so", async (_, use) => {
      const { program, variable } = await counter();
      program.dispose();
      program.dispose();
      await expect((async () => use(program, variable))()).rejects.toBeInstanceOf(DisposedError);
    });

    it.each(uses)("%s of a program of the backend says so", async (_, use) => {
      const { backend, program, variable } = await counter();
      backend.dispose();
      await expect((async () => use(program, variable))()).rejects.toBeInstanceOf(DisposedError);
      program.dispose();
      expect(backend.bytes).toBe(0);
    });
  });

  describe("a program", () => {
    it("keeps constants and inputs that come after values whose turn is over", async () => {
      const graph = new Graph();
      const x = graph.input("x", [2]);
      const doubled = graph.mul(x, graph.constant([2, 2]));
      const plus = graph.add(graph.neg(graph.neg(doubled)), graph.constant([5, 6]));
      const y = graph.add(plus, graph.input("late", [2]));
      const program = await (await open()).compile(graph, { outputs: { y } });
      for (let repeat = 0; repeat < 2; repeat++) {
        const out = await program.run({ x: [1, 2], late: [100, 200] });
        expect([...(out["y"]?.data ?? [])]).toEqual([107, 210]);
      }
    });

    it("computes only what outputs and effects need", async () => {
      const graph = new Graph();
      const x = graph.input("x", [2]);
      graph.exp(x);
      graph.input("unused", [3]);
      const program = await (await open()).compile(graph, { outputs: { y: graph.neg(x) } });
      expect(program.stats.dispatches).toBe(1);
      expect([...((await program.run({ x: [1, 2] }))["y"]?.data ?? [])]).toEqual([-1, -2]);
    });

    it("lets values whose turn is over share their memory, without mixing them up", async () => {
      const graph = new Graph();
      const x = graph.input("x", [100]);
      let y = x;
      for (let i = 0; i < 20; i++)
        y = graph.reshape(graph.reshape(graph.add(graph.stopGradient(y), x), [10, 10]), [100]);
      const program = await (await open()).compile(graph, { outputs: { y, x } });
      const data = Float32Array.from({ length: 100 }, (_, i) => i);
      for (let repeat = 0; repeat < 2; repeat++) {
        const out = await program.run({ x: data });
        expect(out["y"]?.data).toEqual(data.map((value) => 21 * value));
        expect(out["x"]?.data).toEqual(data);
      }
      // The input and two arrays that the 20 sums fill in turns.
      expect(program.stats.scratchBytes).toBe(3 * Math.ceil(400 / alignment) * alignment);
    });
  });
}
