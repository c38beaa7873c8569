import { describe, expect, test } from "vitest";
import { batchNormOfBatch } from "../../src/graph/ops/batch_norm.ts";
import { Graph } from "../../src/graph.ts";

describe("operands of a node by name", () => {
  const g = new Graph();
  const x = g.input("x", [4, 3]);
  const labels = g.input("labels", [4], "i32");
  const { mean } = batchNormOfBatch(g, x, g.input("gamma", [3]), g.input("beta", [3]), { labels });
  const plain = batchNormOfBatch(g, x, g.input("gamma2", [3]), g.input("beta2", [3])).mean;
  const joined = g.concat([x, x, g.input("z", [4, 3])], 0);

  test("are those that the op declares", () => {
    expect(mean.operand("x")).toBe(x);
    expect(mean.operand("labels")).toBe(labels);
  });

  test("are undefined, or an error that says so, where one was left out", () => {
    expect(plain.optionalOperand("labels")).toBeUndefined();
    expect(() => plain.operand("labels")).toThrow('"batchMean" was made without its operand "labels".');
  });

  test("are an error that lists the declared ones for any other name", () => {
    expect(() => mean.operand("y")).toThrow('"batchMean" has no operand "y"; it has x, labels?.');
    expect(() => joined.operand("parts")).toThrow('"concat" has no operand "parts"; it has ...parts.');
  });

  test("are a list where the op declares as many as there are", () => {
    expect(joined.operands("parts")).toHaveLength(3);
    expect(joined.operandNames).toEqual(["parts", "parts", "parts"]);
    expect(() => mean.operands("x")).toThrow('"batchMean" has no operand "...x"; it has x, labels?.');
  });
});
