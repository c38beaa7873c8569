/** What is known of a kept set of pictures: the file beside its pixels. */
import { FormatError } from "../../../core/errors.ts";
import { describeValue } from "../../../core/options.ts";
import type { Part } from "../tree.ts";
import type { ImportReport, PictureFormat } from "../types.ts";
import type { FileWriter, SetFolder } from "./files.ts";
import { imagesOfFile } from "./image_writer.ts";

/** One part: its images in their order. */
export interface StoredPart {
  readonly names: readonly string[];
  readonly labels: readonly number[];
  /** Each image's number in the files of pixels. */
  readonly numbers: readonly number[];
  /** Of an import that has not ended: what tells each image's file from others of the same name (`stampOf`). */
  readonly stamps?: readonly string[];
}

/** A set of pictures, as its index file has it. */
export interface StoredIndex {
  readonly version: 1;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** False while it is imported, and of an import that nobody ended. */
  readonly complete: boolean;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly imagesPerFile: number;
  readonly classNames: readonly string[];
  readonly imported: ImportReport;
  /** Of an import that has not ended: what its images are made by. */
  readonly format?: PictureFormat;
  readonly parts: Readonly<Partial<Record<Part, StoredPart>>>;
}

/** An index counts up with each writing, so that one that was cut off leaves the one before. */
const indexName = (sequence: number) => `index.${sequence}.json`;
const INDEX_NAME = /^index\.(\d+)\.json$/;

/** Writes a set's index, again and again. */
export class IndexWriter {
  readonly #set: SetFolder;
  readonly #writer: FileWriter;
  #sequence: number;

  /** `newest`: the number of the newest index that the set has. */
  constructor(set: SetFolder, writer: FileWriter, newest = 0) {
    [this.#set, this.#writer, this.#sequence] = [set, writer, newest];
  }

  /** Throws `StorageError`; the index before stays then. */
  async write(index: StoredIndex): Promise<void> {
    const sequence = ++this.#sequence;
    await this.#writer.write(indexName(sequence), new TextEncoder().encode(JSON.stringify(index)));
    if (sequence > 1) await this.#set.folder.removeEntry(indexName(sequence - 1)).catch(() => undefined);
  }
}

/** More than the names of a million pictures take. */
const MOST_BYTES = 2 ** 28;

/** The numbers of a set's indices, the newest first. */
export async function indexNumbers({ folder }: SetFolder): Promise<number[]> {
  const found: number[] = [];
  for await (const name of folder.keys()) {
    const [, sequence] = INDEX_NAME.exec(name) ?? [];
    if (sequence !== undefined) found.push(Number(sequence));
  }
  return found.sort((a, b) => b - a);
}

/** The newest index of a set that is whole; undefined where there is none. */
export async function readIndex(set: SetFolder): Promise<StoredIndex | undefined> {
  for (const sequence of await indexNumbers(set)) {
    try {
      const file = await (await set.folder.getFileHandle(indexName(sequence))).getFile();
      if (file.size > MOST_BYTES) continue;
      return checkedIndex(JSON.parse(await file.text()));
    } catch {
      // It was cut off, or is being replaced; the one before may be whole.
    }
  }
  return undefined;
}

/** Throws `FormatError` for what is not an index. */
export function checkedIndex(value: unknown): StoredIndex {
  const fail = (what: string): never => {
    throw new FormatError(`The index of kept pictures is damaged: ${what}. Import them again.`);
  };
  const index = value as Partial<StoredIndex> | null;
  if (typeof index !== "object" || index === null || index.version !== 1) return fail(`it is ${describeValue(value)}`);
  const { name, created, complete, shape, imagesPerFile, classNames, imported, parts } = index;
  if (typeof name !== "string" || !Number.isFinite(created) || typeof complete !== "boolean")
    return fail("its name or time");
  const isSize = (one: unknown): one is number => Number.isInteger(one) && Number(one) > 0 && Number(one) < 2 ** 16;
  if (!Array.isArray(shape) || shape.length !== 3 || !shape.every(isSize)) return fail("its shape");
  const bytes = shape.reduce((product, side) => product * Number(side), 1);
  if (imagesPerFile !== imagesOfFile(bytes)) return fail("the size of its files");
  if (!isTexts(classNames) || classNames.length === 0) return fail("its classes");
  if (typeof imported !== "object" || imported === null || !Array.isArray(imported.skipped)) return fail("its report");
  if (typeof parts !== "object" || parts === null) return fail("its parts");
  for (const part of ["train", "validation", "test"] as const) {
    const one: Partial<StoredPart> | undefined = parts[part];
    if (one === undefined) continue;
    const { names, labels, numbers, stamps } = one;
    if (!isTexts(names) || !Array.isArray(labels) || !Array.isArray(numbers)) return fail(`its part ${part}`);
    if (stamps !== undefined && !(isTexts(stamps) && stamps.length === numbers.length))
      return fail(`what its part ${part} was made of`);
    const isIndex = (below: number) => (number: unknown) =>
      Number.isInteger(number) && Number(number) >= 0 && Number(number) < below;
    if (names.length !== labels.length || names.length !== numbers.length)
      return fail(`the lengths of its part ${part}`);
    if (!labels.every(isIndex(classNames.length)) || !numbers.every(isIndex(2 ** 40)))
      return fail(`the numbers of its part ${part}`);
  }
  return index as StoredIndex;
}

const isTexts = (list: unknown): list is string[] =>
  Array.isArray(list) && list.every((one) => typeof one === "string");
