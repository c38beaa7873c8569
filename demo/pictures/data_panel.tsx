/** The pictures at hand: their classes, how they are seen, what the report says of them, what is kept. */
import { bytes, count } from "../language.ts";
import { shownName } from "../shown_name.ts";
import type { App } from "./app.ts";
import { ClassHead } from "./class_head.tsx";
import { sizeWords } from "./import_panel.tsx";
import { tell } from "./messages.ts";
import { OpenButtons } from "./open_panel.tsx";
import { bytesOf, countsOf, type PictureSet, rowsOf, SIZES } from "./picture_set.ts";
import { SamplePicture } from "./pixels.tsx";
import { Report } from "./report.tsx";

/** Pictures that are shown of a class. */
const THUMBS = 8;
/** More classes than these are counted, not shown. */
const MOST_CLASSES = 24;

export function DataPanel({ app }: { app: App }) {
  const set = app.collection.set.value;
  if (set === undefined) return null;
  const text = tell();
  const { train, heldOut, classNames, heldOutBy } = set;
  return (
    <section aria-labelledby="pictures-data-heading" class="pictures-data">
      <h2 id="pictures-data-heading">{text.dataHeading}</h2>
      <p class="data-line">
        {text.dataLine(
          shownName(set.title),
          count(train.count),
          count(heldOut.count),
          count(classNames.length),
          bytes(bytesOf(set)),
        )}{" "}
        {heldOutBy === "lot" ? text.heldOutLot : text.heldOutFolder}
      </p>
      <ul class="class-list">
        {classNames.slice(0, MOST_CLASSES).map((name, label) => (
          <ClassCard key={`${set.id} ${label}`} app={app} set={set} name={name} label={label} />
        ))}
      </ul>
      {classNames.length > MOST_CLASSES && (
        <p class="note">{text.moreClasses(count(classNames.length - MOST_CLASSES))}</p>
      )}
      <FormSettings app={app} set={set} />
      <Report app={app} set={set} />
      <Keeping app={app} />
    </section>
  );
}

function ClassCard({ app, set, name, label }: { app: App; set: PictureSet; name: string; label: number }) {
  const text = tell();
  const { classNames, train, heldOut } = set;
  const total = [train, heldOut].reduce((sum, part) => sum + (countsOf(part, classNames.length)[label] ?? 0), 0);
  return (
    <li class="class-card">
      <ClassHead
        name={name}
        pictures={total}
        onRename={(wanted) => {
          app.collection.rename(label, wanted);
          return app.collection.set.value?.classNames[label] ?? name;
        }}
        onRemove={classNames.length > 2 ? () => app.collection.remove(label) : undefined}
      />
      <ul class="class-thumbs" aria-label={text.classThumbs(name)}>
        {rowsOf(train, label)
          .slice(0, THUMBS)
          .map((row) => (
            <li key={row}>
              <SamplePicture
                part={train}
                row={row}
                form={set}
                label={shownName(train.names?.[row] ?? `${name} ${row}`)}
              />
            </li>
          ))}
      </ul>
    </li>
  );
}

/** At which size, and in which colours, the network sees them. */
function FormSettings({ app, set }: { app: App; set: PictureSet }) {
  const text = tell();
  const { size, channels } = set;
  const fixed = !app.collection.canRead.value || app.collection.importing.value !== undefined;
  return (
    <div class="form-settings">
      <div class="settings">
        <label for="pictures-size">{text.size}</label>
        <select
          id="pictures-size"
          disabled={fixed}
          value={String(size)}
          onChange={(event) => void app.collection.reform({ size: Number(event.currentTarget.value), channels })}
        >
          {SIZES.map((side) => (
            <option key={side} value={String(side)}>
              {sizeWords(side)}
            </option>
          ))}
        </select>
        <label for="pictures-colours">{text.colours}</label>
        <select
          id="pictures-colours"
          disabled={fixed}
          value={String(channels)}
          onChange={(event) =>
            void app.collection.reform({ size, channels: event.currentTarget.value === "1" ? 1 : 3 })
          }
        >
          <option value="3">{text.colour}</option>
          <option value="1">{text.grey}</option>
        </select>
        <span class="note">{text.sizeNote(count(size * size * channels))}</span>
      </div>
      <p class="note">{app.collection.canRead.value ? text.reformNote : text.sizeFixed}</p>
    </div>
  );
}

function Keeping({ app }: { app: App }) {
  const text = tell();
  const keeping = app.collection.keeping.value;
  const words =
    keeping === undefined
      ? ""
      : keeping.kind === "kept"
        ? text.kept
        : keeping.kind === "full"
          ? text.keepFull(count(keeping.missing))
          : text.keepRefused;
  return (
    <>
      <p class={keeping && keeping.kind !== "kept" ? "note refused" : "note"} role="status">
        {words}
      </p>
      <details class="pictures-other">
        <summary>{text.otherPictures}</summary>
        <div class="pictures-other-body">
          <p class="note">{text.otherNote}</p>
          <OpenButtons app={app} main={false} />
          <div class="buttons">
            <button type="button" onClick={() => void app.collection.clear()}>
              {text.clear}
            </button>
          </div>
        </div>
      </details>
    </>
  );
}
