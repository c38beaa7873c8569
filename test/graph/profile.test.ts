import { expect, it } from "vitest";
import { Profile } from "../../src/graph/profile.ts";

const kernel = (name: string, milliseconds: number, flops: number) => ({
  ...{ layer: "dense", op: "matmul", kernel: name, milliseconds, flops, bytes: 1000 },
});

/** The cells of the table's row that has this kernel. */
function cellsOf(profile: Profile, name: string): string[] {
  const lines = `${profile}`.split("\n");
  const line = lines.find((one) => one.includes(name)) ?? "";
  return line.trim().split(/ {2,}/);
}

it("a profile gives rates of what was measured, and none of a kernel below the clock's tick", () => {
  const kernels = [kernel("measured", 2, 4e6), kernel("too-quick", 0, 4e6)];
  const profile = new Profile({ timing: "timestamps", steps: 5, peakGflops: 8, kernels });
  // 4 MFLOP in 2 ms are 2 GFLOP/s, a quarter of the peak.
  expect(cellsOf(profile, "measured").slice(3)).toEqual(["2.000", "100.0", "4,000,000", "1.00 kB", "2.00", "25.0"]);
  expect(cellsOf(profile, "too-quick").slice(3)).toEqual(["0.000", "0.0", "4,000,000", "1.00 kB"]);
  expect(`${profile}`).not.toMatch(/Infinity|NaN/);
  const idle = new Profile({ timing: "cpu", steps: 1, peakGflops: undefined, kernels: [kernel("too-quick", 0, 1)] });
  expect(`${idle}`).not.toMatch(/Infinity|NaN/);
});
