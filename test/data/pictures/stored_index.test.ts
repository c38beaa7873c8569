/** The index of kept pictures is read from a file that anything may have happened to. */
import { describe, expect, it } from "vitest";
import { imagesOfFile } from "../../../src/data/pictures/opfs/image_writer.ts";
import { checkedIndex } from "../../../src/data/pictures/opfs/index_file.ts";
import { FormatError } from "../../../src/index.ts";

const part = { names: ["cats/1.png", "dogs/1.png"], labels: [0, 1], numbers: [1, 0] };
const index = {
  ...{ version: 1, name: "pets", created: 1, complete: true, shape: [4, 4, 3], imagesPerFile: imagesOfFile(48) },
  ...{
    classNames: ["cats", "dogs"],
    imported: { files: 2, images: 2, skipped: [], seconds: 1 },
    parts: { train: part },
  },
};

describe("the index of kept pictures", () => {
  it("is what was written", () => {
    expect(checkedIndex(JSON.parse(JSON.stringify(index)))).toEqual(index);
  });

  it.each([
    ["nothing", null],
    ["another version", { ...index, version: 2 }],
    ["no name", { ...index, name: 5 }],
    ["a shape of two sides", { ...index, shape: [4, 4] }],
    ["a negative side", { ...index, shape: [-4, -4, 3] }],
    ["a side of a billion", { ...index, shape: [1e9, 4, 3], imagesPerFile: 1 }],
    ["files of another size", { ...index, imagesPerFile: 1 }],
    ["no images a file", { ...index, imagesPerFile: 0 }],
    ["no classes", { ...index, classNames: [] }],
    ["no report", { ...index, imported: {} }],
    ["no parts", { ...index, parts: null }],
    ["a part without labels", { ...index, parts: { train: { names: [], numbers: [] } } }],
    ["fewer labels than names", { ...index, parts: { train: { ...part, labels: [0] } } }],
    ["a label that is no class", { ...index, parts: { train: { ...part, labels: [0, 2] } } }],
    ["a label between two", { ...index, parts: { train: { ...part, labels: [0, 0.5] } } }],
    ["a negative number", { ...index, parts: { train: { ...part, numbers: [0, -1] } } }],
    ["a number that is a text", { ...index, parts: { train: { ...part, numbers: [0, "1"] } } }],
  ])("with %s is damaged", (_, value) => {
    expect(() => checkedIndex(JSON.parse(JSON.stringify(value)))).toThrow(FormatError);
    expect(() => checkedIndex(value)).toThrow(/The index of kept pictures is damaged: .*Import them again/);
  });
});
