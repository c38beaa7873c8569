/** What `Trainer` promises, wherever it runs: the same tests for a trainer here and in a worker, on both backends. */
import { describe } from "vitest";
import { answersContract } from "./contract/answers.ts";
import { type Combination, useBench } from "./contract/bench.ts";
import { faultsContract } from "./contract/faults.ts";
import { parametersContract } from "./contract/parameters.ts";
import { savingContract } from "./contract/saving.ts";
import { streamingContract } from "./contract/streaming.ts";
import { trainingContract } from "./contract/training.ts";
import { waitsContract } from "./contract/waits.ts";
import { disguise } from "./gpu.ts";

/** Milliseconds a test may take: what waits for ever shall say so soon. A profile measures a graphics card for long. */
const PATIENCE = disguise === undefined ? 15_000 : 120_000;

export function trainerContract(combination: Combination): void {
  const { where, kind } = combination;
  describe(`a trainer ${where === "here" ? "on this thread" : "in a worker"}, on ${kind}`, {
    timeout: PATIENCE,
  }, () => {
    const bench = useBench(combination);
    describe("trains", () => trainingContract(bench));
    describe("answers", () => answersContract(bench));
    describe("shares parameters with its model", () => parametersContract(bench));
    describe("saves", () => savingContract(bench));
    describe("streams", () => streamingContract(bench));
    describe("tells of faults", () => faultsContract(bench));
    describe("waits", () => waitsContract(bench));
  });
}
