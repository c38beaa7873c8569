import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../src/core/errors.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { loadSafetensors, safetensorsMetadata } from "../../src/formats/safetensors.ts";
import { toSafetensors } from "../../src/formats/safetensors_writer.ts";

const READERS = [loadSafetensors, safetensorsMetadata];

/** A file of these bytes as its header and so many bytes of data; `claims` is what it says of the header's length. */
function fileOf(header: string | Uint8Array, dataBytes = 0, claims?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, claims ?? BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

/** A header of one tensor "w", its fields as JSON. */
const one = (dtype: string, shape: string, offsets: string) =>
  `{"w":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`;

/** A header of tensors of U8, by names, each with its offsets. */
const bytesAt = (...tensors: readonly (readonly [string, number, number])[]) =>
  `{${tensors
    .map(([name, begin, end]) => `"${name}":{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`)
    .join(",")}}`;

/** What reading gives, or the error's message; any other error than a FormatError fails the test. */
function outcome(file: Uint8Array): ReadonlyMap<string, Tensor> | string {
  try {
    return loadSafetensors(file);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

function expectRefused(file: Uint8Array, message: RegExp): void {
  for (const read of READERS) {
    expect(() => read(file)).toThrow(FormatError);
    expect(() => read(file)).toThrow(message);
  }
}

/** The bytes in the middle of a larger buffer that is filled with `frame`. */
function framed(bytes: Uint8Array, frame: number, before = 24, after = 64): Uint8Array {
  const larger = new Uint8Array(before + bytes.length + after).fill(frame);
  larger.set(bytes, before);
  return larger.subarray(before, before + bytes.length);
}

/** A file with types of every width, an empty tensor, a scalar and metadata. */
function honest(): Uint8Array {
  const tensors = new Map<string, Tensor>([
    ["double", { shape: [2], data: Float64Array.of(1.5, -2) }],
    ["conv2d/kernel", { shape: [1, 2, 1, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["short", { shape: [3], data: Int16Array.of(-1, 0, 1) }],
    ["empty", { shape: [2, 0], data: new Float32Array() }],
    ["scalar", { shape: [], data: Uint8Array.of(7) }],
  ]);
  return toSafetensors(tensors, { note: "ñ" });
}

describe("a safetensors header", () => {
  it.each<[string, bigint, RegExp]>([
    ["more bytes than the file has", 3n, /header claims 3 bytes, the file has 10; it is cut off or foreign/],
    [
      "a byte more than is allowed",
      100_000_001n,
      /header claims 100000001 bytes, more than 100000000; .*another format/,
    ],
    ["2⁵³ bytes", 2n ** 53n, /header claims 9007199254740992 bytes/],
    ["2⁶³ bytes, which would be negative", 2n ** 63n, /header claims 9223372036854775808 bytes, more than 100000000/],
    ["2⁶⁴ − 1 bytes, so that 8 more begin again at 7", 2n ** 64n - 1n, /header claims 18446744073709551615 bytes/],
    ["2⁶⁴ − 8 bytes, so that 8 more are 0", 2n ** 64n - 8n, /header claims 18446744073709551608 bytes/],
    ["no bytes", 0n, /header is not JSON/],
    ["a part of itself", 1n, /header is not JSON/],
  ])("that claims %s is refused before anything is read", (_, claims, message) => {
    expectRefused(fileOf("{}", 0, claims), message);
  });

  it.each<[string, string]>([
    ["nothing but spaces", "   "],
    ["an unfinished object", '{"a":'],
    ["an object and something more", "{}{}"],
    ["a trailing comma", '{"a":{},}'],
    ["a name without quotes", "{a:{}}"],
    ["single quotes", "{'a':{}}"],
    ["a comment", "{/* */}"],
    ["NaN", one('"F32"', "[NaN]", "[0,4]")],
    ["a number that begins with 0", one('"U8"', "[01]", "[0,1]")],
    ["a number in hexadecimal", one('"U8"', "[0x1]", "[0,1]")],
    ["a name with a line break", '{"a\nb":{}}'],
    ["a wrong escape", '{"\\x61":{}}'],
    ["a zero behind the object", "{}\0"],
  ])("that is not JSON by %s is refused", (_, header) => {
    expectRefused(fileOf(header, 1), /^safetensors: the header (is not JSON|has something after its end)/);
  });

  it.each(["null", "7", '"{}"', "[]", '[{"w":1}]', "true"])("that is %s and no object is refused", (header) => {
    expectRefused(fileOf(header), /header is no JSON object; this is another format/);
  });

  it.each<[string, number[]]>([
    ["a byte that never occurs", [0xff]],
    ["a rest of a character", [0x80]],
    ["a cut character", [0xc3]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong zero", [0xe0, 0x80, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a character beyond the last", [0xf4, 0x90, 0x80, 0x80]],
  ])("whose UTF-8 holds %s is refused", (_, garbage) => {
    const text = new TextEncoder().encode('{"": 1}');
    expectRefused(fileOf(Uint8Array.of(...text.subarray(0, 2), ...garbage, ...text.subarray(2))), /is not UTF-8/);
  });

  it("with half a surrogate pair, which every reader reads otherwise, is refused, and none is written", () => {
    expectRefused(fileOf(bytesAt(["\\ud800", 0, 0])), /half a surrogate pair/);
    expectRefused(fileOf('{"__metadata__":{"a":"\\udfff!"}}'), /half a surrogate pair/);
    expect(loadSafetensors(fileOf(bytesAt(["\\ud83d\\ude00", 0, 0]))).has("😀")).toBe(true);
    expect(() => toSafetensors(new Map([["a\ud800", { shape: [0], data: new Float32Array() }]]))).toThrow(
      ArgumentError,
    );
  });

  it.each<[string, string, RegExp]>([
    ["a tensor twice", bytesAt(["a", 0, 1], ["a", 0, 1]), /names "a" twice/],
    ["a tensor twice in other letters", bytesAt(["a", 0, 1], ["\\u0061", 1, 2]), /names "a" twice/],
    ["metadata twice", '{"__metadata__":{},"__metadata__":{}}', /names "__metadata__" twice/],
    ["a text of the metadata twice", '{"__metadata__":{"k":"1","k":"2"}}', /names "k" twice/],
    ["offsets twice", one('"U8"', "[1]", '[0,1],"data_offsets":[0,1]'), /names "data_offsets" twice/],
    ["__proto__ twice", bytesAt(["__proto__", 0, 1], ["__proto__", 0, 1]), /names "__proto__" twice/],
  ])("that names %s is refused", (_, header, message) => {
    expectRefused(fileOf(header, 2), message);
  });

  it("nested deeper than an honest one is refused, however deep", () => {
    for (const depth of [4, 1000, 1_000_000])
      expectRefused(fileOf(`{"w":${"[".repeat(depth)}`), /is nested too deeply/);
  });
});

describe("a tensor of a safetensors file", () => {
  it.each(["1", "null", '"F32"', "[]", "true", "{}"])("that is %s is refused, by its name", (value) => {
    expectRefused(fileOf(`{"w":${value}}`), /tensor "w": its dtype is missing; supported are F64, F32/);
  });

  it.each([
    ['"f32"', /its dtype is "f32"; supported are F64, F32/],
    ['"F8_E4M3"', /its dtype is "F8_E4M3"; supported are/],
    ['""', /its dtype is ""; supported are/],
    ['"__proto__"', /its dtype is "__proto__"/],
    ['"constructor"', /its dtype is "constructor"/],
    ['"toString"', /its dtype is "toString"/],
    ["32", /its dtype is no text/],
    ["null", /its dtype is no text/],
    ['["F32"]', /its dtype is no text/],
  ] as const)("of dtype %s is refused", (dtype, message) => {
    expectRefused(fileOf(one(dtype, "[1]", "[0,4]"), 4), message);
  });

  it.each<[string, string]>([
    ["negative", "[-1]"],
    ["negative twice, so that the product is right", "[-1,-1]"],
    ["minus zero", "[-0]"],
    ["a fraction", "[0.5,2]"],
    ["2⁵³, where whole numbers end", "[9007199254740992]"],
    ["more than any number", "[1e999]"],
    ["a text", '["1"]'],
    ["null", "[null]"],
    ["true", "[true]"],
    ["nested", "[[1]]"],
  ])("whose shape is %s is refused", (_, shape) => {
    expectRefused(fileOf(one('"U8"', shape, "[0,1]"), 1), /tensor "w": its shape must be at most 8 whole numbers/);
  });

  it.each(["1", "null", '"1"', '{"0":1}', "[1,1,1,1,1,1,1,1,1]"])("with %s for a shape is refused", (shape) => {
    expectRefused(fileOf(one('"U8"', shape, "[0,1]"), 1), /tensor "w": its shape must be at most 8 whole numbers/);
  });

  it.each<[string, string, string]>([
    ["whose product passes 2⁵³", "[4294967296,4294967296]", "[0,0]"],
    ["whose product passes 2⁶⁴ and would be 0 in 64 bits", "[4294967296,4294967296,1]", "[0,0]"],
    ["whose product is 0 only after it has passed 2⁵³", "[4503599627370496,4503599627370496,0]", "[0,0]"],
    ["whose bytes pass 2⁵³", "[9007199254740991]", "[0,0]"],
  ])("with a shape %s is refused", (_, shape, offsets) => {
    expectRefused(
      fileOf(one('"F32"', shape, offsets)),
      /tensor "w" \[.*\] of F32 takes too many bytes, its data_offsets give 0; .*save or download it again/,
    );
  });

  it.each<[string, number, number]>([
    ["F64", 2, 15],
    ["F32", 2, 4],
    ["F16", 2, 8],
    ["BF16", 3, 5],
    ["I64", 1, 4],
    ["U64", 1, 0],
    ["I32", 1, 5],
    ["I16", 1, 1],
    ["I8", 2, 1],
    ["BOOL", 1, 2],
  ])("of %s [%i] in %i bytes is refused", (dtype, size, bytes) => {
    expectRefused(
      fileOf(one(`"${dtype}"`, `[${size}]`, `[0,${bytes}]`), bytes),
      new RegExp(`tensor "w" \\[${size}\\] of ${dtype} takes \\d+ bytes, its data_offsets give ${bytes}`),
    );
  });

  it.each([
    "[0]",
    "[0,1,1]",
    "[]",
    "1",
    "null",
    '"0,1"',
    "[1,0]",
    "[-1,0]",
    "[0,-1]",
    "[-0,1]",
    "[0,1.5]",
    "[0,1e999]",
    "[9007199254740992,9007199254740993]",
    '["0","1"]',
  ])("with data_offsets %s is refused", (offsets) => {
    expectRefused(
      fileOf(one('"U8"', "[1]", offsets), 1),
      /tensor "w": its data_offsets must be whole numbers \[begin, end\] with begin ≤ end/,
    );
  });

  it("without one of its fields is refused by the field's name", () => {
    expectRefused(fileOf('{"w":{"shape":[1],"data_offsets":[0,1]}}', 1), /dtype is missing/);
    expectRefused(fileOf('{"w":{"dtype":"U8","data_offsets":[0,1]}}', 1), /its shape must be/);
    expectRefused(fileOf('{"w":{"dtype":"U8","shape":[1]}}', 1), /its data_offsets must be/);
  });

  it.each<[string, string, number, RegExp]>([
    ["overlaps the one before", bytesAt(["a", 0, 2], ["b", 1, 3]), 3, /"b" overlaps .* byte 1, the last one ends at 2/],
    ["lies on another", bytesAt(["a", 0, 2], ["b", 0, 2]), 2, /"b" overlaps .* byte 0, the last one ends at 2/],
    ["lies inside another", bytesAt(["a", 0, 4], ["b", 1, 2]), 4, /"b" overlaps/],
    ["leaves a hole before it", bytesAt(["a", 0, 1], ["b", 2, 3]), 3, /"b" leaves a hole .* byte 2, .* ends at 1/],
    ["leaves a hole at the beginning", bytesAt(["a", 1, 2]), 2, /"a" leaves a hole before it: it begins at byte 1/],
    ["is empty inside another", bytesAt(["a", 0, 4], ["b", 2, 2]), 4, /"b" overlaps/],
    ["is empty behind the end", bytesAt(["a", 0, 1], ["b", 9, 9]), 1, /"b" leaves a hole/],
    [
      "ends behind the file",
      bytesAt(["a", 0, 9]),
      8,
      /tensors take 9 bytes, the file has 8 .*cut off or has bytes left/,
    ],
    ["ends before the file", bytesAt(["a", 0, 7]), 8, /tensors take 7 bytes, the file has 8/],
    ["is far behind the file", bytesAt(["a", 0, 2 ** 52]), 0, /tensors take 4503599627370496 bytes, the file has 0/],
  ])("that %s is refused", (_, header, dataBytes, message) => {
    expectRefused(fileOf(header, dataBytes), message);
  });

  it("may stand in any order in the header, and be empty between others", () => {
    const file = fileOf(bytesAt(["c", 3, 4], ["none", 2, 2], ["a", 0, 2], ["b", 2, 3], ["last", 4, 4]), 4);
    file.set([1, 2, 3, 4], file.length - 4);
    const tensors = loadSafetensors(file);
    expect([...tensors.keys()]).toEqual(["a", "none", "b", "c", "last"]);
    expect([...tensors.values()].map(({ data }) => [...data])).toEqual([[1, 2], [], [3], [4], []]);
  });

  it.each<[string, number[]]>([
    ["[0]", [0]],
    ["[3,0,2]", [3, 0, 2]],
    ["[0,9007199254740991,9007199254740991]", [0, 2 ** 53 - 1, 2 ** 53 - 1]],
  ])("of shape %s has no values", (text, shape) => {
    for (const dtype of ["F64", "F32", "F16", "BF16", "I64", "BOOL"]) {
      const tensor = loadSafetensors(fileOf(one(`"${dtype}"`, text, "[0,0]"))).get("w");
      expect([tensor?.shape, tensor?.data.length]).toEqual([shape, 0]);
    }
  });

  it("with a name of a megabyte is refused with the first characters of it", () => {
    expect(outcome(fileOf(`{"${"n".repeat(1_000_000)}":1}`))).toMatch(/^safetensors: tensor "n{60}…": its dtype/);
    expect(outcome(fileOf(bytesAt([`${"n".repeat(99)}\\n`, 0, 1], ["b", 0, 1]), 1))).toMatch(/"b" overlaps/);
  });

  it("called like a property of every object is a tensor and nothing else", () => {
    const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "0", ""];
    const header = bytesAt(...names.map((name, index) => [name, index, index + 1] as const));
    const tensors = loadSafetensors(fileOf(header, names.length));
    expect([...tensors.keys()]).toEqual(names);
    expectRefused(fileOf('{"__proto__":{"dtype":"F32","polluted":true}}'), /tensor "__proto__": its shape must be/);
    expectRefused(fileOf('{"w":{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}}', 1), /dtype is missing/);
    for (const name of ["dtype", "shape", "polluted"]) expect(name in {}).toBe(false);
  });
});

describe("the metadata of a safetensors file", () => {
  it.each(["1", '"text"', "[]", '[["a","b"]]', "true"])("that are %s are refused", (value) => {
    expectRefused(fileOf(`{"__metadata__":${value}}`), /__metadata__ must be an object of texts/);
  });

  it.each(["1", "null", "true", "[]", '["x"]', '{"b":"x"}'])("that hold %s are refused, by its key", (value) => {
    expectRefused(
      fileOf(`{"__metadata__":{"ok":"x","bad":${value}}}`),
      /__metadata__ "bad" is not a text; write it as one/,
    );
  });

  it("called like a property of every object are texts and nothing else", () => {
    const names = ["__proto__", "constructor", "toString"];
    const header = `{"__metadata__":{${names.map((name) => `"${name}":"x"`).join(",")}}}`;
    expect([...safetensorsMetadata(fileOf(header))]).toEqual(names.map((name) => [name, "x"]));
  });

  it("with an order that is none are refused, and one that lies about the names is but an order", () => {
    const ordered = (order: string) =>
      `{"__metadata__":{"corteza.order":${JSON.stringify(order)}},${bytesAt(["a", 0, 1], ["b", 1, 2]).slice(1)}`;
    expect(outcome(fileOf(ordered("["), 2))).toMatch(/metadata "corteza.order" is not JSON/);
    expect(outcome(fileOf(ordered("[[[]]]"), 2))).toMatch(/metadata "corteza.order" is nested too deeply/);
    for (const order of ['["b","__proto__","b",7,null,"zz"]', "{}", "7", "null"]) {
      const tensors = loadSafetensors(fileOf(ordered(order), 2));
      expect([...tensors.keys()].sort()).toEqual(["a", "b"]);
      expect([...tensors.keys()][0]).toBe(order.startsWith("[") ? "b" : "a");
    }
  });
});

describe("reading a safetensors file", () => {
  it("that ends after any of its bytes is refused, though the bytes stand behind it in memory", () => {
    const file = honest();
    expect(loadSafetensors(file).size).toBe(5);
    for (let length = 0; length < file.length; length++) {
      for (const cut of [file.slice(0, length), file.subarray(0, length)]) {
        for (const read of READERS) expect(() => read(cut), `${length} bytes`).toThrow(FormatError);
      }
    }
  });

  it("with any one byte changed gives tensors of the right size or a FormatError, never what lies around it", () => {
    const file = honest();
    for (let place = 0; place < file.length; place++) {
      for (const byte of [0, 0x22, 0x2d, 0x39, 0xff]) {
        const changed = file.with(place, byte);
        const [a, b] = [outcome(framed(changed, 0x00)), outcome(framed(changed, 0xff))];
        expect(a).toEqual(b);
        if (typeof a === "string") continue;
        for (const { shape, data } of a.values()) expect(data.length).toBe(shape.reduce((p, n) => p * n, 1));
      }
    }
  });

  it("with any header of hostile parts is a FormatError, or takes exactly the bytes that are there", () => {
    const number = fc.oneof(
      fc.nat(12),
      fc.constantFrom(-1, -0, 0.5, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e300),
    );
    const part = fc.oneof(number, fc.constantFrom(null, "", "U8", true), fc.array(number, { maxLength: 3 }));
    const tensor = fc.record(
      {
        dtype: fc.oneof({ weight: 6, arbitrary: fc.constantFrom("U8", "I8", "F16", "F32", "I64") }, part),
        shape: fc.oneof({ weight: 6, arbitrary: fc.array(number, { maxLength: 3 }) }, part),
        data_offsets: fc.oneof({ weight: 6, arbitrary: fc.tuple(number, number) }, part),
      },
      { requiredKeys: [] },
    );
    const name = fc.oneof(fc.constantFrom("a", "b", "__proto__", "__metadata__"), fc.string());
    const header = fc.array(fc.tuple(name, fc.oneof({ weight: 8, arbitrary: tensor }, part)), { maxLength: 3 });
    let read = 0;
    fc.assert(
      fc.property(header, fc.nat(12), (entries, dataBytes) => {
        const text = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",");
        const file = framed(fileOf(`{${text}}`, dataBytes), 0xaa);
        const tensors = outcome(file);
        if (typeof tensors === "string") return;
        read++;
        let bytes = 0;
        for (const [key, value] of entries) {
          const { shape, data } = tensors.get(key) ?? { shape: [], data: [] };
          if (key === "__metadata__" || typeof value !== "object" || value === null) continue;
          expect(data.length).toBe(shape.reduce((product, extent) => product * extent, 1));
          const [begin = 0, end = 0] = (value as { data_offsets: number[] }).data_offsets;
          bytes += end - begin;
        }
        expect(bytes).toBe(dataBytes);
      }),
      { numRuns: 4000 },
    );
    // Some are honest: the property is of both kinds.
    expect(read).toBeGreaterThan(0);
  });

  it("of random bytes is a FormatError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(64), (bytes, length) => {
        const file = bytes.slice();
        // Half of them with a length that fits, so that the header itself is reached.
        if (file.length >= 8 && length < 32) new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
        expect(typeof outcome(file)).toBe("string");
      }),
      { numRuns: 3000 },
    );
  });
});
