/** Above “Look inside”, in the place of the pad: the picture that is looked at, and where to go from there. */
import type { App } from "./app.ts";
import { tell } from "./messages.ts";
import { BytesPicture } from "./pixels.tsx";

export function InsideHead({ app }: { app: App }) {
  const text = tell();
  const reading = app.reader.reading.value;
  return (
    <>
      {reading && <BytesPicture bytes={reading.bytes} form={reading} label={text.tryPending} />}
      <button type="button" onClick={() => void app.reader.showHeldOut()}>
        {text.tryHeldOut}
      </button>
      <a class="link" href="#pictures">
        {text.backToPictures}
      </a>
      <button type="button" onClick={() => app.lookInside(false)}>
        {text.otherNetwork}
      </button>
    </>
  );
}
