/** The same files in ONNX Runtime. */
import { describe, expect, it } from "vitest";
import { at } from "../../../src/core/at.ts";
import { loadOnnx } from "../../../src/onnx.ts";
import { expectWithin } from "../../conformance/suite.ts";
import { type FileOf, onnxFile } from "../../support/onnx_file.ts";
import { NETWORKS } from "../../support/onnx_networks.ts";
import { OPS } from "../../support/onnx_ops.ts";
import { channelsLast, predicted, runOnnx } from "../../support/onnx_runtime.ts";
import { RandomData } from "../../support/random.ts";

const BATCH = 2;

async function check(name: string, network: FileOf): Promise<void> {
  const bytes = onnxFile(network);
  const shape = [BATCH, ...at(Object.values(network.inputs), 0).slice(1)] as number[];
  const x = {
    shape,
    data: Float32Array.from(new RandomData(name.length).normals(shape.reduce((a, b) => a * b, 1))),
  };
  const { y } = await runOnnx(bytes, { x });
  if (y === undefined) throw new Error("ONNX Runtime gives no y");
  const model = loadOnnx(bytes);
  const [got] = await predicted(model, [channelsLast(x).data]);
  const expected = channelsLast(y);
  expect(got?.shape).toEqual([...expected.shape]);
  const largest = expected.data.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  expectWithin("y", got?.data, expected.data, () => 1e-5 * largest);
}

describe("networks as exporters write them: ONNX Runtime's results", () => {
  it.each(Object.entries(NETWORKS))("%s", check);
});

describe("ops in all their forms: ONNX Runtime's results", () => {
  it.each(Object.entries(OPS))("%s", check);
});
