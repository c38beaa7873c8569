/** The curves' figures as a table: each measurement, and what changed the course of the training in between. */
import { make } from "../dom.ts";
import { count, decimal, learningRate, percent, say } from "../language.ts";
import { layerName } from "../layer_names.ts";
import type { Measurement, Run, RunEvent } from "../run.ts";
import { stopWords } from "./stop_words.ts";

/** Writes the rows, in the order in which things happened. */
export function showMeasurements(run: Run, place: HTMLElement): void {
  const entries = [
    ...run.measurements.map((measurement) => ({ step: measurement.step, row: () => measurementRow(measurement) })),
    ...run.events.map((event) => ({ step: event.step, row: () => eventRow(event) })),
  ];
  // What changes at a step comes after what was measured there: the sort is stable.
  entries.sort((a, b) => a.step - b.step);
  place.replaceChildren(...entries.map(({ row }) => row()));
}

/** A loss as the page writes it: three places, "NaN" where it is no number. */
export function writeLoss(loss: number | undefined): string {
  if (loss === undefined) return "–";
  return Number.isFinite(loss) ? decimal(loss, 3) : "NaN";
}

function measurementRow({ step, trainingLoss, trainingAccuracy, loss, accuracy }: Measurement): HTMLElement {
  const cells = [
    count(step),
    writeLoss(trainingLoss),
    trainingAccuracy === undefined ? "–" : percent(trainingAccuracy, 1),
    writeLoss(loss),
    percent(accuracy, 1),
  ];
  return make("tr", {}, ...cells.map((text) => make("td", { text })));
}

function eventRow(event: RunEvent): HTMLElement {
  const words = make("td", { className: "event", text: eventWords(event) });
  words.colSpan = 4;
  return make("tr", {}, make("td", { text: count(event.step) }), words);
}

function eventWords(event: RunEvent): string {
  const text = say();
  switch (event.kind) {
    case "learningRate":
      return text.eventLearningRate(learningRate(event.value));
    case "batchSize":
      return text.eventBatchSize(count(event.value));
    case "digits":
      return text.eventDigits(count(event.value));
    case "vary":
      return event.value ? text.eventVary : text.eventNoVary;
    case "lesson":
      return text.eventLesson;
    case "best":
      return text.stoppedBest(count(event.value));
    case "back":
      return text.eventBack(count(event.value));
    case "stopped":
      return stopWords(event.why);
    case "diverged": {
      const layer = event.layer ?? event.parameter?.split("/")[0];
      return layer === undefined ? text.eventDiverged : text.eventDivergedIn(layerName(layer));
    }
  }
}
