/** What the model of time expects of each dispatch (bench/isa/model.ts), and how it compares with what a card took. */
import { formatTable } from "../../src/core/format.ts";
import type { ProfileData } from "../../src/graph/profile.ts";
import type { CardCompiler } from "../isa/compile.ts";
import { CARDS, microseconds, threadsOf } from "../isa/model.ts";
import { kernelsOf, TRAITS } from "../isa/plans.ts";
import { type Job, jobName } from "../jobs.ts";
import { figure } from "../rows.ts";

/** A step's dispatches in their order, with microseconds by the names of cards. */
export interface Prediction {
  readonly work: string;
  readonly kernels: readonly {
    readonly kernel: string;
    readonly layer: string | undefined;
    readonly microseconds: Readonly<Record<string, number>>;
  }[];
}

/** What a profile of a step found on a card. */
export interface Measured {
  readonly work: string;
  /** Of a step among many in one submission, as the bench times it. */
  readonly stepMicroseconds: number;
  readonly profile: ProfileData;
}

/** The family of cards by whose instructions the model goes, as `bench:isa` does by default. */
const FAMILY = "navi21";

/** Needs the tools of `bench:isa`. */
export async function predict(jobs: readonly Job[], compiler: CardCompiler): Promise<Prediction[]> {
  const traits = TRAITS["hardware"];
  if (traits === undefined) throw new Error("there are no traits of hardware");
  const predictions: Prediction[] = [];
  for (const job of jobs) {
    const kernels = await kernelsOf(job, traits);
    const compiled = compiler.compile(
      kernels.map(({ wgsl }) => wgsl),
      FAMILY,
    );
    predictions.push({
      work: jobName(job),
      kernels: kernels.map((kernel, place) => {
        const own = compiled[place];
        if (own === undefined) throw new Error(`${kernel.name} was not compiled`);
        const times = CARDS.map((card) => [card.name, microseconds(kernel, threadsOf(kernel.wgsl), own, card)]);
        return { kernel: kernel.name, layer: kernel.layer, microseconds: Object.fromEntries(times) };
      }),
    });
  }
  return predictions;
}

/**
 * The card of the model whose name the adapter's has in it: "NVIDIA H100 PCIe" is "H100". Undefined where none is; a card of the same
 * make may then be named by hand.
 */
export function cardOf(adapter: string): string | undefined {
  return CARDS.find(({ name }) => adapter.toLowerCase().includes(name.toLowerCase()))?.name;
}

/** Tables of works that both have: dispatch by dispatch, what the model expects of `card` beside what was measured. */
export function compare(predictions: readonly Prediction[], measured: readonly Measured[], card: string): string {
  if (!CARDS.some(({ name }) => name === card))
    throw new Error(`the model has ${CARDS.map(({ name }) => name).join(", ")}, and no "${card}".`);
  const texts = measured.map(({ work, profile, stepMicroseconds }) => {
    const expected = predictions.find((prediction) => prediction.work === work);
    if (expected === undefined) return `${work}: nothing was expected of it`;
    const rows = profile.kernels.map(({ kernel, layer, milliseconds }, place) => {
      const own = expected.kernels[place];
      // Another device may get other kernels: a comparison of these would say nothing.
      const isSame = own?.kernel === kernel;
      return {
        title: `${layer ?? ""} ${kernel}`.trim(),
        took: milliseconds * 1e3,
        own: isSame ? own.microseconds[card] : undefined,
      };
    });
    const line = (title: string, took: number, own: number | undefined) => [
      title,
      figure(took),
      own === undefined ? "another kernel" : figure(own),
      own === undefined ? "–" : figure(took / own),
    ];
    const same = rows.filter(({ own }) => own !== undefined);
    const sum = (values: readonly (number | undefined)[]) =>
      values.reduce<number>((total, value) => total + (value ?? 0), 0);
    const whole = sum(expected.kernels.map(({ microseconds: times }) => times[card]));
    return [
      `${work}: microseconds, ${profile.timing}; the model's are of ${card}`,
      formatTable([
        ["dispatch", "measured", "model", "measured / model"],
        ...rows.map(({ title, took, own }) => line(title, took, own)),
        line(
          `the same kernels, ${same.length} of ${rows.length}`,
          sum(same.map(({ took }) => took)),
          sum(same.map(({ own }) => own)),
        ),
        line("the step, many in one submission", stepMicroseconds, whole),
      ]),
    ].join("\n");
  });
  return texts.join("\n\n");
}
