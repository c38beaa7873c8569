/** Some pictures as the network sees them while it trains, varied. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { augmentFor } from "./learner.ts";
import { tell } from "./messages.ts";
import type { PictureSet } from "./picture_set.ts";

const COUNT = 8;
/** Where the page is narrower than this, they take two rows. */
const NARROW = 620;

export function PreviewStrip({ set }: { set: PictureSet }) {
  const text = tell();
  const open = useSignal(false);
  return (
    <details
      class="preview"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>{text.augmentPreview}</summary>
      {open.value && <Strip set={set} />}
    </details>
  );
}

function Strip({ set }: { set: PictureSet }) {
  const text = tell();
  const canvas = useRef<HTMLCanvasElement>(null);
  const step = useSignal(0);
  const failed = useSignal(false);
  const shown = step.value;
  useEffect(() => {
    const place = canvas.current;
    if (place === null) return;
    const abort = new AbortController();
    const { signal } = abort;
    const columns = innerWidth < NARROW ? COUNT / 2 : COUNT;
    import("./preview.ts")
      .then(({ drawPreview }) =>
        drawPreview(set, augmentFor(set.size), { canvas: place, count: COUNT, columns, step: shown, signal }),
      )
      .catch(() => {
        if (!signal.aborted) failed.value = true;
      });
    return () => abort.abort();
  }, [set.id, shown]);
  if (failed.value) return <p class="note">{text.previewFailed}</p>;
  return (
    <div class="preview-body">
      <canvas ref={canvas} role="img" aria-label={text.augmentPreview} width={1} height={1} />
      <div class="buttons">
        <button
          type="button"
          onClick={() => {
            step.value++;
          }}
        >
          {text.previewOthers}
        </button>
      </div>
    </div>
  );
}
