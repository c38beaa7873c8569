import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { Row } from "./rows.ts";

export interface PyTorchRound {
  /** A Python that has PyTorch. */
  readonly python: string;
  readonly network: string;
  readonly batch: number;
  readonly threads: number;
  /** Time of the processor in place of the clock's; one thread only. */
  readonly processor: boolean;
}

/** One round of PyTorch in a process of its own: milliseconds a step, and the first loss. */
export function pytorchRound(round: PyTorchRound): { ms: number; loss: number } {
  const { python, network, batch, threads, processor } = round;
  const job =
    network === "reference"
      ? ["--batches", `${batch}`, "--nets", ""]
      : ["--batches", "", "--nets", `${network}:${batch}`];
  const args = [resolve(import.meta.dirname, "pytorch.py"), ...job, "--device", "cpu", "--rounds", "3"];
  if (processor) args.push("--processor");
  const env = { ...process.env, OMP_NUM_THREADS: `${threads}`, MKL_NUM_THREADS: `${threads}` };
  const { stdout, status, stderr } = spawnSync(python, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${python} bench/pytorch.py failed: ${stderr}`);
  const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
  const of = (metric: string) => rows.find((row) => row.metric === metric)?.median ?? Number.NaN;
  return { ms: of("ms"), loss: of("loss") };
}
