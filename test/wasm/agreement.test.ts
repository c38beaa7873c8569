import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/graph/backend.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { Report } from "../conformance/suite.ts";
import { checkAgreement } from "../support/agreement.ts";
import { drawCases } from "../support/agreement_families.ts";

const SEED = 4712;
const cases = drawCases(540, SEED);
const total = [...cases.values()].reduce((sum, list) => sum + list.length, 0);

const backend: Backend = await openWasm();
afterAll(() => backend.dispose());

describe(`WebAssembly agrees with the CPU reference on ${total} random shapes (seed ${SEED})`, () => {
  it("covers at least 500", () => expect(total).toBeGreaterThanOrEqual(500));

  for (const [name, list] of cases) {
    it(`${name} (${list.length} shapes)`, async () => {
      const report = new Report();
      await report.each(
        list,
        (one) => one.name,
        (one) => checkAgreement(backend, one),
      );
      expect(report.failures).toEqual([]);
      expect(report.counts.passed).toBe(list.length);
    });
  }

  it("holds no memory when all programs are gone", () => expect(backend.bytes).toBe(0));
});
