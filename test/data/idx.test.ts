import { createServer, type Server } from "node:http";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CortezaError, FormatError } from "../../src/core/errors.ts";
import { fetchIdx, gunzip, idx, parseIdx } from "../../src/data/idx.ts";
import { mnistFile } from "../support/mnist_files.ts";

function idxFile(type: number, shape: number[], payload: number[]): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return Uint8Array.of(0, 0, type, shape.length, ...sizes, ...payload);
}

const IMAGES = idxFile(8, [2, 1, 2], [1, 2, 3, 4]);
const LABELS = idxFile(8, [2], [5, 0]);
const EXPECTED = {
  images: Uint8Array.of(1, 2, 3, 4),
  labels: Int32Array.of(5, 0),
  shape: [1, 2, 1],
  count: 2,
  classes: 6,
};

describe("parseIdx", () => {
  it.each<[number, number[], unknown]>([
    [0x08, [255, 1], Uint8Array.of(255, 1)],
    [0x09, [255, 1], Int8Array.of(-1, 1)],
    [0x0b, [255, 254, 1, 0], Int16Array.of(-2, 256)],
    [0x0c, [255, 255, 255, 253, 0, 1, 0, 0], Int32Array.of(-3, 65536)],
    [0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], Float32Array.of(1, -2)],
    [0x0e, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1, -2)],
  ])("reads element type %i, big-endian", (type, payload, data) => {
    expect(parseIdx(idxFile(type, [2], payload))).toEqual({ shape: [2], data });
    expect(parseIdx(idxFile(type, [2], payload).slice().buffer)).toEqual({ shape: [2], data });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(), /train.*empty/],
    ["gzip", new Uint8Array(gzipSync(IMAGES)), /train.*gzip-compressed: decompress it first/],
    ["a web page", new TextEncoder().encode("<!doctype html>"), /web page/],
    ["a Git LFS pointer", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"), /Git LFS pointer/],
    ["a zip archive", new TextEncoder().encode("PK\u0003\u0004"), /zip/],
    ["an unknown type", idxFile(0x0a, [1], [0]), /0x0a/],
    ["no axes", idxFile(8, [], []), /1 to 8 axes/],
    ["a header that is cut off", IMAGES.subarray(0, 9), /cut off after 9 bytes/],
    ["pixels that are cut off", IMAGES.subarray(0, 18), /cut off: \[2, 1, 2\] wants 20 bytes, there are 18/],
    ["bytes left over", Uint8Array.of(...IMAGES, 0), /left over/],
    ["sizes beyond all memory", idxFile(0x0e, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), /cut off/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseIdx(bytes, "train")).toThrow(FormatError);
    expect(() => parseIdx(bytes, "train")).toThrow(message);
  });

  it("raises nothing but FormatError, whatever the bytes", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(8, 9, 11, 12, 13, 14), fc.uint8Array({ maxLength: 40 }))
        .map(([type, rest]) => Uint8Array.of(0, 0, type, ...rest)),
    );
    fc.assert(
      fc.property(anything, anything, (images, labels) => {
        for (const attempt of [
          () => parseIdx(images),
          () => idx({ images, labels }),
          () => idx({ images: IMAGES, labels }),
        ]) {
          try {
            attempt();
          } catch (error) {
            if (!(error instanceof FormatError)) throw error;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("idx", () => {
  it("makes a data set from images with or without a channel axis", () => {
    expect(idx({ images: IMAGES, labels: LABELS })).toEqual(EXPECTED);
    expect(idx({ images: idxFile(8, [2, 1, 1, 2], [1, 2, 3, 4]), labels: LABELS }).shape).toEqual([1, 1, 2]);
  });

  it("reads MNIST", () => {
    const mnist = idx({ images: mnistFile("t10k-images-idx3-ubyte"), labels: mnistFile("t10k-labels-idx1-ubyte") });
    expect([mnist.count, mnist.classes, mnist.shape]).toEqual([10_000, 10, [28, 28, 1]]);
    expect([...mnist.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  it.each<[string, Uint8Array, Uint8Array, RegExp]>([
    ["swapped files", LABELS, IMAGES, /swapped/],
    ["other counts", IMAGES, idxFile(8, [3], [0, 1, 2]), /2 images, but 3 labels/],
    ["float images", idxFile(0x0d, [1, 1, 1], [0, 0, 0, 0]), LABELS, /image file.*Float32Array \[1, 1, 1\]/],
    ["labels with two axes", IMAGES, idxFile(8, [2, 1], [0, 1]), /label file.*\[2, 1\]/],
    ["no images", idxFile(8, [0, 28, 28], []), idxFile(8, [0], []), /no pixels/],
    ["damaged labels", IMAGES, LABELS.subarray(0, 9), /label file: the file is cut off/],
  ])("refuses %s and says which file it is", (_, images, labels, message) => {
    expect(() => idx({ images, labels })).toThrow(FormatError);
    expect(() => idx({ images, labels })).toThrow(message);
  });
});

describe("QMNIST's labels", () => {
  const row = (label: number) => [label, 0, 0, 0, 0, 0, 0, 0].flatMap((value) => [0, 0, 0, value]);

  it("are the first of eight columns of 32-bit numbers", () => {
    const labels = idxFile(0x0c, [2, 8], [...row(5), ...row(0)]);
    expect(idx({ images: IMAGES, labels })).toEqual(EXPECTED);
  });

  it("are refused with other columns, or where one is no class", () => {
    const columns = idxFile(0x0c, [2, 4], Array(32).fill(0));
    expect(() => idx({ images: IMAGES, labels: columns })).toThrow(
      /wants unsigned bytes \[count\], found Int32Array \[2, 4\]/,
    );
    const negative = idxFile(0x0c, [2, 8], [...row(5), 255, 255, 255, 255, ...Array(28).fill(0)]);
    expect(() => idx({ images: IMAGES, labels: negative })).toThrow(/label -1 of image 1/);
  });
});

describe("gunzip", () => {
  const packed = new Uint8Array(gzipSync(IMAGES));

  it("decompresses bytes, files and responses, and lets the rest through", async () => {
    expect(await gunzip(packed)).toEqual(IMAGES);
    expect(await gunzip(new Blob([packed]))).toEqual(IMAGES);
    expect(await gunzip(new Response(packed))).toEqual(IMAGES);
    expect(await gunzip(IMAGES)).toEqual(IMAGES);
  });

  it("refuses damaged, cut off and overlong streams", async () => {
    const damaged = packed.map((byte, index) => (index === packed.length - 6 ? byte ^ 1 : byte));
    await expect(gunzip(damaged)).rejects.toThrow(FormatError);
    await expect(gunzip(packed.subarray(0, 15))).rejects.toThrow(FormatError);
    await expect(gunzip(Uint8Array.of(...packed, 1, 2))).rejects.toThrow(FormatError);
    const bomb = new Uint8Array(gzipSync(new Uint8Array(5_000_000)));
    await expect(gunzip(bomb, { mostBytes: 1_000_000 })).rejects.toThrow(/larger than 1000000/);
  });
});

describe("fetchIdx", () => {
  let server: Server;
  let base = "";

  beforeEach(async () => {
    const packed = gzipSync(IMAGES);
    server = createServer((request, response) => {
      if (request.url === "/images.gz") response.setHeader("content-length", packed.length).end(packed);
      else if (request.url === "/labels") response.setHeader("content-length", LABELS.length).end(LABELS);
      else if (request.url === "/page") response.end("<html>");
      else if (request.url === "/broken") {
        response.setHeader("content-length", 1000).write("x");
        setTimeout(() => response.destroy(), 20);
      } else if (request.url !== "/never") response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("fetches both files, decompresses, and tells how far it is", async () => {
    const progress: [number, number][] = [];
    const result = await fetchIdx(
      { images: `${base}/images.gz`, labels: `${base}/labels` },
      { onProgress: (loaded, total) => progress.push([loaded, total]), cache: "digits" },
    );
    expect(result).toEqual(EXPECTED);
    const all = gzipSync(IMAGES).length + LABELS.length;
    expect(progress.at(-1)).toEqual([all, all]);
  });

  it("says what the server answered, broke off, or sent instead", async () => {
    const attempt = (path: string) => fetchIdx({ images: `${base}${path}`, labels: `${base}/labels` });
    await expect(attempt("/missing")).rejects.toThrow(/missing.*404/);
    await expect(attempt("/missing")).rejects.toMatchObject({ code: "network" });
    await expect(attempt("/page")).rejects.toThrow(/web page.*\/page/);
    await expect(attempt("/page")).rejects.toThrow(FormatError);
    await expect(attempt("/broken")).rejects.toThrow(CortezaError);
    await expect(fetchIdx({ images: "http://127.0.0.1:1/", labels: `${base}/never` })).rejects.toMatchObject({
      code: "network",
    });
  });

  it("stops when the signal aborts", async () => {
    const controller = new AbortController();
    const attempt = fetchIdx({ images: `${base}/never`, labels: `${base}/labels` }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    await expect(attempt).rejects.toMatchObject({ name: "AbortError" });
  });

  it("keeps good files in the cache, and forgets bad ones", async () => {
    const kept = new Map<string, Response>();
    const cache = {
      match: async (url: string) => kept.get(url)?.clone(),
      put: async (url: string, response: Response) => void kept.set(url, response),
      delete: async (url: string) => kept.delete(url),
    };
    Object.assign(globalThis, { caches: { open: async () => cache } });
    try {
      const urls = { images: `${base}/images.gz`, labels: `${base}/labels` };
      await fetchIdx(urls, { cache: "digits" });
      expect([...kept.keys()]).toEqual([urls.images, urls.labels]);
      server.closeAllConnections();
      server.close();
      expect(await fetchIdx(urls, { cache: "digits" })).toEqual(EXPECTED);
      kept.set(urls.labels, new Response("<html>"));
      await expect(fetchIdx(urls, { cache: "digits" })).rejects.toThrow(FormatError);
      expect(kept.size).toBe(0);
    } finally {
      Reflect.deleteProperty(globalThis, "caches");
    }
  });
});
