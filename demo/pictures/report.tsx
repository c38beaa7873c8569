/** What the check of the pictures found, in plain words. */
import { count } from "../language.ts";
import { shownName } from "../shown_name.ts";
import type { App } from "./app.ts";
import { tell } from "./messages.ts";
import type { PictureSet } from "./picture_set.ts";
import type { Findings } from "./report_of.ts";

/** Files that are named before the others are counted. */
const MOST_NAMED = 5;
/** Fewer pictures of a class are few. */
const FEW = 50;

export function Report({ app, set }: { app: App; set: PictureSet }) {
  const text = tell();
  const findings = app.collection.findings.value;
  const { skipped } = set;
  const lines = findings ? linesOf(findings, set) : [];
  return (
    <div class="report" aria-busy={findings === undefined}>
      <h3>{text.reportHeading}</h3>
      {findings === undefined && <p class="note">{text.reportBusy}</p>}
      {findings && lines.length === 0 && <p class="good">{text.reportGood}</p>}
      {lines.length > 0 && (
        <ul class="report-lines">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {skipped.length > 0 && (
        <div class="skipped">
          <p>{text.skipped(skipped.length, count(skipped.length))}</p>
          <ul class="report-lines">
            {skipped.slice(0, MOST_NAMED).map(({ file, reason }) => (
              <li key={file}>{text.skippedFile(shownName(file), text.skipReasons[reason])}</li>
            ))}
            {skipped.length > MOST_NAMED && <li>{text.skippedMore(count(skipped.length - MOST_NAMED))}</li>}
          </ul>
        </div>
      )}
    </div>
  );
}

/** A sentence for each thing to mend. */
function linesOf({ classes, nearDuplicates, validationCount, kinds }: Findings, { classNames }: PictureSet): string[] {
  const text = tell();
  // Classes may have got other names since they were looked at.
  const named = classes.map((one, label) => ({ ...one, name: classNames[label] ?? one.name }));
  const lines: string[] = [];
  const names = (wanted: typeof named) => wanted.map(({ name }) => shownName(name)).join(", ");
  const sorted = [...named].sort((a, b) => b.training - a.training);
  const [large, small] = [sorted[0], sorted.at(-1)];
  if (large === undefined || small === undefined) return lines;
  const empty = named.filter(({ training }) => training === 0);
  if (empty.length > 0) lines.push(text.emptyClass(names(empty)));
  if (kinds.includes("imbalanced")) {
    lines.push(
      text.imbalanced(shownName(large.name), count(large.training), shownName(small.name), count(small.training)),
    );
  }
  const all = named.reduce((sum, one) => sum + one.training, 0);
  if (small.training < FEW) lines.push(text.fewPictures(count(all)));
  const unseen = named.filter(({ training, validation }) => training > 0 && validation === 0);
  if (unseen.length > 0) lines.push(text.noValidation(names(unseen)));
  if (kinds.includes("small-validation")) {
    const points = Math.round(100 / Math.sqrt(Math.max(1, validationCount)));
    lines.push(text.smallValidation(validationCount, count(validationCount), count(points)));
  }
  const [first] = nearDuplicates;
  if (first) {
    const [one, other] = [shownName(first.training.name), shownName(first.validation.name)];
    lines.push(text.duplicates(nearDuplicates.length, count(nearDuplicates.length), one, other));
  }
  const torn = nearDuplicates.find(({ training, validation }) => training.label !== validation.label);
  if (torn) lines.push(text.tornDuplicates(shownName(torn.training.name), shownName(torn.validation.name)));
  return lines;
}
