/** The visitor's own IDX files: which belong together, what is held out, and what is refused with which reason. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type NamedBytes, readOwnFiles } from "../../demo/own_files.ts";
import { OwnFilesError, type OwnFilesProblem } from "../../demo/own_files_error.ts";

function idxBytes(shape: number[], payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + payload.length);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((extent, axis) => {
    new DataView(bytes.buffer).setUint32(4 + 4 * axis, extent);
  });
  bytes.set(payload, 4 + 4 * shape.length);
  return bytes;
}

const images = (name: string, count: number, side = 28): NamedBytes => ({
  name,
  bytes: idxBytes(
    [count, side, side],
    new Uint8Array(count * side * side).map((_, i) => Math.floor(i / side ** 2) % 251),
  ),
});
const labels = (name: string, count: number, classes = 10): NamedBytes => ({
  name,
  bytes: idxBytes(
    [count],
    new Uint8Array(count).map((_, i) => i % classes),
  ),
});
const text = (name: string, content: string): NamedBytes => ({ name, bytes: new TextEncoder().encode(content) });

describe("files of the visitor's own", () => {
  it("as one pair hold every sixth picture of each class out, packed or not", async () => {
    const packed = { name: "shoes.gz", bytes: new Uint8Array(gzipSync(images("", 60).bytes)) };
    const read = await readOwnFiles([labels("shoe-labels", 60, 4), packed]);
    expect([read.train.count, read.heldOut.count]).toEqual([52, 8]);
    expect([...read.heldOut.labels]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    // Picture 20 is the sixth of class 0, 21 that of class 1.
    expect(read.heldOut.images[784]).toBe(21);
    expect(read.train).toMatchObject({ classes: 4, shape: [28, 28, 1] });
    expect(read).toMatchObject({ names: ["0", "1", "2", "3"], title: "shoes.gz" });
    expect(read.id).toMatch(/^own-[0-9a-f]{8}$/);
  });

  it("as two pairs hold out what is called so, else the smaller one", async () => {
    const files = [
      ...[images("t10k-images", 50), labels("t10k-labels", 50)],
      ...[images("train-images", 40), labels("train-labels", 40)],
    ];
    expect((await readOwnFiles(files)).train.count).toBe(40);
    const unnamed = [images("a", 20), labels("b", 20), images("c", 70), labels("d", 70)];
    const read = await readOwnFiles(unnamed);
    expect([read.train.count, read.heldOut.count, read.title]).toEqual([70, 20, "c"]);
    // Of the same number, names alone tell.
    const equal = [images("test-x", 40), labels("train-y", 40, 3), labels("test-y", 40, 5), images("train-x", 40)];
    const same = await readOwnFiles(equal);
    expect([...same.train.labels.slice(0, 4), ...same.heldOut.labels.slice(0, 4)]).toEqual([0, 1, 2, 0, 0, 1, 2, 3]);
    expect(same.train.classes).toBe(5);
  });

  it("take the classes' names from a text file, numbered or not", async () => {
    const files = [images("x", 60), labels("y", 60, 3)];
    const read = await readOwnFiles([...files, text("names.txt", "0 T-shirt\r\n1, Ankle boot\n\nBag\n")]);
    expect(read.names).toEqual(["T-shirt", "Ankle boot", "Bag"]);
  });

  it("have the same name for changes when they are opened again, others another", async () => {
    const of = async (classes: number) => (await readOwnFiles([images("x", 60), labels("y", 60, classes)])).id;
    expect(await of(3)).toBe(await of(3));
    expect(await of(3)).not.toBe(await of(4));
  });

  it.each<[OwnFilesProblem, string, NamedBytes[], string]>([
    ["unreadable", "no IDX file", [text("x", "no pictures"), labels("y", 30)], "x"],
    ["pairs", "images alone", [images("x", 30)], "x (30)"],
    ["pairs", "nothing", [], ""],
    ["pairs", "labels of another number", [images("x", 30), labels("y", 31)], "x (30), y (31)"],
    ["size", "larger pictures", [images("x", 30, 32), labels("y", 30)], "32×32×1"],
    ["classes", "eleven classes", [images("x", 30), labels("y", 30, 11)], "10"],
    ["few", "too few to hold some out", [images("x", 59), labels("y", 59)], "59"],
    ["names", "fewer names than classes", [images("x", 60), labels("y", 60), text("n.txt", "a\nb")], "2"],
  ])("are refused as %s: %s", async (why, _, files, word) => {
    const error = await readOwnFiles(files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OwnFilesError);
    expect((error as OwnFilesError).why).toBe(why);
    expect((error as OwnFilesError).words).toContain(word);
  });
});
