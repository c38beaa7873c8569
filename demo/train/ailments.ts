/**
 * What can ail a training although every number is one: weights so large that every picture gets the same answer, a loss far
 * above that of guessing, or no movement at all. No page, no device.
 */

/** What is wrong, for the page to say. */
export type Ailment =
  /** Every picture gets this answer: no unit lets anything through, or one score outweighs all others. */
  | { readonly kind: "sameAnswer"; readonly answer: number }
  /** It does worse than guessing, by its loss. */
  | { readonly kind: "worseThanGuessing" }
  /** After so many steps it guesses as at its beginning. */
  | { readonly kind: "notMoving"; readonly steps: number };

/** With the learning rate at which it was found first. */
export type Found = Ailment & { readonly learningRate: number };

/** What a measurement on held-out pictures tells of a network's health. */
export interface Vitals {
  /** Updates made before it. */
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Counts [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[];
  /** Whether pictures that differ get the same shares; asked for where they get the same answer. */
  readonly sameShares: boolean;
}

/** A first step or two may go anywhere. */
const FIRST_STEP = 12;
/** Measurements in a row that find the same. */
const IN_A_ROW = 2;
/** After so many steps a network that can learn has moved. */
const PATIENT_STEPS = 250;
/** Loss, as a share of what guessing has, that counts as another one. */
const MOVED = 0.99;
const FAR_ABOVE = 2;

/** Follows the measurements of one training. */
export class Health {
  #found: Ailment | undefined;
  #inARow = 0;

  /** What ails it after this measurement; undefined for a training that learns, or may yet. */
  take(vitals: Vitals): Ailment | undefined {
    const found = ailmentOf(vitals);
    const same = found !== undefined && found.kind === this.#found?.kind;
    this.#inARow = found === undefined ? 0 : same ? this.#inARow + 1 : 1;
    this.#found = found;
    return this.#inARow >= IN_A_ROW ? found : undefined;
  }
}

/** What one measurement says. */
function ailmentOf({ step, loss, accuracy, confusion, sameShares }: Vitals): Ailment | undefined {
  if (step < FIRST_STEP) return undefined;
  const { share, loss: guessing, pictures } = guess(confusion);
  // What guessing the commonest class gives, and as much more as chance does.
  if (accuracy > share + 3 * Math.sqrt((share * (1 - share)) / Math.max(1, pictures))) return undefined;
  const answer = onlyAnswer(confusion);
  if (answer !== undefined && sameShares) return { kind: "sameAnswer", answer };
  if (loss > FAR_ABOVE * guessing) return { kind: "worseThanGuessing" };
  return step >= PATIENT_STEPS && loss > MOVED * guessing ? { kind: "notMoving", steps: step } : undefined;
}

/** The one class that every picture is taken for; undefined where there are several. */
export function onlyAnswer(confusion: readonly (readonly number[])[]): number | undefined {
  const answers = confusion.flatMap((row) => row.flatMap((count, answer) => (count > 0 ? [answer] : [])));
  const [first] = answers;
  return answers.every((answer) => answer === first) ? first : undefined;
}

/** What one has who knows how common each class is and nothing else: accuracy and cross-entropy. */
function guess(confusion: readonly (readonly number[])[]): { share: number; loss: number; pictures: number } {
  const counts = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const pictures = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => count / Math.max(1, pictures));
  const loss = shares.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
  return { share: Math.max(0, ...shares), loss, pictures };
}

/** Shares that differ by less than this are the same. */
const SAME = 1e-5;

/** Whether these shares, `classes` for each of several pictures, are those of the first picture again and again. */
export function areSame(shares: ArrayLike<number>, classes: number): boolean {
  return Array.from(shares).every((share, index) => Math.abs(share - (shares[index % classes] ?? 0)) < SAME);
}

/**
 * The learning rate to begin again with: the optimizer's usual one where it was larger, or so small that nothing moved; else
 * a tenth of what it was.
 */
export function betterRate(ailment: Ailment, rate: number, usual: number): number {
  const tooSmall = ailment.kind === "notMoving" && rate < usual;
  return tooSmall || rate > usual ? usual : Number((rate / 10).toPrecision(1));
}
