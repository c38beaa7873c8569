/** The page of the bench: it does as it is told by `bench/run.ts`, through `globalThis.bench`. */
import { webgpu } from "../../src/index.ts";
import { peakGflops } from "../../src/webgpu/peak.ts";
import type { Engine, Work } from "../engines/engine.ts";
import type { Job } from "../jobs.ts";
import { localStage } from "../stage.ts";
import { type Counts, counts, startCounting } from "./counting.ts";
import { type Launched, watchKernels } from "./kernels.ts";

/** Each engine in a chunk of its own: a page loads only those that it runs. */
const ENGINES = {
  corteza: () => import("../engines/corteza.ts"),
  "corteza-wasm": () => import("../engines/corteza_wasm.ts"),
  "tfjs-webgpu": () => import("../engines/tfjs_webgpu.ts"),
  "tfjs-webgl": () => import("../engines/tfjs_webgl.ts"),
  "jax-js": () => import("../engines/jax.ts"),
  "jax-js-wasm": () => import("../engines/jax_wasm.ts"),
  "onnx-webgpu": () => import("../engines/onnx_webgpu.ts"),
  "onnx-wasm": () => import("../engines/onnx_wasm.ts"),
} satisfies Record<string, () => Promise<{ start(): Promise<Engine> }>>;

export type EngineName = keyof typeof ENGINES;

/** What one engine did alone in a fresh browser. */
export interface Alone {
  /** From the start of the backend to the first result in the page, everything compiled on the way. */
  firstMilliseconds: number;
  /** The same measured for a second and a third time: no longer cold. */
  laterMilliseconds: number[];
  /** After the first time. */
  first: Counts;
  /** What the third time added; undefined when it was not asked for. */
  steady: Counts | undefined;
  /** After all of it. */
  end: Counts;
  reportedBytes: number | undefined;
  planned: Work["planned"] | undefined;
}

const api = {
  ...localStage(
    Object.fromEntries(
      Object.entries(ENGINES).map(([name, load]) => [name, async (): Promise<Engine> => (await load()).start()]),
    ),
  ),

  async adapter(): Promise<string> {
    const info = (await navigator.gpu.requestAdapter())?.info;
    return (
      [info?.vendor, info?.architecture, info?.description].filter((word) => word).join(" · ") || "unnamed adapter"
    );
  },

  isolated: (): boolean => globalThis.crossOriginIsolated,

  peak: async (): Promise<number> => {
    const backend = await webgpu();
    try {
      return await peakGflops(backend.context);
    } finally {
      backend.dispose();
    }
  },

  /** Only in a fresh browser: what the third time of doing a job launches. */
  async kernels(name: EngineName, job: Job): Promise<Launched[]> {
    const watched = watchKernels();
    const opened = await (await (await ENGINES[name]()).start()).open(job);
    if (opened === undefined) throw new Error(`${name} does not do ${job.kind} jobs`);
    await opened.run(1);
    await opened.run(1);
    watched.take();
    await opened.run(1);
    return watched.take();
  },

  /** Only in a fresh browser. `countUntil`: the third time is left out when the first took more milliseconds. */
  async alone(name: EngineName, job: Job, countUntil: number): Promise<Alone> {
    startCounting();
    // Fetching and parsing the library is not counted: everyone's code is in the page when the clock starts.
    const module = await ENGINES[name]();
    const started = performance.now();
    const own = await module.start();
    const opened = await own.open(job);
    if (opened === undefined) throw new Error(`${name} does not do ${job.kind} jobs`);
    await opened.run(1);
    const firstMilliseconds = performance.now() - started;
    const first = { ...counts };
    const laterMilliseconds: number[] = [];
    let before = { ...counts };
    if (firstMilliseconds <= countUntil) {
      for (let time = 0; time < 2; time++) {
        before = { ...counts };
        const start = performance.now();
        await opened.run(1);
        laterMilliseconds.push(performance.now() - start);
      }
    }
    const end = { ...counts };
    return {
      firstMilliseconds,
      laterMilliseconds,
      first,
      steady: laterMilliseconds.length === 0 ? undefined : difference(end, before),
      end,
      reportedBytes: own.reportedBytes?.(),
      planned: opened.planned,
    };
  },
};

function difference(end: Counts, before: Counts): Counts {
  const entries = Object.entries(end).map(([name, value]) => [name, value - (Reflect.get(before, name) as number)]);
  return Object.fromEntries(entries) as Counts;
}

export type BenchPage = typeof api;

declare global {
  var bench: BenchPage;
}

globalThis.bench = api;
