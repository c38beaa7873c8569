/** Where pictures come in: what can be dropped, and what can be chosen. */
import { useRef } from "preact/hooks";
import { count } from "../language.ts";
import type { App } from "./app.ts";
import { tell } from "./messages.ts";

/** Buttons that choose a folder or an archive. */
export function OpenButtons({ app, main }: { app: App; main: boolean }) {
  const folder = useRef<HTMLInputElement>(null);
  const archive = useRef<HTMLInputElement>(null);
  const text = tell();
  const chosen = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const files = [...(input.files ?? [])];
    // The same files may be chosen again.
    input.value = "";
    if (files.length > 0) void app.collection.add(files);
  };
  return (
    <div class="buttons">
      <button type="button" class={main ? "primary" : ""} onClick={() => folder.current?.click()}>
        {text.chooseFolder}
      </button>
      <button type="button" onClick={() => archive.current?.click()}>
        {text.chooseZip}
      </button>
      <button type="button" onClick={() => app.collection.record((number) => tell().newClass(count(number)))}>
        {text.useCamera}
      </button>
      <input
        ref={folder}
        id="pictures-folder"
        type="file"
        multiple
        hidden
        tabIndex={-1}
        onChange={chosen}
        {...{ webkitdirectory: true }}
      />
      <input
        ref={archive}
        id="pictures-zip"
        type="file"
        accept=".zip,application/zip"
        hidden
        tabIndex={-1}
        onChange={chosen}
      />
    </div>
  );
}

/** The view before there are pictures: what to do, and the story. */
export function OpenPanel({ app }: { app: App }) {
  const text = tell();
  return (
    <>
      <section aria-labelledby="pictures-open-heading" class="pictures-open">
        <h2 id="pictures-open-heading">{text.openHeading}</h2>
        <div class="drop-area">
          <p class="drop-words">{text.dropHere}</p>
          <OpenButtons app={app} main={true} />
        </div>
        <div class="tree">
          <p class="note">{text.openNote}</p>
          <figure>
            <figcaption class="note">{text.treeLabel}</figcaption>
            <pre>{text.treeExample}</pre>
          </figure>
        </div>
      </section>
      <section aria-labelledby="pictures-story-heading" class="pictures-story">
        <h2 id="pictures-story-heading">{text.storyHeading}</h2>
        {text.story(count(10_000)).map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </section>
    </>
  );
}
