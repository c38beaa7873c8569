import { FormatError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";

/** What a file is given as. */
export type Bytes = ArrayBuffer | Uint8Array;

/** More than any data set that a page can hold; a gzip file can grow a thousandfold. */
const MOST_BYTES = 2 ** 31 - 1;

export function toUint8Array(bytes: Bytes): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

/** Whether these bytes start as every gzip stream does (RFC 1952, section 2.3.1). */
export function isGzip(data: Uint8Array): boolean {
  return data[0] === 0x1f && data[1] === 0x8b;
}

/** Everything that comes out of a stream. `note` hears of the bytes so far; it may throw to stop. */
export async function readAll(stream: ReadableStream<Uint8Array>, note: (bytes: number) => void): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      note(length);
    }
  } catch (error) {
    // The source may be what failed; the first error is the one to tell.
    await reader.cancel(error).catch(() => undefined);
    throw error;
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Decompresses gzip, from bytes, a file, or the body of a response; what is not gzip comes back as it is. Throws
 * `FormatError` when the stream is damaged, cut off, or grows beyond `mostBytes` (2 GiB unless told).
 */
export async function gunzip(
  source: Bytes | Blob | Response,
  options: { mostBytes?: number } = {},
): Promise<Uint8Array> {
  checkOptions("gunzip", options, { mostBytes: "number" });
  const { mostBytes = MOST_BYTES } = options;
  const packed = source instanceof Blob || source instanceof Response ? await source.arrayBuffer() : source;
  const data = toUint8Array(packed);
  if (!isGzip(data)) return data;
  try {
    const inflated = new Blob([data.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await readAll(inflated, (bytes) => {
      if (bytes > mostBytes)
        throw new FormatError(`gunzip: the content is larger than ${mostBytes} bytes; this is not read.`);
    });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError("gunzip: the gzip stream is damaged or cut off.", { cause });
  }
}
