import { OutOfScope, type Suite } from "../suite.ts";
import { Oracle } from "./ask.ts";
import { checkNetwork } from "./check.ts";
import { describeQuestion, drawQuestion } from "./draw.ts";

/** So many random networks from a seed on, judged by the PyTorch on this machine. */
export function oracleSuite(networks: number, seed: number): Suite {
  return {
    source: "oracle",
    expected: { total: networks, inScope: Math.floor(0.8 * networks) },
    seed,
    async run(backend, report) {
      const oracle = new Oracle();
      const seeds = Array.from({ length: networks }, (_, index) => seed + index);
      await report
        .each(
          seeds,
          (one) => `oracle, again with --source oracle --oracle-networks 1 --seed ${one}`,
          async (one) => {
            const question = drawQuestion(one);
            try {
              await checkNetwork(backend, { question, answer: await oracle.ask(question) });
            } catch (error) {
              if (error instanceof OutOfScope) throw error;
              throw new Error(`${(error as Error).message}\n    ${describeQuestion(question)}`, { cause: error });
            }
          },
        )
        .finally(() => oracle.close());
    },
  };
}
