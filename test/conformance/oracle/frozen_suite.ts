import type { Report, Suite } from "../suite.ts";
import { checkNetwork } from "./check.ts";
import frozen from "./frozen.json" with { type: "json" };
import type { Answered } from "./question.ts";

const networks: readonly unknown[] = frozen;

/** The sample of the oracle's networks that lies in the repository (scripts/freeze-oracle.ts wrote it). */
export const frozenOracleSuite: Suite = {
  source: "frozen-oracle",
  expected: { total: 11, inScope: 11 },
  run: (backend, report: Report) =>
    report.each(
      networks as readonly Answered[],
      ({ question }) => `oracle's network ${question.seed}`,
      (one) => checkNetwork(backend, one),
    ),
};
