/** The camera: what it sees, and a button a class that records while it is held. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Webcam } from "../../src/data/webcam/webcam.ts";
import { count } from "../language.ts";
import type { App } from "./app.ts";
import { ClassHead } from "./class_head.tsx";
import { sizeWords } from "./import_panel.tsx";
import { tell } from "./messages.ts";
import { isMirrored, type RecordedClass, type Recorder } from "./recorder.ts";

export function RecordPanel({ app }: { app: App }) {
  const recorder = app.collection.recorder.value;
  if (recorder === undefined) return null;
  const text = tell();
  const camera = recorder.camera.value;
  const missing = recorder.missing.value;
  const classes = recorder.classes.value;
  return (
    <section aria-labelledby="pictures-record-heading" class="pictures-record">
      <h2 id="pictures-record-heading">{text.recordHeading}</h2>
      <p class="note">{text.recordNote(sizeWords(recorder.form.size))}</p>
      <div class="record-body">
        <div class="camera-place">
          {camera && missing === undefined ? (
            <Video camera={camera} />
          ) : (
            <p class="camera-off" role="status">
              {missing ? text.cameraReasons[missing] : text.cameraOpening}
            </p>
          )}
          <div class="buttons">
            {missing && (
              <button type="button" onClick={() => void recorder.open()}>
                {text.cameraAgain}
              </button>
            )}
            {!missing && recorder.cameras.value > 1 && (
              <button type="button" onClick={() => void recorder.switchCamera()}>
                {text.cameraSwitch}
              </button>
            )}
          </div>
        </div>
        <div class="record-classes">
          <ul class="class-list">
            {classes.map((one) => (
              <RecordCard key={one.key} recorder={recorder} one={one} />
            ))}
          </ul>
          <div class="buttons">
            <button type="button" onClick={() => recorder.addClass(text.newClass(count(classes.length + 1)))}>
              {text.addClass}
            </button>
          </div>
        </div>
      </div>
      <div class="buttons">
        <button
          type="button"
          id="pictures-recorded"
          class="primary"
          disabled={!recorder.isEnough}
          onClick={() => void app.collection.takeRecorded()}
        >
          {text.useRecorded}
        </button>
        <button type="button" onClick={() => app.collection.endRecording()}>
          {text.cancel}
        </button>
      </div>
      {!recorder.isEnough && <p class="note">{text.recordMore}</p>}
    </section>
  );
}

/** What the camera sees, cut to the square that the network gets. */
export function Video({ camera }: { camera: Webcam }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { video } = camera;
    video.ariaLabel = tell().cameraLabel;
    place.current?.append(video);
    video.play().catch(() => undefined);
    return () => video.remove();
  }, [camera]);
  return <div ref={place} class={isMirrored() ? "camera-video mirrored" : "camera-video"} />;
}

function RecordCard({ recorder, one }: { recorder: Recorder; one: RecordedClass }) {
  const text = tell();
  const { key, name } = one;
  const held = recorder.recording.value === key;
  const isHoldKey = (event: KeyboardEvent) => event.key === " " || event.key === "Enter";
  return (
    <li class="class-card">
      <ClassHead
        name={name}
        pictures={one.count}
        onRename={(wanted) => {
          recorder.rename(key, wanted);
          return recorder.classes.value.find((other) => other.key === key)?.name ?? name;
        }}
        onRemove={recorder.classes.value.length > 2 ? () => recorder.removeClass(key) : undefined}
      />
      <div class="record-row">
        <button
          type="button"
          class={held ? "hold held" : "hold"}
          aria-label={text.holdLabel(name)}
          disabled={recorder.camera.value === undefined || recorder.missing.value !== undefined}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            recorder.hold(key);
          }}
          onPointerUp={() => recorder.release(key)}
          onPointerCancel={() => recorder.release(key)}
          onLostPointerCapture={() => recorder.release(key)}
          onKeyDown={(event) => {
            if (!isHoldKey(event)) return;
            event.preventDefault();
            if (!event.repeat) recorder.hold(key);
          }}
          onKeyUp={(event) => isHoldKey(event) && recorder.release(key)}
          onBlur={() => recorder.release(key)}
          onContextMenu={(event) => event.preventDefault()}
        >
          {held ? text.holding : text.hold}
        </button>
        <LastPicture recorder={recorder} one={one} />
        {one.count > 0 && (
          <button type="button" class="quiet" aria-label={text.emptyLabel(name)} onClick={() => recorder.empty(key)}>
            {text.empty}
          </button>
        )}
      </div>
    </li>
  );
}

function LastPicture({ recorder, one }: { recorder: Recorder; one: RecordedClass }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const picture = recorder.last(one);
    if (canvas.current === null || picture === undefined) return;
    canvas.current.width = picture.width;
    canvas.current.height = picture.height;
    canvas.current.getContext("2d")?.putImageData(picture, 0, 0);
  }, [one.count]);
  if (one.count === 0) return null;
  return (
    <canvas ref={canvas} class="pixels last" width={1} height={1} role="img" aria-label={tell().lastLabel(one.name)} />
  );
}
