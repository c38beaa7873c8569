/** A picture that the network has not seen, and what it says of it. */
import { useRef } from "preact/hooks";
import type { Webcam } from "../../src/data/webcam/webcam.ts";
import { percent } from "../language.ts";
import { shownName } from "../shown_name.ts";
import type { App } from "./app.ts";
import { sizeWords } from "./import_panel.tsx";
import { tell } from "./messages.ts";
import type { PictureSet } from "./picture_set.ts";
import { BytesPicture } from "./pixels.tsx";
import type { Reading } from "./reader.ts";
import { Video } from "./record_panel.tsx";

/** A probability that is rounded to 100 % would claim a certainty that no network has, and 0 % likewise. */
export function chance(probability: number): string {
  if (probability > 0.99) return `>\u2009${percent(0.99)}`;
  return probability < 0.01 ? `<\u2009${percent(0.01)}` : percent(probability);
}

export function TryPanel({ app, set }: { app: App; set: PictureSet }) {
  const text = tell();
  const file = useRef<HTMLInputElement>(null);
  const reading = app.reader.reading.value;
  const refused = app.reader.refused.value;
  const live = app.reader.live.value;
  const missing = app.reader.missing.value;
  const ready = app.learner.epoch.value > 0 || app.learner.score.value !== undefined;
  return (
    <section aria-labelledby="pictures-try-heading" class="pictures-try">
      <h2 id="pictures-try-heading">{text.tryHeading}</h2>
      <p class="note">{ready ? text.tryNote : text.tryUntrained}</p>
      <div class="buttons">
        <button type="button" class="primary" disabled={!ready} onClick={() => file.current?.click()}>
          {text.tryChoose}
        </button>
        <button
          type="button"
          disabled={!ready || set.heldOut.count === 0}
          onClick={() => void app.reader.showHeldOut()}
        >
          {text.tryHeldOut}
        </button>
        <button
          type="button"
          aria-pressed={live !== undefined}
          disabled={!ready || live === "opening"}
          onClick={() => (live === undefined ? void app.reader.startLive() : app.reader.stopLive())}
        >
          {live === undefined ? text.tryCamera : text.tryFreeze}
        </button>
        <input
          ref={file}
          id="pictures-try-file"
          type="file"
          accept="image/*"
          hidden
          tabIndex={-1}
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            if (chosen) void app.reader.open(chosen);
            event.currentTarget.value = "";
          }}
        />
      </div>
      <p class={refused || missing ? "note refused" : "note visually-hidden"} role="status">
        {refused ? text.tryRefused(text.skipReasons[refused]) : missing ? text.cameraReasons[missing] : ""}
      </p>
      {(reading || live) && <Answer reading={reading} set={set} live={live} onInside={() => app.lookInside(true)} />}
    </section>
  );
}

interface AnswerOptions {
  readonly reading: Reading | undefined;
  readonly set: PictureSet;
  readonly live: Webcam | "opening" | undefined;
  readonly onInside: () => void;
}

function Answer({ reading, set, live, onInside }: AnswerOptions) {
  const text = tell();
  const { probabilities, heat, bytes } = reading ?? {};
  const names = set.classNames.map((name) => shownName(name));
  const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
  const label = probabilities ? text.tryLabel(names[best] ?? "", chance(probabilities[best] ?? 0)) : text.tryPending;
  return (
    <div class="try-answer" aria-busy={probabilities === undefined}>
      <div class="try-pictures">
        {live !== undefined && live !== "opening" && <Video camera={live} />}
        {reading && bytes && (
          <figure class={live === undefined ? "" : "small"}>
            <BytesPicture bytes={bytes} form={reading} heat={heat} label={label} />
            <figcaption class="note">
              {text.trySeen(sizeWords(reading.size))}
              <br />
              {heat ? text.tryHeat : "\u00a0"}
            </figcaption>
          </figure>
        )}
      </div>
      <div class="try-words">
        <p class="verdict" aria-live={live === undefined ? "polite" : "off"}>
          {probabilities ? `${names[best] ?? ""} · ${chance(probabilities[best] ?? 0)}` : "\u00a0"}
        </p>
        <ol class="class-bars" aria-label={text.tryBars}>
          {names.map((name, index) => (
            <li key={`${index} ${name}`} class={index === best ? "winner" : ""}>
              <span class="bar-name">{name}</span>
              <span class="bar-track">
                <span class="bar-fill" style={{ "--share": String(probabilities?.[index] ?? 0) }} />
              </span>
              <span class="bar-value">{probabilities ? percent(probabilities[index] ?? 0) : ""}</span>
            </li>
          ))}
        </ol>
        {live === undefined && (
          <div class="buttons">
            <button type="button" id="pictures-inside" disabled={probabilities === undefined} onClick={onInside}>
              {text.lookInside}
            </button>
          </div>
        )}
      </div>
    </div>
  );
}
