import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Model } from "../nn/model.ts";
import type { ModelSummary } from "../nn/summary.ts";
import { type Picture, type Shown, type Speech, show } from "./figure.ts";

const ROW = 22;
/** Of the width, for names. */
const NAMES = 0.38;

/**
 * Draws the layers of a network as bars, as long as the share of the parameters that each has; and the table of `model.summary()`,
 * which is open. Throws `ArgumentError` for what is neither a model nor a summary.
 */
export function showSummary(element: HTMLElement, model: Model | ModelSummary): Shown<Model | ModelSummary> {
  return show("showSummary", element, model, (given, speech) => pictureOf(summaryOf(given), speech));
}

function summaryOf(given: Model | ModelSummary): ModelSummary {
  if (typeof (given as Partial<Model>)?.summary === "function") return (given as Model).summary();
  if (Array.isArray((given as Partial<ModelSummary>)?.rows)) return given as ModelSummary;
  throw new ArgumentError(`showSummary: wants a model or what its summary() gives, got ${describeValue(given)}.`);
}

function pictureOf(summary: ModelSummary, { words, number, percent, whole: count }: Speech): Picture {
  const { rows, neurons, parameters, multiplyAdds } = summary;
  const most = Math.max(1, ...rows.map((row) => row.parameters));
  return {
    label: words.summaryLabel(rows.length, count(parameters)),
    open: true,
    table: {
      caption: words.summary,
      head: [words.layer, words.kind, words.output, words.neurons, words.parameters, words.multiplyAdds],
      rows: [
        ...rows.map((row) => [
          ...[row.name, row.kind, row.outputShape.join("×")],
          ...[row.neurons, row.parameters, row.multiplyAdds].map(count),
        ]),
        [words.total, "", "", ...[neurons, parameters, multiplyAdds].map(count)],
      ],
    },
    height: () => rows.length * ROW + 4,
    draw({ context, width, series, grid, text }) {
      const left = Math.round(width * NAMES);
      const room = width - left - 96;
      rows.forEach((row, index) => {
        const middle = (index + 0.5) * ROW;
        context.fillStyle = text;
        context.textAlign = "left";
        context.fillText(`${row.name}  ${row.outputShape.join("×")}`, 0, middle, left - 8);
        context.fillStyle = grid;
        context.fillRect(left, middle - 4, room, 8);
        context.fillStyle = series[0];
        context.fillRect(left, middle - 4, (row.parameters / most) * room, 8);
        context.fillStyle = text;
        context.textAlign = "right";
        const share = parameters === 0 ? "" : percent(row.parameters / parameters);
        context.fillText(row.parameters === 0 ? "" : `${number(row.parameters)} (${share})`, width, middle, 92);
      });
    },
  };
}
