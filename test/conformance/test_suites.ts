import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/graph/backend.ts";
import { Report, type ReportOptions, type Suite } from "./suite.ts";

/**
 * One test a suite, on a backend of its own. `every: 8` takes every eighth case, and says so. Without
 * ../shared/conformance nothing runs, and the test says that.
 */
export function testSuites(
  name: string,
  suites: readonly Suite[],
  open: () => Promise<Backend>,
  options: (suite: Suite) => ReportOptions = () => ({}),
): void {
  describe(`conformance on ${name}`, () => {
    for (const suite of suites) {
      const { every = 1, first = 0, ...rest } = options(suite);
      const sample = every === 1 ? "every case" : `a sample: each ${every}th case from ${first % every} on`;
      it(`${suite.source}: ${sample}`, async () => {
        const backend = await open();
        const report = new Report({ every, first, ...rest });
        await suite.run(backend, report).finally(() => backend.dispose());
        const { passed, inScope, total, sampledOut } = report.counts;
        if (report.missing.length > 0) {
          console.log(
            `${suite.source}: 0 of ${suite.expected.total} cases, ${report.missing} is not in ../shared/conformance`,
          );
          return;
        }
        console.log(
          `${suite.source}: ${passed} passed, ${inScope} in scope, ${total} in all, ${sampledOut} not in the sample`,
        );
        expect(report.failures).toEqual([]);
        expect(total).toBe(suite.expected.total);
        if (every === 1) expect(inScope).toBe(suite.expected.inScope);
        else expect(passed).toBeGreaterThan(0);
      });
    }
  });
}
