/** Pictures of a set on canvases. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { readRows } from "../../src/data/data_source.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { pictureOfBytes } from "../../src/data/pictures/picture_of_bytes.ts";
import type { FeatureMap } from "../inside/maps.ts";
import type { PictureForm } from "./picture_set.ts";

/** Puts bytes of one picture on a canvas of its size. */
function paintBytes(canvas: HTMLCanvasElement, bytes: ArrayLike<number>, { size, channels }: PictureForm): void {
  canvas.width = canvas.height = size;
  const picture = pictureOfBytes(Uint8Array.from(bytes), { height: size, width: size, channels });
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
}

/** A picture of a part of the set. */
export function SamplePicture({ part, row, form, label }: SampleOptions) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    let wanted = true;
    readRows(part, [row])
      .then(({ images }) => {
        if (wanted && canvas.current) paintBytes(canvas.current, images, form);
      })
      .catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [part, row]);
  return <PictureCanvas canvas={canvas} label={label} />;
}

interface SampleOptions {
  readonly part: Dataset;
  readonly row: number;
  readonly form: PictureForm;
  readonly label: string;
}

function PictureCanvas({ canvas, label }: { canvas: { current: HTMLCanvasElement | null }; label: string }) {
  return <canvas ref={canvas} class="pixels" width={1} height={1} role="img" aria-label={label} />;
}

/** Bytes of one picture, with what spoke for the answer laid over them where it is known. */
export function BytesPicture({ bytes, form, heat, label }: BytesOptions) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) paintBytes(canvas.current, bytes, form);
  }, [bytes]);
  return (
    <div class="seen-picture">
      <PictureCanvas canvas={canvas} label={label} />
      {heat && <Heat map={heat} />}
    </div>
  );
}

interface BytesOptions {
  readonly bytes: Uint8Array;
  readonly form: PictureForm;
  readonly heat?: FeatureMap | undefined;
  readonly label: string;
}

/** Orange where the values are large, nothing where they are 0; the browser smooths it to the picture's size. */
function Heat({ map }: { map: FeatureMap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const { rows, columns, values } = map;
    if (canvas.current === null) return;
    Object.assign(canvas.current, { width: columns, height: rows });
    const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
    const pixels = new ImageData(columns, rows);
    values.forEach((value, place) => {
      pixels.data.set([255, 106, 0, Math.round((190 * value) / most)], 4 * place);
    });
    canvas.current.getContext("2d")?.putImageData(pixels, 0, 0);
  }, [map]);
  return <canvas ref={canvas} class="heat" width={1} height={1} />;
}
