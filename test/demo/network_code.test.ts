/** A network in an address: what comes back, how long it is, and that nothing bad gets in. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FileProblemError } from "../../demo/file_problem.ts";
import { buildNetwork } from "../../demo/setup.ts";
import { decodeNetwork, encodeNetwork, MOST_CHARACTERS } from "../../demo/share/network_code.ts";
import { type PRESETS, preset } from "../../demo/train/design.ts";
import { RandomData } from "../support/random.ts";

async function encoded(name: (typeof PRESETS)[number]): Promise<string> {
  const model = buildNetwork(preset(name), 3);
  return (await encodeNetwork(model, model.parameters)) ?? "too long";
}

describe("a network in an address", () => {
  it.each([
    ["tiny", 127],
    ["residual", 127],
    // First weights are spread evenly and hardly deflate: with all of 8 bits it would be too long.
    ["reference", 90],
  ] as const)("comes back, every weight within half a level (%s, %d on either side)", async (name, levels) => {
    const model = buildNetwork(preset(name), 3);
    const back = await decodeNetwork(await encoded(name));
    expect(back.toJSON()).toEqual(model.toJSON());
    for (const [parameter, { shape, data }] of model.parameters) {
      const found = back.parameters.get(parameter)!;
      expect(found.shape).toEqual(shape);
      const channels = shape.at(-1)!;
      const most = new Float32Array(channels);
      data.forEach((value, index) => {
        most[index % channels] = Math.max(most[index % channels]!, Math.abs(value));
      });
      // One rounding to the scale's nearest multiple, and two of 32-bit floats.
      data.forEach((value, index) => {
        const allowed = shape.length > 1 ? (most[index % channels]! / levels) * (0.5 + 1e-4) : 0;
        expect(Math.abs(value - found.data[index]!)).toBeLessThanOrEqual(allowed);
      });
    }
  });

  it("is short: 16 kB for the smallest preset, 64 for the reference network", async () => {
    expect((await encoded("tiny")).length).toBeLessThanOrEqual(16_000);
    expect((await encoded("reference")).length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(await encoded("tiny")).toMatch(/^[\w-]+$/);
  });

  it("is refused where it is damaged, by a typed error alone: 2,000 mutations", async () => {
    const code = await encoded("tiny");
    const data = new RandomData(19);
    const random = () => data.uniform();
    const bytes = inflateRawSync(Buffer.from(code, "base64url"));
    for (let round = 0; round < 2000; round++) {
      const changed = Buffer.from(bytes);
      // Mostly the head and the layers: the weights may be any numbers.
      for (let count = 1 + Math.floor(3 * random()); count > 0; count--)
        changed[Math.floor(random() * (random() < 0.8 ? 700 : changed.length))] = Math.floor(256 * random());
      const cut = random() < 0.2 ? changed.subarray(0, Math.floor(random() * changed.length)) : changed;
      await decodeNetwork(deflateRawSync(cut).toString("base64url")).catch((error: unknown) => {
        expect(error).toBeInstanceOf(FileProblemError);
      });
    }
  });

  it("says what is wrong with it", async () => {
    await expect(decodeNetwork("")).rejects.toThrow(FileProblemError);
    await expect(decodeNetwork("%%%")).rejects.toThrow("damaged");
    await expect(decodeNetwork("AAAA")).rejects.toThrow(FileProblemError);
    // 200 MB of zeros in 200 kB.
    const bomb = deflateRawSync(Buffer.alloc(2e8)).toString("base64url");
    await expect(decodeNetwork(bomb)).rejects.toThrow("larger than");
  });
});
