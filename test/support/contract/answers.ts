import { expect, it } from "vitest";
import { ArgumentError, activation, dense, Profile, sequential } from "../../../src/index.ts";
import { type Bench, network, PICTURE, pictures, regression, rejection } from "./bench.ts";

/** What predict, evaluate, inspect and profile answer. */
export function answersContract(bench: Bench): void {
  it("predict gives outputs as they are, and probabilities where the loss makes them", async () => {
    const plain = await bench.trainer(regression(), { loss: "mse" });
    const numbers = [Float32Array.of(1, 2), Float64Array.of(1, 2), Int32Array.of(1, 2), Uint16Array.of(1, 2), [1, 2]];
    for (const x of numbers) expect(await plain.predict(x)).toEqual({ shape: [1, 1], data: Float32Array.of(11.5) });
    expect(await plain.predict([Float32Array.of(1, 2)])).toEqual([{ shape: [1, 1], data: Float32Array.of(11.5) }]);
    expect((await plain.predict(Uint8Array.of(255, 0, 0, 255))).data).toEqual(Float32Array.of(3.5, 4.5));
    const { data, shape } = await (await bench.trainer(network())).predict(pictures(2).images);
    expect(shape).toEqual([2, 3]);
    expect((data[0] ?? 0) + (data[1] ?? 0) + (data[2] ?? 0)).toBeCloseTo(1, 5);
    const yes = sequential({ inputShape: [1] }, [dense({ units: 1 }), activation("sigmoid")]);
    yes.setParameters(
      new Map([...yes.parameters].map(([name, { shape }]) => [name, { shape, data: Float32Array.of(-1) }])),
    );
    const sigmoid = await bench.trainer(yes, { loss: "binaryCrossentropy" });
    // −1 · 1 − 1 = −2
    expect((await sigmoid.predict(Float32Array.of(1))).data[0]).toBeCloseTo(0.119203, 5);
  });

  it("values are read at the call: what becomes of the array afterwards changes no answer", async () => {
    const trainer = await bench.trainer(regression(), { loss: "mse" });
    const x = Float32Array.of(1, 2);
    const y = Float32Array.of(10);
    const calls = [trainer.predict(x), trainer.inspect(x).then(({ logits }) => logits)];
    const score = trainer.trainOnBatch(x, y);
    x.fill(9);
    y.fill(0);
    for (const call of calls) expect((await call).data).toEqual(Float32Array.of(11.5));
    expect((await score).loss).toBe(2.25);
  });

  it("what holds no numbers is refused by what it is, and numbers that are not finite by their place", async () => {
    const trainer = await bench.trainer(regression(), { loss: "mse" });
    const given: readonly [unknown, RegExp][] = [
      ["a text", /predict.*text/],
      [undefined, /predict.*undefined/],
      [BigInt64Array.of(1n, 2n), /predict.*BigInt64Array/],
      [Promise.resolve(), /predict.*[Pp]romise/],
      [() => 1, /predict.*function/],
      [[1, Number.NaN], /predict.*NaN/],
    ];
    for (const [x, message] of given) {
      const error = await rejection(trainer.predict(x as Float32Array));
      expect(error, String(message)).toBeInstanceOf(ArgumentError);
      expect(String(error)).toMatch(message);
    }
    expect((await trainer.predict([1, 2])).data).toEqual(Float32Array.of(11.5));
  });

  it("evaluate counts loss, accuracy and confusion, and brings outputs in the data set's order; several take turns", async () => {
    const trainer = await bench.trainer(network(), { metrics: ["accuracy"] });
    const [data, other] = [pictures(10), pictures(6)];
    const [whole, again, six] = await Promise.all([
      trainer.evaluate(data, { outputs: true }),
      trainer.evaluate(data),
      trainer.evaluate(other),
    ]);
    const { loss, accuracy, metrics, confusion, outputs, allOutputs } = whole;
    expect(again).toEqual({ loss, accuracy, metrics, confusion });
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(10);
    expect(confusion.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual([4, 3, 3]);
    expect(accuracy).toBeCloseTo([0, 1, 2].reduce((sum, one) => sum + (confusion[one]?.[one] ?? 0), 0) / 10, 6);
    expect(metrics["accuracy"]).toBe(accuracy);
    expect(outputs?.shape).toEqual([10, 3]);
    expect(allOutputs?.[0]).toEqual(outputs);
    // Logits: the loss contains the softmax.
    const logSum = (row: number) =>
      Math.log([0, 1, 2].reduce((sum, one) => sum + Math.exp(outputs?.data[row * 3 + one] ?? 0), 0));
    const losses = Array.from({ length: 10 }, (_, row) => logSum(row) - (outputs?.data[row * 3 + (row % 3)] ?? 0));
    expect(loss).toBeCloseTo(losses.reduce((sum, one) => sum + one, 0) / 10, 5);
    expect(six.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(6);
  });

  it("inspect tells a layer's values before and after its activation, and the slopes of a class", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    const seen = await trainer.inspect(PICTURE, { target: 2, parameterGradients: true });
    expect(seen.layers.map(({ name, kind }) => [name, kind])).toEqual([
      ["flatten", "flatten"],
      ["dense", "dense"],
      ["scores", "dense"],
    ]);
    const [, hidden, scores] = seen.layers;
    expect(hidden?.output.data).toEqual(hidden?.linear?.data.map((value) => Math.max(0, value)));
    expect(scores?.output).toEqual(seen.logits);
    expect(scores?.gradient.data).toEqual(Float32Array.of(0, 0, 1));
    expect(seen.input.shape).toEqual([4, 4, 1]);
    expect(seen.input.data[0]).toBeCloseTo((PICTURE[0] ?? 0) / 255, 6);
    expect(seen.inputGradient.shape).toEqual([4, 4, 1]);
    expect(seen.probabilities.data).toEqual((await trainer.predict(PICTURE)).data);
    expect(seen.target).toBe(2);
    expect(seen.parameters).toBeInstanceOf(Map);
    expect(seen.parameters.get("scores/kernel")?.data).toEqual(model.parameters.get("scores/kernel")?.data);
    // d cross-entropy / d bias = probability − 1 for the target.
    const slopes = seen.parameterGradients?.get("scores/bias")?.data;
    expect(slopes?.[2]).toBeCloseTo((seen.probabilities.data[2] ?? 0) - 1, 5);
    const { target } = await trainer.inspect(PICTURE);
    expect(target).toBe(seen.probabilities.data.indexOf(Math.max(...seen.probabilities.data)));
  });

  it("profile has a row a kernel, and puts everything back as it was", async () => {
    const trainer = await bench.trainer(network());
    expect(await rejection(trainer.profile())).toBeInstanceOf(ArgumentError);
    const data = pictures();
    await trainer.fit(data);
    const before = await trainer.checkpoint();
    const profile = await trainer.profile(undefined, { steps: 2 });
    expect(profile).toBeInstanceOf(Profile);
    expect(profile.steps).toBe(2);
    expect(profile.kernels).toHaveLength(trainer.stats().dispatchesPerStep);
    expect(String(profile)).toMatch(/layer +op +kernel +ms/);
    expect(await trainer.checkpoint()).toEqual(before);
    expect((await trainer.profile(pictures(4), { steps: 1 })).steps).toBe(1);
    expect(await trainer.checkpoint()).toEqual(before);
    expect(trainer.stats().steps).toBe(3);
  });

  it("a data set changed in place keeps what it held at first, until release", async () => {
    const trainer = await bench.trainer(network());
    const data = pictures();
    const before = await trainer.evaluate(data);
    data.images.fill(255);
    expect(await trainer.evaluate(data)).toEqual(before);
    await trainer.release(data);
    expect(await trainer.evaluate(data)).not.toEqual(before);
    await trainer.release(pictures());
  });
}
