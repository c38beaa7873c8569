/** NumPy's files, written by NumPy itself, and such as it would never write. */
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError, npy, npz, parseNpy, parseNpz } from "../../src/index.ts";
import { NUMPY_FILES } from "../support/numpy_files.ts";
import { zip } from "../support/picture_files.ts";

const bytesOf = (name: string) => Uint8Array.from(Buffer.from(NUMPY_FILES[name] ?? "", "base64"));
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 100, 9, 10, 11];
const TYPES = Object.keys(NUMPY_FILES).filter((name) => /^[<>|][uif]/.test(name));

/** A file with a header of one's own. */
function fileOf(header: string, body: ArrayLike<number>, version = 1): Uint8Array {
  const length = version === 1 ? [header.length, 0] : [header.length, 0, 0, 0];
  const text = Array.from(header, (letter) => letter.charCodeAt(0));
  return Uint8Array.from([
    0x93,
    ...Array.from("NUMPY", (letter) => letter.charCodeAt(0)),
    version,
    0,
    ...length,
    ...text,
    ...Array.from(body),
  ]);
}
const headerOf = (descr: string, shape: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

describe("parseNpy", () => {
  it.each(TYPES)("reads the type %s, as C and as Fortran have it", (name) => {
    const { shape, data } = parseNpy(bytesOf(name));
    expect(shape).toEqual([2, 2, 3]);
    expect([...data]).toEqual(numbers);
  });

  it("gives each type the array that holds it", () => {
    const kinds = ["|u1", "|i1", "<u2", ">i2", "<u4", ">i4", "<i8", ">u8", "<f2", ">f4", "<f8"];
    expect(kinds.map((name) => parseNpy(bytesOf(name)).data.constructor.name)).toEqual([
      ...["Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array"],
      ...["Int32Array", "Int32Array", "Float32Array", "Float32Array", "Float64Array"],
    ]);
    expect([...parseNpy(bytesOf("|b1")).data]).toEqual([1, 0, 1]);
    expect(parseNpy(bytesOf("scalar"))).toEqual({ shape: [], data: Float32Array.of(2.5) });
    expect(parseNpy(bytesOf("empty"))).toEqual({ shape: [0, 3], data: new Float32Array() });
    expect(parseNpy(bytesOf("large i8")).data).toEqual(Float64Array.of(1, -(2 ** 40), 2 ** 53 - 1));
    expect([...parseNpy(bytesOf("halves")).data]).toEqual([
      ...[1.5, -0, 2 ** -24, 65504, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    ]);
  });

  it("reads the longer headers of versions 2 and 3", () => {
    for (const version of [2, 3])
      expect([...parseNpy(fileOf(headerOf("'|u1'", "(3,)"), [1, 2, 3], version)).data]).toEqual([1, 2, 3]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /is no NumPy array; it is empty/],
    ["a zip archive", Uint8Array.from([0x50, 0x4b, 3, 4]), /this looks like a zip archive/],
    ["Python objects", bytesOf("object"), /holds something else than numbers/],
    ["records", bytesOf("record"), /holds something else than numbers/],
    ["texts", bytesOf("text"), /elements of the type "U2"/],
    ["complex numbers", bytesOf("complex"), /elements of the type "c8"/],
    ["an integer that is too large", bytesOf("too large i8"), /beyond what floats hold exactly/],
    ["a cut file", bytesOf("<f4").subarray(0, -1), /is cut off: \[2, 2, 3\] wants 176 bytes, there are 175/],
    ["a cut header", bytesOf("<f4").subarray(0, 40), /is cut off inside its header/],
    ["a header without an end", bytesOf("<f4").subarray(0, 9), /is cut off inside its header/],
    ["bytes left over", Uint8Array.from([...bytesOf("<f4"), 0]), /has bytes left over/],
    ["a version to come", fileOf(headerOf("'|u1'", "(1,)"), [1], 9), /has version 9/],
    ["a shape of 2^60", fileOf(headerOf("'<f8'", "(1152921504606846976,)"), []), /has a shape that no array has/],
    ["a product of 2^62", fileOf(headerOf("'<f8'", "(2147483648, 2147483648)"), []), /is cut off/],
    ["40 axes", fileOf(headerOf("'|u1'", `(${"1, ".repeat(40)})`), [1]), /has a shape that no array has/],
    ["a name of Object's", fileOf(headerOf("'constructor1'", "(1,)"), [1]), /holds something else than numbers/],
    [
      "a negative extent",
      fileOf(headerOf("'|u1'", "(-1,)"), []),
      /holds something else than numbers, or a damaged header/,
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseNpy(bytes)).toThrow(FormatError);
    expect(() => parseNpy(bytes, "labels.npy")).toThrow(message);
  });
});

describe("npz and npy", () => {
  it.each(["npz stored", "npz deflated"])("make data sets of an archive: %s", async (name) => {
    const train = await npz(bytesOf(name));
    expect(train).toMatchObject({ count: 2, shape: [3, 4, 1], classes: 2 });
    expect([...train.labels]).toEqual([1, 0]);
    expect(train.images).toEqual(Uint8Array.from({ length: 24 }, (_, index) => index));
    const test = await npz(new Blob([bytesOf(name)]), { images: "x_test", labels: "y_test" });
    expect(test.images).toEqual(Float32Array.from({ length: 12 }, (_, index) => index));
    expect([...test.labels]).toEqual([1]);
    expect([...(await parseNpz(bytesOf(name))).keys()]).toEqual(["x_train", "y_train", "x_test", "y_test"]);
    const error = await npz(bytesOf(name), { labels: "y" }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(/there is no array "y"; it has "x_train", "y_train", "x_test", "y_test"/);
  });

  it("make a data set of a pair of files, and tell which does not fit", () => {
    const data = npy({ images: bytesOf("|u1"), labels: fileOf(headerOf("'|u1'", "(2,)"), [0, 2]) });
    expect(data).toMatchObject({ count: 2, shape: [2, 3, 1], classes: 3 });
    expect(
      npy({
        images: fileOf(headerOf("'|u1'", "(2, 2)"), [1, 2, 3, 4]),
        labels: fileOf(headerOf("'|u1'", "(2,)"), [0, 1]),
      }).shape,
    ).toEqual([2]);
    const one = fileOf(headerOf("'|u1'", "(1,)"), [0]);
    expect(() => npy({ images: bytesOf("|u1"), labels: one })).toThrow(/2 images, but 1 labels/);
    expect(() => npy({ images: one, labels: one })).toThrow(/images must be \[count, height, width\]/);
    expect(() => npy({ images: bytesOf("|u1"), labels: bytesOf("|u1") })).toThrow(
      /labels must be class indices \[count\]/,
    );
    expect(() => npy({ images: bytesOf("|u1"), labels: fileOf(headerOf("'|i1'", "(2,)"), [0, 255]) })).toThrow(
      ArgumentError,
    );
  });

  it("refuse archives that are damaged, hold no array, or were made to do harm", async () => {
    const array = bytesOf("|u1");
    const refused = async (archive: Blob | Uint8Array, message: RegExp) => {
      const error = await parseNpz(archive).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(FormatError);
      expect((error as Error).message).toMatch(message);
    };
    await refused(await zip([{ name: "a.txt", content: array }]), /holds no array/);
    await refused(await zip([{ name: "../a.npy", content: array }]), /lies outside of it/);
    await refused(await zip([{ name: "a.npy", content: array, crc: 1 }]), /its checksum is another one/);
    await refused(await zip([{ name: "a.npy", content: array, flags: 1 }]), /is encrypted/);
    await refused(await zip([{ name: "a.npy", content: array, method: 12 }]), /packed by method 12/);
    await refused(
      await zip([{ name: "a.npy", content: array, deflate: true, declared: 1e9 }]),
      /which no compression makes/,
    );
    await refused(
      await zip([{ name: "a.npy", content: array, deflate: true, declared: array.length - 1 }]),
      /more comes out/,
    );
    await refused(array, /is no zip archive/);
    await refused(bytesOf("npz deflated").subarray(0, 200), /is cut off|is no zip archive/);
  });
});
