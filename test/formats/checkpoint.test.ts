import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/core/crc32.ts";
import { FormatError } from "../../src/core/errors.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import { loadSafetensors } from "../../src/formats/safetensors.ts";
import { toSafetensors } from "../../src/formats/safetensors_writer.ts";

const checkpoint = {
  config: { layers: [{ filters: 32 }], learningRate: 0.001, note: "ñ\n" },
  tensors: new Map<string, Tensor>([
    ["step", { shape: [], data: Uint32Array.of(7) }],
    ["conv2d/kernel", { shape: [2, 3], data: Float32Array.of(1, 2, 3, -0, Number.NaN, 6) }],
    ["accuracy", { shape: [1], data: Float64Array.of(0.5) }],
  ]),
};

describe("a checkpoint", () => {
  it("comes back as it was, tensors in their order", () => {
    const decoded = decodeCheckpoint(encodeCheckpoint(checkpoint));
    expect(decoded).toEqual(checkpoint);
    expect([...decoded.tensors.keys()]).toEqual(["step", "conv2d/kernel", "accuracy"]);
  });

  it("opens with any reader of safetensors", () => {
    expect(loadSafetensors(encodeCheckpoint(checkpoint))).toEqual(checkpoint.tensors);
  });

  it("is found out when any one bit is wrong", () => {
    const good = encodeCheckpoint(checkpoint);
    for (let at = 0; at < good.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bad = good.slice();
        bad[at] = bad[at]! ^ (1 << bit);
        let decoded: unknown;
        try {
          decoded = decodeCheckpoint(bad);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          continue;
        }
        // White space and names of metadata that nobody reads may change without harm; content may not.
        expect(decoded, `byte ${at}, bit ${bit}`).toEqual(checkpoint);
      }
    }
  });

  it("is found out when it is cut off anywhere", () => {
    const good = encodeCheckpoint(checkpoint);
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeCheckpoint(good.subarray(0, length))).toThrow(FormatError);
    }
  });

  it("is told apart from other safetensors files and other versions", () => {
    expect(() => decodeCheckpoint(toSafetensors(checkpoint.tensors))).toThrow(/no Corteza checkpoint/);
    const newer = toSafetensors(checkpoint.tensors, { format: "corteza-checkpoint", version: "2" });
    expect(() => decodeCheckpoint(newer)).toThrow(/version 2/);
  });
});

describe("a checkpoint's configuration", () => {
  /** A checkpoint without tensors, whose checksum covers the text alone. */
  const withConfig = (config: string) =>
    toSafetensors(new Map(), {
      format: "corteza-checkpoint",
      version: "1",
      config,
      crc32: crc32(new TextEncoder().encode(config)).toString(16).padStart(8, "0"),
    });

  it.each([
    ["too deep", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, /nested too deeply/],
    ["too long", `{"a":"${"x".repeat(5_000_000)}"}`, /has 5000008 characters; at most 4000000/],
    ["of too many values", `{"a":[${"1,".repeat(1_100_000)}1]}`, /more than 1000000 values/],
    ["with a key named twice", '{"a":1,"a":2}', /names "a" twice/],
    ["no object", "[1]", /is not a JSON object/],
    ["no JSON", "{a:1}", /is not JSON/],
  ])("that is %s is refused", (_, config, message) => {
    expect(() => decodeCheckpoint(withConfig(config))).toThrow(FormatError);
    expect(() => decodeCheckpoint(withConfig(config))).toThrow(message);
  });

  it("is read where it is honest", () => {
    expect(decodeCheckpoint(withConfig('{"a":[1,{"b":null}]}')).config).toEqual({ a: [1, { b: null }] });
  });
});

describe("crc32", () => {
  it("gives the check value of the standard, in one go or in parts", () => {
    const bytes = new TextEncoder().encode("123456789");
    expect(crc32(bytes)).toBe(0xcbf43926);
    expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  });
});
