/** The worker that looks at the pictures before they are trained on: near duplicates among thousands take seconds. */
import { checkData } from "../../src/data/pictures/check_data.ts";
import type { Findings, ToCheck } from "./findings.ts";

globalThis.addEventListener("message", ({ data: { train, heldOut } }: MessageEvent<ToCheck>) => {
  const report = checkData(train, { validation: heldOut });
  const { classes, imbalance, nearDuplicates = [], validationCount } = report;
  const findings: Findings = {
    ...{ classes, imbalance, nearDuplicates, validationCount, kinds: report.warnings.map(({ kind }) => kind) },
  };
  postMessage(findings);
});
