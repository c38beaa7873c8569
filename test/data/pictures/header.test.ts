import { describe, expect, it } from "vitest";
import { readHeader } from "../../../src/data/pictures/header.ts";
import {
  ascii,
  be16,
  be32,
  bmp,
  exifSegment,
  le16,
  le32,
  pngHeader,
  twoFrames,
  withSegments,
} from "../../support/picture_files.ts";

/** What a header says, and how many bytes were read to know it. */
async function headerOf(bytes: readonly number[] | Uint8Array) {
  const file = Uint8Array.from(bytes);
  let read = 0;
  const header = await readHeader(async (start, end) => {
    const part = file.slice(start, end);
    read += part.length;
    return part;
  });
  return { header, read };
}

const sizeOf = async (bytes: readonly number[] | Uint8Array) => {
  const { header } = await headerOf(bytes);
  return header && [header.format, header.width, header.height];
};

/** A JPEG's frame, of progressive coding, and the beginning of its scan. */
const jpeg = Uint8Array.from([
  ...[0xff, 0xd8, 0xff, 0xe0, ...be16(16), ...ascii("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0],
  // Fill bytes, a table, the frame.
  ...[
    0xff,
    0xff,
    0xc4,
    ...be16(4),
    0,
    0,
    0xff,
    0xc2,
    ...be16(8),
    8,
    ...be16(300),
    ...be16(400),
    3,
    0xff,
    0xda,
    ...be16(2),
  ],
]);
const segmentOf = (marker: number, length: number) => [0xff, marker, ...be16(length + 2), ...Array(length).fill(7)];
const riff = (...chunk: number[]) => [...ascii("RIFF"), ...le32(100), ...ascii("WEBP"), ...chunk, ...Array(20).fill(0)];
const box = (type: string, ...content: number[]) => [...be32(8 + content.length), ...ascii(type), ...content];

describe("a picture's size by its header", () => {
  it.each<[string, readonly number[] | Uint8Array, readonly unknown[] | undefined]>([
    ["PNG", pngHeader(30_000, 20_000), ["PNG", 30_000, 20_000]],
    ["GIF", twoFrames, ["GIF", 1, 1]],
    ["BMP", bmp(5, 3, [1, 2, 3]), ["BMP", 5, 3]],
    [
      "BMP from the top down",
      [...bmp(5, 3, [1, 2, 3]).subarray(0, 22), ...le32(2 ** 32 - 3), ...le32(0)],
      ["BMP", 5, 3],
    ],
    ["JPEG", jpeg, ["JPEG", 400, 300]],
    [
      "lossy WebP",
      riff(...ascii("VP8 "), ...le32(9), 0, 0, 0, 0x9d, 1, 0x2a, ...le16(400), ...le16(0x4000 + 300)),
      ["WebP", 400, 300],
    ],
    ["lossless WebP", riff(...ascii("VP8L"), ...le32(9), 0x2f, ...le32(399 + 299 * 2 ** 14)), ["WebP", 400, 300]],
    [
      "extended WebP",
      riff(...ascii("VP8X"), ...le32(10), 0, 0, 0, 0, ...le32(70_000 - 1).slice(0, 3), ...le32(299).slice(0, 3)),
      ["WebP", 70_000, 300],
    ],
    [
      "AVIF, by its largest part",
      [
        ...box("ftyp", ...ascii("avif"), ...be32(0), ...ascii("mif1")),
        ...box(
          "meta",
          ...box("ispe", ...be32(0), ...be32(160), ...be32(120)),
          ...box("ispe", ...be32(0), ...be32(640), ...be32(480)),
        ),
      ],
      ["AVIF", 640, 480],
    ],
    [
      "HEIC",
      [...box("ftyp", ...ascii("heic"), ...be32(0)), ...box("ispe", ...be32(0), ...be32(64), ...be32(48))],
      ["HEIC", 64, 48],
    ],
    ["a cut PNG", pngHeader(30, 20).subarray(0, 20), ["PNG", 0, 0]],
    ["a cut JPEG", jpeg.subarray(0, 30), ["JPEG", 0, 0]],
    ["a JPEG with a broken marker", [0xff, 0xd8, 0xff, 0xe0, 0, 3, 1, 9, 9, 9, 9], ["JPEG", 0, 0]],
    ["text", ascii("not a picture at all"), undefined],
    ["a page", ascii("<!doctype html>"), undefined],
    ["a film", box("ftyp", ...ascii("isom"), ...be32(0)), undefined],
    ["nothing", [], undefined],
  ])("%s", async (_, bytes, wanted) => {
    expect(await sizeOf(bytes)).toEqual(wanted);
  });

  it.each([true, false])("EXIF's orientation is found, and where it lies; little endian: %s", async (littleEndian) => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const file = withSegments(jpeg, segmentOf(0xe2, 5000), exifSegment(orientation, littleEndian));
      const { header } = await headerOf(file);
      expect([header?.width, header?.height, header?.orientation]).toEqual([400, 300, orientation]);
      const { at, littleEndian: found } = header?.orientationAt ?? { at: 0, littleEndian: false };
      expect(found).toBe(littleEndian);
      expect([...file.subarray(at, at + 2)]).toEqual(littleEndian ? [orientation, 0] : [0, orientation]);
    }
  });

  it("an orientation that is none, or in a broken directory, is 1", async () => {
    const broken = exifSegment(6, true);
    broken.splice(14, 4, ...le32(60_000));
    for (const segment of [exifSegment(9, true), exifSegment(0, false), broken, exifSegment(6, true).slice(0, 20)]) {
      segment.splice(2, 2, ...be16(segment.length - 2));
      const { header } = await headerOf(withSegments(jpeg, segment));
      expect([header?.width, header?.orientation, header?.orientationAt]).toEqual([400, 1, undefined]);
    }
  });

  it("behind large segments only the frame is read, and a file of nothing but segments is given up", async () => {
    const { header, read } = await headerOf(withSegments(jpeg, ...Array(20).fill(segmentOf(0xe2, 60_000))));
    expect(header?.width).toBe(400);
    expect(read).toBeLessThan(120_000);
    const { header: none, read: little } = await headerOf(
      withSegments(jpeg, ...Array(600).fill(segmentOf(0xfe, 5000))),
    );
    expect(none?.width).toBe(0);
    expect(little).toBeLessThan(3_000_000);
  });
});
