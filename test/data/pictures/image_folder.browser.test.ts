/** Pictures that a page draws and encodes itself, in folders, through `imageFolder`: in workers and on the page. */
import { describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  FormatError,
  type ImageDataset,
  type ImportProgress,
  imageFolder,
  type PageImageFolderOptions,
  split,
  subset,
} from "../../../src/index.ts";
import { bmp, exifSegment, pngHeader, twoFrames, withSegments, zip } from "../../support/picture_files.ts";

const worker = () => new Worker(new URL("../../../src/data/pictures/host.ts", import.meta.url), { type: "module" });

type Paint = (context: OffscreenCanvasRenderingContext2D) => void;

async function encoded(width: number, height: number, type: string, paint: Paint, quality = 0.95): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  paint(canvas.getContext("2d") as OffscreenCanvasRenderingContext2D);
  const blob = await canvas.convertToBlob({ type, quality });
  expect(blob.type).toBe(type);
  return new Uint8Array(await blob.arrayBuffer());
}

const filled =
  (color: string): Paint =>
  (context) => {
    context.fillStyle = color;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  };

/** Four quarters of different colours, in 16×8 blocks, so that JPEG's blocks hold one colour each. */
const quarters: Paint = (context) => {
  ["#e02020", "#20c020", "#2020e0", "#f0f0f0"].forEach((color, index) => {
    context.fillStyle = color;
    context.fillRect((index % 2) * 32, Math.floor(index / 2) * 16, 32, 16);
  });
};

const file = (path: string, bytes: Uint8Array | string) => ({ path, file: new Blob([bytes.slice() as BlobPart]) });
type Files = { path: string; file: Blob }[];

const small: PageImageFolderOptions = { size: [4, 8], worker: false };
/** The image of one file, beside another class. */
async function imageOf(bytes: Uint8Array, options: Partial<PageImageFolderOptions> = {}): Promise<Uint8Array> {
  const read = await imageFolder([file("a/1", bytes)], { ...small, classNames: ["a", "b"], ...options });
  expect(read.imported.skipped).toEqual([]);
  return read.images;
}

function expectNear(got: Uint8Array, wanted: ArrayLike<number>, within: number): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, index) => {
    const distance = Math.abs(value - (wanted[index] ?? Number.NaN));
    expect(distance, `value ${index}: ${value} for ${wanted[index]}`).toBeLessThanOrEqual(within);
  });
}

const repeated = (pixel: readonly number[], count: number) => Array(count).fill(pixel).flat();

describe.each([
  ["in workers", worker],
  ["on the page", false],
] as const)("imageFolder %s", (_, worker) => {
  it("reads every format that the browser writes, and GIF's first frame and BMP", async () => {
    const files: Files = [];
    for (const type of ["png", "jpeg", "webp"]) {
      files.push(file(`${type}/1.bin`, await encoded(40, 30, `image/${type}`, filled("#3060c0"), 1)));
    }
    files.push(file("bmp/1", bmp(21, 10, [0x30, 0x60, 0xc0])), file("gif/1", twoFrames));
    const read = await imageFolder(files, { size: [2, 3], worker });
    expect(read.classNames).toEqual(["bmp", "gif", "jpeg", "png", "webp"]);
    expect([...read.labels]).toEqual([0, 1, 2, 3, 4]);
    expect(read.names).toEqual(["bmp/1", "gif/1", "jpeg/1.bin", "png/1.bin", "webp/1.bin"]);
    expect([read.count, read.classes, read.shape]).toEqual([5, 5, [2, 3, 3]]);
    const blue = repeated([0x30, 0x60, 0xc0], 6);
    // JPEG and WebP store rounded colours of another space.
    const within = [0, 0, 3, 0, 3];
    for (const place of [0, 2, 3, 4]) expectNear(subset(read, place, 1).images as Uint8Array, blue, within[place] ?? 0);
    expectNear(subset(read, 1, 1).images as Uint8Array, repeated([255, 0, 0], 6), 0);
  });

  it("turns pictures as each of EXIF's eight orientations says", async () => {
    const upright = await encoded(64, 32, "image/jpeg", quarters);
    const wanted = await imageOf(upright, { worker });
    // What a camera would have stored for each orientation, [columns, rows] of the drawing by [row, column] of the file.
    const stored: Record<number, [number, number, number, number, number, number]> = {
      1: [1, 0, 0, 1, 0, 0],
      2: [-1, 0, 0, 1, 64, 0],
      3: [-1, 0, 0, -1, 64, 32],
      4: [1, 0, 0, -1, 0, 32],
      5: [0, 1, 1, 0, 0, 0],
      6: [0, -1, 1, 0, 0, 64],
      7: [0, -1, -1, 0, 32, 64],
      8: [0, 1, -1, 0, 32, 0],
    };
    for (let orientation = 1; orientation <= 8; orientation++) {
      const [width, height] = orientation >= 5 ? [32, 64] : [64, 32];
      const jpeg = await encoded(width, height, "image/jpeg", (context) => {
        context.transform(...stored[orientation]!);
        quarters(context);
      });
      for (const littleEndian of [true, false]) {
        const turned = withSegments(jpeg, exifSegment(orientation, littleEndian));
        expectNear(await imageOf(turned, { worker }), wanted, 4);
      }
    }
  });

  it("the same files give the same bytes, whoever decodes, in whatever order they come", async () => {
    const files: Files = [];
    for (let number = 0; number < 12; number++) {
      const size = 20 + 37 * number;
      const png = await encoded(size, 30 + 11 * number, "image/png", (context) => {
        filled(`hsl(${30 * number} 70% 50%)`)(context);
        context.fillStyle = "#fff8";
        context.fillRect(5, 5, size / 2, 17);
      });
      files.push(file(`${number % 2}/${number}.png`, png));
    }
    const here = await imageFolder(files, { size: [9, 13], worker: false });
    const there = await imageFolder([...files].reverse(), { size: [9, 13], worker });
    expect(there.names).toEqual(here.names);
    expect(there.images).toEqual(here.images);
    expect(new Set(here.images).size).toBeGreaterThan(50);
  });

  it("skips what is no picture, names it, and keeps the rest", async () => {
    const png = await encoded(4, 4, "image/png", filled("#fff"));
    // Text, then noise in the place of a picture's data.
    const noise = Uint8Array.from([...png.subarray(0, 40), ...png.subarray(0, 40)]);
    const read = await imageFolder(
      [
        ...[
          file("a/1.png", png),
          file("a/2.jpg", ""),
          file("a/3.jpg", "a text"),
          file("b/4.png", pngHeader(30_000, 30_000)),
        ],
        ...[file("b/5.png", noise), file("b/6.png", png), file("notes.txt", "a text"), file("a/.DS_Store", "x")],
      ],
      { ...small, worker },
    );
    expect(read.names).toEqual(["a/1.png", "b/6.png"]);
    expect([...read.labels]).toEqual([0, 1]);
    expect(read.images).toEqual(new Uint8Array(2 * 4 * 8 * 3).fill(255));
    const { skipped, ...counts } = read.imported;
    expect(counts).toEqual({ files: 7, images: 2, seconds: expect.any(Number) });
    expect(Object.fromEntries(skipped.map(({ file, reason, detail }) => [file, `${reason}: ${detail}`]))).toEqual({
      "notes.txt": expect.stringMatching(/^not-in-a-class-folder: .*move it into one/),
      "a/2.jpg": expect.stringMatching(/^empty: /),
      "a/3.jpg": expect.stringMatching(/^not-a-picture: /),
      "b/4.png": expect.stringMatching(/^too-large: it has 30,000 × 30,000 pixels/),
      "b/5.png": expect.stringMatching(/^corrupt: its PNG data cannot be decoded/),
    });
  });

  it("tells how far it is, and aborts in the middle", async () => {
    const png = await encoded(300, 300, "image/png", filled("#123"));
    const files = Array.from({ length: 60 }, (_, number) => file(`${number % 2}/${number}.png`, png));
    const told: ImportProgress[] = [];
    await imageFolder(files, { ...small, worker, onProgress: (progress) => told.push(progress) });
    expect(told[0]).toMatchObject({ done: 0, total: 60, skipped: 0, filesPerSecond: 0, secondsLeft: Number.NaN });
    expect(told.at(-1)).toMatchObject({ done: 60, total: 60, skipped: 0, secondsLeft: 0 });
    expect(told.at(-1)?.filesPerSecond).toBeGreaterThan(1);

    const controller = new AbortController();
    const many = Array.from({ length: 4000 }, (_, number) => file(`${number % 2}/${number}.png`, png));
    let heard = 0;
    const going = imageFolder(many, {
      ...small,
      ...{ worker, signal: controller.signal },
      onProgress: ({ done }) => {
        heard = done;
        if (done > 0) controller.abort(new Error("enough"));
      },
    });
    await expect(going).rejects.toThrow("enough");
    expect(heard).toBeGreaterThan(0);
    expect(heard).toBeLessThan(4000);
    await expect(imageFolder(many, { ...small, worker, signal: controller.signal })).rejects.toThrow("enough");
  });
});

describe("imageFolder", () => {
  it("fits: cover cuts both sides, contain stands between bars, stretch distorts", async () => {
    // A red, a white and a blue third, each 20×20.
    const flag = await encoded(60, 20, "image/png", (context) => {
      ["#f00", "#fff", "#00f"].forEach((color, index) => {
        context.fillStyle = color;
        context.fillRect(20 * index, 0, 20, 20);
      });
    });
    const [red, white, blue, black, green] = [
      [255, 0, 0],
      [255, 255, 255],
      [0, 0, 255],
      [0, 0, 0],
      [0, 255, 0],
    ];
    const size = [3, 3] as const;
    expect([...(await imageOf(flag, { size }))]).toEqual(repeated(white!, 9));
    expect([...(await imageOf(flag, { size, fit: "stretch" }))]).toEqual(repeated([...red!, ...white!, ...blue!], 3));
    const striped = (bar: number[]) => [...repeated(bar, 3), ...red!, ...white!, ...blue!, ...repeated(bar, 3)];
    expect([...(await imageOf(flag, { size, fit: "contain" }))]).toEqual(striped(black!));
    expect([...(await imageOf(flag, { size, fit: "contain", background: "#0f0" }))]).toEqual(striped(green!));
    // 0.299 of red, 0.587 of green, 0.114 of blue.
    const grey = await imageOf(flag, { size, fit: "contain", background: [0, 255, 0], channels: 1 });
    expect([...grey]).toEqual([150, 150, 150, 76, 255, 29, 150, 150, 150]);
  });

  it("what is transparent lies over the background: black, white behind dark ink, or a colour of choice", async () => {
    const clear = (ink: string) =>
      encoded(8, 8, "image/png", (context) => {
        context.fillStyle = ink;
        context.fillRect(2, 2, 4, 4);
      });
    const size = [4, 4] as const;
    const at = (image: Uint8Array, row: number, column: number) => [
      ...image.subarray(3 * (4 * row + column)).slice(0, 3),
    ];
    const light = await imageOf(await clear("#ff0"), { size });
    expect([at(light, 0, 0), at(light, 1, 1)]).toEqual([
      [0, 0, 0],
      [255, 255, 0],
    ]);
    const dark = await imageOf(await clear("#001"), { size });
    expect([at(dark, 0, 0), at(dark, 1, 1)]).toEqual([
      [255, 255, 255],
      [0, 0, 17],
    ]);
    const chosen = await imageOf(await clear("#ff0"), { size, background: "#0000ff" });
    expect([at(chosen, 0, 0), at(chosen, 1, 1)]).toEqual([
      [0, 0, 255],
      [255, 255, 0],
    ]);
    const half = await imageOf(await clear("rgb(255 255 255 / 50.2%)"), { size, background: "black" });
    expectNear(half.subarray(15, 18), [128, 128, 128], 1);
  });

  it("makes pictures smaller by the mean of what a pixel covers", async () => {
    const lines = await encoded(64, 64, "image/png", (context) => {
      filled("#000")(context);
      context.fillStyle = "#fff";
      for (let column = 0; column < 64; column += 4) context.fillRect(column, 0, 1, 64);
    });
    expect([...(await imageOf(lines, { size: [2, 2], channels: 1 }))]).toEqual([64, 64, 64, 64]);
  });

  it("a picture of over 16 million pixels is read too, one at a time", async () => {
    const large = await encoded(6000, 3000, "image/png", (context) => {
      filled("#f00")(context);
      context.fillStyle = "#00f";
      context.fillRect(3000, 0, 3000, 3000);
    });
    const files = ["a/1", "a/2", "b/3"].map((path) => file(path, large));
    const read = await imageFolder(files, { size: [2, 4], worker });
    const image = repeated([...repeated([255, 0, 0], 2), ...repeated([0, 0, 255], 2)], 2);
    expect([...read.images]).toEqual([image, image, image].flat());
  });

  it("train, validation and test are parts, which copies do not take along", async () => {
    const png = await encoded(4, 4, "image/png", filled("#fff"));
    const places = ["train/a/1", "train/b/2", "train/b/3", "validation/b/4", "test/a/5", "test/b/6"];
    const read = await imageFolder(
      places.map((place) => file(`pets/${place}.png`, png)),
      small,
    );
    const named = (part: ImageDataset | undefined) =>
      part && [part.count, part.classes, [...part.labels], part.classNames];
    expect(named(read)).toEqual([3, 2, [0, 1, 1], ["a", "b"]]);
    expect(named(read.validation)).toEqual([1, 2, [1], ["a", "b"]]);
    expect(named(read.test)).toEqual([2, 2, [0, 1], ["a", "b"]]);
    expect(read.imported.images).toBe(6);
    const { training } = split(read, { validation: 0.4, seed: 1 });
    expect([training, subset(read, 0, 2), structuredClone(read)].map((copy) => "validation" in copy)).toEqual([
      false,
      false,
      false,
    ]);
    expect(training.names?.length).toBe(training.count);
    expect(subset(read, 1, 2).names).toEqual(["pets/train/b/2.png", "pets/train/b/3.png"]);
    expect(subset(read, 1, 2).classNames).toEqual(["a", "b"]);
  });

  it("reads a directory of the browser's own file system, a file input's list, and a dropped folder", async () => {
    const png = await encoded(4, 4, "image/png", filled("#f00"));
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("pictures", { create: true });
    for (const [name, path] of [
      ["cats", "1.png"],
      ["cats", "2.png"],
      ["dogs", "3.png"],
    ] as const) {
      const handle = await (await folder.getDirectoryHandle(name, { create: true })).getFileHandle(path, {
        create: true,
      });
      const stream = await handle.createWritable();
      await stream.write(png.slice());
      await stream.close();
    }
    const wanted = { names: ["cats/1.png", "cats/2.png", "dogs/3.png"], classNames: ["cats", "dogs"] };
    expect(await imageFolder(folder, small)).toMatchObject(wanted);

    const listed = wanted.names.map((path) => {
      const one = new File([png.slice()], path.slice(-5));
      Object.defineProperty(one, "webkitRelativePath", { value: `pets/${path}` });
      return one;
    });
    const transfer = new DataTransfer();
    for (const one of listed) transfer.items.add(one);
    expect((await imageFolder(transfer.files, small)).classNames).toEqual(wanted.classNames);

    // A page cannot make an entry of a dropped folder: this is what browsers give, a hundred names at a time.
    const entry = (name: string, inside: readonly File[]) => ({
      ...{ name, isFile: false, isDirectory: true },
      createReader: () => {
        const batches = [inside.slice(0, 1), inside.slice(1), []];
        return {
          readEntries: (done: (entries: unknown[]) => void) =>
            done(
              (batches.shift() ?? []).map((one) => ({
                ...{ name: one.name, isFile: true },
                file: (got: (file: File) => void) => got(one),
              })),
            ),
        };
      },
    });
    const items = [entry("cats", listed.slice(0, 2)), entry("dogs", listed.slice(2))].map((one) => ({
      kind: "file",
      webkitGetAsEntry: vi.fn(() => one),
    }));
    const dropped = Object.assign(items, { [Symbol.toStringTag]: "DataTransferItemList" });
    const reading = imageFolder(dropped as unknown as DataTransferItemList, small);
    // Before the event is over.
    for (const { webkitGetAsEntry } of items) expect(webkitGetAsEntry).toHaveBeenCalledTimes(1);
    expect(await reading).toMatchObject(wanted);
  });

  it("opens few files at a time, and tells of one that vanished", async () => {
    const png = await encoded(40, 40, "image/png", filled("#f00"));
    let [open, most] = [0, 0];
    const handleOf = (name: string) => ({
      kind: "file",
      async getFile() {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
        if (name === "7.png") throw new DOMException("The file is gone.", "NotFoundError");
        return new File([png.slice()], name);
      },
    });
    const folderOf = (name: string) => ({
      ...{ kind: "directory", name },
      entries: async function* () {
        for (let number = 0; number < 100; number++) yield [`${number}.png`, handleOf(`${number}.png`)] as const;
      },
    });
    const root = {
      ...{ kind: "directory", name: "" },
      entries: async function* () {
        for (const name of ["a", "b"]) yield [name, folderOf(name)] as const;
      },
    };
    const read = await imageFolder(root as unknown as FileSystemDirectoryHandle, { ...small, worker });
    expect(read.count).toBe(198);
    expect(read.imported.skipped).toEqual(
      ["a", "b"].map((name) => ({
        ...{ file: `${name}/7.png`, reason: "unreadable" },
        detail: expect.stringMatching(/it cannot be read \(The file is gone\)/),
      })),
    );
    expect(most).toBeLessThanOrEqual(2 * navigator.hardwareConcurrency);
  });

  it("10,001 empty files, and nothing else, are told in a sentence", async () => {
    const files = Array.from({ length: 10_001 }, (_, number) => file(`${number % 3}/${number}.jpg`, ""));
    await expect(imageFolder(files, { ...small, worker })).rejects.toThrow(
      /none of 10,001 files became an image to train on: 10,001 empty\. The first is "0\/0\.jpg": it holds no bytes/,
    );
  });

  it("a worker that cannot be loaded, or is forbidden, leaves the work to the page", async () => {
    const png = await encoded(4, 4, "image/png", filled("#fff"));
    const files = ["a/1", "a/2", "a/3", "b/1", "b/2"].map((path) => file(path, png));
    const missing = () => new Worker(new URL("./no_such_worker.js", location.href), { type: "module" });
    const forbidden = () => {
      throw new DOMException("forbidden", "SecurityError");
    };
    for (const worker of [missing, forbidden, undefined]) {
      const read = await imageFolder(files, { size: [2, 2], ...(worker ? { worker } : {}) });
      expect([read.count, read.imported.skipped]).toEqual([5, []]);
    }
  });

  it("reads a zip archive like a folder, its broken files aside", async () => {
    const png = await encoded(40, 20, "image/png", quarters);
    const archive = await zip([
      { name: "pets/cats/2.png", content: png, deflate: true },
      { name: "pets/cats/10.png", content: png },
      { name: "pets/dogs/1.png", content: png, deflate: true },
      { name: "pets/dogs/2.png", content: png, deflate: true, crc: 1 },
      { name: "__MACOSX/pets/dogs/._2.png", content: png },
    ]);
    const wanted = await imageOf(png);
    for (const given of [archive, new File([archive], "pets.zip"), [new File([archive], "pets.zip")]]) {
      const read = await imageFolder(given, { ...small, worker });
      expect(read.names).toEqual(["pets/cats/2.png", "pets/cats/10.png", "pets/dogs/1.png"]);
      expect(read.imported.skipped).toMatchObject([{ file: "pets/dogs/2.png", reason: "corrupt" }]);
      expect(subset(read, 2, 1).images).toEqual(wanted);
    }
    const error = await imageFolder(await zip([{ name: "../x/1.png", content: png }]), small).catch(
      (one: unknown) => one,
    );
    expect(error).toBeInstanceOf(FormatError);
  });

  it.each<[string, unknown, unknown, RegExp]>([
    ["no size", [], {}, /size must be \[height, width\] in pixels/],
    ["a size of one number", [], { size: 64 }, /size must be \[height, width\]/],
    ["two channels", [], { size: [8, 8], channels: 2 }, /channels must be 1 \(grey\) or 3/],
    ["another fit", [], { size: [8, 8], fit: "fill" }, /fit must be "cover"/],
    ["an unknown option", [], { size: [8, 8], chanels: 1 }, /did you mean "channels"/],
    ["no colour", [], { size: [8, 8], background: "grue" }, /background must be/],
    ["classNames that are none", [], { size: [8, 8], classNames: "cats" }, /classNames must be a list/],
    ["a worker that is none", [], { size: [8, 8], worker: true }, /worker must be a function/],
    ["no file", [], { size: [8, 8] }, /there are no files/],
    ["a path", "/pets", { size: [8, 8] }, /a page cannot read a path/],
    ["a promise", Promise.resolve([]), { size: [8, 8] }, /a promise \(await it\)/],
    ["nothing", undefined, { size: [8, 8] }, /got undefined; give the files of an <input/],
    ["a list of texts", ["cats/1.jpg"], { size: [8, 8] }, /entry 0: got "cats\/1\.jpg"; give a File/],
    ["one class", [file("cats/1.jpg", "x")], { size: [8, 8] }, /all pictures lie in one folder, "cats"/],
  ])("refuses %s", async (_, files, options, message) => {
    const error = await imageFolder(files as never, options as never).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
  });
});
