import { describe, expect, it } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { openSource, Skipped } from "../../../src/data/pictures/source.ts";
import { unzip } from "../../../src/data/pictures/unzip.ts";
import { isZip, readZip } from "../../../src/data/pictures/zip.ts";
import { ascii, type Zipped, zip } from "../../support/picture_files.ts";

const content = Uint8Array.from({ length: 3000 }, (_, index) => (index * index) % 251);
const zeros = (bytes: number) => new Uint8Array(bytes);

/** What is in an archive, by path: its bytes, or why there are none. */
async function opened(archive: Blob): Promise<Record<string, number[] | string>> {
  const found: Record<string, number[] | string> = {};
  for (const file of await readZip(archive, "pets.zip")) {
    try {
      const blob = await openSource(await file.open(), unzip);
      found[file.path] = [...new Uint8Array(await blob.arrayBuffer())];
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
      found[file.path] = error.message;
    }
  }
  return found;
}

const told = async (files: readonly Zipped[], options?: Parameters<typeof zip>[1]) => {
  const error = await readZip(await zip(files, options), "pets.zip").catch((one: unknown) => one);
  expect(error).toBeInstanceOf(FormatError);
  return (error as Error).message;
};

describe("a zip archive", () => {
  it("gives its files as they are, stored or deflated, behind a comment and other bytes", async () => {
    const archive = await zip(
      [
        { name: "pets/" },
        { name: "pets/cats/1.jpg", content, deflate: true, extra: 40 },
        { name: "pets\\dogs\\é.jpg", content: content.subarray(0, 100) },
        { name: Uint8Array.of(...ascii("pets/dogs/"), 0x82), content: content.subarray(0, 1) },
      ],
      { comment: "PK\x05\x06 is a comment", before: 500 },
    );
    expect(await opened(archive)).toEqual({
      "pets/cats/1.jpg": [...content],
      "pets/dogs/é.jpg": [...content.subarray(0, 100)],
      "pets/dogs/\x82": [0],
    });
  });

  it.each([["../evil.jpg"], ["a/../../evil.jpg"], ["/etc/evil.jpg"], ["C:\\evil.jpg"], ["..\\evil.jpg"], ["a\0.jpg"]])(
    "with the path %j is refused as a whole",
    async (name) => {
      expect(
        await told([
          { name: "cats/1.jpg", content },
          { name, content },
        ]),
      ).toMatch(/path ".*", which lies outside of it/);
    },
  );

  it("names that only look like such are read", async () => {
    expect(Object.keys(await opened(await zip([{ name: "a..b/..c.jpg", content }])))).toEqual(["a..b/..c.jpg"]);
  });

  it("one that would grow beyond all bounds is refused by what it declares", async () => {
    const bombs = Array.from({ length: 5 }, (_, index) => ({ name: `${index}.png`, content, declared: 4e9 }));
    expect(await told(bombs)).toMatch(/would become larger than 17\.2 GB/);
  });

  it("skips what would grow as no picture does, before it is unpacked", async () => {
    const archive = await zip([{ name: "a/zeros.png", content: zeros(17 * 2 ** 20), deflate: true }]);
    expect(await opened(archive)).toEqual({
      "a/zeros.png": expect.stringMatching(/^its .* kB in the archive would become 17\.8 MB, as of no picture/),
    });
  });

  it("one that declares less than comes out is stopped there", async () => {
    const archive = await zip([{ name: "a/bomb.png", content: zeros(5_000_000), deflate: true, declared: 1000 }]);
    expect(archive.size).toBeLessThan(6000);
    expect(await opened(archive)).toEqual({
      "a/bomb.png": 'the archive is damaged at "a/bomb.png": more comes out than the directory declares',
    });
  });

  it("a file of more than 256 MiB is not unpacked", async () => {
    const archive = await zip([{ name: "a/1.png", content: zeros(10), deflate: true, declared: 300 * 2 ** 20 }]);
    expect(await opened(archive)).toEqual({ "a/1.png": expect.stringMatching(/it holds 315 MB, and at most 268 MB/) });
  });

  it("files that share their bytes are refused", async () => {
    const files = [
      { name: "a/1.png", content, deflate: true },
      { name: "a/2.png", content, start: 10 },
    ];
    expect(await told(files)).toMatch(/"a\/1\.png" shares its bytes|made to do harm/);
  });

  it.each<[string, Partial<Zipped>, RegExp]>([
    ["another checksum", { crc: 5 }, /its checksum is another one/],
    ["more declared than there is", { declared: 4000, deflate: true }, /less comes out/],
    ["two methods", { localMethod: 8 }, /different methods/],
    ["two lengths", { declared: 2999 }, /two different lengths/],
    ["another way of packing", { method: 14 }, /packed by method 14.*unpack the archive/],
    ["a place without a header", { start: 1 }, /reaches into what follows|header is not where/],
  ])("a file with %s is told, and the others are read", async (_, wrong, message) => {
    const found = await opened(
      await zip([
        { name: "a/1.jpg", content, extra: 60, ...wrong },
        { name: "b/2.jpg", content },
      ]),
    );
    expect(found["a/1.jpg"]).toMatch(message);
    expect(found["b/2.jpg"]).toEqual([...content]);
  });

  it("an encrypted file is told; an archive of nothing else is refused", async () => {
    const secret = { name: "a/1.jpg", content, flags: 0x801 };
    expect(await opened(await zip([secret, { name: "b/2.jpg", content }]))).toEqual({
      "a/1.jpg": expect.stringMatching(/encrypted; unpack the archive with its password/),
      "b/2.jpg": [...content],
    });
    expect(await told([secret])).toMatch(/is encrypted; unpack it with its password/);
  });

  it.each<[string, readonly Zipped[], Parameters<typeof zip>[1], RegExp]>([
    ["zip64 by its count", [{ name: "a/1.jpg", content }], { count: 0xffff }, /zip64 archive .*65,535.*unpack it/],
    ["zip64 by a size", [{ name: "a/1.jpg", content, declared: 0xffffffff }], {}, /zip64 archive/],
    ["a wrong count", [{ name: "a/1.jpg", content }], { count: 30 }, /directory of 30 files does not fit/],
    [
      "a count too small",
      [{ name: "a/1.jpg" }, { name: "b/1.jpg" }],
      { count: 1 },
      /directory is longer than its entries/,
    ],
  ])("with %s is refused", async (_, files, options, message) => {
    expect(await told(files, options)).toMatch(message);
  });

  it("one that is cut off, and what is none, are told apart", async () => {
    const whole = await zip([{ name: "a/1.jpg", content }]);
    const failure = (archive: Blob) => readZip(archive, "pets.zip").catch((error: Error) => error.message);
    expect(await failure(whole.slice(0, 2000))).toMatch(/"pets\.zip" is cut off.*download it again/);
    expect(await failure(new Blob(["a text"]))).toMatch(/is no zip archive/);
    expect(await failure(new Blob([]))).toMatch(/is no zip archive/);
    expect([await isZip(whole), await isZip(await zip([])), await isZip(new Blob(["PK"]))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("every byte of it may be wrong: typed errors, and never more than is declared", async () => {
    const archive = new Uint8Array(
      await (
        await zip([
          { name: "a/1.jpg", content, deflate: true },
          { name: "b/2.jpg", content },
        ])
      ).arrayBuffer(),
    );
    for (let at = 0; at < archive.length; at += at < 60 || at > archive.length - 250 ? 1 : 97) {
      const wrong = archive.slice();
      wrong[at] = (wrong[at] ?? 0) ^ 0xff;
      const error = await opened(new Blob([wrong])).then(
        () => undefined,
        (one: unknown) => one,
      );
      if (error !== undefined) expect(error, `byte ${at}: ${error}`).toBeInstanceOf(FormatError);
    }
  });
});
