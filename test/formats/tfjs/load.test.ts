/** Models that TensorFlow.js has made and saved: the same answers here. */
import { expect, it } from "vitest";
import { loadLayersModel } from "../../../src/tfjs.ts";
import { expectSame, inputsFor, ours, saved, scatter, theirs } from "../../support/tfjs.ts";
import { TFJS_MODELS, teachableMachine } from "../../support/tfjs_models.ts";

it.each(Object.entries(TFJS_MODELS))("%s: TensorFlow.js' results", async (name, make) => {
  const model = make();
  scatter(model, name.length);
  const { json, weights } = await saved(model);
  const loaded = loadLayersModel(JSON.parse(JSON.stringify(json)), weights);
  const inputs = inputsFor(loaded.inputShapes, 3);
  expectSame(await ours(loaded, inputs), theirs(model, inputs));
  expect(loaded.lost).toEqual(name === "conv2d" ? [expect.stringContaining("NonNeg")] : []);
});

it("Teachable Machine's image models, whose parts lie in each other", async () => {
  const { model } = teachableMachine(16, 4);
  scatter(model, 5);
  const { json, weights } = await saved(model);
  const loaded = loadLayersModel(json, [weights.slice(0, 1001).buffer, weights.slice(1001)]);
  expect(loaded.isSequential).toBe(false);
  expect(loaded.layers.map(({ name }) => name)).toContain("block_1_depthwise_BN");
  expect(loaded.endsInSoftmax).toBe(true);
  const inputs = inputsFor([[16, 16, 3]], 4);
  expectSame(await ours(loaded, inputs), theirs(model, inputs));
});
