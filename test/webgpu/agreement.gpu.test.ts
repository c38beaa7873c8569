import { describe, expect, it } from "vitest";
import { Report } from "../conformance/suite.ts";
import { checkAgreement } from "../support/agreement.ts";
import { drawCases } from "../support/agreement_families.ts";
import { deviceOfFile } from "../support/device.ts";
import { disguise, inBrowser, isWhole } from "../support/gpu.ts";

const SEED = 4711;
/** A browser compiles the same shaders on the same driver; it takes fewer, and others. So does a device in disguise. */
const isSample = inBrowser || (disguise !== undefined && !isWhole);
const seed = isSample ? SEED + 1 : SEED;
const cases = drawCases(isSample ? 120 : 540, seed);
const total = [...cases.values()].reduce((sum, list) => sum + list.length, 0);

const gpu = await deviceOfFile({ quickStart: false });

describe(`WebGPU agrees with the CPU reference on ${total} random shapes (seed ${seed})`, () => {
  it("covers at least 500 in Node, 100 in a browser", () => expect(total).toBeGreaterThanOrEqual(isSample ? 100 : 500));

  for (const [name, list] of cases) {
    it(`${name} (${list.length} shapes)`, async () => {
      const report = new Report();
      await report.each(
        list,
        (one) => one.name,
        (one) => checkAgreement(gpu.backend, one),
      );
      expect(report.failures).toEqual([]);
      expect(report.counts.passed).toBe(list.length);
    });
  }
});
