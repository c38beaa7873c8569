/** “Your pictures”, without a page: networks that fit, what is held out, classes taken out, what is wrong with files. */
import { describe, expect, it } from "vitest";
import { divide, type PictureSet, renamed, SIZES, withoutClass } from "../../demo/pictures/picture_set.ts";
import { buildPreset, PRESETS, poolings, rateOf } from "../../demo/pictures/presets.ts";
import { problemOf } from "../../demo/pictures/problem.ts";
import { dataset } from "../../src/data/dataset.ts";
import { imageFolder } from "../../src/data/pictures/image_folder.ts";
import { zip } from "../support/picture_files.ts";

describe("the presets", () => {
  it.each(PRESETS.flatMap((name) => SIZES.map((size) => ({ name, size }))))(
    "$name fits pictures of $size pixels: maps of 5 to 12 pixels at last, an output a class",
    ({ name, size }) => {
      const model = buildPreset(name, { size, channels: 3, classes: 4 });
      expect(model.inputShape).toEqual([size, size, 3]);
      expect(model.outputShape).toEqual([4]);
      const [side = 0] = model.layers.findLast(({ layer }) => layer.config.kind === "maxPooling2d")?.outputShape ?? [];
      expect([side >= 5, side <= 12], `${side}`).toEqual([true, true]);
      const pools = model.layers.filter(({ layer }) => layer.config.kind === "maxPooling2d");
      expect(pools).toHaveLength(poolings(size));
    },
  );

  it("begin with the preset's rate and end with a small part of it, however many epochs there are", () => {
    expect(rateOf("small", 0, 20)).toBe(1e-3);
    expect(rateOf("small", 10, 20)).toBeCloseTo(0.5e-3, 10);
    expect(rateOf("small", 20, 20)).toBeCloseTo(0.03e-3, 10);
    expect(rateOf("normalized", 0, 1)).toBe(3e-3);
  });
});

/** Images of one pixel whose value is their number, of three classes: 10, 5 and 2 of them. */
function threeClasses() {
  const labels = [...Array(10).fill(0), ...Array(5).fill(1), ...Array(2).fill(2)] as number[];
  const images = Uint8Array.from(labels, (_, row) => row);
  return { ...dataset({ images, labels, shape: [1, 1, 1], classes: 3 }), names: labels.map((_, row) => `${row}.png`) };
}

describe("a set", () => {
  const { train, heldOut } = divide(threeClasses());
  const set: PictureSet = {
    ...{
      id: "a",
      store: "",
      title: "a",
      removed: [],
      size: 1,
      channels: 1,
      classNames: ["x", "y", "z"],
      train,
      heldOut,
    },
    ...{ heldOutBy: "lot", files: 17, skipped: [] },
  };

  it("holds out a fifth, of large classes as of small ones, and no picture is on both sides", () => {
    expect([train.count, heldOut.count]).toEqual([13, 4]);
    expect([0, 1].map((label) => heldOut.labels.filter((one) => one === label).length)).toEqual([2, 1]);
    expect([...train.images, ...heldOut.images].sort((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, i) => i));
  });

  it("holds out one of two pictures", () => {
    const parts = divide(dataset({ images: Uint8Array.of(1, 2), labels: [0, 1], shape: [1, 1, 1] }));
    expect([parts.train.count, parts.heldOut.count]).toEqual([1, 1]);
  });

  it("loses a class with its pictures, and the classes behind it move up", () => {
    const left = withoutClass(set, 1);
    expect(left.id).not.toBe(set.id);
    expect(left.removed).toEqual([1]);
    expect(left.classNames).toEqual(["x", "z"]);
    for (const part of [left.train, left.heldOut]) {
      expect(part.classes).toBe(2);
      expect(part.images).toHaveLength(part.count);
      expect(part.labels).toHaveLength(part.count);
      part.images.forEach((number, row) => {
        expect(part.labels[row]).toBe(number < 10 ? 0 : 1);
        expect(part.names?.[row]).toBe(`${number}.png`);
        expect(number < 10 || number >= 15).toBe(true);
      });
    }
    expect(left.train.count + left.heldOut.count).toBe(12);
  });

  it("keeps its training when a class is renamed", () => {
    const other = renamed(set, 2, "w");
    expect([other.id, other.classNames]).toEqual(["a", ["x", "y", "w"]]);
  });
});

describe("what is wrong with files is told apart, by imageFolder's own errors", () => {
  const file = (path: string) => ({ path, file: new Blob(["no picture"]) });
  const problem = async (files: Parameters<typeof imageFolder>[0]) =>
    imageFolder(files, { size: [8, 8], worker: false }).then(
      () => undefined,
      (error: unknown) => problemOf(error),
    );

  it.each([
    ["nothing", []],
    ["folders", [file("1.jpg"), file("2.jpg")]],
    ["alike", [file("Cats/1.jpg"), file("cats/2.jpg")]],
    ["unreadable", [file("cats/1.jpg"), file("dogs/2.jpg")]],
  ] as const)("%s", async (kind, files) => {
    expect(await problem(files)).toEqual({ kind });
  });

  it("one class, by its name", async () => {
    expect(await problem([file('pets/my "cats"/1.jpg')])).toEqual({ kind: "oneClass", name: 'my "cats"' });
  });

  it("a damaged archive", async () => {
    const archive = await zip([{ name: "cats/1.jpg" }]);
    expect(await problem(archive.slice(0, archive.size - 10))).toEqual({ kind: "archive" });
  });
});
