/** The command `corteza`: what it converts, prints and names, and what it says of wrong use and bad files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import {
  conv2d,
  dense,
  flatten,
  loadModel,
  maxPooling2d,
  saveModel,
  sequential,
  toSafetensors,
} from "../../src/index.ts";

let folder: string;
const path = (name: string) => join(folder, name);
const network = () =>
  sequential({ inputShape: [8, 8, 3], seed: 4 }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d(),
    flatten(),
    dense({ units: 3, activation: "softmax" }),
  ]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-cli-"));
  await writeFile(path("net.safetensors"), saveModel(network()));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the command; its exit code and what it wrote. */
async function corteza(...words: string[]): Promise<{ code: number; out: string; error: string }> {
  const [out, error]: [string[], string[]] = [[], []];
  const code = await run(words, { out: (text) => out.push(text), error: (text) => error.push(text) });
  return { code, out: out.join("\n"), error: error.join("\n") };
}

describe("corteza convert", () => {
  it.each([["net.onnx"], ["web/"], ["web2/model.json"]])("to %s and back keeps every weight", async (name) => {
    expect(await corteza("convert", path("net.safetensors"), path(name))).toMatchObject({ code: 0, error: "" });
    const back = `${name.replaceAll(/\W/g, "_")}.safetensors`;
    expect(await corteza("convert", path(name), path(back))).toMatchObject({ code: 0, error: "" });
    const found = [...loadModel(await readFile(path(back))).parameters.values()].map(({ data }) => [...data]);
    expect(found).toEqual([...network().parameters.values()].map(({ data }) => [...data]));
  });

  it("to programs, a module and pictures", async () => {
    for (const [name, ...more] of [
      ["train.py"],
      ["keras.py", "--to", "keras"],
      ["net.ts"],
      ["net.js"],
      ["net.svg"],
      ["net.mmd"],
    ] as const) {
      const { code, out, error } = await corteza("convert", path("net.safetensors"), path(name), ...more);
      expect({ code, error }, name).toEqual({ code: 0, error: "" });
      expect(out).toContain(name);
    }
    const files = await readdir(folder);
    for (const name of ["train.py", "train.safetensors", "keras.py", "keras.safetensors", "net.js"])
      expect(files).toContain(name);
    expect(files.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await readFile(path("train.py"), "utf8")).toContain("import torch");
    expect(await readFile(path("keras.py"), "utf8")).toContain("import keras");
  });

  it("writes over nothing unless it is told to, and says what it did as JSON", async () => {
    const words = ["convert", path("net.safetensors"), path("again.onnx"), "--json"];
    const { out } = await corteza(...words);
    expect(JSON.parse(out)).toEqual({ from: "Corteza", to: "onnx", layers: 4, files: [path("again.onnx")], lost: [] });
    expect(await corteza(...words)).toMatchObject({ code: 2, out: "" });
    expect((await corteza(...words)).error).toContain("--force");
    expect((await corteza(...words, "--force")).code).toBe(0);
  });

  it("never writes over what it converts, nor over its weights, whatever it is told", async () => {
    const before = await readFile(path("net.safetensors"));
    for (const words of [
      ["net.py", "--to", "keras"],
      ["net.py"],
      ["net.safetensors"],
      [`../${folder.split("/").at(-1)}/net.safetensors`],
    ]) {
      const [name = "", ...more] = words;
      const found = await corteza("convert", path("net.safetensors"), path(name), ...more, "--force");
      expect([found.code, found.out], found.error).toEqual([2, ""]);
      expect(found.error).toContain("is what is converted");
    }
    expect((await readFile(path("net.safetensors"))).equals(before)).toBe(true);
  });

  it("writes TensorFlow.js' model.json under the name that it is given", async () => {
    expect((await corteza("convert", path("net.safetensors"), path("named/other.json"))).code).toBe(0);
    expect((await readdir(path("named"))).sort()).toEqual(["other.json", "weights.bin"]);
    expect((await corteza("summary", path("named/other.json"))).out).toMatch(/^TensorFlow\.js/);
    expect((await corteza("summary", path("named"))).error).toContain("without a model.json");
  });
});

describe("corteza summary", () => {
  it("prints the layers of any format, and JSON", async () => {
    await corteza("convert", path("net.safetensors"), path("sum.onnx"));
    const own = await corteza("summary", path("net.safetensors"));
    // 3 · 3 · 3 · 4 + 4, and 4 · 4 · 4 · 3 + 3.
    for (const words of ["Corteza", "8×8×4", "112", "195"]) expect(own.out).toContain(words);
    expect((await corteza("summary", path("sum.onnx"))).out).toMatch(/^ONNX\n/);
    const { rows, parameters } = JSON.parse((await corteza("summary", path("net.safetensors"), "--json")).out);
    expect([rows.length, parameters]).toEqual([4, 307]);
  });
});

describe("corteza predict", () => {
  it("names what is on pictures, as the library does", async () => {
    const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, index) => (index * 7) % 256);
    await writeFile(
      path("picture.png"),
      await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
        .png()
        .toBuffer(),
    );
    await writeFile(path("labels.txt"), "ant\nbee\ncat\n");
    const words = ["predict", path("net.safetensors"), path("picture.png"), "--labels", path("labels.txt"), "--json"];
    const byBackend = await Promise.all(
      ["wasm", "cpu"].map(async (backend) => JSON.parse((await corteza(...words, "--backend", backend)).out)),
    );
    const [{ predictions }, other] = byBackend;
    expect(predictions).toHaveLength(3);
    expect(predictions.reduce((sum: number, one: { probability: number }) => sum + one.probability, 0)).toBeCloseTo(
      1,
      5,
    );
    expect(new Set(predictions.map(({ label }: { label: string }) => label))).toEqual(new Set(["ant", "bee", "cat"]));
    for (const [index, { label, probability }] of predictions.entries()) {
      expect(other.predictions[index].label).toBe(label);
      expect(other.predictions[index].probability).toBeCloseTo(probability, 5);
    }
    const { out } = await corteza("predict", path("net.safetensors"), path("picture.png"), "--top", "1");
    expect(out).toMatch(/picture\.png: [012] \d+\.\d %$/);
  });

  it("knows the names that a file has, and that one output is the probability of yes", async () => {
    const named = network();
    const metadata = { config: JSON.stringify(named), classNames: JSON.stringify(["ant", "bee", "cat"]) };
    await writeFile(path("named.safetensors"), toSafetensors(named.parameters, metadata));
    expect((await corteza("predict", path("named.safetensors"), path("picture.png"), "--top", "1")).out).toMatch(
      /: (ant|bee|cat) /,
    );
    const one = sequential({ inputShape: [8, 8, 3], seed: 2 }, [flatten(), dense({ units: 1 })]);
    await writeFile(path("one.safetensors"), saveModel(one));
    const predicted = async (...words: string[]) =>
      JSON.parse((await corteza("predict", path("one.safetensors"), path("picture.png"), "--json", ...words)).out)
        .predictions as { label: string; probability: number }[];
    const of = (found: { label: string; probability: number }[], label: string) =>
      found.find((one) => one.label === label)?.probability ?? Number.NaN;
    const found = await predicted();
    expect(of(found, "no") + of(found, "yes")).toBeCloseTo(1, 6);
    const pixels = Float32Array.from({ length: 8 * 8 * 3 }, (_, index) => ((index * 7) % 256) / 255);
    const [kernel, bias] = [...one.parameters.values()].map(({ data }) => data);
    const score = pixels.reduce((sum, pixel, index) => sum + pixel * kernel![index]!, bias![0]!);
    expect(of(found, "yes")).toBeCloseTo(1 / (1 + Math.exp(-score)), 5);
  });

  it("says what is wrong with pictures and labels", async () => {
    await writeFile(path("no.png"), "no picture");
    await writeFile(path("two.txt"), "one\ntwo");
    expect(await corteza("predict", path("net.safetensors"), path("no.png"))).toMatchObject({ code: 1 });
    const { code, error } = await corteza(
      "predict",
      path("net.safetensors"),
      path("no.png"),
      "--labels",
      path("two.txt"),
    );
    expect(code).toBe(1);
    expect(error).toContain("2 names of classes, and the network has 3 classes");
  });
});

describe("wrong use and bad files", () => {
  it("are told in a line, with the exit code and what was meant", async () => {
    for (const [words, code, said] of [
      [[], 2, "convert"],
      [["convrt"], 2, 'did you mean "convert"?'],
      [["summary"], 2, "wants one file"],
      [["summary", path("net.safetensors"), "--bach", "2"], 2, "did you mean --batch?"],
      [["summary", path("net.safetensors"), "--batch", "0"], 2, "at least 1"],
      [["convert", path("net.safetensors"), path("x.onxx")], 2, '".onxx"'],
      [["convert", path("net.safetensors"), path("x"), "--to", "onxn"], 2, 'did you mean "onnx"?'],
      [["summary", path("missing.onnx")], 1, "missing.onnx"],
      [["predict", path("net.safetensors")], 2, "pictures"],
    ] as const) {
      const found = await corteza(...words);
      expect(found.code, found.error).toBe(code);
      expect(found.error).toContain(said);
      expect(found.error).not.toMatch(/\n\s+at /);
    }
    for (const [name, bytes] of [
      ["junk.onnx", "\u0008\u0001junk"],
      ["junk.keras", "PK\u0003\u0004junk"],
      ["junk.h5", Buffer.from([0x89, 0x48, 0x44, 0x46, 1, 2])],
      ["junk.safetensors", Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0x7b, 1])],
      ["junk.json", "{"],
      ["spaces.json", "     { no"],
      ["twice.json", '{"modelTopology":{},"weightsManifest":[{"paths":["a.bin","a.bin"]}]}'],
      ["outside.json", '{"modelTopology":{},"weightsManifest":[{"paths":["../../etc/passwd"]}]}'],
    ] as const) {
      await writeFile(path(name), bytes);
      const { code, out, error } = await corteza("summary", path(name));
      expect({ name, code, out }, error).toEqual({ name, code: 1, out: "" });
      expect(error.split("\n")).toHaveLength(1);
    }
  });

  it("are refused in less than a second, however they repeat themselves", async () => {
    await writeFile(path("many.json"), `{${'"paths":['.repeat(80_000)}`);
    const names = Array.from({ length: 3000 }, () => '"self.json"').join(",");
    await writeFile(
      path("self.json"),
      `{"modelTopology":{},"weightsManifest":[{"paths":[${names}]}],"x":"${"y".repeat(4e5)}"}`,
    );
    for (const name of ["many.json", "self.json"]) {
      const started = process.cpuUsage();
      expect((await corteza("summary", path(name))).code).toBe(1);
      expect(process.cpuUsage(started).user / 1e6).toBeLessThan(1);
    }
  });

  it("have help and a version", async () => {
    expect((await corteza("--help")).out).toContain("corteza COMMAND");
    for (const name of ["convert", "summary", "predict"]) {
      const { code, out } = await corteza(name, "--help");
      expect([code, out.startsWith(`corteza ${name} `)]).toEqual([0, true]);
    }
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await corteza("--version")).out).toBe(version);
  });
});
