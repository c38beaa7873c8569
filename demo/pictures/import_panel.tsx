/** An import under way, and what was wrong with what was chosen. */
import { errorWords } from "../error_words.ts";
import { count, duration } from "../language.ts";
import { shownName } from "../shown_name.ts";
import type { App } from "./app.ts";
import { tell } from "./messages.ts";
import type { PictureForm } from "./picture_set.ts";
import type { Problem } from "./problem.ts";

/** "64 × 64". */
export const sizeWords = (size: number) => tell().sizeOption(count(size));
export const colourWords = ({ channels }: Pick<PictureForm, "channels">) =>
  channels === 3 ? tell().colour : tell().grey;

export function ImportPanel({ app }: { app: App }) {
  const importing = app.collection.importing.value;
  if (importing === undefined) return null;
  const text = tell();
  const { title, progress, size, channels, control } = importing;
  const { done = 0, total = 0, filesPerSecond = 0, secondsLeft = Number.NaN } = progress ?? {};
  const left = Number.isFinite(secondsLeft) && secondsLeft >= 1 ? text.importLeft(duration(secondsLeft)) : "";
  return (
    <section aria-labelledby="pictures-import-heading" class="pictures-import">
      <h2 id="pictures-import-heading">{text.importingTitle(shownName(title))}</h2>
      <progress max={1} aria-label={text.importProgress} {...(total > 0 ? { value: done / total } : {})} />
      <div class="import-line">
        <p role="status">
          {total === 0 ? text.listing : text.importLine(count(done), count(total), count(filesPerSecond)) + left}
        </p>
        <div class="buttons">
          {control && (
            <button
              type="button"
              onClick={() => {
                if (control.paused) control.resume();
                else control.pause();
                app.collection.importing.value = { ...importing };
              }}
            >
              {control.paused ? text.resume : text.pause}
            </button>
          )}
          <button type="button" onClick={() => app.collection.cancel()}>
            {text.cancel}
          </button>
        </div>
      </div>
      {size && channels ? <p class="note">{text.importForm(sizeWords(size), colourWords({ channels }))}</p> : null}
    </section>
  );
}

export function ProblemNotice({ app }: { app: App }) {
  const problem = app.collection.problem.value;
  if (problem === undefined) return null;
  const text = tell();
  return (
    <div class="notice failure" role="alert">
      <h2>{text.problemHeading}</h2>
      <p>{problemWords(problem)}</p>
      <div class="buttons">
        <button
          type="button"
          onClick={() => {
            app.collection.problem.value = undefined;
          }}
        >
          {text.dismiss}
        </button>
      </div>
    </div>
  );
}

function problemWords(problem: Problem): string {
  const text = tell();
  switch (problem.kind) {
    case "nothing":
      return text.problemNothing;
    case "folders":
      return text.problemFolders;
    case "alike":
      return text.problemAlike;
    case "archive":
      return text.problemArchive;
    case "unreadable":
      return text.problemUnreadable;
    case "few":
      return text.problemFew;
    case "memory":
      return text.problemMemory;
    case "room":
      return text.problemRoom;
    case "oneClass":
      return text.problemOneClass(shownName(problem.name));
    case "other":
      return text.problemOther(errorWords(problem.error));
  }
}
