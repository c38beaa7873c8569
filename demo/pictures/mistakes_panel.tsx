/** Where the network is wrong on held-out pictures: the confusion matrix, and the pictures of a cell. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count } from "../language.ts";
import { shownName } from "../shown_name.ts";
import { shades } from "../train/mistakes.ts";
import type { App } from "./app.ts";
import type { Score } from "./learner.ts";
import { tell } from "./messages.ts";
import type { PictureSet } from "./picture_set.ts";
import { SamplePicture } from "./pixels.tsx";
import { chance } from "./try_panel.tsx";

interface Cell {
  readonly label: number;
  readonly answer: number;
}

/** A held-out picture and what the network says of it. */
interface Told extends Cell {
  readonly row: number;
  /** Of the answer. */
  readonly probability: number;
}

/** Pictures of a cell that are shown at a time. */
const MOST_SHOWN = 36;
/** Classes beyond which a table is no longer readable. */
const MOST_CLASSES = 24;

export function MistakesPanel({ app, set }: { app: App; set: PictureSet }) {
  const text = tell();
  const score = app.learner.score.value;
  const cell = useSignal<Cell | undefined>(undefined);
  if (score === undefined) return null;
  const chosen = cell.value;
  const all = toldOf(score, set);
  const shown = chosen
    ? all.filter(({ label, answer }) => label === chosen.label && answer === chosen.answer)
    : all.filter(({ label, answer }) => label !== answer);
  shown.sort((a, b) => b.probability - a.probability);
  const names = set.classNames.map((name) => shownName(name));
  const title = chosen ? text.cellTitle(names[chosen.label] ?? "", names[chosen.answer] ?? "") : text.worst;
  return (
    <section aria-labelledby="pictures-mistakes-heading" class="pictures-mistakes">
      <h2 id="pictures-mistakes-heading">{text.mistakesHeading}</h2>
      <div class="mistakes-body">
        {names.length <= MOST_CLASSES && (
          <div class="matrix">
            <Confusion
              score={score}
              names={names}
              chosen={chosen}
              onCell={(one) => {
                cell.value = one;
              }}
            />
            <p class="note">{text.confusionHint}</p>
          </div>
        )}
        <div class="pictures">
          <div class="pictures-head">
            <h3>{title}</h3>
            <button
              type="button"
              disabled={chosen === undefined}
              onClick={() => {
                cell.value = undefined;
              }}
            >
              {text.showWorst}
            </button>
          </div>
          {shown.length === 0 && <p class="note">{chosen ? text.noneInCell : text.noMistakes}</p>}
          <ul class="told-list">
            {shown.slice(0, MOST_SHOWN).map((one) => (
              <ToldPicture key={one.row} told={one} set={set} names={names} />
            ))}
          </ul>
          {shown.length > MOST_SHOWN && <p class="note">{text.morePictures(count(MOST_SHOWN), count(shown.length))}</p>}
        </div>
      </div>
    </section>
  );
}

function ToldPicture({ told, set, names }: { told: Told; set: PictureSet; names: readonly string[] }) {
  const { row, label, answer, probability } = told;
  const words = tell().mistakeLabel(names[label] ?? "", names[answer] ?? "", chance(probability));
  return (
    <li>
      <SamplePicture part={set.heldOut} row={row} form={set} label={words} />
      <span aria-hidden="true">
        {label === answer ? names[label] : `${names[label] ?? ""} → ${names[answer] ?? ""}`}
        <br />
        {chance(probability)}
      </span>
    </li>
  );
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface ConfusionOptions {
  readonly score: Score;
  readonly names: readonly string[];
  readonly chosen: Cell | undefined;
  onCell(cell: Cell): void;
}

/** A table whose cells are buttons: one Tab stop, the arrow keys go from cell to cell. */
function Confusion({ score: { confusion }, names, chosen, onCell }: ConfusionOptions) {
  const text = tell();
  const table = useRef<HTMLTableElement>(null);
  const stop = useSignal<Cell>({ label: 0, answer: 0 });
  const shade = shades(confusion, false);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [label, answer] = [stop.value.label + step[0], stop.value.answer + step[1]];
    table.current?.querySelector<HTMLElement>(`[data-cell="${label} ${answer}"]`)?.focus();
  };
  return (
    <div class="scroller">
      <table ref={table} class="confusion named" onKeyDown={onKeyDown}>
        <caption>{text.confusionCaption}</caption>
        <thead>
          <tr>
            <td />
            {names.map((name, answer) => (
              <th key={`${answer} ${name}`} scope="col">
                <span title={name}>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name, label) => (
            <tr key={`${label} ${name}`}>
              <th scope="row">
                <span title={name}>{name}</span>
              </th>
              {names.map((other, answer) => {
                const value = confusion[label]?.[answer] ?? 0;
                return (
                  <td key={`${answer} ${other}`} class={label === answer ? "right" : ""}>
                    <button
                      type="button"
                      data-cell={`${label} ${answer}`}
                      class={value === 0 ? "none" : ""}
                      tabIndex={stop.value.label === label && stop.value.answer === answer ? 0 : -1}
                      aria-label={text.confusionCell(count(value), name, other)}
                      aria-pressed={chosen?.label === label && chosen.answer === answer}
                      style={{ "--share": (shade[label]?.[answer] ?? 0).toFixed(3) }}
                      onFocus={() => {
                        stop.value = { label, answer };
                      }}
                      onClick={() => onCell({ label, answer })}
                    >
                      {value === 0 ? "·" : count(value)}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the network says of each held-out picture, from its scores. */
function toldOf({ outputs }: Score, { heldOut, classNames }: PictureSet): Told[] {
  const classes = classNames.length;
  const told: Told[] = [];
  for (let row = 0; row < heldOut.count && (row + 1) * classes <= outputs.length; row++) {
    const scores = outputs.subarray(row * classes, (row + 1) * classes);
    const most = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
    told.push({ row, label: heldOut.labels[row] ?? 0, answer: scores.indexOf(most), probability: 1 / total });
  }
  return told;
}
