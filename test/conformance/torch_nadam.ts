/**
 * PyTorch 1.13's Nadam. Its second divisor, 1 − ∏ μᵢ · μₜ₊₁, has μₜ in it twice, against its documentation; PyTorch 2 and
 * Dozat 2016 have it once. So its record cannot be compared with ours as it stands: it shows that the recurrence here,
 * with the factor twice, is PyTorch's to the digits recorded, and with the factor once this is what ours must give.
 */
import { expectWithin } from "./suite.ts";

export interface NadamRun {
  readonly hyper: Readonly<Record<string, number | boolean | readonly [number, number]>>;
  readonly w0: readonly number[];
  readonly grads: readonly (readonly number[])[];
  readonly trajectory: readonly (readonly number[])[];
}

/** The parameters after each step; `factors`: how often μₜ is in the second divisor. */
function recurrence({ hyper, w0, grads }: NadamRun, factors: 1 | 2): number[][] {
  const [beta1, beta2] = hyper["betas"] as readonly [number, number];
  const [rate, epsilon, decay] = ["lr", "eps", "momentum_decay"].map((name) => Number(hyper[name])) as [
    number,
    number,
    number,
  ];
  const momentum = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * decay));
  const [w, m, v] = [[...w0], w0.map(() => 0), w0.map(() => 0)];
  let product = 1;
  return grads.map((gradient, index) => {
    const t = index + 1;
    const [now, next] = [momentum(t), momentum(t + 1)];
    product *= now;
    const ahead = product * next * now ** (factors - 1);
    gradient.forEach((g, i) => {
      const mean = beta1 * (m[i] ?? 0) + (1 - beta1) * g;
      const square = beta2 * (v[i] ?? 0) + (1 - beta2) * g * g;
      [m[i], v[i]] = [mean, square];
      const step = ((1 - now) * g) / (1 - product) + (next * mean) / (1 - ahead);
      w[i] = (w[i] ?? 0) - (rate * step) / (Math.sqrt(square / (1 - beta2 ** t)) + epsilon);
    });
    return [...w];
  });
}

/** What PyTorch's documented Nadam gives in the recorded run. Throws where the record is not what this file says it is. */
export function documentedNadam(run: NadamRun): number[][] {
  recurrence(run, 2).forEach((values, step) => {
    expectWithin(`PyTorch 1.13's own step ${step}`, values, run.trajectory[step] ?? [], (i) =>
      Math.max(2e-9, 5e-9 * Math.abs(values[i] ?? 0)),
    );
  });
  return recurrence(run, 1);
}
