/** Runs an import: files in, data sets out. The same in pages and in Node. */
import { raceAbort } from "../../core/abort.ts";
import { formatCount } from "../../core/format.ts";
import { describeValue } from "../../core/options.ts";
import type { Decoded, Decoder } from "./decoder.ts";
import { ImageFolderError } from "./folder_error.ts";
import { memorySink, type Planned, type Sink, type Table } from "./sink.ts";
import { type PictureFile, type PictureSource, Skipped } from "./source.ts";
import { isLeftBehind, sortIntoClasses } from "./tree.ts";
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

/** What an import works with. */
export interface ImportPlan {
  readonly format: PictureFormat;
  readonly options: ImageFolderOptions;
  list(): Promise<readonly PictureFile[]>;
  decoder: Decoder;
  /** Where images go; default: into memory. */
  sink?(planned: Planned): Sink | Promise<Sink>;
}

/** Reads all files and makes the data sets of what could be read. */
export async function importPictures(plan: ImportPlan): Promise<ImageDataset> {
  const { options, list, decoder, sink: makeSink = memorySink } = plan;
  const { signal } = options;
  const started = performance.now();
  let sink: Sink | undefined;
  try {
    signal?.throwIfAborted();
    const files = (await raceAbort(list(), signal)).filter(({ path }) => !isLeftBehind(path));
    const { classNames, parts, outside } = sortIntoClasses(files, options.classNames);
    const tables = [...parts].map(([part, members]): Table => ({ part, members }));
    const skipped: SkippedFile[] = outside.map(({ path }) => ({
      file: path,
      reason: "not-in-a-class-folder",
      detail: "it lies beside the folders of the classes; move it into one",
    }));
    sink = await makeSink({ format: plan.format, classNames, tables });
    const progress = tellProgress(options, files.length, started);
    const { images, stopped } = await decodeAll(tables, { decoder, sink, options, skipped, progress });
    const report: ImportReport = {
      ...{ files: files.length, images, skipped, seconds: (performance.now() - started) / 1000 },
      ...(stopped === undefined ? {} : { stopped }),
    };
    if (images === 0) throw nothingRead(report);
    return withParts(await sink.finish(report));
  } catch (error) {
    await sink?.discard?.();
    throw error;
  } finally {
    decoder.close();
  }
}

interface Going {
  readonly decoder: Decoder;
  readonly sink: Sink;
  readonly options: ImageFolderOptions;
  readonly skipped: SkippedFile[];
  readonly progress: (skipped: number, done: number) => void;
}

/** As many files at a time as the decoder takes: none is opened before its turn. Resolves with the images that the sink took. */
async function decodeAll(
  tables: readonly Table[],
  { decoder, sink, options: { signal, control }, skipped, progress }: Going,
): Promise<{ images: number; stopped: string | undefined }> {
  const places = mixedPlaces(tables);
  const outside = skipped.length;
  const found = new Map<number, SkippedFile>();
  let [next, done, images] = [0, outside, 0];
  let ended = false;
  let stopped: string | undefined;
  progress(outside, done);
  const work = async () => {
    while (next < places.length) {
      if (control?.paused) await raceAbort(control.running(), signal);
      const place = places[next++];
      const member = place?.table.members[place.row];
      if (place === undefined || member === undefined) return;
      const answer = await raceAbort(imageOf(place, member.file, { decoder, sink }), signal);
      if (ended) return;
      if (answer === "there") images++;
      else if ("bytes" in answer) {
        const taken = sink.put(place.table, place.row, answer.bytes, answer.source);
        if (taken) await raceAbort(taken, signal);
        if (ended) return;
        images++;
      } else {
        found.set(place.number, { file: member.file.path, reason: answer.reason, detail: answer.detail });
      }
      done++;
      progress(outside + found.size, done);
    }
  };
  const ending = (error: unknown) => {
    // The others take no more files, and tell nothing more.
    next = places.length;
    ended = true;
    stopped ??= sink.stoppedBy?.(error);
    if (stopped === undefined) throw error;
  };
  await Promise.all(Array.from({ length: decoder.width }, () => work().catch(ending)));
  for (const [, file] of [...found].sort(([a], [b]) => a - b)) skipped.push(file);
  return { images, stopped };
}

interface Place {
  readonly table: Table;
  readonly row: number;
  /** In the order of all files. */
  readonly number: number;
}

/** The files in an order that mixes parts and classes: of an import that ends in the middle, each has its share. */
function mixedPlaces(tables: readonly Table[]): Place[] {
  const groups = new Map<string, Place[]>();
  let number = 0;
  for (const table of tables) {
    table.members.forEach(({ label }, row) => {
      const key = `${table.part} ${label}`;
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push({ table, row, number: number++ });
    });
  }
  const shares = [...groups.values()].flatMap((group) =>
    group.map((place, index) => ({ place, share: (index + 0.5) / group.length })),
  );
  return shares.sort((a, b) => a.share - b.share).map(({ place }) => place);
}

/** What a file becomes; "there" where the sink has its image. */
async function imageOf(
  { table, row }: Place,
  file: PictureFile,
  { decoder, sink }: Pick<Going, "decoder" | "sink">,
): Promise<(Decoded & { source?: PictureSource }) | "there"> {
  try {
    const source = await file.open();
    if (sink.has?.(table, row, source)) return "there";
    return { ...(await decoder.decode(source)), source };
  } catch (cause) {
    if (cause instanceof Skipped) return { reason: cause.reason, detail: cause.message };
    const why = cause instanceof Error ? cause.message : String(cause);
    return { reason: "unreadable", detail: `it cannot be read (${why.replace(/\.$/, "")})` };
  }
}

/** Tells progress a few times a second, and of the last file. */
function tellProgress(
  { onProgress: tell, control }: ImageFolderOptions,
  total: number,
  started: number,
): Going["progress"] {
  let told = Number.NEGATIVE_INFINITY;
  const pausedBefore = control?.pausedMilliseconds ?? 0;
  return (skipped, done) => {
    const now = performance.now();
    if (tell === undefined || (now - told < TELL_EVERY && done < total)) return;
    told = now;
    const milliseconds = now - started - ((control?.pausedMilliseconds ?? 0) - pausedBefore);
    const filesPerSecond = done === 0 ? 0 : done / Math.max(1e-3, milliseconds / 1000);
    tell({
      done,
      total,
      skipped,
      filesPerSecond,
      secondsLeft: done === 0 ? Number.NaN : (total - done) / filesPerSecond,
    });
  };
}

/**
 * The data set that is trained on. Each of the others is for whoever asks: a copy of the object, or a message to a worker, has
 * no use for it.
 */
export function withParts(parts: ReadonlyMap<string, ImageDataset>): ImageDataset {
  const training = parts.get("train");
  if (training === undefined) {
    throw new ImageFolderError(
      "no-images",
      "imageFolder: no file of the folder for training became an image; see that it holds pictures.",
    );
  }
  for (const part of ["validation", "test"]) {
    const other = parts.get(part);
    if (other) Object.defineProperty(training, part, { value: other });
  }
  return training;
}

function nothingRead({ files, skipped }: ImportReport): ImageFolderError {
  const counts = new Map<SkipReason, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const list = reasons.map(([reason, count]) => `${formatCount(count)} ${reason.replaceAll("-", " ")}`).join(", ");
  const first = skipped.find(({ reason }) => reason === reasons[0]?.[0]);
  return new ImageFolderError(
    "no-images",
    `imageFolder: none of ${formatCount(files)} files became an image to train on: ${list}. ` +
      `The first is ${describeValue(first?.file)}: ${first?.detail ?? ""}.`,
  );
}
