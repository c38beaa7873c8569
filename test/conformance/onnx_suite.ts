/** ONNX' own operator tests: a model of one node, its inputs and its outputs. */
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { loadOnnxTensor, onnxGraph } from "../../src/onnx.ts";
import { conformanceBytes } from "../support/conformance.ts";
import { expectWithin, precisionOf, type Suite } from "./suite.ts";

/** The source's own tolerance: relative, and absolute. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** Files hold f32, and the results are numpy's, in f32: as many roundings, of the largest value, are allowed for. */
const ROUNDINGS = 64;

/** Cases whose results the source has rounded to four digits, so that its own tolerance alone can be held. */
const ROUNDED_IN_SOURCE: readonly string[] = ["test_averagepool_2d_ceil_last_window_starts_on_pad"];

/** Inputs that an op wants to know beforehand, by its name: dropout's ratio and whether it trains. */
const KNOWN_BEFOREHAND: Readonly<Record<string, readonly string[]>> = { dropout: ["r", "t"] };

async function bytesOf(name: string, file: string): Promise<Uint8Array> {
  const bytes = await conformanceBytes(`onnx/${name}/${file}`);
  if (bytes === undefined) throw new Error(`onnx/${name}/${file} is not in ../shared/conformance`);
  return bytes;
}

async function checkCase(backend: Backend, name: string): Promise<void> {
  const file = onnxGraph(await bytesOf(name, "model.onnx"));
  const data = async (kind: "input" | "output", index: number) =>
    loadOnnxTensor(await bytesOf(name, `test_data_set_0/${kind}_${index}.pb`));
  const graph = new Graph();
  const feeds: Record<string, Float64Array> = {};
  const inputs: Record<string, Node | Awaited<ReturnType<typeof data>>> = {};
  const known = name.includes("dropout") ? (KNOWN_BEFOREHAND.dropout ?? []) : [];
  for (const [index, input] of file.inputs.entries()) {
    const tensor = await data("input", index);
    if (known.includes(input.name)) {
      inputs[input.name] = tensor;
      continue;
    }
    inputs[input.name] = graph.input(input.name, tensor.shape, input.dtype);
    feeds[input.name] = tensor.data;
  }
  const outputs = file.build(graph, inputs);
  const program = await backend.compile(graph, { outputs });
  try {
    const results = await program.run(feeds);
    for (const [index, output] of file.outputs.entries()) {
      const want = await data("output", index);
      const got = results[output.name];
      if (got?.shape.join() !== want.shape.join()) {
        throw new Error(`${output.name}: shape [${got?.shape.join(", ")}], expected [${want.shape.join(", ")}]`);
      }
      const largest = want.data.reduce((most, one) => (Math.abs(one) > most ? Math.abs(one) : most), 0);
      const isRounded = ROUNDED_IN_SOURCE.includes(name);
      const rounded = isRounded
        ? Number.POSITIVE_INFINITY
        : ROUNDINGS * Math.max(precisionOf(backend), 2 ** -24) * largest;
      expectWithin(
        output.name,
        got.data,
        want.data,
        (place) => Math.min(RELATIVE * Math.abs(want.data[place] ?? 0) + ABSOLUTE, rounded) + 2 ** -126,
      );
    }
  } finally {
    program.dispose();
  }
}

export const onnxSuite: Suite = {
  source: "onnx",
  expected: { total: 160, inScope: 160 },
  async run(backend, report) {
    const cases = await report.read("onnx/cases.json");
    if (cases === undefined) return;
    await report.each(
      Object.keys(cases as object),
      (name) => name,
      (name) => checkCase(backend, name),
    );
  },
};
