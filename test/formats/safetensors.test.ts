import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError, ShapeError } from "../../src/core/errors.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { loadSafetensors, safetensorsMetadata } from "../../src/formats/safetensors.ts";
import { toSafetensors } from "../../src/formats/safetensors_writer.ts";

/** A file with this header and so many bytes of data. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const entry = (dtype: string, shape: number[], begin: number, end: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

const values: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.array(fc.nat(4), { maxLength: 4 }),
    fc.constantFrom(
      Float32Array,
      Float64Array,
      Int32Array,
      Uint32Array,
      Int16Array,
      Uint16Array,
      Int8Array,
      Uint8Array,
    ),
    fc.integer(),
  )
  .map(([shape, Type, seed]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const data = new Type(count);
    for (let index = 0; index < count; index++) data[index] = (seed + index * 7) % 100;
    return { shape, data };
  });
const name = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "0", "10", "a\nb"));
const tensorMap = fc
  .array(
    fc.tuple(
      name.filter((text) => text !== "__metadata__"),
      values,
    ),
    { maxLength: 8 },
  )
  .map((pairs) => new Map(pairs));
const texts = fc.array(fc.tuple(name, fc.string({ unit: "binary" })), { maxLength: 4 }).map((pairs) => new Map(pairs));

describe("safetensors by others", () => {
  const folder = new URL("../../../shared/conformance/safetensors-hostile/", import.meta.url);
  type Case = { file: string; expect: "ok" | "reject" };
  const present = existsSync(new URL("manifest.json", folder));
  const cases: Case[] = present ? JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) : [];

  it("loads the 6 good files and rejects the 13 hostile ones, where they are there", () => {
    console.log(`safetensors-hostile: ${cases.length} of 19 cases`);
    for (const { file, expect: outcome } of cases) {
      const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
      if (outcome === "ok") expect(loadSafetensors(bytes), file).toBeInstanceOf(Map);
      else expect(() => loadSafetensors(bytes), file).toThrow(FormatError);
    }
    if (present) expect(cases.filter((one) => one.expect === "ok").length).toBe(6);
  });

  it("loads a network that PyTorch trained, where it is there", () => {
    const models = new URL("../../../shared/conformance/models/burn-mnist/", import.meta.url);
    const files = existsSync(models) ? readdirSync(models).filter((file) => file.endsWith(".safetensors")) : [];
    console.log(`burn-mnist: ${files.length} of 1 file`);
    for (const file of files) {
      const tensors = loadSafetensors(new Uint8Array(readFileSync(new URL(file, models))));
      expect(tensors.size).toBeGreaterThan(5);
      for (const { shape, data } of tensors.values()) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
    }
  });
});

describe("safetensors", () => {
  it("come back as they were saved: names, order, shapes, types, values and metadata", () => {
    fc.assert(
      fc.property(tensorMap, texts, (tensors, metadata) => {
        metadata.delete("corteza.order");
        const bytes = toSafetensors(tensors, metadata);
        const loaded = loadSafetensors(bytes);
        expect([...loaded.keys()]).toEqual([...tensors.keys()]);
        for (const [key, tensor] of tensors) expect(loaded.get(key)).toEqual(tensor);
        expect(safetensorsMetadata(bytes)).toEqual(metadata);
      }),
      { numRuns: 500 },
    );
  });

  it("are aligned, and lie behind one another without a hole", () => {
    fc.assert(
      fc.property(tensorMap, (tensors) => {
        const file = toSafetensors(tensors);
        const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
        expect(headerBytes % 8).toBe(0);
        const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)));
        const sizes: Record<string, number> = { F64: 8, F32: 4, I32: 4, U32: 4, I16: 2, U16: 2, I8: 1, U8: 1 };
        for (const key of tensors.keys()) expect(header[key].data_offsets[0] % sizes[header[key].dtype]!).toBe(0);
      }),
    );
  });

  it("need no metadata where all tensors have one type", () => {
    const file = toSafetensors(
      new Map([
        ["b", { shape: [1], data: new Float32Array(1) }],
        ["a", { shape: [], data: new Float32Array(1) }],
      ]),
    );
    expect(new TextDecoder().decode(file)).not.toContain("__metadata__");
    expect([...loadSafetensors(file).keys()]).toEqual(["b", "a"]);
  });

  it("keep the order of empty tensors, whatever their names", () => {
    const empty = { shape: [0], data: new Float32Array(0) };
    const file = toSafetensors(
      new Map([
        ["__proto__", empty],
        ["b", empty],
        ["10", empty],
        ["0", empty],
      ]),
    );
    expect([...loadSafetensors(file).keys()]).toEqual(["__proto__", "b", "10", "0"]);
  });

  it("are read from any place in a larger buffer", () => {
    const tensors = new Map([["w", { shape: [3], data: Float32Array.of(1, -2, 3.5) }]]);
    const larger = new Uint8Array([9, 9, 9, ...toSafetensors(tensors), 7]);
    expect(loadSafetensors(larger.subarray(3, larger.length - 1))).toEqual(tensors);
    expect(loadSafetensors(toSafetensors(tensors).buffer)).toEqual(tensors);
  });

  it("turn half precision, bfloat16 and 64-bit integers into floats", () => {
    const half = fileOf(`{"h":${entry("F16", [4], 0, 8)}}`, 8);
    const at = (file: Uint8Array, bytes: number) => new DataView(file.buffer, file.length - bytes);
    [0x3c00, 0xc000, 0x0001, 0x7c00].forEach((bits, index) => {
      at(half, 8).setUint16(2 * index, bits, true);
    });
    expect([...loadSafetensors(half).get("h")!.data]).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY]);

    const brain = fileOf(`{"b":${entry("BF16", [2], 0, 4)}}`, 4);
    [0x3f80, 0xc040].forEach((bits, index) => {
      at(brain, 4).setUint16(2 * index, bits, true);
    });
    expect(loadSafetensors(brain).get("b")).toEqual({ shape: [2], data: Float32Array.of(1, -3) });

    const whole = fileOf(`{"num_batches_tracked":${entry("I64", [], 0, 8)}}`, 8);
    at(whole, 8).setBigInt64(0, -4690n, true);
    expect(loadSafetensors(whole).get("num_batches_tracked")).toEqual({ shape: [], data: Float64Array.of(-4690) });
    at(whole, 8).setBigInt64(0, 2n ** 60n + 1n, true);
    expect(() => loadSafetensors(whole)).toThrow(/num_batches_tracked.*1152921504606846977/);
  });

  it.each<[string, string, number]>([
    ["a name twice", `{"a":${entry("U8", [0], 0, 0)},"\\u0061":${entry("U8", [0], 0, 0)}}`, 0],
    ["a field twice", '{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1],
    ["an overflow hidden by a zero", `{"a":${entry("F32", [2 ** 52, 2 ** 52, 0], 0, 0)}}`, 0],
    ["more than 8 axes", `{"a":${entry("U8", [1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1)}}`, 1],
    ["a negative size", `{"a":${entry("U8", [-1, -1], 0, 1)}}`, 1],
    ["a broken size", `{"a":${entry("U8", [0.5, 2], 0, 1)}}`, 1],
    ["a hole", `{"a":${entry("U8", [1], 0, 1)},"b":${entry("U8", [1], 2, 3)}}`, 3],
    ["an overlap", `{"a":${entry("U8", [2], 0, 2)},"b":${entry("U8", [2], 1, 3)}}`, 3],
    ["bytes left over", `{"a":${entry("U8", [1], 0, 1)}}`, 2],
    ["bytes missing", `{"a":${entry("U8", [4], 0, 4)}}`, 2],
    ["an unknown type", `{"a":${entry("constructor", [1], 0, 1)}}`, 1],
    ["metadata that are no texts", '{"__metadata__":{"a":1}}', 0],
    ["metadata that are one text", '{"__metadata__":"abc"}', 0],
    ["an array for a header", "[]", 0],
    ["deep nesting", `{"a":${"[".repeat(100_000)}`, 0],
    ["a text of 5 MB that does not end", `{"${"a".repeat(5_000_000)}`, 0],
    ["a mark of byte order", "\ufeff{}", 0],
  ])("are refused with %s", (_, header, dataBytes) => {
    expect(() => loadSafetensors(fileOf(header, dataBytes))).toThrow(FormatError);
  });

  it("cannot reach a prototype", () => {
    const file = fileOf(`{"__proto__":${entry("U8", [1], 0, 1)},"__metadata__":{"__proto__":"x"}}`, 1);
    expect([...loadSafetensors(file).keys()]).toEqual(["__proto__"]);
    expect([...safetensorsMetadata(file)]).toEqual([["__proto__", "x"]]);
    expect("shape" in {}).toBe(false);
  });

  it("raise nothing but FormatError, whatever happens to a file", () => {
    const seed = toSafetensors(
      new Map<string, Tensor>([
        ["conv2d/kernel", { shape: [3, 3], data: new Float32Array(9) }],
        ["step", { shape: [], data: new Uint32Array(1) }],
      ]),
      { config: '{"a":[1,2]}' },
    );
    const mutation = fc.record({
      at: fc.nat(seed.length - 1),
      byte: fc.nat(255),
      kind: fc.constantFrom("set", "delete", "insert", "cut"),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const bytes = [...seed];
        for (const { at, byte, kind } of mutations) {
          if (kind === "set") bytes[Math.min(at, bytes.length - 1)] = byte;
          else if (kind === "cut") bytes.length = Math.min(bytes.length, at);
          else bytes.splice(at, kind === "delete" ? 1 : 0, ...(kind === "insert" ? [byte] : []));
        }
        const file = Uint8Array.from(bytes.filter((byte) => byte !== undefined));
        for (const read of [loadSafetensors, safetensorsMetadata]) {
          try {
            read(file);
          } catch (error) {
            if (!(error instanceof FormatError)) throw error;
          }
        }
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        try {
          loadSafetensors(fileOf(json, 4));
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, string, RegExp]>([
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n",
      /Git LFS pointer, not the file itself/,
    ],
    ["a web page", "<!DOCTYPE html><html><title>404</title></html>", /web page: check the address/],
    ["a web page behind white space", "\n\n  <html>", /web page/],
    ["a zip archive, as PyTorch's", "PK\x03\x04\x00\x00\x00\x00data.pkl", /zip archive/],
    ["gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", /gzip-compressed/],
    [
      "an old PyTorch file",
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
      /pickle, as old versions of PyTorch/,
    ],
    ["a Keras file", "\x89HDF\r\n\x1a\n\x00", /HDF5 file/],
    ["nothing", "", /it is empty/],
  ])("name %s as what it is", (_, text, message) => {
    const file = Uint8Array.from(text, (character) => character.charCodeAt(0));
    expect(() => loadSafetensors(file)).toThrow(FormatError);
    expect(() => loadSafetensors(file)).toThrow(message);
  });

  it("with more tensors than any network has are refused: each takes memory that the file does not", () => {
    const entries = Array.from(
      { length: 50_001 },
      (_, index) => `"${index}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`,
    );
    expect(() => loadSafetensors(fileOf(`{${entries.join(",")}}`, 0))).toThrow(/50001 tensors; at most 50000 are read/);
  });

  it("refuse to be written with a wrong length, too many axes or the reserved name", () => {
    const data = new Float32Array(2);
    expect(() => toSafetensors(new Map([["w", { shape: [3], data }]]))).toThrow(ShapeError);
    expect(() => toSafetensors(new Map([["w", { shape: [1, 1, 1, 1, 1, 1, 1, 1, 2], data }]]))).toThrow(ArgumentError);
    expect(() => toSafetensors(new Map([["__metadata__", { shape: [2], data }]]))).toThrow(ArgumentError);
  });
});
