/**
 * How large a picture is, by the first bytes of its file: known before anything is decoded, so that a file of 100 kB that
 * wants 4 GB to be decoded is never given to a decoder. Formats: JPEG (ITU-T T.81), PNG (W3C), GIF89a, WebP (RFC 9649), BMP,
 * AVIF and HEIC (ISO/IEC 23008-12, the property `ispe`).
 */

/** What the header says. */
export interface PictureHeader {
  readonly format: "JPEG" | "PNG" | "GIF" | "WebP" | "BMP" | "AVIF" | "HEIC";
  /** As stored; 0 where the header does not tell. */
  readonly width: number;
  readonly height: number;
  /** EXIF's orientation of a JPEG, 1 to 8, and where its two bytes lie in the file. 1 is as stored. */
  readonly orientation: number;
  readonly orientationAt?: { readonly at: number; readonly littleEndian: boolean };
}

/** Bytes of a file that are read first. Most headers end there. */
const FIRST_BYTES = 4096;
/** Segments of a JPEG before its picture: more have only files that were made to keep a reader busy. */
const MOST_SEGMENTS = 500;

/** Reads a part of a file; what lies behind its end is left out. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

/** The header of a picture; undefined where the file begins as none of the formats does. */
export async function readHeader(read: ReadBytes): Promise<PictureHeader | undefined> {
  const bytes = await read(0, FIRST_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  const sized = (format: PictureHeader["format"], needed: number, size: () => [width: number, height: number]) => {
    const [width, height] = bytes.length < needed ? [0, 0] : size();
    return { format, width, height, orientation: 1 };
  };
  if (text(0, 3) === "\xff\xd8\xff") return readJpeg(read);
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return sized("PNG", 24, () => [view.getUint32(16), view.getUint32(20)]);
  if (/^GIF8[79]a/.test(text(0, 6))) return sized("GIF", 10, () => [view.getUint16(6, true), view.getUint16(8, true)]);
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return sized("WebP", 30, () => webpSize(view, text(12, 4)));
  if (text(0, 2) === "BM" && bytes.length > 14 && [12, 40, 52, 56, 108, 124].includes(view.getUint8(14))) {
    const old = view.getUint8(14) === 12;
    return sized("BMP", 26, () =>
      old
        ? [view.getUint16(18, true), view.getUint16(20, true)]
        : [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))],
    );
  }
  if (text(4, 4) === "ftyp") {
    const format = /avi[fs]/.test(text(8, 40)) ? "AVIF" : /hei[cxms]|hevc/.test(text(8, 40)) ? "HEIC" : undefined;
    return format && sized(format, 16, () => largestExtent(view));
  }
  return undefined;
}

function webpSize(view: DataView, chunk: string): [number, number] {
  // A lossy picture's frame, a lossless one's, or the canvas of an extended file.
  if (chunk === "VP8 ") return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  }
  if (chunk !== "VP8X") return [0, 0];
  // Three bytes each, one less than the size.
  return [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
}

/** The largest of the extents that a file of AVIF's family names: thumbnails and tiles have their own. */
function largestExtent(view: DataView): [number, number] {
  let largest: [number, number] = [0, 0];
  const ISPE = 0x69737065;
  for (let at = 0; at + 16 <= view.byteLength; at++) {
    if (view.getUint32(at) !== ISPE) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (width * height > largest[0] * largest[1]) largest = [width, height];
  }
  return largest;
}

/** Walks a JPEG's segments to its frame; EXIF's comes before that. */
async function readJpeg(read: ReadBytes): Promise<PictureHeader> {
  const none: PictureHeader = { format: "JPEG", width: 0, height: 0, orientation: 1 };
  let exif: Pick<PictureHeader, "orientation" | "orientationAt"> = { orientation: 1 };
  let [chunk, chunkAt] = [await read(0, FIRST_BYTES), 0];
  const reach = async (at: number, length: number): Promise<DataView | undefined> => {
    if (at < chunkAt || at + length > chunkAt + chunk.length) {
      [chunk, chunkAt] = [await read(at, at + Math.max(length, FIRST_BYTES)), at];
    }
    if (length > chunk.length - (at - chunkAt)) return undefined;
    return new DataView(chunk.buffer, chunk.byteOffset + at - chunkAt, length);
  };
  let at = 2;
  for (let segment = 0; segment < MOST_SEGMENTS; segment++) {
    const head = await reach(at, 4);
    if (head?.getUint8(0) !== 0xff) return none;
    const marker = head.getUint8(1);
    // Bytes that fill up, and markers that stand alone.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const length = head.getUint16(2);
    if (isFrame(marker)) {
      const frame = await reach(at + 4, 5);
      return frame ? { ...none, ...exif, height: frame.getUint16(1), width: frame.getUint16(3) } : none;
    }
    if (marker === 0xda || marker === 0xd9 || length < 2) return none;
    if (marker === 0xe1 && exif.orientationAt === undefined) {
      const data = await reach(at + 4, length - 2);
      if (data) exif = { ...exif, ...orientationIn(data, at + 4) };
    }
    at += 2 + length;
  }
  return none;
}

/** Start of frame, of every way of coding; the others in between are tables. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** The orientation in an EXIF segment (CIPA DC-008), whose first directory has it as tag 0x0112, a SHORT. */
function orientationIn(data: DataView, offset: number): Pick<PictureHeader, "orientation" | "orientationAt"> {
  const none = { orientation: 1 };
  // "Exif", two zeros, then a TIFF file.
  if (data.byteLength < 22 || data.getUint32(0) !== 0x45786966 || data.getUint16(4) !== 0) return none;
  const order = data.getUint16(6);
  if (order !== 0x4949 && order !== 0x4d4d) return none;
  const littleEndian = order === 0x4949;
  const directory = 6 + data.getUint32(10, littleEndian);
  if (directory + 2 > data.byteLength) return none;
  const entries = data.getUint16(directory, littleEndian);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > data.byteLength) return none;
    if (data.getUint16(at, littleEndian) !== 0x0112) continue;
    const orientation = data.getUint16(at + 8, littleEndian);
    if (data.getUint16(at + 2, littleEndian) !== 3 || orientation < 1 || orientation > 8) return none;
    return { orientation, orientationAt: { at: offset + at + 8, littleEndian } };
  }
  return none;
}
