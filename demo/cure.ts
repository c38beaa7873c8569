/** What the page offers for a training that learns nothing. */
import { CLASSES } from "./classes.ts";
import { find } from "./dom.ts";
import type { Cure } from "./notices.ts";
import type { Session } from "./session.ts";

/** Weights with less than this share of guessing's loss have learned something worth going back to. */
const LEARNED = 0.8 * Math.log(CLASSES);

/** What there is to do about a training that learns nothing. */
export function cureOf(session: Session, { epochs, beginAnew }: { epochs(): number; beginAnew(): void }): Cure {
  const { usualRate, bestSteps, bestLoss = Number.POSITIVE_INFINITY } = session;
  const focusRun = () => find("run", HTMLButtonElement).focus();
  return {
    ...{ usualRate, goodSteps: bestLoss < LEARNED ? bestSteps : undefined },
    async startAnew(rate) {
      focusRun();
      beginAnew();
      await session.reset();
      session.setLearningRate(rate);
      session.train(epochs());
    },
    goOn(rate) {
      focusRun();
      session.setLearningRate(rate);
      if (session.phase !== "training") session.train(epochs());
    },
    goBack(rate) {
      focusRun();
      void session.goBack(rate);
    },
  };
}
