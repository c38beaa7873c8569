import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { formatTable } from "../src/core/format.ts";
import type { Verdict } from "./bars.ts";
import { figure, findRow, type Row, rowOf, spread } from "./rows.ts";

/** What a run said, as text for people and as rows for programs. */
export class Report {
  readonly rows: Row[] = [];
  readonly text: string[] = [];
  about: Record<string, string> = {};

  say(...lines: string[]): void {
    console.log(`${lines.join("\n")}\n`);
    this.text.push(lines.join("\n"));
  }

  table(title: string, lines: readonly (readonly string[])[], notes: readonly string[] = []): void {
    this.say(title, formatTable(lines), ...notes.filter((note) => note !== ""));
  }
}

/** The machine, the day and the code: what a figure means nothing without. */
export function machine(): Record<string, string> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine:
      `${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`,
    commit: commit(),
    versions: versions(),
  };
}

/** The commit that is measured, which a packed bench carries along. */
export function commit(): string {
  if (process.env.CORTEZA_COMMIT) return process.env.CORTEZA_COMMIT;
  const git = (...args: string[]): string => spawnSync("git", args, { encoding: "utf8" }).stdout?.trim() ?? "";
  const head = git("rev-parse", "--short", "HEAD");
  if (head === "") return "unknown";
  return head + (git("status", "--porcelain", "src", "shaders") === "" ? "" : " and changes in src or shaders");
}

/** What is installed of the peers. */
export function versions(): string {
  if (process.env.CORTEZA_VERSIONS) return process.env.CORTEZA_VERSIONS;
  const names = ["@tensorflow/tfjs-core", "@jax-js/jax", "onnxruntime-web", "webgpu"];
  const found = names.flatMap((name) => {
    try {
      const { version } = JSON.parse(readFileSync(resolve("node_modules", name, "package.json"), "utf8")) as {
        version: string;
      };
      return [`${name} ${version}`];
    } catch {
      return [];
    }
  });
  return found.join(", ") || "none installed";
}

/** Writes the rows to `path`, and what was printed to `<path without .json>.txt`. */
export function writeReport(path: string, report: Report, verdicts: readonly Verdict[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const bars = verdicts.map(({ bar, outcome, value }) => ({ ...bar, value, outcome }));
  writeFileSync(path, `${JSON.stringify({ about: report.about, bars, rows: report.rows }, null, 2)}\n`);
  writeFileSync(path.replace(/(\.json)?$/, ".txt"), `${report.text.join("\n\n")}\n`);
}

/**
 * Puts the rows of `bench/pytorch.py`, run on the same machine, beside ours: their times divided by ours. Refuses where
 * the first loss differs, since then the two did not do the same.
 */
export function against(report: Report, path: string): void {
  const { about, rows } = JSON.parse(readFileSync(path, "utf8")) as { about: Record<string, string>; rows: Row[] };
  const lines = [["work", "engine", "ms (min–max)", "ours", "theirs / ours"]];
  for (const row of rows) {
    report.rows.push(row);
    if (row.metric !== "ms") continue;
    const ours = findRow(report.rows, row.work, "corteza", "ms");
    if (ours === undefined) continue;
    const [loss, ownLoss] = [
      rows.find((other) => other.work === row.work && other.engine === row.engine && other.metric === "loss"),
      findRow(report.rows, row.work, "corteza", "loss"),
    ];
    if (loss && ownLoss && !(Math.abs(loss.median - ownLoss.median) <= 1e-4 * ownLoss.median)) {
      report.rows.push(rowOf(row.work, row.engine, "failed", [1]));
      report.say(`${row.work}: ${row.engine} starts from a loss of ${loss.median}, ours from ${ownLoss.median}`);
      continue;
    }
    const ratio = row.median / ours.median;
    report.rows.push(rowOf(row.work, row.engine, "ratio", [ratio]));
    lines.push([row.work, row.engine, spread(row), spread(ours), figure(ratio)]);
  }
  report.table(`beside ${about["pytorch"] ?? "PyTorch"}`, lines);
}
