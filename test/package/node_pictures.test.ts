/**
 * `imageFolder` of "corteza/node" over pictures that a page drew and encoded, beside what the page itself makes of them; and a
 * disk's own troubles.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";
import { build } from "esbuild";
import type { Browser } from "playwright";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crc32 } from "../../src/core/crc32.ts";
import type { ImageFolderOptions } from "../../src/data/pictures/types.ts";
import { ArgumentError, FormatError } from "../../src/index.ts";
import { imageFolder } from "../../src/node.ts";
import { launchBrowser } from "../support/browser.ts";
import { ascii, be32, bmp, exifSegment, pngHeader, twoFrames, withSegments, zip } from "../support/picture_files.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
let browser: Browser | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-pictures-"));
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

type Files = Record<string, Uint8Array>;

/** Writes files into a folder of their own, and gives its path. */
async function written(name: string, files: Files): Promise<string> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), bytes);
  }
  return join(folder, name);
}

function pngChunk(type: string, data: Uint8Array): number[] {
  const body = Uint8Array.from([...ascii(type), ...data]);
  return [...be32(data.length), ...body, ...be32(crc32(body))];
}

/** A grey PNG; of 16 bits, values count 257 times as much. */
function png(width: number, height: number, grey: (x: number, y: number) => number, bits: 8 | 16 = 8): Uint8Array {
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    rows.push(0);
    for (let x = 0; x < width; x++) rows.push(...Array(bits / 8).fill(grey(x, y)));
  }
  const head = [...be32(width), ...be32(height), bits, 0, 0, 0, 0];
  return Uint8Array.from([
    ...[0x89, ...ascii("PNG\r\n\x1a\n")],
    ...pngChunk("IHDR", Uint8Array.from(head)),
    ...pngChunk("IDAT", deflateSync(Uint8Array.from(rows))),
    ...pngChunk("IEND", new Uint8Array()),
  ]);
}

/** Pictures of every format that a page encodes: smooth, with an edge, and half of them with transparent corners. */
async function drawn(): Promise<Files> {
  const page = await (browser as Browser).newPage();
  const made = await page.evaluate(async () => {
    const files: [string, number[]][] = [];
    for (const [number, type] of ["image/png", "image/jpeg", "image/webp"].entries()) {
      for (const [width, height] of [
        [97, 61],
        [64, 64],
        [20, 45],
        [600, 411],
      ] as const) {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
        const gradient = context.createLinearGradient(0, 0, width, height);
        gradient.addColorStop(0, "#f08020");
        gradient.addColorStop(0.5, "#20a0c0");
        gradient.addColorStop(1, "#103010");
        context.fillStyle = gradient;
        context.beginPath();
        context.ellipse(width / 2, height / 2, width / 1.8, height / 1.8, 0, 0, 7);
        context.fill();
        context.fillStyle = "#f0e0d0";
        context.fillRect(width / 3, height / 4, width / 4, height / 3);
        const bytes = await (await canvas.convertToBlob({ type, quality: 0.92 })).arrayBuffer();
        files.push([`${["png", "jpeg", "webp"][number]}/${width}`, [...new Uint8Array(bytes)]]);
      }
    }
    return files;
  });
  await page.close();
  return Object.fromEntries(made.map(([path, bytes]) => [path, Uint8Array.from(bytes)]));
}

/** The library's function for pages, in a page. */
async function inPage(files: Files, options: ImageFolderOptions): Promise<{ images: Uint8Array; names: string[] }> {
  const { outputFiles } = await build({
    ...{ entryPoints: [join(root, "src/data/pictures/image_folder.ts")], bundle: true, write: false },
    ...{ format: "iife", globalName: "corteza", logLevel: "error" },
  });
  const page = await (browser as Browser).newPage();
  await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
  const sent = Object.entries(files).map(([path, bytes]) => [path, [...bytes]] as const);
  const read = await page.evaluate(
    async ([sent, options]) => {
      const given = sent.map(([path, bytes]) => ({ path, file: new Blob([Uint8Array.from(bytes)]) }));
      const { imageFolder } = (
        globalThis as unknown as { corteza: typeof import("../../src/data/pictures/image_folder.ts") }
      ).corteza;
      const { images, names } = await imageFolder(given, { ...options, worker: false });
      return { images: [...images], names: [...names] };
    },
    [sent, options] as const,
  );
  await page.close();
  return { images: Uint8Array.from(read.images), names: read.names };
}

describe("imageFolder in Node", () => {
  it("makes of the same files the same images as a page, but for what decoders round", async () => {
    browser = await launchBrowser({ webgpu: false });
    const files = await drawn();
    for (let orientation = 1; orientation <= 8; orientation++) {
      files[`exif/${orientation}`] = withSegments(files["jpeg/97"]!, exifSegment(orientation, orientation % 2 === 0));
    }
    files["deep/1"] = png(50, 40, (x, y) => 5 * x + (y % 3), 16);
    files["grey/1"] = png(50, 40, (x, y) => 5 * x + (y % 3));
    files["gif/1"] = twoFrames;
    const path = await written("same", files);
    for (const options of [
      { size: [24, 32], fit: "cover" },
      { size: [32, 24], fit: "contain", background: "#205080" },
      { size: [40, 40], fit: "stretch", channels: 1, background: "white" },
    ] as const) {
      const [here, there] = [await imageFolder(path, options), await inPage(files, options)];
      expect(here.names).toEqual(there.names);
      expect(here.imported.skipped).toEqual([]);
      const far = here.images.map((value, index) => Math.abs(value - (there.images[index] ?? 999)));
      // Chroma is upsampled, and alpha divided out, by other formulas: a few of 255 at edges, and next to nothing on average.
      const size = far.length / here.count;
      here.names.forEach((name, row) => {
        const one = far.subarray(row * size, (row + 1) * size);
        const mean = one.reduce((sum, distance) => sum + distance, 0) / size;
        expect(mean, `${name}: mean`).toBeLessThan(1.5);
        expect(Math.max(...one), `${name}: most`).toBeLessThanOrEqual(24);
      });
    }
  });

  it("a picture of over 16 million pixels is read, turned too", async () => {
    const large = png(5000, 4000, (x) => (x < 2500 ? 0 : 255));
    // Turned to the right by a quarter, what was on the left is on top.
    const turned = withSegments(await sharp(large).jpeg().toBuffer(), exifSegment(6, true));
    const path = await written("large", { "a/1.png": large, "a/2.jpg": turned });
    const { images } = await imageFolder(path, { size: [4, 4], channels: 1, fit: "stretch", classNames: ["a", "b"] });
    const [sideways, down] = [images.subarray(0, 16), images.subarray(16)];
    expect([...sideways]).toEqual(Array(4).fill([0, 0, 255, 255]).flat());
    expect([...down]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
  });

  it("skips what cannot be read, by name, and keeps the rest", async () => {
    const white = png(5, 5, () => 255);
    const path = await written("broken", {
      ...{ "a/1.png": white, "a/2.jpg": new Uint8Array(), "a/3.jpg": Uint8Array.from(ascii("a text")) },
      ...{ "b/4.png": pngHeader(30_000, 30_000), "b/5.png": white.slice(0, 40), "b/6.bmp": bmp(2, 2, [1, 2, 3]) },
      ...{ "b/7.png": white, ".hidden/8.png": white },
    });
    await symlink(join(path, "nowhere"), join(path, "b/9.png"));
    await symlink(join(path, "a/1.png"), join(path, "b/10.png"));
    await symlink(path, join(path, "a/around"));
    const read = await imageFolder(pathToFileURL(path), { size: [2, 2] });
    expect(read.names).toEqual(["a/1.png", "b/7.png", "b/10.png"]);
    expect([...read.labels]).toEqual([0, 1, 1]);
    expect(read.imported.files).toBe(9);
    expect(Object.fromEntries(read.imported.skipped.map(({ file, reason }) => [file, reason]))).toEqual({
      ...{ "a/2.jpg": "empty", "a/3.jpg": "not-a-picture", "b/4.png": "too-large", "b/5.png": "corrupt" },
      ...{ "b/6.bmp": "corrupt", "b/9.png": "unreadable" },
    });
  });

  it("reads an archive, takes another set's classes, and tells of what is no folder", async () => {
    const white = png(5, 5, () => 255);
    const archive = await zip([
      { name: "p/cats/1.png", content: white, deflate: true },
      { name: "p/dogs/2.png", content: white },
    ]);
    const path = join(await written("archives", { "x/y": white }), "pets.zip");
    await writeFile(path, new Uint8Array(await archive.arrayBuffer()));
    const pets = await imageFolder(path, { size: [2, 2] });
    expect([pets.classNames, [...pets.labels]]).toEqual([
      ["cats", "dogs"],
      [0, 1],
    ]);
    const dogs = await written("dogs", { "dogs/1.png": white });
    expect([...(await imageFolder(dogs, { size: [2, 2], classNames: pets.classNames })).labels]).toEqual([1]);
    const failure = (path: unknown) => imageFolder(path as string, { size: [2, 2] }).catch((error: unknown) => error);
    expect(await failure(dogs)).toBeInstanceOf(ArgumentError);
    expect(await failure(join(folder, "missing"))).toMatchObject({
      message: expect.stringMatching(/there is no folder/),
    });
    expect(await failure([])).toMatchObject({ message: expect.stringMatching(/wants the path of a folder/) });
    expect(await failure(join(folder, "dogs/dogs/1.png"))).toBeInstanceOf(FormatError);
  });
});

describe("npm run train -- --images", () => {
  it("learns dark from light pictures, and ends with its line", { timeout: 300_000 }, async () => {
    const files: Files = {};
    for (const part of ["train", "validation"]) {
      for (let number = 0; number < (part === "train" ? 20 : 6); number++) {
        files[`${part}/dark/${number}.png`] = png(20, 20, (x, y) => (x * y + 11 * number) % 80);
        files[`${part}/light/${number}.png`] = png(20, 20, (x, y) => 255 - ((x * y + 7 * number) % 80));
      }
    }
    const path = await written("shades", files);
    const args = ["--images", join(path, "train"), "--validation", join(path, "validation"), "--size", "16"];
    args.push(
      "--channels",
      "1",
      "--epochs",
      "6",
      "--batch",
      "8",
      "--no-augment",
      "--backend",
      "cpu",
      "--out",
      join(path, "out.safetensors"),
    );
    const child = spawn(process.execPath, ["scripts/run-ts.mjs", "scripts/train.ts", ...args], { cwd: root });
    let said = "";
    child.stdout.on("data", (part) => (said += part));
    child.stderr.on("data", (part) => (said += part));
    expect(await new Promise((done) => child.on("exit", done)), said).toBe(0);
    const last = said.trim().split("\n").at(-1) ?? "";
    expect(last).toMatch(/^validation accuracy [01]\.\d{4} · loss \d+\.\d{4} · 30 steps · \d+ s$/);
    expect(Number(last.slice(20, 26))).toBeGreaterThan(0.9);
  });
});
