/** Python source for Keras. Keras 3.15 has run what is compared here, and gave this library's answers (docs/keras.md). */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  averagePooling2d,
  concatenate,
  conv2d,
  conv2dTranspose,
  dense,
  globalAveragePooling2d,
  input,
  maxPooling2d,
  model,
  normalization,
  operation,
  type SymbolicTensor,
  sequential,
  splitTensor,
  subtract,
} from "../../../src/index.ts";
import { toKeras } from "../../../src/keras.ts";

const EXPLICIT = {
  padding: [
    [1, 2],
    [0, 1],
  ],
} as const;

/** A network with what is written in several layers, and a layer that is called twice. */
function network() {
  const x = input([6, 8, 4], { name: "image" });
  const scaled = normalization({ mean: 1, variance: [1, 2, 3, 4] })(x);
  const [left, right] = splitTensor({ parts: 2 })(scaled) as [SymbolicTensor, SymbolicTensor];
  const shared = conv2d({
    filters: 3,
    kernelSize: 3,
    strides: 2,
    activation: "geluTanh",
    name: "block/conv",
    ...EXPLICIT,
  });
  const sum = subtract()([shared(left), shared(right)]);
  const larger = conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, activation: "relu", ...EXPLICIT })(sum);
  const pooled = maxPooling2d(EXPLICIT)(larger);
  const y = globalAveragePooling2d()(concatenate()([pooled, pooled]));
  return model({ inputs: x, outputs: [dense({ units: 2, kernelRegularizer: { l1: 0, l2: 0.5 } })(y), sum] });
}

describe("toKeras", () => {
  it("writes the source that Keras ran", () => {
    const path = resolve(import.meta.dirname, "files/source.py.txt");
    expect(toKeras(network())).toBe(readFileSync(path, "utf8"));
  });

  it("writes a model's texts as literals of ASCII signs, whatever they hold", () => {
    const name = 'a"""\\\n    import os # 😀 ß';
    const source = toKeras(sequential({ inputShape: [4] }, [dense({ units: 3, name })]));
    const written = '"a\\"\\"\\"\\\\\\u000a    import os # \\U0001f600 \\u00df"';
    expect(source).toContain(`l0_0 = layers.Dense(units=3, name=${written})`);
    expect(source.split("\n").filter((line) => line.trim() === "import os # 😀 ß")).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are no others is what is asked.
    expect(source).toMatch(/^[\x0a\x20-\x7e]*$/);
  });

  it("says at once which layers Keras cannot compute", () => {
    const x = input([6, 8, 4]);
    const strided = conv2d({ filters: 2, kernelSize: 2, strides: 2, dilationRate: 2 })(x);
    const sum = operation({ op: "relu" })(averagePooling2d(EXPLICIT)(strided)) as SymbolicTensor;
    const own = model({ inputs: x, outputs: sum });
    expect(() => toKeras(own)).toThrow(ArgumentError);
    expect(() => toKeras(own)).toThrow(
      /strides and dilationRate \("conv2d"\); an averagePooling2d .*; a layer operation/,
    );
  });
});
