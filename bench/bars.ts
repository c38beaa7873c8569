import { figure, findRow, type Metric, type Row } from "./rows.ts";

/** One line of what was promised: a figure of the run and what it must reach. */
export interface Bar {
  readonly what: string;
  readonly work: string;
  readonly engine: string;
  readonly metric: Metric;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const STEP = "train reference 64";
const VGG = "train vgg64 4";
const RESNET = "train resnet32 16";

/** In a page of one browser, on any adapter; measured on SwiftShader. */
export const PAGE_BARS: readonly Bar[] = [
  { what: "training against TF.js WebGPU", work: STEP, engine: "tfjs-webgpu", metric: "ratio", atLeast: 25 },
  { what: "training against TF.js WebGL", work: STEP, engine: "tfjs-webgl", metric: "ratio", atLeast: 10 },
  { what: "training against jax-js", work: STEP, engine: "jax-js", metric: "ratio", atLeast: 5 },
  {
    what: "an image at batch 61 against 64",
    work: "train reference 61",
    engine: "corteza",
    metric: "per image against batch 64",
    atMost: 1.15,
  },
  { what: "inference against jax-js", work: "infer reference 64", engine: "jax-js", metric: "ratio", atLeast: 4 },
  {
    what: "inference against TF.js WebGPU",
    work: "infer reference 64",
    engine: "tfjs-webgpu",
    metric: "ratio",
    atLeast: 20,
  },
  { what: "dispatches a step", work: STEP, engine: "corteza", metric: "dispatches", atMost: 12 },
  { what: "submissions a step", work: STEP, engine: "corteza", metric: "submits", atMost: 1 },
  { what: "new buffers a step", work: STEP, engine: "corteza", metric: "new buffers", atMost: 0 },
  { what: "new bind groups a step", work: STEP, engine: "corteza", metric: "new bind groups", atMost: 0 },
  { what: "bytes on the GPU", work: STEP, engine: "corteza", metric: "GPU bytes", atMost: 20e6 },
  { what: "bytes not accounted for", work: STEP, engine: "corteza", metric: "GPU bytes unaccounted", atMost: 0 },
  { what: "first step against TF.js WebGPU", work: STEP, engine: "tfjs-webgpu", metric: "first ratio", atLeast: 4 },
  { what: "first step against jax-js", work: STEP, engine: "jax-js", metric: "first ratio", atLeast: 2 },
  { what: "VGG-style net against the better peer", work: VGG, engine: "better peer", metric: "ratio", atLeast: 4 },
  {
    what: "ResNet-style net against the better peer",
    work: RESNET,
    engine: "better peer",
    metric: "ratio",
    atLeast: 4,
  },
  { what: "JS thread a step, ms", work: STEP, engine: "corteza", metric: "JS ms", atMost: 0.2 },
];

/** On a real GPU (H100 class) with Dawn, beside PyTorch on the same machine. */
export const GPU_BARS: readonly Bar[] = [
  { what: "ms a step at batch 64", work: STEP, engine: "corteza", metric: "ms", atMost: 0.12 },
  ...[1, 16, 64, 256].map(
    (batch): Bar => ({
      what: `training against PyTorch eager, batch ${batch}`,
      work: `train reference ${batch}`,
      engine: "pytorch-eager",
      metric: "ratio",
      atLeast: 1,
    }),
  ),
  {
    what: "224×224×3 training against cuDNN, f32",
    work: "train vgg224 8",
    engine: "pytorch-eager",
    metric: "ratio",
    atLeast: 0.5,
  },
  {
    what: "3×3 convolution against the FMA probe",
    work: "conv 32×56×56×64",
    engine: "corteza",
    metric: "of peak",
    atLeast: 0.5,
  },
  {
    what: "3×3 convolution against the FMA probe",
    work: "conv 32×28×28×256",
    engine: "corteza",
    metric: "of peak",
    atLeast: 0.5,
  },
  { what: "training against TF.js on Dawn", work: STEP, engine: "tfjs-webgpu", metric: "ratio", atLeast: 10 },
  { what: "training against jax-js on Dawn", work: STEP, engine: "jax-js", metric: "ratio", atLeast: 10 },
];

const AGAINST_PYTORCH = { engine: "pytorch", metric: "of the peer's" } as const;

/** WebAssembly on a machine with two cores, in Node and in a page of Chromium. */
export const WASM_BARS: readonly Bar[] = [
  { what: "training against PyTorch, one thread", work: STEP, ...AGAINST_PYTORCH, atMost: 1.25 },
  { what: "training against jax-js' WebAssembly", work: STEP, engine: "jax-js-wasm", metric: "ratio", atLeast: 20 },
  { what: "training against TF.js' WebGL", work: STEP, engine: "tfjs-webgl", metric: "ratio", atLeast: 50 },
  { what: "training against PyTorch, two threads", work: `${STEP} on 2`, ...AGAINST_PYTORCH, atMost: 1.4 },
  {
    what: "two threads against one",
    work: `${STEP} on 2`,
    engine: "corteza-wasm",
    metric: "of one thread's",
    atLeast: 1.7,
  },
  {
    what: "an image at batch 61 against 64",
    work: "train reference 61",
    engine: "corteza-wasm",
    metric: "per image against batch 64",
    atMost: 1.05,
  },
  ...[1, 64].map(
    (batch): Bar => ({
      what: `inference against onnxruntime-web, batch ${batch}`,
      work: `infer reference ${batch}`,
      engine: "onnx-wasm",
      metric: "ratio",
      atLeast: 1,
    }),
  ),
  { what: "inference of one image, ms", work: "infer reference 1", engine: "corteza-wasm", metric: "ms", atMost: 0.5 },
  ...["train vgg64 16", "train resnet32 32", "train depthwise32 32"].flatMap((work): Bar[] => [
    { what: "training against PyTorch, one thread", work, ...AGAINST_PYTORCH, atMost: 1.6 },
    { what: "training against PyTorch, two threads", work: `${work} on 2`, ...AGAINST_PYTORCH, atMost: 1.6 },
  ]),
  { what: "first step in a page, cold, ms", work: STEP, engine: "corteza-wasm", metric: "first ms", atMost: 150 },
  { what: "bytes that no plan names", work: STEP, engine: "corteza-wasm", metric: "bytes unplanned", atMost: 0 },
  { what: "MNIST, one epoch, whole run, s", work: "MNIST", engine: "corteza-wasm", metric: "seconds", atMost: 75 },
  { what: "MNIST, accuracy after it", work: "MNIST", engine: "corteza-wasm", metric: "accuracy", atLeast: 0.983 },
];

export interface Verdict {
  readonly bar: Bar;
  /** "not measured": the run did not cover it. An engine that was to be measured and failed is a miss. */
  readonly outcome: "pass" | "miss" | "not measured";
  readonly value: number;
}

/** Holds a run against the bars. */
export function judge(bars: readonly Bar[], rows: readonly Row[]): Verdict[] {
  return bars.map((bar): Verdict => {
    const value = findRow(rows, bar.work, bar.engine, bar.metric)?.median ?? Number.NaN;
    if (Number.isNaN(value)) {
      const failed = findRow(rows, bar.work, bar.engine, "failed") !== undefined;
      return { bar, outcome: failed ? "miss" : "not measured", value };
    }
    const passes = value >= (bar.atLeast ?? -Infinity) && value <= (bar.atMost ?? Infinity);
    return { bar, outcome: passes ? "pass" : "miss", value };
  });
}

const MARKS = { pass: "pass", miss: "MISS", "not measured": " –  " } as const;

/** `pass  training against jax-js      5.31   bar ≥ 5   (train reference 64, ratio)` */
export function verdictLine({ bar, outcome, value }: Verdict): string {
  const wanted = bar.atLeast !== undefined ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`;
  const measured = outcome === "pass" || outcome === "miss" ? figure(value) : "";
  return `${MARKS[outcome]}  ${bar.what.padEnd(44)} ${measured.padStart(10)}   bar ${wanted.padEnd(12)} (${bar.work}, ${bar.metric})`;
}
