/** Pictures of 28×28 values 0…1 on a canvas, as ink: the style sheet turns it around where the page is dark. */
import { make } from "./dom.ts";

const SIDE = 28;

export function paintInk(canvas: HTMLCanvasElement, image: Float32Array): void {
  canvas.width = canvas.height = SIDE;
  const pixels = new ImageData(SIDE, SIDE);
  image.forEach((value, index) => {
    pixels.data[4 * index + 3] = Math.round(255 * value);
  });
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/** A canvas with the picture on it; `label` says what it shows, or there is text beside it that does. */
export function inkCanvas(image: Float32Array, label?: string): HTMLCanvasElement {
  const canvas = make("canvas", { className: "ink" });
  paintInk(canvas, image);
  if (label === undefined) canvas.ariaHidden = "true";
  else {
    canvas.setAttribute("role", "img");
    canvas.ariaLabel = label;
  }
  return canvas;
}
