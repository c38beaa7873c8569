/** Pictures of shapes, made on the spot: something to train on before there are pictures. */
import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { randomKey, randomNormal, randomUniform } from "../core/random.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { luma } from "./picture.ts";

/** Options of `synthetic`. */
export interface SyntheticOptions {
  /** Images, as many of each class as can be. Default 600. */
  count?: number;
  /** Pixels of each image: [height, width], at least 8. Default [32, 32]. */
  size?: readonly [height: number, width: number];
  /** 1: grey; 3: red, green and blue. Default 3. */
  channels?: 1 | 3;
  /**
   * "easy" (default): each shape has a colour of its own, in the middle of a plain ground. "medium": any colour, place and size.
   * "hard": also turned, on a ground that changes, with noise and with a smaller shape of another class beside.
   */
  difficulty?: "easy" | "medium" | "hard";
  /** The same seed gives the same images. Default 0. */
  seed?: number;
}

const OPTIONS: OptionKinds<SyntheticOptions> = {
  ...{ count: "number", size: "any", channels: "number", difficulty: "string", seed: "number" },
};

/** Tells these random numbers from those of other parts. */
const SYNTHETIC_STREAM = 0x5eed5;

/** How far a point is outside of a shape of radius about 1; negative inside. */
const SHAPES: readonly (readonly [name: string, distance: (x: number, y: number) => number])[] = [
  ["circle", (x, y) => Math.hypot(x, y) - 0.9],
  ["square", (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.8],
  ["triangle", (x, y) => Math.max(y - 0.6, 0.866 * Math.abs(x) - 0.5 * y - 0.55)],
];

type Color = readonly [red: number, green: number, blue: number];

/** The colours of an easy picture's classes. */
const COLORS: readonly Color[] = [
  [220, 60, 50],
  [60, 180, 75],
  [60, 100, 220],
];

interface Placed {
  readonly kind: number;
  readonly color: Color;
  /** In pixels. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Radians. */
  readonly angle: number;
}

/**
 * A data set of coloured circles, squares and triangles, in turn, for tests and first visits.
 *
 *     const shapes = synthetic({ count: 600, difficulty: "medium", seed: 1 });
 *     const { training, validation } = split(shapes, { validation: 0.2 });
 *
 * Throws `ArgumentError` for options that are wrong.
 */
export function synthetic(options: SyntheticOptions = {}): Dataset & { readonly classNames: readonly string[] } {
  checkOptions("synthetic", options, OPTIONS);
  const { count = 600, size = [32, 32], channels = 3, difficulty = "easy", seed = 0 } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new ArgumentError(`synthetic: count must be a whole number of at least 1, got ${describeValue(count)}.`);
  }
  const isSide = (side: unknown) => Number.isInteger(side) && Number(side) >= 8 && Number(side) <= 4096;
  if (!Array.isArray(size) || size.length !== 2 || !size.every(isSide)) {
    throw new ArgumentError(
      `synthetic: size must be [height, width], from 8 to 4096 pixels, got ${describeValue(size)}.`,
    );
  }
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(`synthetic: channels must be 1 or 3, got ${describeValue(channels)}.`);
  }
  if (difficulty !== "easy" && difficulty !== "medium" && difficulty !== "hard") {
    throw new ArgumentError(
      `synthetic: difficulty must be "easy", "medium" or "hard", got ${describeValue(difficulty)}.`,
    );
  }
  if (!Number.isFinite(seed)) throw new ArgumentError(`synthetic: seed must be a number, got ${describeValue(seed)}.`);
  const [height, width] = size as readonly [number, number];
  const images = new Uint8Array(count * height * width * channels);
  const labels = Int32Array.from({ length: count }, (_, index) => index % SHAPES.length);
  labels.forEach((label, index) => {
    const image = images.subarray(index * height * width * channels, (index + 1) * height * width * channels);
    paint(image, [height, width, channels], label, difficulty, randomKey(seed, SYNTHETIC_STREAM, index));
  });
  const classNames = SHAPES.map(([name]) => name);
  return { ...dataset({ images, labels, shape: [height, width, channels], classes: SHAPES.length }), classNames };
}

function paint(
  image: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
  kind: number,
  difficulty: NonNullable<SyntheticOptions["difficulty"]>,
  key: number,
): void {
  let counter = 0;
  const between = (least: number, most: number) => least + (most - least) * randomUniform(key, counter++);
  const side = Math.min(height, width);
  const hard = difficulty === "hard";
  const anywhere = (radius: number) => [between(radius, width - radius), between(radius, height - radius)] as const;
  const shapes: Placed[] = [];
  let ground: readonly [Color, Color];
  if (difficulty === "easy") {
    ground = [
      [24, 24, 28],
      [24, 24, 28],
    ];
    const [x, y] = [(width + between(-2, 2)) / 2, (height + between(-2, 2)) / 2];
    shapes.push({ kind, color: COLORS[kind] ?? [255, 255, 255], x, y, radius: 0.35 * side, angle: 0 });
  } else {
    const color = (least: number, most: number): Color => [
      between(least, most),
      between(least, most),
      between(least, most),
    ];
    const dark = between(0, 1) < 0.5;
    const [back, front] = dark
      ? [
          [0, 90],
          [140, 255],
        ]
      : [
          [165, 255],
          [0, 115],
        ];
    const [backLeast = 0, backMost = 255] = back ?? [];
    const [frontLeast = 0, frontMost = 255] = front ?? [];
    const first = color(backLeast, backMost);
    ground = [first, hard ? color(backLeast, backMost) : first];
    if (hard) {
      const radius = 0.1 * side;
      const [x, y] = anywhere(radius);
      const other = (kind + 1 + Math.floor(between(0, SHAPES.length - 1))) % SHAPES.length;
      shapes.push({ kind: other, color: color(frontLeast, frontMost), x, y, radius, angle: between(0, 2 * Math.PI) });
    }
    const radius = between(hard ? 0.25 : 0.22, 0.4) * side;
    const [x, y] = anywhere(radius);
    shapes.push({ kind, color: color(frontLeast, frontMost), x, y, radius, angle: hard ? between(0, 2 * Math.PI) : 0 });
  }
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const share = (row / height + column / width) / 2;
      const pixel = mixed(ground[0], ground[1], share);
      const seen = shapes.reduce(
        (below, shape) => mixed(below, shape.color, covered(shape, column + 0.5, row + 0.5)),
        pixel,
      );
      const noise = hard ? 18 * randomNormal(key, 1000 + row * width + column) : 0;
      const values = channels === 1 ? [luma(...seen)] : seen;
      const at = (row * width + column) * channels;
      values.forEach((value, channel) => {
        image[at + channel] = Math.min(255, Math.max(0, Math.round(value + noise)));
      });
    }
  }
}

const mixed = (a: Color, b: Color, share: number): Color => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** How much of a pixel a shape covers, by the distance of its middle from the edge: edges are soft over a pixel. */
function covered({ kind, x, y, radius, angle }: Placed, column: number, row: number): number {
  const [right, down] = [(column - x) / radius, (row - y) / radius];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const distance = SHAPES[kind]?.[1](right * cos + down * sin, down * cos - right * sin) ?? 1;
  return Math.min(1, Math.max(0, 0.5 - distance * radius));
}
