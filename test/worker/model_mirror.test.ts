import { expect, it } from "vitest";
import { ModelInWorker } from "../../src/worker/model_mirror.ts";
import { smallNetwork } from "../support/networks.ts";

it("a worker tells of parameters when they are written into its model, and of none that are on the device alone", () => {
  const model = smallNetwork();
  const mirror = new ModelInWorker(model);
  const [kernel] = model.variables;
  if (kernel === undefined) throw new Error("a network without parameters");
  expect(mirror.news()).toEqual([]);
  // As while a training is under way, when predictions are answered.
  kernel.moved(() => new Error("call syncModel()"));
  expect(mirror.news()).toEqual([]);
  const trained = new Float32Array(kernel.size).fill(0.5);
  kernel.remember(trained);
  expect(mirror.news()).toEqual([[0, trained]]);
  expect(mirror.news()).toEqual([]);
});
