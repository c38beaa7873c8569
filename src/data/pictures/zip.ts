/** Reads the directory of a zip archive (APPNOTE.TXT 6.3.10). Nothing in it is trusted: lengths, places and names are checked. */
import { FormatError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { describeValue } from "../../core/options.ts";
import type { PictureFile, ZipEntry } from "./source.ts";

const [END, DIRECTORY_ENTRY] = [0x06054b50, 0x02014b50];
const [END_BYTES, ENTRY_BYTES, LOCAL_HEADER_BYTES] = [22, 46, 30];
const LONGEST_COMMENT = 0xffff;
/** Values that say: look into the parts of zip64. */
const [ZIP64_COUNT, ZIP64_BYTES] = [0xffff, 0xffffffff];
/** More than a zip of 4 GiB of photographs becomes, which deflate hardly makes smaller. */
const MOST_BYTES = 16 * 2 ** 30;

/** Whether a file begins as zip archives do; an empty archive has nothing but its end. */
export async function isZip(file: Blob): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return (
    start[0] === 0x50 && start[1] === 0x4b && ((start[2] === 3 && start[3] === 4) || (start[2] === 5 && start[3] === 6))
  );
}

/**
 * The files of a zip archive. Throws `FormatError` for what is no zip archive, is damaged, wants zip64 (over 4 GB or 65,535
 * files), names paths outside of itself, or would become larger than 16 GiB.
 */
export async function readZip(archive: Blob, called: string): Promise<PictureFile[]> {
  return (await readEntries(archive, called, "imageFolder")).map((entry) => ({ path: entry.name, open: () => entry }));
}

/** The same as entries, for other functions: `where` names them in messages. */
export async function readEntries(archive: Blob, called: string, where: string): Promise<ZipEntry[]> {
  const fail = (what: string) => new FormatError(`${where}: the archive ${describeValue(called)} ${what}.`);
  const { count, start, bytes, end } = await findEnd(archive, fail);
  const directory = new Uint8Array(await archive.slice(start, start + bytes).arrayBuffer());
  const entries: ZipEntry[] = [];
  let total = 0;
  let at = 0;
  for (let number = 0; number < count; number++) {
    const { entry, next } = readEntry(archive, directory, at, fail);
    at = next;
    total += entry.bytes;
    if (total > MOST_BYTES) {
      throw fail(
        `would become larger than ${formatBytes(MOST_BYTES)}; it may be made to fill a disk. Unpack it elsewhere and give the folder`,
      );
    }
    entries.push(entry);
  }
  if (at !== bytes) throw fail("is damaged: its directory is longer than its entries; make it again");
  const files = withLimits(entries, Math.min(start, end), fail).filter(({ name }) => !name.endsWith("/"));
  if (files.length > 0 && files.every(({ encrypted }) => encrypted)) {
    throw fail("is encrypted; unpack it with its password, and give the folder");
  }
  return files;
}

type Fail = (what: string) => FormatError;

/** The record at an archive's end, which says where the directory is. */
async function findEnd(archive: Blob, fail: Fail) {
  const tailStart = Math.max(0, archive.size - END_BYTES - LONGEST_COMMENT);
  const tail = new Uint8Array(await archive.slice(tailStart).arrayBuffer());
  const view = new DataView(tail.buffer);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + END_BYTES + view.getUint16(at + 20, true) !== tail.length) continue;
    const [count, bytes, start] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 12, true),
      view.getUint32(at + 16, true),
    ];
    if (count === ZIP64_COUNT || bytes === ZIP64_BYTES || start === ZIP64_BYTES) {
      throw fail(
        "is a zip64 archive (over 4 GB, or over 65,535 files); unpack it and give the folder, or make several",
      );
    }
    if (view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== count) {
      throw fail("is one part of a divided archive; join the parts, or unpack it and give the folder");
    }
    if (start + bytes > tailStart + at || count * ENTRY_BYTES > bytes) {
      throw fail(`is damaged: its directory of ${formatCount(count)} files does not fit into it; make it again`);
    }
    return { count, start, bytes, end: tailStart + at };
  }
  throw fail(
    (await isZip(archive))
      ? "is cut off: its directory, at the end, is missing; copy or download it again"
      : "is no zip archive; give a zip archive, or the files of a folder",
  );
}

function readEntry(archive: Blob, directory: Uint8Array, at: number, fail: Fail): { entry: ZipEntry; next: number } {
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength);
  if (at + ENTRY_BYTES > directory.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
    throw fail("is damaged: its directory ends before its last entry; make it again");
  }
  const short = (offset: number) => view.getUint16(at + offset, true);
  const long = (offset: number) => view.getUint32(at + offset, true);
  const nameEnd = at + ENTRY_BYTES + short(28);
  const next = nameEnd + short(30) + short(32);
  if (next > directory.length) throw fail("is damaged: a name reaches beyond its directory; make it again");
  const name = readName(directory.subarray(at + ENTRY_BYTES, nameEnd));
  checkPath(name, fail);
  const [packedBytes, bytes, start] = [long(20), long(24), long(42)];
  if (packedBytes === ZIP64_BYTES || bytes === ZIP64_BYTES || start === ZIP64_BYTES) {
    throw fail("is a zip64 archive (over 4 GB); unpack it and give the folder, or make several");
  }
  const encrypted = (short(8) & 1) !== 0;
  return {
    entry: { archive, name, start, limit: 0, method: short(10), encrypted, packedBytes, bytes, crc: long(16) },
    next,
  };
}

/** UTF-8, as nearly all programs write; else one character a byte, so that two names stay two. Windows' slashes become slashes. */
function readName(bytes: Uint8Array): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    name = String.fromCharCode(...bytes);
  }
  return name.replaceAll("\\", "/");
}

/** An archive whose paths leave it was made to write over other files: nothing is read of it. */
function checkPath(name: string, fail: Fail): void {
  const leaves = name.startsWith("/") || /^[a-z]:/i.test(name) || name.split("/").includes("..") || name.includes("\0");
  if (leaves) {
    throw fail(`names the path ${describeValue(name)}, which lies outside of it; nothing of such an archive is read`);
  }
}

/**
 * What each entry must end before: the next one, or the directory. Entries that share bytes are what archives are made of that
 * grow a millionfold.
 */
function withLimits(entries: readonly ZipEntry[], end: number, fail: Fail): ZipEntry[] {
  const order = entries.map((_, index) => index).sort((a, b) => (entries[a]?.start ?? 0) - (entries[b]?.start ?? 0));
  const limits = new Map(order.map((index, place) => [index, entries[order[place + 1] ?? -1]?.start ?? end]));
  return entries.map((entry, index) => {
    const limit = limits.get(index) ?? end;
    if (entry.start + LOCAL_HEADER_BYTES + entry.packedBytes > limit) {
      throw fail(`is damaged, or made to do harm: ${describeValue(entry.name)} shares its bytes with something else`);
    }
    return { ...entry, limit };
  });
}
