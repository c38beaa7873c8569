/** Runs an import: files in, data sets out. The same in pages and in Node. */
import { raceAbort } from "../../core/abort.ts";
import { ArgumentError, OutOfMemoryError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { describeValue } from "../../core/options.ts";
import { type Dataset, dataset } from "../dataset.ts";
import type { Decoded, Decoder } from "./decoder.ts";
import { type PictureFile, Skipped } from "./source.ts";
import { isLeftBehind, type Member, type Part, sortIntoClasses } from "./tree.ts";
import type {
  ImageDataset,
  ImageFolderOptions,
  ImportReport,
  PictureFormat,
  SkippedFile,
  SkipReason,
} from "./types.ts";

/** Milliseconds between two tellings of progress. */
const TELL_EVERY = 100;

/** The images of one part, in the order of their files; what was skipped leaves no gap at the end. */
interface Table {
  readonly members: readonly Member<PictureFile>[];
  readonly images: Uint8Array;
  readonly read: Uint8Array;
}

/** What an import works with. */
export interface ImportPlan {
  readonly format: PictureFormat;
  readonly options: ImageFolderOptions;
  list(): Promise<readonly PictureFile[]>;
  decoder: Decoder;
}

/** Reads all files and makes the data sets of what could be read. */
export async function importPictures({ format, options, list, decoder }: ImportPlan): Promise<ImageDataset> {
  const { signal, classNames: given } = options;
  const started = performance.now();
  try {
    signal?.throwIfAborted();
    const files = (await raceAbort(list(), signal)).filter(({ path }) => !isLeftBehind(path));
    const { classNames, parts, outside } = sortIntoClasses(files, given);
    const skipped: SkippedFile[] = outside.map(({ path }) => ({
      file: path,
      reason: "not-in-a-class-folder",
      detail: "it lies beside the folders of the classes; move it into one",
    }));
    const tables = new Map([...parts].map(([part, members]) => [part, emptyTable(members, format)]));
    const progress = tellProgress(options.onProgress, files.length, started);
    await decodeAll([...tables.values()], { decoder, signal, skipped, progress });
    const images = [...tables.values()].reduce((sum, { read }) => sum + read.reduce((all, one) => all + one, 0), 0);
    const report: ImportReport = {
      ...{ files: files.length, images, skipped, seconds: (performance.now() - started) / 1000 },
    };
    return datasetsOf(tables, format, classNames, report);
  } finally {
    decoder.close();
  }
}

function emptyTable(members: readonly Member<PictureFile>[], { height, width, channels }: PictureFormat): Table {
  const bytes = members.length * height * width * channels;
  try {
    return { members, images: new Uint8Array(bytes), read: new Uint8Array(members.length) };
  } catch (cause) {
    throw new OutOfMemoryError(
      `imageFolder: ${formatCount(members.length)} images of ${height}×${width}×${channels} want ${formatBytes(bytes)}, which ` +
        "this page does not get; give a smaller size, or fewer pictures.",
      bytes,
      { cause },
    );
  }
}

interface Going {
  readonly decoder: Decoder;
  readonly signal: AbortSignal | undefined;
  readonly skipped: SkippedFile[];
  readonly progress: (skipped: number, done: number) => void;
}

/** As many files at a time as the decoder takes: none is opened before its turn. */
async function decodeAll(tables: readonly Table[], { decoder, signal, skipped, progress }: Going): Promise<void> {
  const places = tables.flatMap((table) => table.members.map((_, row) => ({ table, row })));
  const outside = skipped.length;
  const found = new Map<number, SkippedFile>();
  let next = 0;
  let done = outside;
  let ended = false;
  progress(outside, done);
  const work = async () => {
    while (next < places.length) {
      const number = next++;
      const place = places[number];
      const member = place?.table.members[place.row];
      if (place === undefined || member === undefined) return;
      const answer = await raceAbort(decodedFile(member.file, decoder), signal);
      if (ended) return;
      if ("bytes" in answer) {
        place.table.images.set(answer.bytes, place.row * answer.bytes.length);
        place.table.read[place.row] = 1;
      } else {
        found.set(number, { file: member.file.path, reason: answer.reason, detail: answer.detail });
      }
      done++;
      progress(outside + found.size, done);
    }
  };
  const ending = (error: unknown) => {
    // The others take no more files, and tell nothing more.
    next = places.length;
    ended = true;
    throw error;
  };
  await Promise.all(Array.from({ length: decoder.width }, () => work().catch(ending)));
  for (const [, file] of [...found].sort(([a], [b]) => a - b)) skipped.push(file);
}

async function decodedFile(file: PictureFile, decoder: Decoder): Promise<Decoded> {
  try {
    return await decoder.decode(await file.open());
  } catch (cause) {
    if (cause instanceof Skipped) return { reason: cause.reason, detail: cause.message };
    const why = cause instanceof Error ? cause.message : String(cause);
    return { reason: "unreadable", detail: `it cannot be read (${why.replace(/\.$/, "")})` };
  }
}

/** Tells progress a few times a second, and of the last file. */
function tellProgress(tell: ImageFolderOptions["onProgress"], total: number, started: number): Going["progress"] {
  let told = Number.NEGATIVE_INFINITY;
  return (skipped, done) => {
    const now = performance.now();
    if (tell === undefined || (now - told < TELL_EVERY && done < total)) return;
    told = now;
    const filesPerSecond = done === 0 ? 0 : done / Math.max(1e-3, (now - started) / 1000);
    tell({
      done,
      total,
      skipped,
      filesPerSecond,
      secondsLeft: done === 0 ? Number.NaN : (total - done) / filesPerSecond,
    });
  };
}

function datasetsOf(
  tables: ReadonlyMap<Part, Table>,
  format: PictureFormat,
  classNames: readonly string[],
  imported: ImportReport,
): ImageDataset {
  const made = (part: Part) => {
    const table = tables.get(part);
    return table && datasetOf(table, format, classNames, imported);
  };
  const training = made("train");
  if (training === undefined) throw nothingRead(imported);
  // Of each of the others, for whoever asks: a copy of the object, or a message to a worker, has no use for it.
  for (const part of ["validation", "test"] as const) {
    const other = made(part);
    if (other) Object.defineProperty(training, part, { value: other });
  }
  return training;
}

function datasetOf(
  { members, images, read }: Table,
  { height, width, channels }: PictureFormat,
  classNames: readonly string[],
  imported: ImportReport,
): ImageDataset | undefined {
  const bytes = height * width * channels;
  const kept = members.filter((_, row) => read[row] === 1);
  if (kept.length === 0) return undefined;
  let count = 0;
  members.forEach((_, row) => {
    if (read[row] !== 1) return;
    if (count !== row) images.copyWithin(count * bytes, row * bytes, (row + 1) * bytes);
    count++;
  });
  const plain: Dataset = dataset({
    images: images.subarray(0, count * bytes),
    shape: [height, width, channels],
    labels: kept.map(({ label }) => label),
    classes: classNames.length,
  });
  return {
    ...plain,
    images: images.subarray(0, count * bytes),
    classNames: [...classNames],
    names: kept.map(({ file }) => file.path),
    imported,
  };
}

function nothingRead({ files, skipped }: ImportReport): ArgumentError {
  const counts = new Map<SkipReason, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const list = reasons.map(([reason, count]) => `${formatCount(count)} ${reason.replaceAll("-", " ")}`).join(", ");
  const first = skipped.find(({ reason }) => reason === reasons[0]?.[0]);
  return new ArgumentError(
    `imageFolder: none of ${formatCount(files)} files became an image to train on: ${list}. ` +
      `The first is ${describeValue(first?.file)}: ${first?.detail ?? ""}.`,
  );
}
