/**
 * `npm run bench:isa`: what a production compiler for graphics cards makes of our kernels, without a card.
 *
 *     npm run bench:isa -- [--nets reference,vgg64,resnet32] [--batches 64] [--families navi10,navi21,gfx1100,vega10,polaris10]
 *                          [--traits hardware] [--model navi21] [--peers jax-js,tfjs-webgpu] [--out FILE]
 *
 * Of each kernel and family: vector registers, those that were spilled, bytes of workgroup memory, waves a SIMD holds, and of
 * the hot loop the share of multiply-adds, which bounds what the kernel can reach of the card's peak. `bench/README.md` says more.
 * Then what each dispatch would take on cards of several makers, by the mix of the family `--model` (model.ts).
 * `--peers` adds the kernels that others run for the reference network's step; they are taken from a Chromium. jax-js' are in the
 * model too, and where `--nets` and `--batches` have the same step, its time is divided by ours.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { type Job, jobName, type NetworkName } from "../jobs.ts";
import type { Launched } from "../page/kernels.ts";
import type { EngineName } from "../page/main.ts";
import { CardCompiler, type Compiled } from "./compile.ts";
import { CARDS, microseconds, threadsOf } from "./model.ts";
import { flopsOfJaxJs, peerKernels } from "./peers.ts";
import { type Kernel, kernelsOf, TRAITS } from "./plans.ts";

const { values: options } = parseArgs({
  options: {
    nets: { type: "string", default: "reference,vgg64,resnet32" },
    batches: { type: "string", default: "64" },
    families: { type: "string", default: "navi10,navi21,gfx1100,vega10,polaris10" },
    traits: { type: "string", default: "hardware" },
    model: { type: "string", default: "navi21" },
    peers: { type: "string", default: "" },
    out: { type: "string" },
  },
});
const list = (text: string) => text.split(",").filter((one) => one !== "");
const families = list(options.families);
const traits = TRAITS[options.traits] ?? (JSON.parse(readFileSync(options.traits, "utf8")) as DeviceTraits);

const lines: string[] = [];
const say = (line: string) => {
  lines.push(line);
  console.log(line);
};

/** A kernel with the words by which a table names it. */
interface Row {
  readonly wgsl: string;
  readonly title: string;
  readonly workgroups: number;
}

const SHOWN = 46;

function cell({ registers, spilled, workgroupMemory, waves, mix }: Compiled): string {
  const share = Math.round((100 * mix.multiplyAdds) / Math.max(1, mix.instructions));
  return [
    String(registers).padStart(4),
    String(spilled).padStart(5),
    String(workgroupMemory).padStart(6),
    String(waves).padStart(4),
    `${share} %`.padStart(5),
  ].join(" ");
}

/** A table of each family: many are too wide for one. Gives the number of spilled registers. */
function table(title: string, rows: readonly Row[], compiler: CardCompiler): void {
  const different = [...new Map(rows.map((row) => [row.wgsl, row])).values()];
  for (const family of families) {
    const compiled = compiler.compile(
      different.map(({ wgsl }) => wgsl),
      family,
    );
    say(`\n${title}, ${family}`);
    say(`${"kernel".padEnd(SHOWN)} groups  regs spill    LDS waves  madd  loop  loads (16 B)  LDS  other floats`);
    different.forEach(({ title: name, workgroups }, place) => {
      const one = compiled[place] as Compiled;
      const { instructions, loads, wideLoads, workgroupMemory, otherFloats, isLoop } = one.mix;
      say(
        `${name.slice(0, SHOWN).padEnd(SHOWN)} ${String(workgroups).padStart(6)}  ${cell(one)} ` +
          `${String(isLoop ? instructions : "none").padStart(5)}  ${String(loads).padStart(5)} ` +
          `${`(${wideLoads})`.padStart(6)} ${String(workgroupMemory).padStart(4)} ${String(otherFloats).padStart(6)}`,
      );
    });
    say(`spilled registers: ${compiled.reduce((sum, { spilled }) => sum + spilled, 0)}`);
  }
}

/** What the model asks of a dispatch, and the words by which a table names it. */
interface Dispatch extends Pick<Kernel, "wgsl" | "workgroups" | "flops" | "bytes"> {
  readonly title: string;
}

/** What each dispatch of a step would take on cards that nobody has here. Gives the step's time on each. */
function estimate(title: string, kernels: readonly Dispatch[], compiler: CardCompiler): number[] {
  const compiled = compiler.compile(
    kernels.map(({ wgsl }) => wgsl),
    options.model,
  );
  say(`\n${title}, estimated microseconds a dispatch, by the instructions of ${options.model}`);
  say(`${"kernel".padEnd(SHOWN)}${CARDS.map(({ name }) => name.padStart(11)).join("")}`);
  const sums = CARDS.map(() => 0);
  kernels.forEach((kernel, place) => {
    const own = compiled[place] as Compiled;
    const times = CARDS.map((card) => microseconds(kernel, threadsOf(kernel.wgsl), own, card));
    times.forEach((time, card) => {
      sums[card] = (sums[card] ?? 0) + time;
    });
    say(`${kernel.title.slice(0, SHOWN).padEnd(SHOWN)}${times.map((time) => time.toFixed(1).padStart(11)).join("")}`);
  });
  say(`${"the step".padEnd(SHOWN)}${sums.map((sum) => sum.toFixed(0).padStart(11)).join("")}`);
  return sums;
}

/** The step of a peer by the same model and instrument, and how many of our steps that is. */
function estimatePeer(
  title: string,
  kernels: readonly Launched[],
  own: readonly number[] | undefined,
  compiler: CardCompiler,
): void {
  const dispatches = kernels.map(({ label, wgsl, workgroups, bytes }) => ({
    ...{ title: label, wgsl, workgroups: [workgroups, 1, 1] as const, bytes },
    flops: flopsOfJaxJs(wgsl, workgroups),
  }));
  const sums = estimate(title, dispatches, compiler);
  const gigaflops = dispatches.reduce((sum, { flops }) => sum + flops, 0) / 1e9;
  if (own !== undefined) {
    const ratios = sums.map((sum, card) => (sum / (own[card] ?? 0)).toFixed(1).padStart(11));
    say(`${"times our step".padEnd(SHOWN)}${ratios.join("")}`);
  }
  say(`operations found in its loops: ${gigaflops.toFixed(2)} · 10⁹`);
}

const titleOf = ({ layer, name }: Kernel) => `${layer ?? ""} ${name}`.trim();

const folder = mkdtempSync(join(tmpdir(), "corteza-isa-"));
/** Our steps' times by the job's name. */
const estimated = new Map<string, number[]>();
try {
  const compiler = new CardCompiler(folder);
  for (const network of list(options.nets) as NetworkName[]) {
    for (const batch of list(options.batches).map(Number)) {
      const job: Job = { kind: "train", network, batch };
      const kernels = await kernelsOf(job, traits);
      const rows = kernels.map((kernel) => {
        const [x, y, z] = kernel.workgroups;
        return { wgsl: kernel.wgsl, workgroups: x * y * z, title: titleOf(kernel) };
      });
      const title = `corteza, ${jobName(job)}, ${options.traits}`;
      table(title, rows, compiler);
      const dispatches = kernels.map((kernel) => ({ ...kernel, title: titleOf(kernel) }));
      estimated.set(jobName(job), estimate(title, dispatches, compiler));
    }
  }
  const job: Job = { kind: "train", network: "reference", batch: 64 };
  for (const [engine, kernels] of await peerKernels(list(options.peers) as EngineName[], job)) {
    const rows = kernels.map(({ label, wgsl, workgroups }) => ({ wgsl, workgroups, title: label }));
    const title = `${engine}, ${jobName(job)}, ${rows.length} dispatches`;
    table(title, rows, compiler);
    if (engine === "jax-js") estimatePeer(title, kernels, estimated.get(jobName(job)), compiler);
  }
  if (options.out) writeFileSync(options.out, `${lines.join("\n").trim()}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
