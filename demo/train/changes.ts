/** A visitor's corrections of a data set, as data: other labels, and pictures taken out. The data set itself stays as it is. */
import { sizeOf } from "../../src/core/shape.ts";
import { type Dataset, dataset } from "../../src/data/dataset.ts";
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

/** What can be wrong with a file of changes, as data: the page says it in its language. `place`: of the entry, from 1 on. */
export type ChangesProblem =
  | { readonly kind: "json" | "format" }
  | { readonly kind: "otherSet"; readonly id: string }
  | { readonly kind: "noneLeft"; readonly part: Part }
  | { readonly kind: "noPart"; readonly place: number }
  | { readonly kind: "noPicture"; readonly place: number; readonly picture: string; readonly part: Part }
  | {
      readonly kind: "otherLabel";
      readonly place: number;
      readonly index: number;
      readonly label: number;
      readonly was: string;
    }
  | { readonly kind: "noLabel"; readonly place: number; readonly largest: number };

/** A file of changes is not to be used. */
export class ChangesError extends Error {
  override readonly name = "ChangesError";
  readonly problem: ChangesProblem;

  constructor(problem: ChangesProblem, cause?: unknown) {
    super(JSON.stringify(problem), { cause });
    this.problem = problem;
  }
}

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

/** The way back, for this data set. Throws `ChangesError`. */
export function changesFromJson(text: string, digits: Digits): Changes {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ChangesError({ kind: "json" }, error);
  }
  const { format, dataSet, changes } = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  if (format !== FORMAT || !Array.isArray(changes)) throw new ChangesError({ kind: "format" });
  if (dataSet !== digits.id) throw new ChangesError({ kind: "otherSet", id: String(dataSet) });
  const read = changes.reduce<Changes>(
    (before, entry, place) => withChange(before, changeFrom(entry, place + 1, digits), digits),
    [],
  );
  for (const part of PARTS) {
    if (countLeft(digits[part], part, read) < 1) throw new ChangesError({ kind: "noneLeft", part });
  }
  return read;
}

function changeFrom(entry: unknown, place: number, digits: Digits): Change {
  const { set, picture, was, label, removed } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const part = PARTS.find((one) => one === set);
  if (part === undefined) throw new ChangesError({ kind: "noPart", place });
  const { labels, classes } = digits[part];
  const index = Number(picture);
  const found = labels[index];
  if (typeof picture !== "number" || found === undefined) {
    throw new ChangesError({ kind: "noPicture", place, picture: String(picture), part });
  }
  if (was !== undefined && was !== found) {
    throw new ChangesError({ kind: "otherLabel", place, index, label: found, was: String(was) });
  }
  if (removed === true) return { part, index, label: undefined };
  if (typeof label !== "number" || !Number.isInteger(label) || label < 0 || label >= classes) {
    throw new ChangesError({ kind: "noLabel", place, largest: classes - 1 });
  }
  return { part, index, label };
}
