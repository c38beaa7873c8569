/**
 * Probabilities that mean what they say: of the answers that are called 90 % sure, 90 % are right. A network's own are not so,
 * and those of one that practised on varied digits are too small rather than too large. One number mends that: the scores are
 * divided by a temperature, chosen so that held-out digits are most probable (Guo, Pleiss, Sun and Weinberger, "On
 * calibration of modern neural networks", 2017). Which digit is the answer does not change.
 */
import type { Tensor } from "../src/index.ts";

/** Beyond these a set of held-out digits is too small, or read without a mistake, to tell. */
const [LEAST, MOST] = [0.2, 5];
const ROUNDS = 40;
/** More rows than these move the temperature by less than a hundredth. */
const MOST_ROWS = 2000;
/** The smallest probability that counts as one: zero has no logarithm. */
const TINY = 1e-37;

/** Mean of −log of the labels' probabilities, at a temperature. */
function loss(scores: Tensor<Float32Array>, labels: ArrayLike<number>, rows: number, temperature: number): number {
  const classes = scores.shape[1] ?? 0;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const own = scores.data.subarray(row * classes, (row + 1) * classes);
    const most = own.reduce((highest, score) => Math.max(highest, score), Number.NEGATIVE_INFINITY);
    const sum = own.reduce((before, score) => before + Math.exp((score - most) / temperature), 0);
    total += Math.log(sum) - ((own[labels[row] ?? 0] ?? 0) - most) / temperature;
  }
  return total / rows;
}

/**
 * The temperature at which held-out digits are most probable, from 0.2 to 5: scores [count, classes] (`outputs` of an
 * evaluation) with their labels. 1, which changes nothing, where the scores are no numbers.
 */
export function fitTemperature(scores: Tensor<Float32Array>, labels: ArrayLike<number>): number {
  const rows = Math.min(scores.shape[0] ?? 0, labels.length, MOST_ROWS);
  const at = (log: number) => loss(scores, labels, rows, Math.exp(log));
  if (rows === 0 || !Number.isFinite(at(0))) return 1;
  // By golden sections: the loss has one minimum, since it is convex in 1 / temperature.
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(LEAST), Math.log(MOST)];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [atLeft, atRight] = [at(left), at(right)];
  for (let round = 0; round < ROUNDS && high - low > 1e-4; round++) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = at(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = at(right);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Probabilities of one picture at another temperature: softmax(log p / temperature) is that of the scores themselves. */
export function atTemperature(probabilities: Float32Array, temperature: number): Float32Array {
  const logs = probabilities.map((probability) => Math.log(Math.max(probability, TINY)) / temperature);
  const most = Math.max(...logs);
  const shares = logs.map((log) => Math.exp(log - most));
  const sum = shares.reduce((before, share) => before + share, 0);
  return shares.map((share) => share / sum);
}
