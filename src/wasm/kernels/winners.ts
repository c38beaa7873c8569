import { at } from "../../core/at.ts";
import { type Code, F32x4, type I32, I32x4, load, repeat, store, when } from "../emit/code.ts";
import { defineKernel, type LocalI32, type Locals } from "../emit/function.ts";
import { DEAD, kernelName } from "./products.ts";

// After a 2 × 2 pool three of four gradients are zero, and all four of a window where ReLU let nothing through. These kernels
// visit winners alone: a list of them is made (address and gradient, 8 bytes each), then sums of products run over the list.

const FLOAT = 4;
const VECTOR = 16;
const ENTRY = 8;
const WINDOW = [0, 1, 2, 3] as const;

/** to = the gradient of each window at its winner, and zeros at the other three places. Channels are whole vectors. */
export const unpoolKernel = defineKernel(
  "unpool",
  {
    ...{ upstream: "i32", codes: "i32", to: "i32", images: "i32", imageStepTo: "i32" },
    ...{ rows: "i32", rowStepTo: "i32", columns: "i32", pixelBytes: "i32" },
  },
  (locals, p) => {
    const [rowTo, place, next] = [locals.i32(), locals.i32(), locals.i32()];
    const code = locals.i32x4();
    return locals.range({ end: p.images }, () => [
      rowTo.set(p.to),
      locals.range({ end: p.rows }, () => [
        place.set(rowTo),
        locals.range({ end: p.columns }, () => [
          next.set(place.plus(p.pixelBytes)),
          locals.while(place.isBelow(next), [
            code.set(load.i32x4(p.codes)),
            WINDOW.map((winner) => {
              const base = winner < 2 ? place : place.plus(p.rowStepTo);
              const target = winner % 2 === 0 ? base : base.plus(p.pixelBytes);
              return store.f32x4(target, code.equals(I32x4.of(winner)).mask(load.f32x4(p.upstream)));
            }),
            [p.codes.add(VECTOR), p.upstream.add(VECTOR), place.add(VECTOR)],
          ]),
          place.add(p.pixelBytes),
        ]),
        rowTo.add(p.rowStepTo.times(2)),
      ]),
      p.to.add(p.imageStepTo),
    ]);
  },
);

/**
 * to[channels] = Σ of gradients over all windows that let something through: of `bytes` bytes of channels, with `step` bytes from one
 * window to the next.
 */
export const winnersSumKernel = defineKernel(
  "winners sum",
  { upstream: "i32", codes: "i32", to: "i32", windows: "i32", step: "i32", bytes: "i32" },
  (locals, p) => {
    const [total, part] = [locals.f32x4(), locals.f32x4()];
    const [offset, end, blockEnd] = [locals.i32(), locals.i32(), locals.i32()];
    const isDead = load.i32x4(p.codes.plus(offset)).equals(I32x4.of(DEAD));
    return locals.range({ end: p.bytes, step: VECTOR }, (channel) => [
      total.set(F32x4.of(0)),
      offset.set(channel),
      end.set(channel.plus(p.windows.times(p.step))),
      locals.while(offset.isBelow(end), [
        part.set(F32x4.of(0)),
        blockEnd.set(offset.plus(p.step.times(64))),
        locals.minimum(blockEnd, end),
        locals.while(offset.isBelow(blockEnd), [
          part.set(part.plus(load.f32x4(p.upstream.plus(offset)).without(isDead))),
          offset.add(p.step),
        ]),
        total.set(total.plus(part)),
      ]),
      store.f32x4(p.to.plus(channel), total),
    ]);
  },
);

/** How many vectors are summed at once, for which there are registers: a divisor of a segment's. */
export function chunkOf(vectors: number): number {
  for (let chunk = 6; chunk > 1; chunk--) if (vectors % chunk === 0) return chunk;
  return 1;
}

/**
 * For each segment, chunk by chunk: target += Σ over the list of gradient · what lies at the entry's address. Segments begin at the
 * entries of the table `segments`, both from `target` (where `targetSegments`) and from the entries' addresses (where
 * `sourceSegments`); of the other side segments follow each other.
 */
class ListSums {
  readonly #chunk: readonly ReturnType<Locals["f32x4"]>[];
  readonly #entry: LocalI32;
  readonly #source: LocalI32;
  readonly #target: LocalI32;
  readonly #along: LocalI32;
  readonly #gradient: ReturnType<Locals["f32x4"]>;
  readonly #locals: Locals;

  constructor(locals: Locals, chunk: number) {
    this.#locals = locals;
    this.#chunk = locals.f32x4s(chunk);
    this.#gradient = locals.f32x4();
    [this.#entry, this.#source, this.#target, this.#along] = [
      ...[locals.i32(), locals.i32(), locals.i32(), locals.i32()],
    ] as [LocalI32, LocalI32, LocalI32, LocalI32];
  }

  /** `spread` says which side's segments the table places. */
  add(list: {
    begin: I32;
    end: I32;
    target: I32;
    segments: I32;
    segmentBytes: I32;
    run: I32;
    spread: "source" | "target";
  }): Code {
    const [entry, source, target, along] = [this.#entry, this.#source, this.#target, this.#along];
    const chunkBytes = this.#chunk.length * VECTOR;
    const offset = this.#locals.i32();
    const placed = this.#locals.i32();
    return [
      along.set(0),
      this.#locals.range(
        { first: list.segments, end: list.segments.plus(list.segmentBytes), step: FLOAT },
        (segment) => [
          placed.set(load.i32(segment)),
          this.#locals.range({ end: list.run, step: chunkBytes }, (inside) => [
            offset.set(list.spread === "source" ? placed.plus(inside) : along),
            target.set(list.target.plus(list.spread === "source" ? along : placed.plus(inside))),
            this.#chunk.map((sum) => sum.set(F32x4.of(0))),
            entry.set(list.begin),
            repeat(
              [
                source.set(load.i32(entry).plus(offset)),
                this.#gradient.set(load.splat(entry, FLOAT)),
                this.#chunk.map((sum, index) =>
                  sum.set(sum.plus(this.#gradient.times(load.f32x4(source, index * VECTOR)))),
                ),
                entry.add(ENTRY),
              ],
              entry.isBelow(list.end),
            ),
            this.#chunk.map((sum, index) =>
              store.f32x4(target, load.f32x4(target, index * VECTOR).plus(sum), index * VECTOR),
            ),
            along.add(chunkBytes),
          ]),
        ],
      ),
    ];
  }
}

/**
 * The filter's gradient of one image: for each channel of the result a list of the places of its winners. `places` is a table of
 * bytes from `x` to each window, `taps` of those from there to its four places. `to` is [channels][elements of a patch].
 */
export const winnersFilterGradientKernel = (shape: { readonly chunk: number }) =>
  defineKernel(
    kernelName("winners filter gradient", shape),
    {
      ...{ x: "i32", upstream: "i32", codes: "i32", to: "i32", list: "i32", places: "i32", placesBytes: "i32" },
      ...{ taps: "i32", channelBytes: "i32", segments: "i32", segmentBytes: "i32", run: "i32", patchBytes: "i32" },
    },
    (locals, p) => {
      const [end, offset, code] = [locals.i32(), locals.i32(), locals.i32()];
      const sums = new ListSums(locals, shape.chunk);
      return locals.range({ end: p.channelBytes, step: FLOAT }, (channel) => [
        end.set(p.list),
        offset.set(channel),
        locals.range({ first: p.places, end: p.places.plus(p.placesBytes), step: FLOAT }, (place) => [
          code.set(load.i32(p.codes.plus(offset))),
          when(code.isBelow(DEAD), [
            store.i32(end, p.x.plus(load.i32(place)).plus(load.i32(p.taps.plus(code.times(FLOAT))))),
            store.f32(end, load.f32(p.upstream.plus(offset)), FLOAT),
            end.add(ENTRY),
          ]),
          offset.add(p.channelBytes),
        ]),
        when(
          p.list.isBelow(end),
          sums.add({
            ...{ begin: p.list, end, target: p.to, segments: p.segments, segmentBytes: p.segmentBytes, run: p.run },
            spread: "source",
          }),
        ),
        p.to.add(p.patchBytes),
      ]);
    },
  );

/**
 * The input's gradient of one image, padded (`to`, cleared before): for each window and each of its four places a list of the
 * channels that won there. `weights` is [channels][elements of a patch], `lists` room for four lists of all channels.
 */
export const winnersInputGradientKernel = (shape: { readonly chunk: number }) =>
  defineKernel(
    kernelName("winners input gradient", shape),
    {
      ...{ weights: "i32", upstream: "i32", codes: "i32", to: "i32", lists: "i32", places: "i32", placesBytes: "i32" },
      ...{ taps: "i32", channelBytes: "i32", segments: "i32", segmentBytes: "i32", run: "i32", patchBytes: "i32" },
    },
    (locals, p) => {
      const ends = WINDOW.map(() => locals.i32());
      const [code, end, weights, target, start, listBytes] = [
        ...[locals.i32(), locals.i32(), locals.i32(), locals.i32(), locals.i32(), locals.i32()],
      ] as [LocalI32, LocalI32, LocalI32, LocalI32, LocalI32, LocalI32];
      const sums = new ListSums(locals, shape.chunk);
      const begin = (winner: number): I32 => p.lists.plus(listBytes.times(winner));
      return [
        listBytes.set(p.channelBytes.times(ENTRY / FLOAT)),
        locals.range({ first: p.places, end: p.places.plus(p.placesBytes), step: FLOAT }, (place) => [
          ends.map((one, winner) => one.set(begin(winner))),
          weights.set(p.weights),
          locals.range({ end: p.channelBytes, step: FLOAT }, (channel) => [
            code.set(load.i32(p.codes.plus(channel))),
            WINDOW.map((winner) =>
              when(code.equals(winner), [
                store.i32(at(ends, winner), weights),
                store.f32(at(ends, winner), load.f32(p.upstream.plus(channel)), FLOAT),
                at(ends, winner).add(ENTRY),
              ]),
            ),
            weights.add(p.patchBytes),
          ]),
          [p.codes.add(p.channelBytes), p.upstream.add(p.channelBytes)],
          start.set(p.lists),
          // One after the other: where the list begins, where it ends, where its place lies.
          locals.range({ end: WINDOW.length }, (winner) => [
            end.set(at(ends, 0)),
            [1, 2, 3].map((one) => when(winner.equals(one), end.set(at(ends, one)))),
            target.set(p.to.plus(load.i32(place)).plus(load.i32(p.taps.plus(winner.times(FLOAT))))),
            when(
              start.isBelow(end),
              sums.add({
                ...{ begin: start, end, target, segments: p.segments, segmentBytes: p.segmentBytes, run: p.run },
                spread: "target",
              }),
            ),
            start.add(listBytes),
          ]),
        ]),
      ];
    },
  );

/** to[columns][rows] = from[rows][columns]; rows of both begin `fromStep` and `toStep` bytes apart. */
export const transposeKernel = defineKernel(
  "transpose",
  { from: "i32", to: "i32", rows: "i32", columns: "i32", fromStep: "i32", toStep: "i32" },
  (locals, p) => {
    const [source, target] = [locals.i32(), locals.i32()];
    return locals.range({ end: p.rows }, () => [
      source.set(p.from),
      target.set(p.to),
      locals.range({ end: p.columns }, () => [
        store.f32(target, load.f32(source)),
        source.add(FLOAT),
        target.add(p.toStep),
      ]),
      p.from.add(p.fromStep),
      p.to.add(FLOAT),
    ]);
  },
);
