import { describe, expect, it } from "vitest";
import { conformanceDocument } from "../../scripts/conformance_document.ts";
import { merged, type PlaceResults } from "../../scripts/conformance_results.ts";
import { SHAPES, type SourceResult } from "./run.ts";

const result = (source: string, changes: Partial<SourceResult> = {}): SourceResult => ({
  ...{ source, every: 1, passed: 3, inScope: 3, total: 4, seconds: 1, failures: [], outOfScope: { "too odd": 1 } },
  ...changes,
});

const node: PlaceResults = {
  place: { backend: "webgpu", browser: "node" },
  description: "a software GPU",
  results: [
    result("torch/conv2d"),
    result(`${SHAPES}sums`, { seed: 1, passed: 50, inScope: 50, total: 50, outOfScope: {} }),
    result(`${SHAPES}sums`, { seed: 2, passed: 49, inScope: 50, total: 50, outOfScope: {}, failures: ["2 × 3: off"] }),
  ],
};
const firefox: PlaceResults = {
  place: { backend: "webgpu", browser: "firefox" },
  description: "another one",
  results: [result("torch/conv2d", { every: 8, passed: 1, inScope: 1, outOfScope: {} })],
};

describe("the conformance document", () => {
  it("adds up the random shapes of all seeds", () => {
    expect(merged(node.results).get(`${SHAPES}sums`)).toMatchObject({ passed: 99, inScope: 100, total: 100 });
  });

  it("has a column a place, Node's before the browsers', and says which cells are samples", () => {
    const text = conformanceDocument([firefox, node], ["torch/conv2d", "keras-js"]);
    expect(text).toContain("| source | total | WebGPU, Node | WebGPU, Firefox |");
    expect(text).toContain("| torch/conv2d | 4 | 3 / 3 · 1.0 s | 1 / 1 (each 8th) · 1.0 s |");
    expect(text).not.toContain("keras-js");
  });

  it("takes the reasons of cases out of scope from a full run", () => {
    expect(conformanceDocument([firefox, node], ["torch/conv2d"])).toContain("| torch/conv2d | too odd | 1 |");
  });

  it("lists what failed, and says so where nothing did", () => {
    const failed = conformanceDocument([node], ["torch/conv2d"]);
    expect(failed).toContain(`- WebGPU, Node: ${SHAPES}sums: 2 × 3: off`);
    expect(failed).not.toContain("No case failed.");
    expect(conformanceDocument([firefox], ["torch/conv2d"])).toContain("No case failed.");
  });
});
