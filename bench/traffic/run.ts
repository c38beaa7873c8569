/**
 * `npm run bench:traffic`: what the kernels of a training step ask of memory, counted on a software adapter.
 *
 *     npm run bench:traffic -- [--net reference] [--batch 64] [--traits hardware|software] [--groups 4] [--seed 1] [--whole]
 *                              [--cache 16384] [--sites] [--out FILE]
 *
 * Each dispatch runs with notes of its loads and stores in `--groups` workgroups that are drawn at random. `--net` and `--batch` take
 * several, with commas between. `bench/README.md` says what the columns are. `--sites` prints each place of the text that loads or
 * stores; without it, those loads of a hot loop that touch too many lines. `--whole`: all workgroups run with it, and all that they
 * write is compared; else what the drawn ones store. `--cache`: bytes of the cache that a workgroup has.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { start } from "../engines/corteza.ts";
import { kernelsOf, TRAITS } from "../isa/plans.ts";
import { type Job, jobName, NETWORKS, type NetworkName } from "../jobs.ts";
import { commit } from "../report.ts";
import { Catcher, lookAt } from "./capture.ts";
import { header, rowOf, siteLines } from "./table.ts";

const { values: options } = parseArgs({
  options: {
    net: { type: "string", default: "reference" },
    batch: { type: "string", default: "64" },
    traits: { type: "string", default: "hardware" },
    groups: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
    whole: { type: "boolean", default: false },
    cache: { type: "string", default: "16384" },
    sites: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const whole = (name: "groups" | "seed" | "cache"): number => {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`traffic: --${name} is a whole number, not "${options[name]}".`);
  return value;
};
const traits = TRAITS[options.traits];
if (traits === undefined)
  throw new Error(`traffic: --traits is one of ${Object.keys(TRAITS).join(", ")}, not "${options.traits}".`);

const lines: string[] = [];
const say = (...more: string[]) => {
  lines.push(...more);
  console.log(more.join("\n"));
};

say(`npm run bench:traffic -- ${process.argv.slice(2).join(" ")}`, `commit ${commit()}`);
const catcher = new Catcher(!traits.software);
const engine = await start({ gpu: catcher.gpu, quickStart: false });
for (const network of options.net.split(",")) {
  if (!Object.hasOwn(NETWORKS, network))
    throw new Error(`traffic: --net is one of ${Object.keys(NETWORKS).join(", ")}, not "${network}".`);
  for (const batch of options.batch.split(",").map(Number)) {
    await look({ kind: "train", network: network as NetworkName, batch });
  }
}
if (options.out) writeFileSync(options.out, `${lines.join("\n").trim()}\n`);
process.exit(0);

async function look(job: Job): Promise<void> {
  const work = await engine.open(job);
  if (work === undefined || traits === undefined) throw new Error(`traffic: there is no ${jobName(job)}`);
  const caught = await catcher.catch(() => work.run(1));
  // Sizes of subgroups are those of the device that is here.
  const { adapterInfo } = catcher.device;
  const sizes = { minSize: adapterInfo.subgroupMinSize ?? 4, maxSize: adapterInfo.subgroupMaxSize ?? 4 };
  const kernels = await kernelsOf(job, { ...traits, subgroups: sizes });
  say("", `${jobName(job)}, rules for ${options.traits}, ${options.groups} workgroups a dispatch`, header());
  const misses: string[] = [];
  let [tried, held, compared] = [0, 0, 0];
  for (const [at, dispatch] of caught.entries()) {
    const kernel = kernels[at];
    if (kernel?.wgsl !== dispatch.wgsl)
      throw new Error(`traffic: dispatch ${at} of ${jobName(job)}, ${dispatch.label}, is not the one that was planned`);
    const seen = await lookAt(catcher.device, dispatch, {
      groups: whole("groups"),
      seed: 1000 * whole("seed") + at,
      whole: options.whole,
      cacheBytes: whole("cache"),
      logBytes: 2 ** 28,
    });
    const title = `${kernel.layer ?? ""} ${kernel.name}`.trim();
    const { line, holds } = rowOf(title, kernel, seen);
    say(line);
    if (holds !== undefined) tried++;
    if (holds) held++;
    compared += seen.compared;
    const found = siteLines(seen.traffic, options.sites ? "all" : holds === false ? "wide" : "none");
    if (found.length > 0) misses.push(`${title} (${kernel.variant})`, ...found);
  }
  say(`at most 1.5 lines of 128 bytes touched for each that is wanted: ${held} of ${tried} kernels`);
  if (options.whole) say(`all ${compared} words that the kernels write are the same without notes`);
  else say(`${compared} words that the drawn workgroups store are the same without notes`);
  if (misses.length > 0) say("", ...misses);
  work.dispose();
}
