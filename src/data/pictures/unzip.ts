/** Takes one file out of a zip archive (APPNOTE.TXT 6.3.10), held against what the archive's directory says of it. */
import { crc32 } from "../../core/crc32.ts";
import { FormatError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { readAll } from "../gunzip.ts";
import { Skipped, type ZipEntry } from "./source.ts";

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const [STORED, DEFLATED] = [0, 8];

/**
 * An entry as a file. What comes out is bounded by what the directory declares, and checked by its checksum. Throws
 * `Skipped` for an entry that is encrypted or packed in another way, `FormatError` for a damaged one.
 */
export async function unzip(entry: ZipEntry): Promise<Blob> {
  const { archive, name, method, packedBytes, bytes } = entry;
  if (entry.encrypted) throw new Skipped("encrypted", "it is encrypted; unpack the archive with its password");
  const damaged = (what: string, cause?: unknown) =>
    new FormatError(`the archive is damaged at ${describeValue(name)}: ${what}.`, { cause });
  const head = new Uint8Array(await archive.slice(entry.start, entry.start + LOCAL_HEADER_BYTES).arrayBuffer());
  const view = new DataView(head.buffer);
  if (head.length < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== LOCAL_HEADER) {
    throw damaged("its header is not where the directory has it");
  }
  if (view.getUint16(8, true) !== method) throw damaged("its header and the directory name different methods");
  const start = entry.start + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + packedBytes > entry.limit) throw damaged("it reaches into what follows it");
  const packed = archive.slice(start, start + packedBytes);
  if (method === STORED) {
    if (packedBytes !== bytes) throw damaged("it is stored as it is, but with two different lengths");
    return checked(new Uint8Array(await packed.arrayBuffer()), entry, damaged);
  }
  if (method !== DEFLATED) {
    throw new Skipped(
      "unreadable",
      `it is packed by method ${method}, and 0 and 8 (deflate) are read; unpack the archive`,
    );
  }
  return checked(await inflated(packed, bytes, damaged), entry, damaged);
}

type Damaged = (what: string, cause?: unknown) => FormatError;

async function inflated(packed: Blob, bytes: number, damaged: Damaged): Promise<Uint8Array> {
  try {
    return await readAll(packed.stream().pipeThrough(new DecompressionStream("deflate-raw")), (length) => {
      if (length > bytes) throw damaged("more comes out than the directory declares");
    });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw damaged("its packed bytes are not what deflate makes", cause);
  }
}

function checked(content: Uint8Array, entry: ZipEntry, damaged: Damaged): Blob {
  if (content.length !== entry.bytes) throw damaged("less comes out than the directory declares");
  if (crc32(content) !== entry.crc) throw damaged("its checksum is another one");
  return new Blob([content.slice()]);
}
