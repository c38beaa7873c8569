/** A visitor's corrections of a data set, as data: other labels, and pictures taken out. The data set itself stays as it is. */
import { sizeOf } from "../../src/core/shape.ts";
import { type Dataset, dataset } from "../../src/index.ts";
import type { Digits } from "../digits.ts";

export const PARTS = ["heldOut", "train"] as const;
/** Which of a data set's two parts. */
export type Part = (typeof PARTS)[number];

/** What is different for one picture. */
export interface Change {
  readonly part: Part;
  /** The picture's place in the part as it came. */
  readonly index: number;
  /** The label instead; undefined: the picture is taken out. */
  readonly label: number | undefined;
}

/** One change a picture, the newest last. */
export type Changes = readonly Change[];

export function changeOf(changes: Changes, part: Part, index: number): Change | undefined {
  return changes.find((change) => change.part === part && change.index === index);
}

/** Without what was changed of a picture. */
export function undone(changes: Changes, part: Part, index: number): Changes {
  return changes.filter((change) => change.part !== part || change.index !== index);
}

/** With one more change, in place of an earlier one of the same picture; the label that it came with is no change. */
export function withChange(changes: Changes, change: Change, digits: Digits): Changes {
  const others = undone(changes, change.part, change.index);
  return change.label === digits[change.part].labels[change.index] ? others : [...others, change];
}

/** A part with its changes, and where each of its pictures came from. */
export interface Corrected {
  readonly data: Dataset;
  /** Places in the part as it came, by place in `data`. */
  readonly rows: Int32Array;
}

/** The data set with what was changed; the one that came where nothing was. At least one picture must be left. */
export function correctedPart(original: Dataset, part: Part, changes: Changes): Corrected {
  const own = new Map(changes.filter((change) => change.part === part).map((change) => [change.index, change]));
  const all = Int32Array.from({ length: original.count }, (_, row) => row);
  if (own.size === 0) return { data: original, rows: all };
  const rows = all.filter((row) => !own.has(row) || own.get(row)?.label !== undefined);
  const labels = Int32Array.from(rows, (row) => own.get(row)?.label ?? original.labels[row] ?? 0);
  const { shape, classes } = original;
  return { data: dataset({ images: picked(original, rows), labels, shape, classes }), rows };
}

/** The images of these rows; the very same ones where nothing is missing. */
function picked({ images, shape, count }: Dataset, rows: Int32Array): Dataset["images"] {
  if (rows.length === count) return images;
  const size = sizeOf(shape);
  const left = images instanceof Uint8Array ? new Uint8Array(rows.length * size) : new Float32Array(rows.length * size);
  rows.forEach((row, place) => {
    left.set(images.subarray(row * size, (row + 1) * size), place * size);
  });
  return left;
}

/** Pictures that a part has left. */
export function countLeft(original: Dataset, part: Part, changes: Changes): number {
  return original.count - changes.filter((change) => change.part === part && change.label === undefined).length;
}

const FORMAT = "corteza-changes-1";

/** Whether a JSON text says that it holds changes. */
export function isChangesJson(text: string): boolean {
  return text.includes(`"${FORMAT}"`);
}

/** Changes as a file: readable JSON that names the data set, and for each picture what its label was. */
export function changesToJson(changes: Changes, digits: Digits): string {
  const entries = changes.map(({ part, index, label }) => ({
    ...{ set: part, picture: index, was: digits[part].labels[index] },
    ...(label === undefined ? { removed: true } : { label }),
  }));
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  const list = entries.length === 0 ? "[]" : `[\n${lines}\n  ]`;
  return `{\n  "format": "${FORMAT}",\n  "dataSet": ${JSON.stringify(digits.id)},\n  "changes": ${list}\n}\n`;
}

/** The way back, for this data set. Throws an `Error` that says what is wrong with the file. */
export function changesFromJson(text: string, digits: Digits): Changes {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error("not JSON");
  }
  const { format, dataSet, changes } = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  if (format !== FORMAT || !Array.isArray(changes)) throw new Error(`not a file of "${FORMAT}"`);
  if (dataSet !== digits.id) {
    throw new Error(`its changes are of the data set "${String(dataSet)}", here is "${digits.id}"`);
  }
  const read = changes.reduce<Changes>(
    (before, entry, place) => withChange(before, changeFrom(entry, place + 1, digits), digits),
    [],
  );
  for (const part of PARTS) {
    if (countLeft(digits[part], part, read) < 1) throw new Error(`it leaves no picture of the set "${part}"`);
  }
  return read;
}

function changeFrom(entry: unknown, place: number, digits: Digits): Change {
  const { set, picture, was, label, removed } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const part = PARTS.find((one) => one === set);
  if (part === undefined) throw new Error(`change ${place} names no set, "train" or "heldOut"`);
  const { labels, classes } = digits[part];
  const index = Number(picture);
  if (typeof picture !== "number" || labels[index] === undefined) {
    throw new Error(`change ${place}: there is no picture ${String(picture)} in the set "${part}"`);
  }
  if (was !== undefined && was !== labels[index]) {
    throw new Error(`change ${place}: picture ${index} has the label ${labels[index]}, not ${String(was)}`);
  }
  if (removed === true) return { part, index, label: undefined };
  if (typeof label !== "number" || !Number.isInteger(label) || label < 0 || label >= classes) {
    throw new Error(`change ${place} has no label from 0 to ${classes - 1}`);
  }
  return { part, index, label };
}
