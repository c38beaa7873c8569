/** Files of pictures that tests write by hand: headers, EXIF, BMP, GIF, zip archives. */
import { crc32 } from "../../src/core/crc32.ts";

export const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
const bytesOf = (value: number, count: number, littleEndian: boolean) => {
  const bytes = Array.from({ length: count }, (_, place) => Math.floor(value / 256 ** place) & 255);
  return littleEndian ? bytes : bytes.reverse();
};
export const le16 = (value: number) => bytesOf(value, 2, true);
export const le32 = (value: number) => bytesOf(value, 4, true);
export const be16 = (value: number) => bytesOf(value, 2, false);
export const be32 = (value: number) => bytesOf(value, 4, false);

/** The first bytes of a PNG of a size, without its picture. */
export const pngHeader = (width: number, height: number) =>
  Uint8Array.from([
    0x89,
    ...ascii("PNG\r\n\x1a\n"),
    ...be32(13),
    ...ascii("IHDR"),
    ...be32(width),
    ...be32(height),
    8,
    2,
    0,
    0,
    0,
  ]);

/** An EXIF segment with an orientation. */
export function exifSegment(orientation: number, littleEndian: boolean): number[] {
  const [u16, u32] = littleEndian ? [le16, le32] : [be16, be32];
  const tiff = [...ascii(littleEndian ? "II" : "MM"), ...u16(42), ...u32(8)];
  // Two entries, the maker first: the orientation is not always the first one.
  const directory = [...u16(2), ...u16(0x010f), ...u16(2), ...u32(4), ...ascii("abc\0")];
  directory.push(...u16(0x0112), ...u16(3), ...u32(1), ...u16(orientation), 0, 0, ...u32(0));
  const data = [...ascii("Exif\0\0"), ...tiff, ...directory];
  return [0xff, 0xe1, ...be16(data.length + 2), ...data];
}

/** A JPEG with more segments in front of the others. */
export const withSegments = (jpeg: Uint8Array, ...segments: (readonly number[])[]) =>
  Uint8Array.from([...jpeg.subarray(0, 2), ...segments.flat(), ...jpeg.subarray(2)]);

/** A BMP of 24 bits of one colour. */
export function bmp(width: number, height: number, [red, green, blue]: readonly number[]): Uint8Array {
  const padding = (4 - ((3 * width) % 4)) % 4;
  const row = [...Array(width).fill([blue, green, red]).flat(), ...Array(padding).fill(0)];
  const pixels = Array(height).fill(row).flat();
  const info = [...le32(40), ...le32(width), ...le32(height), ...le16(1), ...le16(24), ...Array(24).fill(0)];
  return Uint8Array.from([...ascii("BM"), ...le32(54 + pixels.length), ...le32(0), ...le32(54), ...info, ...pixels]);
}

/** A GIF of 1×1 pixels with two frames: red, then blue. */
export const twoFrames = Uint8Array.from([
  ...[...ascii("GIF89a"), ...le16(1), ...le16(1), 0x80, 0, 0, 255, 0, 0, 0, 0, 255],
  ...[0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0],
  ...[0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 1, 0, 0x3b],
]);

/** What an archive says of one of its files; what is left out is true. */
export interface Zipped {
  readonly name: string | Uint8Array;
  readonly content?: Uint8Array;
  readonly deflate?: boolean;
  readonly method?: number;
  readonly flags?: number;
  readonly declared?: number;
  readonly crc?: number;
  readonly start?: number;
  readonly localMethod?: number;
  /** Bytes between its header's name and its content, as some programs write. */
  readonly extra?: number;
}

async function deflated(content: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([content.slice()]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Writes a zip archive. */
export async function zip(
  files: readonly Zipped[],
  { count = files.length, comment = "", before = 0 }: { count?: number; comment?: string; before?: number } = {},
): Promise<Blob> {
  const parts: Uint8Array[] = [new Uint8Array(before)];
  const directory: number[] = [];
  let at = before;
  for (const { name: given, content = new Uint8Array(), deflate = false, flags = 0x800, extra = 0, ...told } of files) {
    const name = typeof given === "string" ? [...new TextEncoder().encode(given)] : [...given];
    const packed = deflate ? await deflated(content) : content;
    const { method = deflate ? 8 : 0, declared = content.length, crc = crc32(content), start = at } = told;
    const { localMethod = method } = told;
    const common = [
      ...le16(0),
      ...le16(0),
      ...le32(crc),
      ...le32(packed.length),
      ...le32(declared),
      ...le16(name.length),
    ];
    const local = [0x50, 0x4b, 3, 4, ...le16(20), ...le16(flags), ...le16(localMethod), ...common, ...le16(extra)];
    parts.push(Uint8Array.from([...local, ...name]), new Uint8Array(extra), packed);
    directory.push(0x50, 0x4b, 1, 2, ...le16(20), ...le16(20), ...le16(flags), ...le16(method), ...common);
    directory.push(...le16(0), ...le16(0), ...le16(0), ...le16(0), ...le32(0), ...le32(start), ...name);
    at += local.length + name.length + extra + packed.length;
  }
  const end = [
    0x50,
    0x4b,
    5,
    6,
    ...le16(0),
    ...le16(0),
    ...le16(count),
    ...le16(count),
    ...le32(directory.length),
    ...le32(at),
  ];
  parts.push(Uint8Array.from(directory), Uint8Array.from([...end, ...le16(comment.length), ...ascii(comment)]));
  return new Blob(parts.map((part) => part.slice()));
}
