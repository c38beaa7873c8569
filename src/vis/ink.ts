/** Colours of a picture, from the page's own text colour: on a dark page they are light. */
export interface Ink {
  /** The page's text. */
  readonly text: string;
  /** Lines of a grid. */
  readonly grid: string;
  /** Of training, and of validation. */
  readonly series: readonly [string, string];
  /** Whether the page is dark. */
  readonly dark: boolean;
  /** Red, green and blue of the first series, 0…255. */
  readonly accent: readonly [number, number, number];
}

/** Above this brightness of the text a page is dark. */
const BRIGHT = 128;

/** The colours for an element; `context` has a pixel of its canvas painted for it. */
export function inkOf(element: HTMLElement, context: CanvasRenderingContext2D): Ink {
  const text = getComputedStyle(element).color;
  // A canvas reads every way to write a colour.
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = text;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  const dark = 0.3 * red + 0.59 * green + 0.11 * blue > BRIGHT;
  return {
    text,
    grid: `rgb(${red} ${green} ${blue} / 0.18)`,
    series: dark ? ["#8ea6ff", "#f2a25c"] : ["#2a4bc6", "#bd4d00"],
    dark,
    accent: dark ? [142, 166, 255] : [42, 75, 198],
  };
}
