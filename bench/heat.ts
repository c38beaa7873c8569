import { median } from "../src/core/median.ts";
import { type Job, jobFlops, jobImages, jobName } from "./jobs.ts";
import type { Report } from "./report.ts";
import { figure, findRow, type Row, rowOf, spread } from "./rows.ts";
import type { Stage } from "./stage.ts";

export interface Entrant {
  readonly engine: string;
  readonly job: Job;
}

export interface Pace {
  readonly rounds: number;
  /** A peer that has run for so long takes no further rounds, after its second. */
  readonly peerMilliseconds: number;
  /** How often the work is done before it is measured; the first and the last give what is compared. */
  readonly warmups: number;
}

/** A measurement lasts about as long as this, so that reading a loss back is little beside it. */
const MEASUREMENT_MILLISECONDS = 100;
const MOST_TIMES = 1024;

/**
 * How far apart values may be, relative to the largest. Different orders of summation in f32 explain 1e-5 of a loss;
 * after two updates by Adam, which divides gradients by their size, small ones have been made large.
 */
const TOLERANCE = { first: 1e-4, later: 1e-3 };

export interface Runner extends Entrant {
  readonly handle: number;
  readonly values: readonly (readonly number[])[];
  readonly times: number;
  readonly milliseconds: number[];
  readonly ratios: number[];
}

/**
 * Opens everyone's work, checks that all compute the same, then measures in turns: the base, a peer, the base, the next
 * peer … Each peer's ratio is to the base's measurement right before its own.
 */
export async function heat(
  stage: Stage,
  report: Report,
  base: Entrant,
  others: readonly Entrant[],
  pace: Pace,
  extra: { peak?: number } = {},
): Promise<void> {
  const first = await enter(stage, report, base, undefined, pace.warmups);
  if (first === undefined) return;
  const peers: Runner[] = [];
  for (const other of others) {
    const peer = await enter(
      stage,
      report,
      other,
      jobName(other.job) === jobName(base.job) ? first : undefined,
      pace.warmups,
    );
    if (peer) peers.push(peer);
  }
  const spent = new Map<Runner, number>();
  for (let round = 0; round < pace.rounds; round++) {
    for (const peer of peers) {
      const used = spent.get(peer) ?? 0;
      if (used > pace.peerMilliseconds && (round >= 2 || used / round > pace.peerMilliseconds)) continue;
      const own = await measure(stage, first);
      const theirs = await measure(stage, peer);
      peer.ratios.push(theirs / own);
      spent.set(peer, (spent.get(peer) ?? 0) + theirs * peer.times);
    }
    if (peers.length === 0) await measure(stage, first);
  }
  const name = jobName(base.job);
  const lines = [["engine", "ms (min–max)", "ms an image", "GFLOP/s", "rounds × times", "peer / ours (min–max)"]];
  if (extra.peak !== undefined) lines[0]?.push("of peak");
  for (const runner of [first, ...peers]) {
    lines.push(record(report, runner, first, extra.peak));
  }
  const notes = [checked(first, peers.length > 0)];
  if (extra.peak !== undefined) notes.push(`FMA probe: ${figure(extra.peak)} GFLOP/s`);
  for (const { handle } of [first, ...peers]) await stage.close(handle);
  report.table(name, lines, notes);
}

/** Opens the work and does it some times, which warms it up and gives what is compared. */
export async function enter(
  stage: Stage,
  report: Report,
  { engine, job }: Entrant,
  like: Runner | undefined,
  warmups: number,
): Promise<Runner | undefined> {
  const name = jobName(job);
  try {
    const handle = await stage.open(engine, job);
    if (handle === undefined) return undefined;
    const values: (readonly number[])[] = [];
    let last = 0;
    for (let time = 0; time < warmups; time++) {
      last = await stage.run(handle, 1);
      values.push(await stage.values(handle));
    }
    await stage.settled(handle);
    const timesIn = (once: number) => Math.min(MOST_TIMES, Math.max(1, Math.round(MEASUREMENT_MILLISECONDS / once)));
    let times = timesIn(last);
    // One at a time is mostly waiting where steps are short; many at a time tell how long one takes.
    if (times > 1) times = timesIn((await stage.run(handle, times)) / times);
    const runner: Runner = { engine, job, handle, values, times, milliseconds: [], ratios: [] };
    if (like) {
      const wrong = difference(runner, like);
      if (wrong) {
        await stage.close(handle);
        throw new Error(wrong);
      }
    }
    return runner;
  } catch (error) {
    report.rows.push(rowOf(name, engine, "failed", [1]));
    report.say(`${name}: ${engine} is out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function difference(runner: Runner, like: Runner): string | undefined {
  for (const [time, tolerance] of [
    [0, TOLERANCE.first],
    [like.values.length - 1, TOLERANCE.later],
  ] as const) {
    const [values, wanted] = [runner.values[time] ?? [], like.values[time] ?? []];
    const scale = Math.max(...wanted.map(Math.abs));
    const apart = Math.max(...wanted.map((value, index) => Math.abs(value - (values[index] ?? Number.NaN))));
    if (!(apart <= tolerance * scale)) {
      return `values differ by ${apart} where ours are up to ${scale} (time ${time + 1}, tolerance ${tolerance})`;
    }
  }
  return undefined;
}

/** Milliseconds of doing the job once. */
async function measure(stage: Stage, runner: Runner): Promise<number> {
  const milliseconds = await stage.run(runner.handle, runner.times);
  const once = milliseconds / runner.times;
  runner.milliseconds.push(once);
  return once;
}

/** Writes a runner's rows; returns its line of the table. */
function record(report: Report, runner: Runner, base: Runner, peak: number | undefined): string[] {
  const { engine, job, milliseconds } = runner;
  const name = jobName(job);
  const [images, flops] = [jobImages(job), jobFlops(job)];
  const time = rowOf(name, engine, "ms", milliseconds);
  const rates = milliseconds.map((once) => flops / once / 1e6);
  const known = findRow(report.rows, name, engine, "ms") !== undefined;
  const add = (...rows: Row[]) => {
    // Batch 64 runs once more beside 61; its own heat is the one that counts.
    if (!known) report.rows.push(...rows);
  };
  add(
    time,
    rowOf(
      name,
      engine,
      "ms an image",
      milliseconds.map((once) => once / images),
    ),
    rowOf(name, engine, "GFLOP/s", rates),
  );
  if (job.kind === "train") add(rowOf(name, engine, "loss", [runner.values[0]?.[0] ?? Number.NaN]));
  const perImage = jobName(base.job) !== name;
  const scale = perImage ? jobImages(base.job) / images : 1;
  const ratio = rowOf(
    name,
    engine,
    perImage ? "per image against batch 64" : "ratio",
    runner.ratios.map((value) => value * scale),
  );
  if (runner !== base) report.rows.push(ratio);
  const line = [
    perImage ? `${engine}, ${name}` : engine,
    spread(time),
    job.kind === "matmul" ? "" : figure(time.median / images),
    figure(median(rates)),
    `${milliseconds.length} × ${runner.times}`,
    runner === base ? "" : spread(ratio) + (perImage ? " an image" : ""),
  ];
  if (peak !== undefined) {
    const part = rowOf(
      name,
      engine,
      "of peak",
      rates.map((rate) => rate / peak),
    );
    report.rows.push(part);
    line.push(figure(part.median));
  }
  return line;
}

function checked({ job, values }: Runner, compared: boolean): string {
  if (job.kind !== "train") return compared ? "All gave the same values." : "";
  const losses = values.map(([loss = Number.NaN]) => loss.toFixed(5)).join(", ");
  return compared ? `All had the same losses from the same weights: ${losses} …` : `Losses: ${losses} …`;
}
