/** Corrections of a data set as data: relabelled and removed pictures, and their file. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Digits } from "../../demo/digits.ts";
import {
  type Changes,
  type ChangesProblem,
  changesFromJson,
  changesToJson,
  correctedPart,
  countLeft,
  isChangesJson,
  withChange,
} from "../../demo/train/changes.ts";
import { dataset } from "../../src/index.ts";

/** Pictures of one row of two pixels: 10 · place and 10 · place + 1. */
function pictures(labels: number[]) {
  const images = Uint8Array.from({ length: 2 * labels.length }, (_, i) => 10 * (i >> 1) + (i % 2));
  return dataset({ images, labels, shape: [1, 2, 1], classes: 4 });
}

const digits: Digits = {
  ...{ train: pictures([0, 1, 2, 3]), heldOut: pictures([3, 2]), id: "small", names: ["0", "1", "2", "3"] },
};
const all = (...changes: Changes) => changes.reduce<Changes>((before, one) => withChange(before, one, digits), []);

describe("changes", () => {
  it("are one a picture, and the label that it came with is none", () => {
    const first = { part: "train", index: 1, label: 2 } as const;
    const second = { part: "train", index: 1, label: undefined } as const;
    const other = { part: "heldOut", index: 1, label: 0 } as const;
    expect(all(first, other, second)).toEqual([other, second]);
    expect(all(first, other, { ...first, label: 1 })).toEqual([other]);
  });

  it("rewrite labels and take pictures out, and tell where each picture came from", () => {
    const changes = all(
      { part: "train", index: 0, label: 3 },
      { part: "train", index: 1, label: undefined },
      { part: "heldOut", index: 0, label: undefined },
    );
    const train = correctedPart(digits.train, "train", changes);
    expect([...train.data.labels]).toEqual([3, 2, 3]);
    expect([...train.data.images]).toEqual([0, 1, 20, 21, 30, 31]);
    expect(train.data).toMatchObject({ count: 3, classes: 4, shape: [1, 2, 1] });
    expect([...train.rows]).toEqual([0, 2, 3]);
    const heldOut = correctedPart(digits.heldOut, "heldOut", changes);
    expect([...heldOut.data.labels]).toEqual([2]);
    expect([...heldOut.rows]).toEqual([1]);
    expect(countLeft(digits.train, "train", changes)).toBe(3);
    // What came stays as it came.
    expect([...digits.train.labels]).toEqual([0, 1, 2, 3]);
  });

  it("of labels alone share the images, and none give the very same set", () => {
    const relabelled = correctedPart(digits.train, "train", all({ part: "train", index: 0, label: 3 })).data;
    expect(relabelled.images).toBe(digits.train.images);
    expect(correctedPart(digits.train, "train", []).data).toBe(digits.train);
  });

  it("come back from their file, whatever they are", () => {
    const change = fc.record({
      part: fc.constantFrom("train" as const, "heldOut" as const),
      index: fc.nat({ max: 1 }),
      label: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change), (list) => {
        const changes = all(...list);
        fc.pre(countLeft(digits.heldOut, "heldOut", changes) > 0);
        const text = changesToJson(changes, digits);
        expect(isChangesJson(text)).toBe(true);
        expect(changesFromJson(text, digits)).toEqual(changes);
      }),
    );
  });

  const file = (entry: object, more: object = {}) =>
    JSON.stringify({ format: "corteza-changes-1", dataSet: "small", changes: [entry], ...more });
  it.each<[string, string, ChangesProblem]>([
    ["what is not JSON", "relabel 3", { kind: "json" }],
    ["another file", '{"format":"corteza-lessons-1","lessons":[]}', { kind: "format" }],
    ["another data set", file({}, { dataSet: "full" }), { kind: "otherSet", id: "full" }],
    ["an unknown set", file({ set: "all", picture: 0 }), { kind: "noPart", place: 1 }],
    [
      "a picture that is not there",
      file({ set: "train", picture: 4, label: 0 }),
      { kind: "noPicture", place: 1, picture: "4", part: "train" },
    ],
    [
      "a picture that is no number",
      file({ set: "train", picture: "0", label: 0 }),
      { kind: "noPicture", place: 1, picture: "0", part: "train" },
    ],
    [
      "another label than the picture came with",
      file({ set: "train", picture: 0, was: 2, label: 1 }),
      { kind: "otherLabel", place: 1, index: 0, label: 0, was: "2" },
    ],
    [
      "a label beyond the classes",
      file({ set: "train", picture: 0, label: 4 }),
      { kind: "noLabel", place: 1, largest: 3 },
    ],
    ["nothing to change", file({ set: "train", picture: 0 }), { kind: "noLabel", place: 1, largest: 3 }],
    [
      "a set with no picture left",
      file({}, { changes: [0, 1].map((picture) => ({ set: "heldOut", picture, removed: true })) }),
      { kind: "noneLeft", part: "heldOut" },
    ],
  ])("refuse %s", (_, text, problem) => {
    expect(() => changesFromJson(text, digits)).toThrow(expect.objectContaining({ name: "ChangesError", problem }));
  });
});
