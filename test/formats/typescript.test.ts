/** Networks as our own source, which is run here. */
import { describe, expect, it } from "vitest";
import * as corteza from "../../src/index.ts";
import { toTypeScript } from "../../src/typescript.ts";
import { drawQuestion } from "../conformance/oracle/draw.ts";
import { scriptCases } from "./pytorch/cases.ts";

/** The model that a source makes: its import becomes a look into the library. */
function run(source: string): corteza.Model {
  const body = source
    .replace(/^import (\{[^}]*\}) from "corteza";/, "const $1 = corteza;")
    .replace("export function", "return function");
  expect(body).not.toMatch(/^(import|export) /m);
  return new Function("corteza", body)(corteza)();
}

const check = (model: corteza.Model) => {
  const source = toTypeScript(model);
  expect(run(source).toJSON()).toEqual(model.toJSON());
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are no others is what is asked.
  expect(source).toMatch(/^[\x0a\x20-\x7e]*$/);
  return source;
};

describe("toTypeScript", () => {
  it("writes a chain as people do", () => {
    const model = corteza.sequential({ inputShape: [28, 28, 1], seed: 3 }, [
      corteza.conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
      corteza.maxPooling2d(),
      corteza.flatten(),
      corteza.dense({ units: 10, kernelRegularizer: corteza.l2(0.5) }),
    ]);
    expect(check(model)).toBe(`import { conv2d, dense, flatten, maxPooling2d, sequential } from "corteza";

/** The network, with initial weights. */
export function createNetwork() {
  return sequential({ inputShape: [28, 28, 1], seed: 3 }, [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d(),
    flatten(),
    dense({ units: 10, kernelRegularizer: { l1: 0, l2: 0.5 } }),
  ]);
}
`);
  });

  it("makes equal networks: every layer, shared and frozen ones, hostile names", () => {
    const makers = new Map(scriptCases().map(({ name, make }) => [name.split(" ")[0], make]));
    for (const make of makers.values()) check(make());
    const x = corteza.input([4, 4, 2], { name: "</script><!--\u2028" });
    const [a, b] = corteza.operation({ op: "split", attributes: [[1, 1], 3] } as never)(
      x,
    ) as unknown as corteza.SymbolicTensor[];
    const sum = corteza.operation({ op: "add" })(a as corteza.SymbolicTensor, b as corteza.SymbolicTensor);
    const all = corteza.operation({ op: "mul", name: "__proto__" })(
      sum,
      corteza.constant({ shape: [1], data: [-0.5] }),
    );
    const source = check(corteza.model({ inputs: x, outputs: [all, x] }));
    expect(source).not.toMatch(/<\/script|<!--/);
  });

  it("makes equal networks: 60 random ones", () => {
    for (let seed = 1; seed <= 60; seed++) check(corteza.modelFromConfig(drawQuestion(seed).model));
  });

  it("names layers whose code it does not have", () => {
    const twice = corteza.defineLayer({ kind: "typescript_twice", build: (graph, x) => graph.mul(x, 2) });
    const model = corteza.sequential({ inputShape: [3] }, [
      corteza.dense({ units: 2 }),
      twice({ name: "mine" } as never),
    ]);
    expect(() => toTypeScript(model)).toThrow(corteza.ArgumentError);
    expect(() => toTypeScript(model)).toThrow(/"mine"/);
  });
});
