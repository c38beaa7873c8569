/** A model on the page and its copy in the worker, message by message. */
import { describe, expect, it } from "vitest";
import { type Model, modelFromConfig } from "../../src/index.ts";
import { allParameters, ModelInWorker, ModelOnPage } from "../../src/worker/model_mirror.ts";
import { network } from "../support/contract/bench.ts";

/** Both ends, and a device that holds other values than the model there after a step. */
function pair() {
  const page = network();
  const there = modelFromConfig(page.toJSON());
  const [onPage, inWorker] = [new ModelOnPage(page), new ModelInWorker(there)];
  inWorker.take(allParameters(page), 0);
  /** What the page has set goes into a message, which arrives when the function that comes back is called. */
  const send = () => {
    const { parameters, serial, sent } = onPage.changes();
    sent();
    return () => inWorker.take(parameters, serial);
  };
  return { page, there, onPage, inWorker, send };
}

const biasOf = (model: Model) => [...(model.parameters.get("scores/bias")?.data ?? [])];

function setBias(model: Model, value: number): void {
  const data = new Float32Array(3).fill(value);
  model.setParameters(new Map([["scores/bias", { shape: [3], data }]]), { partial: true });
}

/** Training ends there with this bias. */
function trained(model: Model, value: number): void {
  for (const variable of model.variables) {
    variable.moved(() => new Error("on the device"));
    variable.remember(new Float32Array(variable.size).fill(value));
  }
}

describe("parameters of a model and its copy in a worker", () => {
  it("go there once, each with the message after it was set", () => {
    const { page, there, send, inWorker } = pair();
    expect(inWorker.news()).toEqual({ values: [], moved: [], serial: 0 });
    setBias(page, 4);
    send()();
    expect(biasOf(there)).toEqual([4, 4, 4]);
    const versions = there.variables.map(({ version }) => version);
    send()();
    expect(there.variables.map(({ version }) => version)).toEqual(versions);
    expect(inWorker.news().values).toEqual([]);
  });

  it("are not there while a training goes on: the page's refuse, until a message brings what came of it", () => {
    const { page, there, onPage, inWorker } = pair();
    for (const variable of there.variables) variable.moved(() => new Error("on the device"));
    const during = inWorker.news();
    expect(during).toEqual({ values: [], moved: there.variables.map((_, place) => place), serial: 0 });
    onPage.take(during);
    expect(() => page.parameters).toThrow(/syncModel/);
    expect(inWorker.news().moved).toEqual([]);
    trained(there, 2);
    onPage.take(inWorker.news());
    expect(biasOf(page)).toEqual([2, 2, 2]);
    expect(onPage.hasChanged).toBe(false);
  });

  it("that are set on the page while an answer is on its way stay, whether they were sent by then or not", () => {
    const { page, there, onPage, inWorker, send } = pair();
    trained(there, 2);
    const early = inWorker.news();
    setBias(page, 5);
    onPage.take(early);
    expect(biasOf(page)).toEqual([5, 5, 5]);
    expect([...(page.parameters.get("dense/bias")?.data ?? [])]).toEqual([2, 2, 2, 2]);

    const arrive = send();
    trained(there, 3);
    const between = inWorker.news();
    arrive();
    onPage.take(between);
    expect(biasOf(page)).toEqual([5, 5, 5]);
    expect(biasOf(there)).toEqual([5, 5, 5]);
    // What is trained after that counts again.
    trained(there, 6);
    onPage.take(inWorker.news());
    expect(biasOf(page)).toEqual([6, 6, 6]);
  });
});
