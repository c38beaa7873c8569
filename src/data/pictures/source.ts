/** Where the bytes of a picture are: a file, or an entry of an archive. Plain data, which goes to workers. */
import { FormatError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import type { SkipReason } from "./types.ts";

/** An entry of a zip archive. Where its bytes begin is in a header of its own, which is read when it is opened. */
export interface ZipEntry {
  readonly archive: Blob;
  /** Its path as the directory has it. */
  readonly name: string;
  /** Where its own header begins, and where the next thing does. */
  readonly start: number;
  readonly limit: number;
  readonly method: number;
  readonly encrypted: boolean;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly crc: number;
}

/** Where the bytes of a picture are. */
export type PictureSource = Blob | ZipEntry;

/** A file of the tree. */
export interface PictureFile {
  /** Folders and name, with slashes. */
  readonly path: string;
  /** What is read when its turn comes. */
  open(): PictureSource | Promise<PictureSource>;
}

/** Why a file becomes no image; caught where files are counted. */
export class Skipped extends Error {
  readonly reason: SkipReason;

  constructor(reason: SkipReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** The longest file that is read: no picture that may be decoded needs more. */
export const MOST_FILE_BYTES = 256 * 2 ** 20;

/** From so many bytes on an entry of an archive is looked at for how much it grows; pictures that are packed already hardly do. */
const LARGE_ENTRY_BYTES = 16 * 2 ** 20;
const MOST_GROWTH = 200;

/** The bytes of a source as a file. Throws `Skipped` where there are none, or too many; `unzip` opens entries. */
export async function openSource(source: PictureSource, unzip: (entry: ZipEntry) => Promise<Blob>): Promise<Blob> {
  const bytes = source instanceof Blob ? source.size : source.bytes;
  if (bytes === 0) throw new Skipped("empty", "it holds no bytes; copy it again from where it came");
  if (bytes > MOST_FILE_BYTES) {
    throw new Skipped(
      "too-large",
      `it holds ${formatBytes(bytes)}, and at most ${formatBytes(MOST_FILE_BYTES)} are read; save it as a smaller picture`,
    );
  }
  if (!(source instanceof Blob) && bytes > LARGE_ENTRY_BYTES && bytes > MOST_GROWTH * source.packedBytes) {
    throw new Skipped(
      "too-large",
      `its ${formatBytes(source.packedBytes)} in the archive would become ${formatBytes(bytes)}, as of no picture; it may be made to ` +
        "fill the memory",
    );
  }
  try {
    return source instanceof Blob ? source : await unzip(source);
  } catch (cause) {
    if (cause instanceof FormatError) throw new Skipped("corrupt", withoutEnd(cause.message), { cause });
    throw cause;
  }
}

const withoutEnd = (sentence: string) => sentence.replace(/\.$/, "");
