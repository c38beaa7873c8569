/** The counter of memory traffic (bench/traffic): known patterns have known figures, and kernels that note compute what they did. */
import { beforeAll, describe, expect, it } from "vitest";
import { start } from "../../bench/engines/corteza.ts";
import { Catcher, type Caught, draw, lookAt, runAsItIs } from "../../bench/traffic/capture.ts";
import { bankCycles, linesOf, sumOf, type Traffic } from "../../bench/traffic/log.ts";
import { instrument } from "../../bench/traffic/rewrite.ts";
import { rowOf, siteLines } from "../../bench/traffic/table.ts";
import { calmDawn } from "../support/dawn_ticks.ts";

calmDawn();
const catcher = new Catcher(true);
const LOOK = { groups: 2, seed: 1, whole: true, cacheBytes: 16384, logBytes: 2 ** 22 };
let device: GPUDevice;

beforeAll(async () => {
  const adapter = await catcher.gpu.requestAdapter();
  device = (await adapter?.requestDevice()) as GPUDevice;
});

/** What a kernel moves that reads `source` and writes `to`, in workgroups of 64. */
async function trafficOf(body: string, { words = 64 * 512 * 4, declared = "" } = {}): Promise<Traffic> {
  const wgsl = `@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> to: array<f32>;
${declared}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
${body}
}`;
  const [caught] = await catcher.catch(() => dispatch(wgsl, words));
  return (await lookAt(device, caught as Caught, LOOK)).traffic;
}

async function dispatch(code: string, words: number): Promise<void> {
  const buffers = ["read-only-storage", "storage"].map((type, binding) => {
    const buffer = device.createBuffer({ size: 4 * words, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
    if (binding === 0)
      device.queue.writeBuffer(
        buffer,
        0,
        Float32Array.from({ length: words }, (_, place) => place),
      );
    return { type: type as GPUBufferBindingType, buffer };
  });
  const layout = device.createBindGroupLayout({
    entries: buffers.map(({ type }, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
  });
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }) },
  });
  const entries = buffers.map(({ buffer }, binding) => ({ binding, resource: { buffer } }));
  const pass = device.createCommandEncoder().beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(4);
  pass.end();
}

/** Instructions, and lines touched for each that is wanted, of the loads or stores of a space. */
function figuresOf({ sites, hot }: Traffic, space: string, access: string) {
  const sum = sumOf(sites, hot, (site) => site.space === space && site.access === access);
  return {
    instructions: sum.instructions,
    ratios: sum.touched.map((touched, line) => touched / (sum.ideal[line] as number)),
    conflicts: sum.cycles / sum.freeCycles,
  };
}

describe("known patterns", () => {
  it("a copy of neighbours touches what it wants", async () => {
    const traffic = await trafficOf("to[id.x] = source[id.x];");
    // Two workgroups of two times 32 invocations.
    expect(figuresOf(traffic, "storage", "load")).toMatchObject({ instructions: 4, ratios: [1, 1, 1] });
    expect(figuresOf(traffic, "storage", "store")).toMatchObject({ instructions: 4, ratios: [1, 1, 1] });
    expect(traffic.cache).toEqual({ brought: 4, ideal: 4 });
    const { line, holds } = rowOf("copy", { workgroups: [4, 1, 1] }, { traffic, threads: 64, compared: 1 });
    expect(holds).toBe(true);
    // One load of 4 bytes by an invocation.
    expect(line).toMatch(/^copy +4 × 64 +all +1 +4\.0 +1\.00 +1\.00 +1\.00 +1\.00 +1\.00 +1\.00 +0 +– +holds$/);
  });

  it("places 2 KB apart touch a line each", async () => {
    const traffic = await trafficOf("to[id.x] = source[id.x * 512u];");
    expect(figuresOf(traffic, "storage", "load").ratios).toEqual([32, 16, 8]);
    expect(rowOf("far", { workgroups: [4, 1, 1] }, { traffic, threads: 64, compared: 1 }).holds).toBe(false);
    expect(siteLines(traffic, "wide").join()).toContain("load source[id.x * *]");
  });

  it("a place that all want is one line", async () => {
    const traffic = await trafficOf("to[id.x] = source[id.x / 64u];");
    expect(figuresOf(traffic, "storage", "load").ratios).toEqual([1, 1, 1]);
  });

  it("a tile read across takes 32 turns of the banks, with a word more a line one", async () => {
    const traffic = await trafficOf(
      `close[thread % 32u] = source[id.x];
wide[thread % 32u] = source[id.x];
workgroupBarrier();
to[id.x] = close[thread % 32u * 32u] + wide[thread % 32u * 33u];`,
      { declared: "var<workgroup> close: array<f32, 1024>;\nvar<workgroup> wide: array<f32, 1056>;" },
    );
    const turnsOf = (name: string, wanted: string) => {
      const { cycles, freeCycles } = sumOf(
        traffic.sites,
        traffic.moved,
        ({ variable, access }) => variable === name && access === wanted,
      );
      return cycles / freeCycles;
    };
    expect(turnsOf("close", "store")).toBe(1);
    expect(turnsOf("close", "load")).toBe(32);
    expect(turnsOf("wide", "load")).toBe(1);
  });

  it("vectors side by side fill the banks, every second one half of them", () => {
    const lanes = Array.from({ length: 32 }, (_, lane) => lane);
    const turns = (stride: number) =>
      bankCycles(
        lanes.map((lane) => lane * stride),
        16,
      );
    expect(turns(16)).toEqual({ cycles: 4, free: 4 });
    expect(turns(32)).toEqual({ cycles: 8, free: 4 });
    expect(linesOf([120], 16, 128).size).toBe(2);
  });
});

describe("loops", () => {
  it("are told apart by their turns where neighbours turn more or less often", async () => {
    const traffic = await trafficOf(
      `var sum = 0.0;
for (var turn = 0u; turn < thread % 32u; turn++) {
  if ((turn + thread) % 2u == 0u) { sum += source[turn * 32u + thread % 32u]; }
}
to[id.x] = sum;`,
    );
    // In turns 0 to 29 some of the later invocations load, every second one; nobody is in the line of another turn.
    expect(traffic.isLoop).toBe(true);
    expect(figuresOf(traffic, "storage", "load")).toMatchObject({
      instructions: 4 * 30,
      ratios: [1, expect.anything(), expect.anything()],
    });
  });

  it("end where a function returns out of them", async () => {
    const traffic = await trafficOf(
      "for (var turn = 0u; turn < 4u; turn++) { to[id.x] += search(turn * 64u, thread); }",
      {
        declared: `fn search(first: u32, thread: u32) -> f32 {
  for (var place = 0u; place < 64u; place++) { if (source[first + place] >= f32(thread % 4u)) { return f32(place); } }
  return 0.0;
}`,
      },
    );
    expect(figuresOf(traffic, "storage", "load").instructions).toBe(4 * (4 + 3 * 1));
    const updates = sumOf(traffic.sites, traffic.moved, ({ access }) => access === "update");
    expect(updates.instructions).toBe(4 * 4);
  });
});

it("workgroups are drawn once each, the same ones for the same seed", () => {
  expect(draw(3, 5, 7)).toEqual([0, 1, 2]);
  const drawn = draw(1000, 8, 7);
  expect(new Set(drawn).size).toBe(8);
  expect(draw(1000, 8, 7)).toEqual(drawn);
  expect(draw(1000, 8, 8)).not.toEqual(drawn);
});

it("what the text of a kernel does not show is refused", () => {
  const kernel = (declared: string, body: string) =>
    instrument(`${declared}\n@compute @workgroup_size(8) fn main() { ${body} }`, {
      ...{ workgroups: [1, 1, 1], noting: [0], capacity: 1, whole: true },
    });
  const floats = "@group(0) @binding(0) var<storage, read_write> x: array<f32>;";
  expect(() => kernel(floats, "let p = &x[0];")).toThrow("pointer");
  expect(() => kernel(floats, "let x = vec2f(); let y = x[0];")).toThrow("something else in a function");
  expect(kernel(`${floats} fn same(x: vec2f) -> f32 { return x[0]; }`, "x[0] = 1.0;").sites).toHaveLength(1);
  expect(() => kernel("struct S { a: f32 }\nvar<workgroup> x: array<S, 4>;", "")).toThrow("elements of x are S");
});

describe("our kernels with notes", async () => {
  const own = new Catcher(true);
  const engine = await start({ gpu: own.gpu, quickStart: false });
  const work = await engine.open({ kind: "train", network: "reference", batch: 1 });
  const step = await own.catch(async () => work?.run(1));

  it("write what they write without, one that counts arrivals too", async () => {
    const looked: string[] = [];
    for (const caught of step) {
      if (!/^(fetch_batch|conv2d_staged|finish_step)$/.test(caught.label)) {
        runAsItIs(own.device, caught);
        continue;
      }
      const { compared, traffic } = await lookAt(own.device, caught, LOOK);
      expect(compared).toBeGreaterThan(0);
      expect(traffic.lost).toBe(0);
      looked.push(caught.label);
    }
    expect(looked).toEqual(["fetch_batch", "conv2d_staged", "finish_step"]);
  });

  it("are found out where they write something else", async () => {
    const [first] = step as [Caught];
    const other = { ...first, wgsl: first.wgsl.replace(/labels\[place\] = label;/, "labels[place] = label + 1;") };
    expect(other.wgsl).not.toBe(first.wgsl);
    await expect(lookAt(own.device, other, LOOK)).rejects.toThrow("of labels where it should write");
  });
});
