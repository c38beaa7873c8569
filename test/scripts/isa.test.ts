import { describe, expect, it } from "vitest";
import { hotLoop } from "../../bench/isa/loop.ts";
import { CARDS, microseconds, threadsOf } from "../../bench/isa/model.ts";
import { flopsOfJaxJs } from "../../bench/isa/peers.ts";
import { type Kernel, kernelsOf, TRAITS } from "../../bench/isa/plans.ts";

/** A loop in a loop, as Mesa's compiler prints it. */
const NESTED = `BB0:
\ts_mul_i32 s0, s7, s3                                        ; 93000307
\tv_fmac_f32_e32 v1, v2, v3                                   ; 56020702
BB1:
\tv_add_f32_e32 v1, v2, v3                                    ; 06020702
BB2:
\tbuffer_load_dwordx4 v[4:7], v0, s[0:3], 0 offen             ; e0381000
\tglobal_load_dword v8, v[0:1], off                           ; dc308000
\tds_read_b128 v[12:15], v1                                   ; d9fc0000
\tv_fma_f32 v1, v2, v3, v4                                    ; d54b0001
\tv_pk_fma_f16 v1, v2, v3, v4                                 ; cc0e0001
\tv_mul_f32_e32 v1, v2, v3                                    ; 10020702
\tscratch_load_dword v9, off, s2                              ; dc504000
\ts_cbranch_scc1 BB2                                          ; bf85fff0
BB3:
\ts_branch BB1                                                ; bf82ffe0
BB4:
\ts_endpgm                                                    ; bf810000
`;

describe("the hot loop of machine code", () => {
  it("is the largest that holds no other", () => {
    expect(hotLoop(NESTED)).toEqual({
      ...{ isLoop: true, instructions: 8, multiplyAdds: 2, otherFloats: 1, loads: 2, wideLoads: 1 },
      ...{ workgroupMemory: 1, spills: 1 },
    });
  });

  it("is that with the most multiply-adds, not a longer one that only moves", () => {
    const moving = `BB5:\n${"\tv_mov_b32_e32 v1, v2\n".repeat(20)}\ts_cbranch_scc1 BB5\n`;
    expect(hotLoop(NESTED.replace("BB4:\n", `${moving}BB4:\n`))).toMatchObject({ instructions: 8, multiplyAdds: 2 });
  });

  it("is the whole program where most of what it does are multiply-adds outside of loops", () => {
    const clearing = NESTED.replaceAll(/^\tv_(pk_)?fma_.*$/gm, "\tv_mov_b32_e32 v1, v2");
    const products = (count: number) =>
      clearing.replace("BB1:\n", `${"\tv_fmac_f32_e32 v1, v2, v3\n".repeat(count)}BB1:\n`);
    expect(hotLoop(products(3))).toMatchObject({ isLoop: true, instructions: 8, multiplyAdds: 0 });
    expect(hotLoop(products(20))).toMatchObject({ isLoop: false, instructions: 33, multiplyAdds: 21 });
  });

  it("is the whole program where there is none", () => {
    const straight = NESTED.replaceAll(/^\ts_c?branch.*$/gm, "");
    expect(hotLoop(straight)).toMatchObject({ isLoop: false, instructions: 11, multiplyAdds: 3, otherFloats: 2 });
  });
});

describe("the program for a device that is only told", async () => {
  const job = { kind: "train", network: "reference", batch: 64 } as const;
  const [hardware, software] = await Promise.all(
    ["hardware", "software"].map((name) => kernelsOf(job, TRAITS[name] as (typeof TRAITS)[string])),
  );

  it("has the dispatches of a training step, each with its text", () => {
    const names = ["fetch_batch", "cross_entropy_step", "finish_step", "optimizer_update"];
    expect(hardware).toHaveLength(12);
    expect(hardware?.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    // 1.46 GFLOP: DESIGN's network at batch 64, which no choice of kernels changes but for products with zeros.
    const flops = hardware?.reduce((sum, kernel) => sum + kernel.flops, 0) ?? 0;
    expect(flops / 1e9).toBeGreaterThan(0.7);
    expect(flops / 1e9).toBeLessThan(1.6);
    for (const { wgsl } of hardware ?? []) expect(wgsl).toContain("@compute");
  });

  it("is another on a software adapter", () => {
    expect(software?.map(({ wgsl }) => wgsl)).not.toEqual(hardware?.map(({ wgsl }) => wgsl));
  });

  it("takes workgroups of a size that a device has", () => {
    for (const { wgsl } of hardware ?? []) expect([32, 64, 128, 256]).toContain(threadsOf(wgsl));
  });
});

describe("the estimate of a dispatch's time", () => {
  const card = CARDS.find(({ name }) => name === "RX 6800") as (typeof CARDS)[number];
  const kernel = { flops: 16.17e9, bytes: 0, workgroups: [60 * 64, 1, 1] } as unknown as Kernel;
  const mix = { instructions: 100, multiplyAdds: 100 };
  const compiled = (multiplyAdds: number, waves: number) =>
    ({ waves, mix: { ...mix, multiplyAdds } }) as Parameters<typeof microseconds>[2];

  it("is that of the card's peak where every instruction is a multiply-add and the card is full", () => {
    expect(microseconds(kernel, 256, compiled(100, 8), card)).toBeCloseTo(1000, 6);
    expect(microseconds(kernel, 256, compiled(50, 8), card)).toBeCloseTo(2000, 6);
    expect(microseconds(kernel, 256, compiled(100, 4), card)).toBeCloseTo(2000, 6);
    // One workgroup more is one round more, for one unit.
    expect(microseconds({ ...kernel, workgroups: [61, 1, 1] }, 256, compiled(100, 8), card)).toBeCloseTo(
      (1000 * 120) / 61,
      6,
    );
  });

  it("is that of memory, or of a launch, where these take longer", () => {
    expect(microseconds({ ...kernel, flops: 0, bytes: 512e6 }, 256, compiled(0, 8), card)).toBeCloseTo(1000, 6);
    expect(microseconds({ ...kernel, flops: 1 }, 256, compiled(100, 8), card)).toBe(card.launch);
  });
});

describe("operations of a kernel of jax-js", () => {
  const text = (turns: number, sum: string) => `@compute @workgroup_size(16)
fn main() {
  let alu0: i32 = gidx * 4;
  for (var ridx: i32 = 0; ridx < ${turns}; ridx++) {
    let alu1: i32 = ridx * 64;
    acc0 += ${sum};
    acc1 += ${sum};
  }
  result[gidx * 2] = acc0 * alu9;
}`;

  it("are those of the products that its loop adds, for each turn and invocation", () => {
    expect(flopsOfJaxJs(text(49, "in0[alu1 * 2] * in1[alu2 + 16] + alu3 * alu4"), 640)).toBe(2 * 640 * 16 * 49 * 4);
  });

  it("are not those of indices and conditions, and none without a loop", () => {
    const read = "select(in1[(alu0 * 7) + alu1], f32(0), in0[(alu0 * 28)] != 0)";
    expect(flopsOfJaxJs(text(4, read), 640)).toBe(0);
    expect(flopsOfJaxJs(text(4, `${read} * in1[alu7 * 3]`), 640)).toBe(2 * 640 * 16 * 4 * 2);
    expect(flopsOfJaxJs("@compute @workgroup_size(256)\nfn main() { result[0] = in0[0] * in1[0]; }", 3)).toBe(0);
  });
});
