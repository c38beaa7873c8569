import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/core/errors.ts";
import { inNaturalOrder } from "../../../src/data/pictures/natural_order.ts";
import { isLeftBehind, sortIntoClasses, type Tree } from "../../../src/data/pictures/tree.ts";

const filesOf = (...paths: string[]) => paths.map((path) => ({ path }));
const sorted = (paths: readonly string[], classNames?: readonly string[]) =>
  sortIntoClasses(filesOf(...paths), classNames);
const listed = ({ classNames, parts, outside }: Tree<{ path: string }>) => ({
  classNames,
  parts: Object.fromEntries(
    [...parts].map(([part, members]) => [part, members.map(({ file, label }) => `${label} ${file.path}`)]),
  ),
  outside: outside.map(({ path }) => path),
});

describe("names in natural order", () => {
  it("numbers go by their value, letters whatever their case, and equal ones by how they are written", () => {
    const names = ["b", "10", "2", "a10", "a9", "A1", "02", "a9b", "", "99999999999999999999", "100000000000000000000"];
    expect(inNaturalOrder(names, (name) => name)).toEqual([
      ...["", "02", "2", "10", "99999999999999999999", "100000000000000000000", "A1", "a9", "a9b", "a10", "b"],
    ]);
  });

  it("is the same in whatever order they come", () => {
    const names = Array.from({ length: 50 }, (_, number) => `${number % 7}x${number}`);
    const wanted = inNaturalOrder(names, (name) => name);
    expect(inNaturalOrder([...names].reverse(), (name) => name)).toEqual(wanted);
  });
});

describe("a tree of folders", () => {
  it("gives each folder a class, 2 before 10, and each class its files in order", () => {
    expect(listed(sorted(["10/a.png", "2/b10.png", "2/b9.png", "1/c.png"]))).toEqual({
      classNames: ["1", "2", "10"],
      parts: { train: ["0 1/c.png", "1 2/b9.png", "1 2/b10.png", "2 10/a.png"] },
      outside: [],
    });
  });

  it("leaves folders around everything away, and counts what lies beside the classes as outside", () => {
    expect(listed(sorted(["x/pets/dogs/1.jpg", "x/pets/cats/deep/er/2.jpg", "x/pets/labels.csv"]))).toEqual({
      classNames: ["cats", "dogs"],
      parts: { train: ["0 x/pets/cats/deep/er/2.jpg", "1 x/pets/dogs/1.jpg"] },
      outside: ["x/pets/labels.csv"],
    });
  });

  it.each([
    ["train", "validation", "test"],
    ["Training", "val", "Testing"],
  ])("takes %s, %s and %s for parts, with the same classes", (train, validation, test) => {
    const tree = sorted([`p/${test}/b/1.jpg`, `p/${validation}/a/2.jpg`, `p/${train}/b/3.jpg`, `p/${train}/a/4.jpg`]);
    expect(listed(tree)).toEqual({
      classNames: ["a", "b"],
      parts: {
        train: [`0 p/${train}/a/4.jpg`, `1 p/${train}/b/3.jpg`],
        validation: [`0 p/${validation}/a/2.jpg`],
        test: [`1 p/${test}/b/1.jpg`],
      },
      outside: [],
    });
  });

  it("takes a train beside a plane for a class, and so parts without folders in them", () => {
    expect(sorted(["train/1.jpg", "plane/2.jpg"]).classNames).toEqual(["plane", "train"]);
    expect(sorted(["train/x/1.jpg", "plane/x/2.jpg"]).classNames).toEqual(["plane", "train"]);
    expect(sorted(["train/1.jpg", "test/2.jpg"]).classNames).toEqual(["test", "train"]);
  });

  it("two folders of one name, dropped from two places, are one class, and none of their files is lost", () => {
    const tree = sorted(["cats/1.jpg", "dogs/1.jpg", "cats/1.jpg", "cats/2.jpg"]);
    expect(tree.classNames).toEqual(["cats", "dogs"]);
    expect(tree.parts.get("train")?.map(({ file, label }) => `${label} ${file.path}`)).toEqual([
      ...["0 cats/1.jpg", "0 cats/1.jpg", "0 cats/2.jpg", "1 dogs/1.jpg"],
    ]);
  });

  it("an accent is the same, written as one character or as two", () => {
    const tree = sorted(["caf\u00e9/1.jpg", "cafe\u0301/2.jpg", "bar/3.jpg"]);
    expect(tree.classNames).toEqual(["bar", "caf\u00e9"]);
    expect(tree.parts.get("train")?.map(({ label }) => label)).toEqual([0, 1, 1]);
  });

  it("takes its classes from the caller, in the caller's order, and also one alone", () => {
    const tree = sorted(["dogs/1.jpg", "dogs/2.jpg"], ["dogs", "cats"]);
    expect(tree.classNames).toEqual(["dogs", "cats"]);
    expect(tree.parts.get("train")?.map(({ label }) => label)).toEqual([0, 0]);
  });

  it.each<[string, readonly string[], readonly string[] | undefined, RegExp]>([
    ["no file", [], undefined, /no files\. Give a folder/],
    ["no folder", ["1.jpg", "2.jpg"], undefined, /2 files lie in no folder, the first is "1\.jpg"/],
    [
      "one class",
      ["pets/cats/1.jpg", "pets/cats/2.jpg"],
      undefined,
      /all pictures lie in one folder, "cats".*two classes/,
    ],
    [
      "two of one name",
      ["Cats/1.jpg", "cats/2.jpg"],
      undefined,
      /the folders "Cats" and "cats" differ in nothing but case/,
    ],
    [
      "white space",
      ["cats /1.jpg", "cats/2.jpg", "dogs/3.jpg"],
      undefined,
      /differ in nothing but case or white space/,
    ],
    [
      "a stranger",
      ["cats/1.jpg", "dog/2.jpg"],
      ["cats", "dogs"],
      /"dog" is none of the 2 classNames \(did you mean "dogs"\?\)/,
    ],
  ])("refuses %s, and says what to do", (_, paths, classNames, message) => {
    expect(() => sorted(paths, classNames)).toThrow(message);
    expect(() => sorted(paths, classNames)).toThrow(ArgumentError);
  });

  it("knows what systems leave behind", () => {
    const left = [".DS_Store", "a/.hidden/1.jpg", "__MACOSX/a/._1.jpg", "a/Thumbs.db", "a/._1.jpg", "a/desktop.ini"];
    expect(left.filter(isLeftBehind)).toEqual(left);
    expect(["a/1.jpg", "a.b/c.d"].filter(isLeftBehind)).toEqual([]);
  });
});
