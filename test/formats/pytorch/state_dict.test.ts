/** PyTorch's weights in our models; the networks in frozen.json are PyTorch's (scripts/torch-state.ts --freeze). */
import { describe, expect, it } from "vitest";
import { cpu } from "../../../src/cpu.ts";
import {
  ArgumentError,
  conv2d,
  dense,
  FormatError,
  flatten,
  loadSafetensors,
  type ModelConfig,
  maxPooling2d,
  modelFromConfig,
  ShapeError,
  sequential,
  type Tensor,
} from "../../../src/index.ts";
import { loadStateDict } from "../../../src/pytorch.ts";
import { bytesOf, checkDrawnNetwork, type DrawnNetwork } from "./check_network.ts";
import frozen from "./frozen.json" with { type: "json" };

const networks = frozen as unknown as readonly DrawnNetwork[];

const tensor = (shape: number[], begin = 0): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => begin + i),
});

/** Two convolutions whose tensors have the same shapes, and a dense layer behind a flattened image [2, 3, 2]. */
const network = () =>
  sequential({ inputShape: [4, 6, 2], seed: 1 }, [
    conv2d({ filters: 2, kernelSize: 3, padding: "same", name: "first" }),
    conv2d({ filters: 2, kernelSize: 3, padding: "same", name: "second" }),
    maxPooling2d(),
    flatten(),
    dense({ units: 3, name: "scores" }),
  ]);

/** The state_dict of that network: names of the modules in the order of its tensors. */
const stateOf = (names: readonly string[]) =>
  new Map(
    names.flatMap((name, place): [string, Tensor][] => {
      const isDense = /^(fc|7)/.test(name);
      const shapes = isDense ? [[3, 12], [3]] : [[2, 2, 3, 3], [2]];
      // As safetensors sorts them.
      return [
        [`${name}.bias`, tensor(shapes[1] as number[], 100 * place + 50)],
        [`${name}.weight`, tensor(shapes[0] as number[], 100 * place)],
      ];
    }),
  );

describe("loadStateDict", () => {
  it.each(networks.map((one) => [one.seed, one] as const))(
    "answers and trains as PyTorch does: network %i",
    async (_, one) => {
      await checkDrawnNetwork(cpu({ precision: "f64" }), one);
    },
  );

  it("turns axes and flattened images, and reports what went where", () => {
    const model = network();
    const { loaded, ignored, by, alike } = loadStateDict(model, stateOf(["zebra", "apple", "fc"]));
    expect(loaded.map(({ tensor, parameter }) => [tensor, parameter])).toEqual([
      ["zebra.weight", "first/kernel"],
      ["zebra.bias", "first/bias"],
      ["apple.weight", "second/kernel"],
      ["apple.bias", "second/bias"],
      ["fc.weight", "scores/kernel"],
      ["fc.bias", "scores/bias"],
    ]);
    expect(loaded[0]).toMatchObject({ from: [2, 2, 3, 3], to: [3, 3, 2, 2], change: "OIHW → HWIO" });
    expect(loaded[4]).toMatchObject({ change: "[out, in] → [in, out], rows from channels first" });
    expect({ ignored, by, alike }).toEqual({ ignored: [], by: "order", alike: [["zebra", "apple"]] });
    // Place [h, w, in, out] has PyTorch's [out, in, h, w].
    const kernel = model.parameters.get("first/kernel")?.data ?? [];
    expect(kernel[((1 * 3 + 2) * 2 + 1) * 2 + 0]).toBe(((0 * 2 + 1) * 3 + 1) * 3 + 2);
    // Pixel (1, 2), channel 1 of 2 × 3 pixels is feature 11 there as here; pixel (0, 1), channel 0 is feature 1 there, 2 here.
    const rows = model.parameters.get("scores/kernel")?.data ?? [];
    expect([rows[11 * 3 + 2], rows[2 * 3 + 1]]).toEqual([200 + 2 * 12 + 11, 200 + 1 * 12 + 1]);
  });

  it("takes rows as they are from a network that flattens channels last", () => {
    const model = network();
    loadStateDict(model, stateOf(["0", "1", "7"]), { flatten: "NHWC" });
    expect(model.parameters.get("scores/kernel")?.data[2 * 3 + 1]).toBe(200 + 1 * 12 + 2);
  });

  it("reads an order from counted names, in files that are sorted by name", () => {
    const model = network();
    const { loaded } = loadStateDict(model, stateOf(["10", "2", "7"]));
    expect(loaded.slice(0, 4).map((one) => one.tensor)).toEqual(["2.weight", "2.bias", "10.weight", "10.bias"]);
  });

  it("asks for the order where nothing tells it, and takes it", () => {
    const model = network();
    const state = stateOf(["apple", "fc", "zebra"]);
    const before = [...model.parameters].map(([, { data }]) => [...data]);
    expect(() => loadStateDict(model, state)).toThrow(ArgumentError);
    expect(() => loadStateDict(model, state)).toThrow(
      /the modules "apple", "zebra" all have weight .* Give their order/,
    );
    expect([...model.parameters].map(([, { data }]) => [...data])).toEqual(before);
    const { loaded, by } = loadStateDict(model, state, { order: ["zebra", "apple", "fc"] });
    expect([by, loaded[0]?.tensor, loaded[2]?.tensor]).toEqual(["option", "zebra.weight", "apple.weight"]);
    expect(() => loadStateDict(model, state, { order: "given" })).toThrow(ShapeError);
    expect(() => loadStateDict(model, state, { order: ["fc", "apple", "zebra"] })).toThrow(
      /layer "first" .* tensors of "fc"/,
    );
    expect(() => loadStateDict(model, state, { order: ["zebra", "zebra", "fc"] })).toThrow(ArgumentError);
  });

  it("names layers and tensors where networks differ, and changes nothing", () => {
    const model = network();
    const before = [...model.parameters].map(([, { data }]) => [...data]);
    const missing = stateOf(["0", "1"]);
    expect(() => loadStateDict(model, missing)).toThrow(ShapeError);
    expect(() => loadStateDict(model, missing)).toThrow(/layer "scores" wants weight \[3, 12\], bias \[3\]/);
    const more = stateOf(["0", "1", "2", "7"]);
    expect(() => loadStateDict(model, more)).toThrow(
      /tensors of "2" \(weight \[2, 2, 3, 3\], bias \[2\]\) fit no layer/,
    );
    const other = stateOf(["0", "1", "7"]).set("7.weight", tensor([3, 13]));
    expect(() => loadStateDict(model, other)).toThrow(/layer "scores" wants .*; the tensors of "7" \(weight \[3, 13\]/);
    const unknown = stateOf(["0", "1", "7"]).set("7.weight_g", tensor([3]));
    expect(() => loadStateDict(model, unknown)).toThrow(FormatError);
    const notFinite = stateOf(["0", "1", "7"]).set("7.bias", { shape: [3], data: Float32Array.of(0, Number.NaN, 0) });
    expect(() => loadStateDict(model, notFinite)).toThrow();
    expect([...model.parameters].map(([, { data }]) => [...data])).toEqual(before);
  });

  it("lists what says nothing here", () => {
    const found = networks.find(({ model }) => /batchNormalization/.test(JSON.stringify(model)));
    if (found === undefined) throw new RangeError("no frozen network has a batch norm");
    const model = modelFromConfig(found.model as ModelConfig);
    const { ignored, loaded } = loadStateDict(model, loadSafetensors(bytesOf(found.file)));
    expect(ignored.length).toBeGreaterThan(0);
    expect(ignored.every((name) => name.endsWith(".num_batches_tracked"))).toBe(true);
    expect(loaded.map(({ parameter }) => parameter)).toEqual([...model.parameters.keys()]);
  });

  it("takes names of any kind", () => {
    const model = network();
    const { loaded } = loadStateDict(model, stateOf(["__proto__", '"\\\n', "fc"]));
    expect(loaded[0]?.tensor).toBe("__proto__.weight");
    expect(({} as Record<string, unknown>)["weight"]).toBeUndefined();
  });
});
