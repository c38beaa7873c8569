/**
 * Our WebAssembly backend beside PyTorch on one thread, by turns: the same networks, weights and images (bench/jobs.ts).
 *
 *     npm run bench:wasm [-- --jobs reference:64,reference:61,vgg64:16,resnet32:32 --rounds 5 --python python3 --profile]
 *
 * Times are the processor's, of each process, so that other programs on the machine count less; what shares a core with them is
 * still slower. A line a job: milliseconds a step, least and median of the rounds, ours and PyTorch's, and their ratio. The
 * losses of both at the first step must agree. Wants PyTorch (Debian's python3-torch). `--profile`: our own kernels, each with its
 * time of the processor, in place of that.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { median } from "../src/core/median.ts";
import { wasm } from "../src/index.ts";
import { engineOn } from "./engines/corteza.ts";
import { NETWORKS, type NetworkName } from "./jobs.ts";

const { values: options } = parseArgs({
  options: {
    jobs: { type: "string", default: "reference:64,reference:61,vgg64:16,resnet32:32" },
    rounds: { type: "string", default: "5" },
    python: { type: "string", default: "python3" },
    profile: { type: "boolean", default: false },
  },
});

const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

if (options.profile) performance.now = processor;

/** Milliseconds of processor time that a round lasts. */
const ROUND = 400;

interface Row {
  readonly metric: string;
  readonly median: number;
}

/** One round of PyTorch in a process of its own: milliseconds a step, and the first loss. */
function pytorch(network: string, batch: number): { ms: number; loss: number } {
  const job =
    network === "reference"
      ? ["--batches", `${batch}`, "--nets", ""]
      : ["--batches", "", "--nets", `${network}:${batch}`];
  const args = [resolve(import.meta.dirname, "pytorch.py"), ...job, "--device", "cpu", "--processor", "--rounds", "3"];
  const env = { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const { stdout, status, stderr } = spawnSync(options.python, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${options.python} bench/pytorch.py failed: ${stderr}`);
  const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
  const of = (metric: string) => rows.find((row) => row.metric === metric)?.median ?? Number.NaN;
  return { ms: of("ms"), loss: of("loss") };
}

const backend = await wasm();
const engine = engineOn(backend);
console.log(`${backend.description}, Node ${process.version}; milliseconds of processor time a step: least (median)`);
for (const job of options.jobs.split(",")) {
  const [name = "", size] = job.split(":");
  if (!(name in NETWORKS)) throw new Error(`no network "${name}"; there are ${Object.keys(NETWORKS).join(", ")}`);
  const [network, batch] = [name as NetworkName, Number(size)];
  const work = await engine.open({ kind: "train", network, batch });
  if (!work) throw new Error(`no ${job}`);
  await work.run(1);
  const [loss = Number.NaN] = await work.values();
  for (const started = processor(); processor() - started < ROUND; ) await work.run(1);
  if (options.profile) {
    console.log(`${job}\n${await work.profile?.()}`);
    work.dispose();
    continue;
  }
  const [ours, theirs] = [[] as number[], [] as number[]];
  let theirLoss = Number.NaN;
  for (let round = 0; round < Number(options.rounds); round++) {
    const started = processor();
    let steps = 0;
    for (; processor() - started < ROUND; steps++) await work.run(1);
    ours.push((processor() - started) / steps);
    const { ms, loss: first } = pytorch(network, batch);
    theirs.push(ms);
    theirLoss = first;
  }
  work.dispose();
  const least = (times: readonly number[]) => Math.min(...times);
  const shown = (times: readonly number[]) => `${least(times).toFixed(1)} (${median(times).toFixed(1)})`;
  console.log(
    `${job}: ours ${shown(ours)}, PyTorch ${shown(theirs)}, ratio ${(least(ours) / least(theirs)).toFixed(2)} ` +
      `(${(median(ours) / median(theirs)).toFixed(2)}); first loss ${loss.toFixed(4)}, ${theirLoss.toFixed(4)}`,
  );
}
backend.dispose();
