/** From numbers to colours. Signed values: 0 is white, positive blue, negative orange, told apart by colour-blind eyes too. */
import { largestMagnitude, type Rgb, signedColor } from "../../src/core/signed_colors.ts";

export type { Rgb };
export { largestMagnitude as magnitude, signedColor as signed };

/** The colour of values that are left out, or not computed yet: no value has it. */
export const NOT_SHOWN: Rgb = [206, 209, 205];

/** A grey value 0…1 as the picture has it: 0 black, 1 white. */
export function grey(value: number): Rgb {
  const level = Math.round(255 * Math.min(Math.max(value, 0), 1));
  return [level, level, level];
}

export const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

/** WCAG's relative luminance. */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Whether black letters are easier to read on it than white ones. */
export function isLight(color: Rgb): boolean {
  return luminance(color) > 0.179;
}

/** One pixel a value, row by row. */
export function paint(canvas: HTMLCanvasElement, rows: number, columns: number, color: (index: number) => Rgb): void {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const image = new ImageData(columns, rows);
  for (let index = 0; index < rows * columns; index++) image.data.set([...color(index), 255], 4 * index);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
