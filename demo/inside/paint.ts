/** From numbers to colours. Signed values: 0 is white, positive blue, negative orange, told apart by colour-blind eyes too. */

export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const POSITIVE: Rgb = [20, 58, 168];
const NEGATIVE: Rgb = [184, 74, 0];

/** A grey value 0…1 as the picture has it: 0 black, 1 white. */
export function grey(value: number): Rgb {
  const level = Math.round(255 * Math.min(Math.max(value, 0), 1));
  return [level, level, level];
}

/** A value between −most and most. */
export function signed(value: number, most: number): Rgb {
  if (!(most > 0) || Number.isNaN(value)) return WHITE;
  const share = Math.min(1, Math.abs(value) / most);
  const end = value > 0 ? POSITIVE : NEGATIVE;
  const mix = (index: 0 | 1 | 2) => Math.round(WHITE[index] + share * (end[index] - WHITE[index]));
  return [mix(0), mix(1), mix(2)];
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

/** Largest magnitude of some values. */
export function magnitude(values: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < values.length; index++) most = Math.max(most, Math.abs(values[index] ?? 0));
  return most;
}
