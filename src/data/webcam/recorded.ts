/** The images that were recorded, by class. */
import { ArgumentError } from "../../core/errors.ts";
import { nearestName } from "../../core/hints.ts";
import { describeValue } from "../../core/options.ts";
import { dataset } from "../dataset.ts";
import type { ImageDataset, PictureFormat } from "../pictures/types.ts";

/** Images of classes, which are added and removed one by one. */
export class RecordedImages {
  readonly #format: PictureFormat;
  readonly #given: boolean;
  readonly #images: Map<string, Uint8Array[]>;

  /** `classNames`: the only classes there can be; undefined where each new label is one. */
  constructor(format: PictureFormat, classNames: readonly string[] | undefined) {
    this.#format = format;
    this.#given = classNames !== undefined;
    this.#images = new Map((classNames ?? []).map((name) => [name, []]));
  }

  get classNames(): string[] {
    return [...this.#images.keys()];
  }

  get counts(): Record<string, number> {
    return Object.fromEntries([...this.#images].map(([name, { length }]) => [name, length]));
  }

  /** Throws `ArgumentError` for what cannot be a class. */
  checkLabel(where: string, label: unknown): asserts label is string {
    if (typeof label !== "string" || label.trim() === "") {
      throw new ArgumentError(`webcam: ${where} wants the name of a class, got ${describeValue(label)}.`);
    }
    if (!this.#given || this.#images.has(label)) return;
    const nearest = nearestName(label, this.classNames);
    const meant = nearest === undefined ? "" : `; did you mean ${describeValue(nearest)}?`;
    throw new ArgumentError(`webcam: ${where} got ${describeValue(label)}, which is none of its classNames${meant}`);
  }

  /** Adds an image; tells how many its class has now. */
  add(label: string, image: Uint8Array): number {
    const images = this.#images.get(label) ?? [];
    this.#images.set(label, images);
    return images.push(image);
  }

  /** One image, a copy. Throws `ArgumentError` where there is none. */
  image(where: string, label: string, index: number): Uint8Array {
    const image = this.#images.get(label)?.[index];
    if (image) return image.slice();
    throw new ArgumentError(`webcam: ${where}: ${describeValue(label)} has no image ${describeValue(index)}.`);
  }

  /** Takes an image away, or a class with all of its images. Throws `ArgumentError` where there is none. */
  remove(label: string, index: number | undefined): void {
    if (index !== undefined) {
      this.image("remove", label, index);
      this.#images.get(label)?.splice(index, 1);
    } else if (this.#given) {
      this.checkLabel("remove", label);
      this.#images.set(label, []);
    } else if (!this.#images.delete(label)) {
      throw new ArgumentError(`webcam: remove: there is no class ${describeValue(label)}.`);
    }
  }

  /** All of them as a data set, sorted by class. Throws `ArgumentError` where there are none. */
  dataset(seconds: number): ImageDataset {
    const { height, width, channels } = this.#format;
    const size = height * width * channels;
    const count = [...this.#images.values()].reduce((sum, { length }) => sum + length, 0);
    if (count === 0) {
      throw new ArgumentError("webcam: nothing was recorded yet; capture or record images of two classes or more.");
    }
    const images = new Uint8Array(count * size);
    const labels = new Int32Array(count);
    const names: string[] = [];
    this.classNames.forEach((name, label) => {
      for (const [number, image] of (this.#images.get(name) ?? []).entries()) {
        images.set(image, names.length * size);
        labels[names.length] = label;
        names.push(`${name}/${number + 1}`);
      }
    });
    const { classNames } = this;
    return {
      ...dataset({ images, labels, shape: [height, width, channels], classes: classNames.length }),
      ...{ images, classNames, names, imported: { files: count, images: count, skipped: [], seconds } },
    };
  }
}
