import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/core/errors.ts";
import { nearestName } from "../../src/core/hints.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../src/core/options.ts";

interface Options {
  units: number;
  activation?: string;
  useBias?: boolean;
  learningRate?: number | object;
}
const KINDS: OptionKinds<Options> = { units: "number", activation: "string", useBias: "boolean", learningRate: "any" };
const check = (options: unknown) => () => checkOptions("dense", options as Options, KINDS);

describe("checkOptions", () => {
  it("takes every known option, and one that is undefined as left out", () => {
    expect(check({ units: 3, activation: "relu", useBias: false, learningRate: {} })).not.toThrow();
    expect(check({ units: 3, activation: undefined, useBias: undefined })).not.toThrow();
    expect(check(Object.create(null))).not.toThrow();
  });

  it("names the right option for a wrong one", () => {
    expect(check({ activaton: "relu" })).toThrow(ArgumentError);
    expect(check({ activaton: "relu" })).toThrow('dense: unknown option "activaton"; did you mean "activation"?');
    expect(check({ use_bias: true })).toThrow('did you mean "useBias"?');
    expect(check({ learningrate: 1 })).toThrow('did you mean "learningRate"?');
    expect(check({ lr: 1 })).toThrow('did you mean "learningRate"?');
  });

  it("lists the options where none is near, and tells of those that belong elsewhere", () => {
    expect(check({ something: 1 })).toThrow(
      'dense: unknown option "something"; it takes units, activation, useBias, learningRate.',
    );
    expect(() => checkOptions("leakyReLU", { alpha: 1 } as object, {})).toThrow(
      'leakyReLU: unknown option "alpha"; it is called negativeSlope.',
    );
  });

  it("finds no option in what an object inherits", () => {
    expect(check({ toString: 1 })).toThrow('unknown option "toString"');
    expect(check(JSON.parse('{ "__proto__": 1 }'))).toThrow('unknown option "__proto__"');
  });

  it.each([[10], ["relu"], [null], [[1, 2]], [new Float32Array(2)], [() => 1]])(
    "says what to write instead of %s",
    (options) => {
      expect(check(options)).toThrow(ArgumentError);
      expect(check(options)).toThrow(/^dense: wants an object of options, as in dense\(\{ units: … \}\), got /);
    },
  );

  it("wants numbers, texts and booleans where the option is one", () => {
    expect(check({ units: "3" })).toThrow('dense: units must be a number, got "3".');
    expect(check({ units: null })).toThrow("dense: units must be a number, got null.");
    expect(check({ useBias: 0 })).toThrow("dense: useBias must be true or false, got 0.");
    expect(check({ activation: { activation: "relu" } })).toThrow(
      "dense: activation must be a text, got an object with activation.",
    );
  });
});

describe("describeValue", () => {
  it.each([
    ["relu", '"relu"'],
    [5n, "the BigInt 5n"],
    [undefined, "undefined"],
    [Number.NaN, "NaN"],
    [[1, 2, 3, 4, 5], "[1, 2, 3, 4, …]"],
    [[{}], "[…]"],
    [
      [
        [1, 2],
        [3, [4]],
      ],
      "[[1, 2], …]",
    ],
    [{}, "an empty object"],
    [new Float32Array(2), "a Float32Array"],
    [new Map(), "a Map"],
    [new Uint8Array(1), "a Uint8Array"],
    [new URL("https://example.org"), "a URL"],
    [new Error("no"), "an Error"],
    [Promise.resolve(), "a promise (await it)"],
    [describeValue, "the function describeValue"],
  ])("%o is %s", (value, text) => {
    expect(describeValue(value)).toBe(text);
  });

  it("is short whatever it is given", () => {
    for (const value of ["x".repeat(1e6), Array(1e5).fill("y".repeat(1e4)), { ["z".repeat(1e6)]: 1 }]) {
      expect(describeValue(value).length).toBeLessThan(100);
    }
  });
});

describe("nearestName", () => {
  it.each([
    ["rotation", ["shift", "rotate", "zoom", "shear"], "rotate"],
    ["epoch", ["epochs", "steps"], "epochs"],
    ["kernelsize", ["filters", "kernelSize"], "kernelSize"],
    ["betas", ["beta1", "momentum"], "beta1"],
    ["nmae", ["name", "rate"], "name"],
    ["xyz", ["name", "rate"], undefined],
  ])("of %s among %o is %s", (name, known, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });
});
