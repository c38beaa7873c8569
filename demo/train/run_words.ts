/** The name of a training in the page's language: what changed against the training before. */
import { count, learningRate, trainSay } from "../language.ts";
import type { RunEvent } from "../run.ts";
import { decodeRows, encodeRows, PRESETS, preset, type Row } from "./design.ts";
import type { Difference } from "./run_settings.ts";
import { optimizerName, presetName } from "./setting_names.ts";

/** `changes` against the run before, undefined for the first; `events`: what was changed on the way. */
export function runName(changes: readonly Difference[] | undefined, events: readonly RunEvent[]): string {
  const text = trainSay();
  const words = changes?.map(differenceWords) ?? [text.runFirst];
  if (words.length === 0) words.push(text.runSame);
  for (const event of events) {
    if (event.kind === "learningRate") words.push(`→ ${text.runLearningRate(learningRate(event.value))}`);
    else if (event.kind === "batchSize") words.push(`→ ${text.runBatchSize(count(event.value))}`);
  }
  return words.join(", ");
}

function differenceWords(difference: Difference): string {
  const text = trainSay();
  switch (difference.what) {
    case "learningRate":
      return text.runLearningRate(learningRate(difference.value));
    case "batchSize":
      return text.runBatchSize(count(difference.value));
    case "seed":
      return text.runSeed(String(difference.value));
    case "digits":
      return text.runDigits(count(difference.value));
    case "optimizer":
      return difference.value === undefined ? text.runFromFile : optimizerName(difference.value);
    case "vary":
      return difference.value ? text.runVary : text.runNoVary;
    case "network":
      return networkWords(difference);
  }
}

function networkWords({ value, removed, added }: Extract<Difference, { what: "network" }>): string {
  const text = trainSay();
  if (value === undefined) return text.runFromFile;
  if (removed.length === 1 && added.length === 1) return `${removed.map(rowWords)} → ${added.map(rowWords)}`;
  if (removed.length + added.length > 0) {
    return [...removed.map((row) => `− ${rowWords(row)}`), ...added.map((row) => `+ ${rowWords(row)}`)].join(", ");
  }
  const known = PRESETS.find((name) => encodeRows(preset(name)) === encodeRows(decodeRows(value) ?? []));
  return known === undefined ? text.runOtherNetwork : presetName(known);
}

/** "conv 64": a row in few words. */
function rowWords({ kind, options }: Row): string {
  const size = options["filters"] ?? options["units"] ?? options["size"] ?? options["rate"];
  const name = trainSay().runRow[kind];
  return size === undefined ? name : `${name} ${count(Number(size))}`;
}
