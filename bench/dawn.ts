/**
 * The bench without a browser, in Node on Dawn: for a bare machine with a real GPU. `npm run bench:pack` bundles it into
 * one file that needs only the npm module "webgpu"; `bench/pytorch.py` does the same work beside it.
 *
 *     node bench.mjs [--only train,infer,nets,kernels] [--batches 1,16,61,64,256,1024] [--peers jax-js,tfjs-webgpu]
 *                    [--against pytorch.json] [--rounds 9] [--out dawn.json]
 */
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { webgpu } from "../src/index.ts";
import { peakGflops } from "../src/webgpu/peak.ts";
import { GPU_BARS, judge, verdictLine } from "./bars.ts";
import { start as startCorteza } from "./engines/corteza.ts";
import { type Entrant, heat, type Pace } from "./heat.ts";
import { type Job, jobName, NETWORKS, type NetworkName } from "./jobs.ts";
import { against, machine, Report, writeReport } from "./report.ts";
import { figure, rowOf, spread } from "./rows.ts";
import { localStage } from "./stage.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "train,infer,nets,kernels" },
    batches: { type: "string", default: "1,16,61,64,256,1024" },
    "infer-batches": { type: "string", default: "1,64" },
    nets: { type: "string", default: "vgg64:64,vgg224:8,resnet32:128" },
    kernels: { type: "string", default: "matmul:1024,matmul:4096,conv:32:56:64,conv:32:28:128,conv:32:28:256" },
    peers: { type: "string", default: "" },
    rounds: { type: "string", default: "9" },
    against: { type: "string" },
    out: { type: "string" },
  },
});
const only = options.only.split(",");
const numbers = (text: string): number[] => text.split(",").map(Number);
const pace: Pace = { rounds: Number(options.rounds), peerMilliseconds: 10_000, warmups: 3 };

Object.assign(globalThis, globals);
// Dawn's instance must not be collected while a device lives.
const gpu = create([]);
// Peers look for WebGPU where a browser has it.
Object.defineProperty(globalThis, "navigator", {
  value: { gpu, userAgent: "Node", hardwareConcurrency: 1 },
  configurable: true,
});

const stage = localStage({
  corteza: () => startCorteza({ gpu }),
  "jax-js": async () => (await import("./engines/jax.ts")).start(),
  "tfjs-webgpu": async () => (await import("./engines/tfjs_webgpu.ts")).start(),
});
const report = new Report();
const { rows } = report;
const info = (await gpu.requestAdapter())?.info;
report.about = {
  ...machine(),
  adapter: [info?.vendor, info?.architecture, info?.device, info?.description].filter((word) => word).join(" · "),
  runtime: `Dawn in Node ${process.version}`,
  command: ["node bench.mjs", ...process.argv.slice(2)].join(" "),
};
report.say(
  Object.entries(report.about)
    .map(([name, value]) => `${`${name}:`.padEnd(10)} ${value}`)
    .join("\n"),
);

const peers = options.peers.split(",").filter((name) => name !== "");
const race = (job: Job, extra: { peak?: number } = {}): Promise<void> =>
  heat(
    stage,
    report,
    { engine: "corteza", job },
    peers.map((engine): Entrant => ({ engine, job })),
    pace,
    extra,
  );

if (only.includes("train")) {
  for (const batch of numbers(options.batches)) await race({ kind: "train", network: "reference", batch });
  await stepCosts();
}
if (only.includes("infer")) {
  for (const batch of numbers(options["infer-batches"])) await race({ kind: "infer", network: "reference", batch });
}
if (only.includes("nets")) {
  for (const entry of options.nets.split(",")) {
    const [network, batch] = entry.split(":");
    if (network === undefined || !Object.hasOwn(NETWORKS, network)) throw new Error(`there is no network ${network}`);
    await race({ kind: "train", network: network as NetworkName, batch: Number(batch) });
  }
}
if (only.includes("kernels")) {
  for (const entry of options.kernels.split(",")) {
    const [kind, first = 0, size = 0, channels = 0] = entry
      .split(":")
      .map((part, index) => (index ? Number(part) : part));
    const job: Job =
      kind === "matmul"
        ? { kind, size: Number(first) }
        : { kind: "conv", batch: Number(first), size: Number(size), channels: Number(channels) };
    const backend = await webgpu({ gpu });
    const peak = await peakGflops(backend.context);
    backend.dispose();
    await race(job, { peak });
  }
}
if (options.against) against(report, options.against);
const verdicts = judge(GPU_BARS, rows);
report.say("bars", ...verdicts.map(verdictLine));
if (options.out) writeReport(options.out, report, verdicts);
const bad = verdicts.some(({ outcome }) => outcome === "miss") || rows.some(({ metric }) => metric === "failed");
process.exit(bad ? 1 : 0);

/** What a step of ours costs the JS thread, at batch 1 since the work there is the same for any, and the GPU's memory. */
async function stepCosts(): Promise<void> {
  const name = jobName({ kind: "train", network: "reference", batch: 64 });
  const open = async (batch: number): Promise<number> => {
    const handle = await stage.open("corteza", { kind: "train", network: "reference", batch });
    if (handle === undefined) throw new Error("our own training step failed");
    return handle;
  };
  const [small, large] = [await open(1), await open(64)];
  await stage.runSingly(small, 20);
  const enqueue = rowOf(name, "corteza", "JS ms", await stage.runSingly(small, 200));
  const planned = (await stage.planned(large))?.bytes ?? Number.NaN;
  rows.push(enqueue, rowOf(name, "corteza", "GPU bytes planned", [planned]));
  report.say(await stage.profile(large));
  await stage.close(small);
  await stage.close(large);
  report.say(
    `JS thread: ${spread(enqueue)} ms inside enqueue a step; at batch 64 the plan holds ${figure(planned / 1e6)} MB`,
  );
}
