/** Pictures that lie in the browser's own file system: imported, trained from, opened again, and when there is no room. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { cpu } from "../../../src/cpu.ts";
import { readRows } from "../../../src/data/data_source.ts";
import { imagesOfFile } from "../../../src/data/pictures/opfs/image_writer.ts";
import {
  ArgumentError,
  checkData,
  conv2d,
  createTrainer,
  DataSourceError,
  type Dataset,
  dataset,
  deletePictures,
  dense,
  flatten,
  type ImageDataset,
  imageFolder,
  importControl,
  keepPictures,
  listPictures,
  maxPooling2d,
  openPictures,
  type PageImageFolderOptions,
  StorageError,
  sampleImageData,
  sequential,
  sgd,
  split,
} from "../../../src/index.ts";
import { testBackend } from "../../support/backend.ts";

const worker = () => new Worker(new URL("../../../src/data/pictures/host.ts", import.meta.url), { type: "module" });

type Files = { path: string; file: Blob }[];

async function png(number: number, side = 24): Promise<Blob> {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${37 * number} 60% 50%)`;
  context.fillRect(0, 0, side, side);
  context.fillStyle = "#fff";
  context.fillRect(number % 7, number % 5, side / 2, side / 3);
  return canvas.convertToBlob();
}

/** Two classes, and a part to validate with; a broken file in each. */
let files: Files;
/** Of these, what memory holds. */
let wanted: ImageDataset;
const small: PageImageFolderOptions = { size: [6, 5], worker: false };

beforeAll(async () => {
  files = [];
  for (let number = 0; number < 18; number++) {
    const part = number % 3 === 0 ? "validation" : "train";
    files.push({ path: `${part}/${number % 2 ? "cats" : "dogs"}/${number}.png`, file: await png(number) });
  }
  files.push({ path: "train/cats/8.png", file: new Blob(["no picture"]) });
  wanted = await imageFolder(files, { ...small, store: "memory" });
});

const root = async () =>
  (await navigator.storage.getDirectory()).getDirectoryHandle("corteza-pictures", { create: true });

async function folders(): Promise<string[]> {
  const found: string[] = [];
  for await (const name of (await root()).keys()) found.push(name);
  return found;
}

beforeEach(async () => {
  for (const name of await folders()) await (await root()).removeEntry(name, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const pixels = async (whole: Dataset) =>
  (
    await readRows(
      whole,
      Array.from({ length: whole.count }, (_, row) => row),
    )
  ).images;

async function expectSame(got: ImageDataset, like: ImageDataset, stored: boolean): Promise<void> {
  expect(got.read !== undefined).toBe(stored);
  expect(got.images.length).toBe(stored ? 0 : like.images.length);
  expect(await pixels(got)).toEqual(like.images);
  expect(got.names).toEqual(like.names);
  expect(got.labels).toEqual(like.labels);
  expect([got.count, got.classes, got.shape, got.classNames]).toEqual([
    like.count,
    like.classes,
    like.shape,
    like.classNames,
  ]);
}

async function trained(data: Dataset): Promise<Float32Array> {
  const model = sequential({ inputShape: data.shape, seed: 3 }, [flatten(), dense({ units: 2 })]);
  const trainer = await createTrainer(model, {
    ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: 5 },
  });
  await trainer.fit(data, { epochs: 3, validationData: (data as ImageDataset).validation ?? data });
  await trainer.syncModel();
  trainer.dispose();
  return model.parameters.get("dense/kernel")?.data as Float32Array;
}

/** Browsers without streams into files: Safari before 26. */
function withoutStreams(): () => void {
  const { createWritable } = FileSystemFileHandle.prototype;
  Object.defineProperty(FileSystemFileHandle.prototype, "createWritable", { value: undefined, configurable: true });
  return () =>
    Object.defineProperty(FileSystemFileHandle.prototype, "createWritable", {
      ...{ value: createWritable, configurable: true, writable: true },
    });
}

/** As many files of pixels as there is room for; so many indices find none. */
function roomFor(filesOfPixels: number, indicesWithoutRoom = 0): void {
  const { write } = FileSystemWritableFileStream.prototype;
  let [room, without] = [filesOfPixels, indicesWithoutRoom];
  vi.spyOn(FileSystemWritableFileStream.prototype, "write").mockImplementation(function (
    this: FileSystemWritableFileStream,
    data,
  ) {
    const isIndex = data instanceof Uint8Array && data[0] === "{".charCodeAt(0);
    const full = isIndex ? without-- > 0 : room-- <= 0;
    if (full) return Promise.reject(new DOMException("No room.", "QuotaExceededError"));
    return write.call(this, data);
  });
}

/** Arrays of a million values, which `toEqual` would look at one by one. */
const isSame = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length && Array.prototype.every.call(a, (value, index) => value === b[index]);

describe("pictures in the browser's file system", () => {
  it("are those that memory would hold, train to the same bits, and are decoded once", async () => {
    const decode = vi.spyOn(globalThis, "createImageBitmap");
    const stored = await imageFolder(files, { ...small, store: "opfs" });
    const decoded = decode.mock.calls.length;
    expect(decoded).toBe(18);
    await expectSame(stored, wanted, true);
    await expectSame(stored.validation as ImageDataset, wanted.validation as ImageDataset, true);
    expect({ ...stored.imported, seconds: 0 }).toEqual({ ...wanted.imported, seconds: 0 });
    expect(await trained(stored)).toEqual(await trained(wanted));
    expect(decode.mock.calls.length).toBe(decoded);
    const { training, validation } = split(stored, { validation: 0.25, seed: 2 });
    const same = split(wanted, { validation: 0.25, seed: 2 });
    expect(await pixels(training)).toEqual(same.training.images);
    expect(await pixels(validation)).toEqual(same.validation.images);
  });

  it("go there by themselves when memory is not to hold them", async () => {
    const bytes = 18 * 6 * 5 * 3;
    // The broken file counts as well: nobody knows it before.
    expect((await imageFolder(files, { ...small, memoryLimit: bytes + 90 })).read).toBeUndefined();
    await expectSame(await imageFolder(files, { ...small, memoryLimit: bytes + 89 }), wanted, true);
  });

  it("are written in a worker where browsers have no streams into files", async () => {
    const restore = withoutStreams();
    try {
      const stored = await imageFolder(files, { ...small, worker, name: "pets", memoryLimit: 0 });
      await expectSame(stored, wanted, true);
      await expectSame(await openPictures("pets"), wanted, false);
      const error = await imageFolder(files, { ...small, store: "opfs" }).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ code: "storage", reason: "unavailable" });
    } finally {
      restore();
    }
  });

  it("with a name are opened again, listed, replaced and deleted", async () => {
    expect(await listPictures()).toEqual([]);
    await expectSame(await imageFolder(files, { ...small, name: "pets" }), wanted, false);
    const opened = await openPictures("pets");
    await expectSame(opened, wanted, false);
    await expectSame(opened.validation as ImageDataset, wanted.validation as ImageDataset, false);
    expect(opened.imported.skipped).toEqual(wanted.imported.skipped);
    const streamed = await openPictures("pets", { memoryLimit: 0 });
    await expectSame(streamed, wanted, true);
    expect(await listPictures()).toEqual([
      {
        ...{ name: "pets", images: 18, classNames: ["cats", "dogs"], shape: [6, 5, 3], bytes: 18 * 90, complete: true },
        created: expect.any(Date),
      },
    ]);
    await imageFolder(files, { ...small, size: [4, 4], channels: 1, name: "pets" });
    expect((await listPictures()).map(({ shape }) => shape)).toEqual([[4, 4, 1]]);
    expect(await folders()).toHaveLength(1);
    // The old ones are gone, but for files that a browser holds open.
    const old = await readRows(streamed, [0, 1]).catch((error: Error) => error.message);
    if (typeof old === "string") expect(old).toMatch(/are not there any more: they were deleted, or imported anew/);
    else expect(old.images).toEqual(wanted.images.slice(0, 180));
    expect(await deletePictures("pets")).toBe(true);
    expect(await deletePictures("pets")).toBe(false);
    expect([await listPictures(), await folders()]).toEqual([[], []]);
    await expect(openPictures("pets")).rejects.toThrow(/no pictures are kept here under the name "pets"; imageFolder/);
  });

  it("that were deleted are told as such when they are read", async () => {
    const stored = await imageFolder(files, { ...small, store: "opfs" });
    expect(await deletePictures(stored)).toBe(true);
    expect(await deletePictures(wanted)).toBe(false);
    const error = await readRows(stored, [0]).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(DataSourceError);
    expect((error as Error).message).toMatch(
      /read failed for image 0: The kept pictures are not there any more: they were deleted/,
    );
  });

  it("of pages that are gone are removed by the next import, not those that some page uses", async () => {
    for (const name of ["left-behind", "in-use"]) await (await root()).getDirectoryHandle(name, { create: true });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    void navigator.locks.request("corteza-pictures in-use", () => held);
    const stored = await imageFolder(files, { ...small, store: "opfs" });
    expect(await folders()).toHaveLength(2);
    expect(await folders()).toContain("in-use");
    release();
    await imageFolder(files, { ...small, store: "opfs" });
    expect(await folders()).toHaveLength(2);
    await expectSame(stored, wanted, true);
  });
});

it("two hundred pictures are imported by workers, and train on the GPU to the bits that memory gives", async () => {
  const hundreds = Array.from({ length: 200 }, (_, number) => ({
    path: `${number % 2 ? "cats" : "dogs"}/${number}.png`,
    file: files[number % 18]?.file as Blob,
  }));
  const backend = await testBackend();
  const results: Float32Array[] = [];
  for (const memoryLimit of [1e6, 1e5]) {
    const data = await imageFolder(hundreds, { size: [32, 32], worker, memoryLimit });
    expect(data.count).toBe(200);
    const model = sequential({ inputShape: [32, 32, 3], seed: 1 }, [
      conv2d({ filters: 4, kernelSize: 3, strides: 2, activation: "relu" }),
      ...[maxPooling2d({ poolSize: 2 }), flatten(), dense({ units: 2 })],
    ]);
    const trainer = await createTrainer(model, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: 16 },
    });
    await trainer.fit(data, { epochs: 2 });
    expect(trainer.stats().residency).toBe(memoryLimit > 200 * 3072 ? "resident" : "streamed");
    await trainer.syncModel();
    trainer.dispose();
    results.push(model.parameters.get("dense/kernel")?.data as Float32Array);
  }
  expect(results[1]).toEqual(results[0]);
});

/** 786 kB each, ten of them a file. */
const large: PageImageFolderOptions = { size: [512, 512], worker: false, store: "opfs" };
const many = (): Files =>
  Array.from({ length: 24 }, (_, number) => ({
    path: `${number < 16 ? "cats" : "dogs"}/${number}.png`,
    file: files[number % 18]?.file as Blob,
  }));

describe("an import for which there is no room", () => {
  it("ends, keeps what was read of every class, and says so", async () => {
    roomFor(2);
    const stored = await imageFolder(many(), { ...large, name: "pets" });
    expect(stored.count).toBe(20);
    expect(stored.imported).toMatchObject({ files: 24, images: 20, skipped: [] });
    expect(stored.imported.stopped).toMatch(/^the browser's storage was full after 20 images; make room/);
    // A third of them are dogs.
    expect([...stored.labels].filter((label) => label === 1).length).toBe(7);
    expect(`${checkData(stored)}`).toMatch(/! not all files were read: the browser's storage was full after 20 images/);
    vi.restoreAllMocks();
    const opened = await openPictures("pets", { memoryLimit: 0 });
    expect(opened.imported).toEqual(stored.imported);
    const chosen = [0, 12, 19].map((row) => opened.names[row] ?? "");
    const few = many().filter(({ path }) => chosen.includes(path));
    const whole = await imageFolder(few, { ...large, store: "memory", classNames: ["cats", "dogs"] });
    for (const name of chosen) {
      const [got, like] = await Promise.all(
        [opened, whole].map(async (set) => (await readRows(set, [set.names.indexOf(name)])).images),
      );
      expect(isSame(got ?? [], like ?? [])).toBe(true);
    }
  });

  it("gives up its last images where otherwise the index finds no room", async () => {
    roomFor(3, 1);
    const stored = await imageFolder(many(), { ...large, name: "pets" });
    expect(stored.count).toBe(20);
    expect(stored.imported.stopped).toMatch(/full after 20 images/);
    expect((await openPictures("pets", { memoryLimit: 0 })).names).toEqual(stored.names);
    const [id = ""] = await folders();
    const kept: string[] = [];
    for await (const name of (await (await root()).getDirectoryHandle(id)).keys()) kept.push(name);
    expect(kept.sort()).toEqual(["0.pixels", "1.pixels", "index.2.json"]);
    vi.restoreAllMocks();
    roomFor(3, 9);
    await expect(imageFolder(files, { ...small, name: "others" })).rejects.toMatchObject({ reason: "quota" });
    expect(await folders()).toEqual([id]);
  });

  it("from the start is an error, and what was kept before stays", async () => {
    await imageFolder(files, { ...small, name: "pets" });
    roomFor(0);
    await expect(imageFolder(many(), { ...large, name: "pets" })).rejects.toMatchObject({
      ...{ code: "storage", reason: "quota", message: expect.stringMatching(/storage is full/) },
    });
    await expect(keepPictures(wanted, "pets")).rejects.toMatchObject({ reason: "quota" });
    vi.restoreAllMocks();
    await expectSame(await openPictures("pets"), wanted, false);
    expect(await folders()).toHaveLength(1);
  });

  it("where browsers have no file system, stays in memory below the limit, and tells what to do above", async () => {
    vi.spyOn(navigator.storage, "getDirectory").mockRejectedValue(new DOMException("Not here.", "SecurityError"));
    await expectSame(await imageFolder(files, small), wanted, false);
    const message =
      /memoryLimit is 100 bytes: say store: "memory" to hold them all the same.*is not there \(Not here\)/;
    await expect(imageFolder(files, { ...small, memoryLimit: 100 })).rejects.toThrow(message);
    await expect(imageFolder(files, { ...small, name: "pets" })).rejects.toThrow(
      /cannot be stored here; without a name/,
    );
    await expect(openPictures("pets")).rejects.toMatchObject({ code: "storage", reason: "unavailable" });
  });
});

describe("an import that is interrupted", () => {
  it("pauses, and goes on where it was; pauses do not count as time", async () => {
    const control = importControl();
    let [done, rate] = [-1, 0];
    const began = performance.now();
    const importing = imageFolder(files, {
      ...{ ...small, control },
      onProgress: (progress) => {
        [done, rate] = [progress.done, progress.filesPerSecond];
        if (done === 0) control.pause();
      },
    });
    await vi.waitUntil(() => control.paused, { timeout: 20_000 });
    const held = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect([done, control.paused]).toEqual([0, true]);
    const paused = performance.now() - held;
    control.resume();
    await expectSame(await importing, wanted, false);
    expect(done).toBe(19);
    expect(19 / rate).toBeLessThan((performance.now() - began - paused) / 1000);
    const controller = new AbortController();
    control.pause();
    const aborted = imageFolder(files, { ...small, control, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
  });

  it("by its signal leaves nothing, and what the name had before", async () => {
    await imageFolder(files, { ...small, name: "pets" });
    const controller = new AbortController();
    const importing = imageFolder(many(), {
      ...{ ...large, name: "pets", signal: controller.signal },
      onProgress: ({ done }) => done > 0 && controller.abort(new Error("enough")),
    });
    await expect(importing).rejects.toThrow("enough");
    expect(await folders()).toHaveLength(1);
    await expectSame(await openPictures("pets"), wanted, false);
  });

  it("by a page that is closed is opened as far as it came", async () => {
    const now = performance.now.bind(performance);
    // Saved every few seconds.
    vi.spyOn(performance, "now").mockImplementation(() => 1e4 * now());
    const controller = new AbortController();
    const waiting = many().map(({ path, file }, number) => ({
      ...{ kind: "file", path },
      getFile: () => (number % 8 === 7 ? new Promise<File>(() => {}) : Promise.resolve(file)),
    }));
    const folder = (inside: readonly (readonly [string, unknown])[]) => ({
      ...{ kind: "directory" },
      entries: async function* () {
        yield* inside;
      },
    });
    const inFolder = (name: string) =>
      folder(waiting.filter(({ path }) => path.startsWith(name)).map((one) => [one.path.slice(5), one] as const));
    const handle = folder([
      ["cats", inFolder("cats")],
      ["dogs", inFolder("dogs")],
    ]);
    const importing = imageFolder(handle as unknown as FileSystemDirectoryHandle, {
      ...{ ...large, name: "pets", signal: controller.signal, worker },
    }).catch((error: unknown) => error);
    await vi.waitUntil(async () => ((await listPictures())[0]?.images ?? 0) >= 10, { timeout: 20_000, interval: 50 });
    const [listed] = await listPictures();
    expect(listed).toMatchObject({ name: "pets", complete: false });
    const opened = await openPictures("pets", { memoryLimit: 0 });
    expect(opened.count).toBe(listed?.images);
    expect(opened.imported.stopped).toMatch(/^the page was closed before the import had ended/);
    expect((await pixels(opened)).length).toBe(opened.count * 512 * 512 * 3);
    controller.abort(new Error("enough"));
    expect(await importing).toMatchObject({ message: "enough" });
    expect(await listPictures()).toEqual([]);
  });
});

/** Six of them are a file. */
const sixAFile: PageImageFolderOptions = { size: [640, 640], store: "opfs", name: "pets", worker: false };
const imagesUrl = new URL("../../../src/data/pictures/image_folder.ts", import.meta.url).href;
const controlUrl = new URL("../../../src/data/pictures/control.ts", import.meta.url).href;

type Inside = Window &
  typeof globalThis & { begin(options: PageImageFolderOptions, paths: string[], files: Blob[], until: number): void };

const heldLocks = async () => ((await navigator.locks.query()).held ?? []).map(({ name }) => name);

/** A page of its own that begins to import, stands still after `until` files, and is closed when a file of pixels is listed. */
async function importInPageThatCloses(list: Files, options: PageImageFolderOptions, until: number): Promise<void> {
  const before = await heldLocks();
  const frame = document.createElement("iframe");
  frame.src = "about:blank";
  document.body.append(frame);
  const inside = frame.contentWindow as Inside;
  // The test runner's own, which imports in the sources go through.
  Object.assign(inside, {
    __vitest_browser_runner__: { wrapDynamicImport: (load: () => unknown) => load() },
  });
  const script = frame.contentDocument?.createElement("script") as HTMLScriptElement;
  script.type = "module";
  script.textContent = `
    import { imageFolder } from ${JSON.stringify(imagesUrl)};
    import { importControl } from ${JSON.stringify(controlUrl)};
    // Saved every few seconds.
    const now = performance.now.bind(performance);
    performance.now = () => 1e4 * now();
    globalThis.begin = (options, paths, files, until) => {
      const control = importControl();
      const onProgress = ({ done }) => { if (done >= until) control.pause(); };
      const list = files.map((file, index) => ({ path: paths[index], file: structuredClone(file) }));
      void imageFolder(list, { ...structuredClone(options), control, onProgress });
    };`;
  frame.contentDocument?.body.append(script);
  await vi.waitUntil(() => inside.begin !== undefined, { timeout: 30_000 });
  const [paths, blobs] = [list.map(({ path }) => path), list.map(({ file }) => file)];
  inside.begin(options, paths, blobs, until);
  await vi.waitUntil(async () => ((await listPictures())[0]?.images ?? 0) > 0, { timeout: 30_000, interval: 50 });
  frame.remove();
  // What a page holds it lets go of some time after it was closed.
  await vi.waitUntil(async () => (await heldLocks()).every((name) => before.includes(name)), { timeout: 30_000 });
}

describe("an import whose page was closed", () => {
  const undisturbed = () => imageFolder(many(), { ...sixAFile, name: "undisturbed" });

  it("goes on where it was, and comes to what one that nobody cut off comes to", async () => {
    const whole = await undisturbed();
    const like = { ...whole, images: (await pixels(whole)) as Uint8Array };
    await deletePictures("undisturbed");
    await importInPageThatCloses(many(), sixAFile, 18);
    const opened = await openPictures("pets", { memoryLimit: 0 });
    const { count } = opened;
    expect(count % imagesOfFile(640 * 640 * 3)).toBe(0);
    expect(opened.imported.stopped).toMatch(
      /closed before the import had ended; import the same files again.*resume: true/,
    );
    const decode = vi.spyOn(globalThis, "createImageBitmap");
    const told: number[] = [];
    const onProgress = ({ done }: { done: number }) => void told.push(done);
    const got = await imageFolder(many(), { ...sixAFile, resume: true, onProgress });
    expect(decode.mock.calls.length).toBe(24 - count);
    expect(told.at(-1)).toBe(24);
    expect(isSame(await pixels(got), like.images)).toBe(true);
    expect([got.names, got.labels, got.count]).toEqual([like.names, like.labels, 24]);
    expect({ ...got.imported, seconds: 0 }).toEqual({ ...whole.imported, seconds: 0 });
    const again = await openPictures("pets", { memoryLimit: 0 });
    expect(isSame(await pixels(again), like.images)).toBe(true);
    expect((await listPictures()).map(({ images, complete }) => [images, complete])).toEqual([[24, true]]);
    expect(await folders()).toHaveLength(1);
    // There is nothing to go on with now.
    decode.mockClear();
    await imageFolder(many(), { ...sixAFile, resume: true });
    expect(decode.mock.calls.length).toBe(24);
  });

  it("reads anew what has changed since, and all where images are to be others", async () => {
    await importInPageThatCloses(many(), sixAFile, 18);
    const { names, count } = await openPictures("pets", { memoryLimit: 0 });
    // Another picture under the name of the first one.
    const other = await png(99, 31);
    const changed = many().map(({ path, file }) => ({ path, file: path === names[0] ? other : file }));
    const decode = vi.spyOn(globalThis, "createImageBitmap");
    const controller = new AbortController();
    const aborted = imageFolder(changed, {
      ...{ ...sixAFile, resume: true, signal: controller.signal },
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(aborted).rejects.toThrow("enough");
    // What it went on with is still there.
    expect((await listPictures()).map(({ images }) => images)).toEqual([count]);
    decode.mockClear();
    const got = await imageFolder(changed, { ...sixAFile, resume: true });
    expect(decode.mock.calls.length).toBe(24 - count + 1);
    const wholly = await imageFolder(changed, { ...sixAFile, name: "undisturbed" });
    expect(isSame(await pixels(got), await pixels(wholly))).toBe(true);
    await deletePictures("pets");
    await importInPageThatCloses(many(), sixAFile, 18);
    decode.mockClear();
    await imageFolder(many(), { ...sixAFile, fit: "stretch", resume: true });
    expect(decode.mock.calls.length).toBe(24);
    await expect(imageFolder(many(), { ...large, resume: true })).rejects.toThrow(/resume wants the name/);
  });
});

describe("keepPictures", () => {
  it("keeps what was recorded or corrected, with its parts", async () => {
    const corrected: ImageDataset = { ...wanted, labels: wanted.labels.map((label) => 1 - label) };
    Object.defineProperty(corrected, "validation", { value: wanted.validation });
    await keepPictures(corrected, "corrected");
    const opened = await openPictures("corrected");
    await expectSame(opened, corrected, false);
    await expectSame(opened.validation as ImageDataset, wanted.validation as ImageDataset, false);
    const plain = dataset({
      images: Uint8Array.from({ length: 40 }, (_, i) => 5 * i),
      shape: [2, 2, 1],
      labels: [0, 1, 1, 0, 2, 2, 2, 1, 0, 1],
    });
    await keepPictures(plain, "plain");
    const again = await openPictures("plain");
    expect(again.images).toEqual(plain.images);
    expect([again.classNames, again.names.slice(0, 3)]).toEqual([
      ["0", "1", "2"],
      ["0/1", "1/2", "1/3"],
    ]);
    // From one place of the store to another.
    await keepPictures(await openPictures("corrected", { memoryLimit: 0 }), "copy");
    await expectSame(await openPictures("copy"), corrected, false);
    expect(new Set((await listPictures()).map(({ name }) => name))).toEqual(new Set(["copy", "plain", "corrected"]));
  });

  it.each<[string, unknown, unknown, RegExp]>([
    ["no data set", 5, "a", /got 5/],
    [
      "floats",
      dataset({ images: new Float32Array(8), shape: [2, 2, 1], labels: [0, 1] }),
      "a",
      /its images are floats/,
    ],
    ["rows of numbers", dataset({ images: new Uint8Array(8), shape: [4], labels: [0, 1] }), "a", /an image is \[4\]/],
    ["no name", dataset({ images: new Uint8Array(8), shape: [2, 2, 1], labels: [0, 1] }), " ", /name must be a text/],
  ])("refuses %s", async (_, pictures, name, message) => {
    const error = await keepPictures(pictures as Dataset, name as string).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
    expect(await folders()).toEqual([]);
  });
});

describe("sampleImageData", () => {
  it("cuts a picture out of memory, of the store, and of floats", async () => {
    const stored = await imageFolder(files, { ...small, store: "opfs" });
    const [a, b] = [await sampleImageData(wanted, 3), await sampleImageData(stored, 3)];
    expect([a.width, a.height]).toEqual([5, 6]);
    expect(b.data).toEqual(a.data);
    expect([...a.data.slice(4, 8)]).toEqual([...wanted.images.slice(3 * 90 + 3, 3 * 90 + 6), 255]);
    const floats = dataset({ images: Float32Array.from([0, 0.5, 1, 2]), shape: [2, 2, 1], labels: [0] });
    expect([...(await sampleImageData(floats, 0)).data]).toEqual(
      [0, 128, 255, 255].flatMap((grey) => [grey, grey, grey, 255]),
    );
    await expect(sampleImageData(wanted, 12)).rejects.toThrow(/there is no image 12 in a data set of 12/);
    const rows = dataset({ images: new Uint8Array(8), shape: [4], labels: [0, 1] });
    await expect(sampleImageData(rows, 0)).rejects.toThrow(/images of \[4\] are no pictures/);
  });
});

it.each<[Partial<Record<keyof PageImageFolderOptions, unknown>>, RegExp]>([
  [{ store: "disk" }, /store must be "auto", "memory" or "opfs", got "disk"/],
  [{ memoryLimit: -1 }, /memoryLimit must be a number of bytes, at least 0, got -1/],
  [{ name: "" }, /name must be a text/],
  [{ name: "pets", store: "memory" }, /with a name images are kept/],
  [{ control: { paused: true } }, /control must be made by importControl\(\)/],
])("imageFolder refuses %j", async (options, message) => {
  const error = await imageFolder(files, { ...small, ...options } as PageImageFolderOptions).catch(
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(ArgumentError);
  expect((error as Error).message).toMatch(message);
});
