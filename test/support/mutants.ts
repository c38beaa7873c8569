/** Broken files, drawn from a seed: configurations of models, checkpoints with right checksums, and sizes that nobody can hold. */

import type { Tensor, TypedArray } from "../../src/core/tensor.ts";
import { type Checkpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import type { RandomData } from "./random.ts";

/** A configuration or a part of one: what JSON can say. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A list of lists, so deep that what recurses over it runs out of stack. */
function deep(levels: number): Json {
  let value: Json = [];
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

/** What a stranger writes in the place of a value; made anew each time, since mutants are mutated again. */
const HOSTILE: readonly (() => Json)[] = [
  ...[
    null,
    true,
    false,
    "",
    "relu",
    "same",
    "__proto__",
    "constructor",
    "toString",
    "length",
    "\u0000",
    "🙂".repeat(20),
  ],
  ...[0, -0, -1, 1, 2, 3, 0.5, -0.5, 7, 1e3, 4000, 1e5, 1e6, 1e8, 2 ** 31, 2 ** 32, 2 ** 53, 1e18, 1e300, -1e300],
].map((value) => () => value as Json);
const HOSTILE_PARTS: readonly (() => Json)[] = [
  () => [],
  () => ({}),
  () => [1],
  () => [1, 1],
  () => [0, 0, 0],
  () => [1e6, 1e6],
  () => ["1", "1"],
  () => [null],
  () => ({ name: "constant", value: 1 }),
  () => ({ name: "orthogonal" }),
  () => ({ l1: 1, l2: -1 }),
  () => ({ minValue: 0, maxValue: 1, rate: 1, axis: 9 }),
  () => ({ toString: 1, valueOf: 1 }),
  () => JSON.parse('{ "__proto__": { "units": 5 } }') as Json,
  () => deep(500),
  () => new Array<Json>(300).fill(1),
];

/** Where a value stands: in a list or an object. */
interface Place {
  readonly holder: Json[] | { [key: string]: Json };
  readonly key: number | string;
}

function placesOf(config: Json): Place[] {
  const places: Place[] = [];
  const visit: Json[] = [config];
  for (let value = visit.pop(); value !== undefined; value = visit.pop()) {
    if (typeof value !== "object" || value === null) continue;
    for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
      places.push({ holder: value, key });
      visit.push(read({ holder: value, key }));
    }
    // What was mutated before may be very large.
    if (places.length > 5000) break;
  }
  return places;
}

function read({ holder, key }: Place): Json {
  return (holder as { [key: string]: Json })[String(key)] ?? null;
}

function write({ holder, key }: Place, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

function remove({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function repeated(values: readonly Json[], count: number, random: RandomData): Json[] {
  return Array.from({ length: Math.ceil(count) }, () => structuredClone(random.pick(values)));
}

/** What stands in the place of a value now; `config` is where other values can be taken from. */
function changed(value: Json, config: Json, random: RandomData): Json {
  const other = random.pick(placesOf(config));
  switch (random.integer(0, 6)) {
    case 0:
      return random.pick(HOSTILE_PARTS)();
    case 1:
      return other ? structuredClone(read(other)) : null;
    case 2:
      if (typeof value === "number") return value * random.pick([-1, 0, 0.5, 2, 1e3, 1e6, 1e9]);
      if (typeof value === "string")
        return `${value}${random.pick(["", " ", "x", "/", "2d"])}`.slice(random.integer(0, 2));
      return random.pick(HOSTILE)();
    case 3:
      if (!Array.isArray(value) || value.length === 0) return random.pick(HOSTILE)();
      // A part again and again: thousands of layers, of axes, of inputs, but no file of a hundred megabytes.
      return repeated(value, Math.min(random.pick([2, 10, 300, 5000]), 400_000 / JSON.stringify(value).length), random);
    default:
      return random.pick(HOSTILE)();
  }
}

/** Changes one place of a configuration. */
function mutate(config: Json, random: RandomData): void {
  const place = random.pick(placesOf(config));
  if (place === undefined) return;
  const value = read(place);
  const { holder, key } = place;
  const kind = random.integer(0, 9);
  if (kind === 0) remove(place);
  else if (kind === 1 && Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(value));
  else if (kind === 1) write({ holder, key: random.pick(["name", "axis", "x", "__proto__", "kind"]) }, value);
  else write(place, changed(value, config, random));
}

/** One to four changes of a configuration. Changes nothing of `config` itself. */
export function mutatedConfig<Config extends object>(config: Config, random: RandomData): Config {
  const copy = structuredClone(config) as unknown as Json;
  for (let count = random.pick([1, 1, 1, 2, 2, 3, 4]); count > 0; count--) mutate(copy, random);
  return copy as unknown as Config;
}

const NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 0.5, 1, 3e8, 4e9, 1e300, -5, 2 ** 24 + 1];
const ARRAYS: readonly ((length: number) => TypedArray)[] = [
  (length) => new Float32Array(length),
  (length) => new Float64Array(length),
  (length) => new Int32Array(length),
  (length) => new Uint32Array(length),
  (length) => new Uint8Array(length),
  (length) => new Int16Array(length),
];

function mutatedTensor({ shape, data }: Tensor, random: RandomData): Tensor {
  const converted = (length: number) => {
    const made = random.pick(ARRAYS)(length);
    for (let place = 0; place < Math.min(length, data.length); place++) made[place] = data[place] ?? 0;
    return made;
  };
  switch (random.integer(0, 4)) {
    case 0:
      return { shape, data: converted(data.length) };
    case 1: {
      const changed = random.pick([0, 1]) ? Float64Array.from(data) : (data.slice() as TypedArray);
      if (changed.length > 0) changed[random.integer(0, changed.length - 1)] = random.pick(NUMBERS);
      return { shape, data: changed };
    }
    case 2: {
      const length = random.pick([0, 1, 2, 7, 128, 256]);
      const other = converted(length);
      for (let place = 0; place < length; place++) other[place] = random.pick(NUMBERS);
      return { shape: [length], data: other };
    }
    case 3:
      return { shape: [...shape, 1].slice(0, 8), data };
    default: {
      const bytes = new Uint8Array(Float32Array.from(data).buffer);
      for (let flips = 0; flips < 4 && bytes.length > 0; flips++) {
        const place = random.integer(0, bytes.length - 1);
        bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(0, 7));
      }
      return { shape, data: new Float32Array(bytes.buffer) };
    }
  }
}

/** A checkpoint with changes in its configuration, its tensors, or both, and the checksum that belongs to them. */
export function mutatedCheckpoint({ config, tensors }: Checkpoint, random: RandomData): Uint8Array {
  const inConfig = random.integer(0, 2);
  const changed = new Map(tensors);
  for (let count = inConfig === 0 ? 0 : random.integer(1, 3); count > 0; count--) {
    const name = random.pick([...changed.keys()]);
    const tensor = changed.get(name);
    const kind = random.integer(0, 9);
    if (tensor === undefined) continue;
    if (kind === 0) changed.delete(name);
    else if (kind === 1) changed.set(random.pick(["x", "trainer/step", `${name}2`]), tensor);
    else if (kind === 2) changed.set(name, changed.get(random.pick([...changed.keys()])) ?? tensor);
    else changed.set(name, mutatedTensor(tensor, random));
  }
  return encodeCheckpoint({
    config: inConfig === 1 ? config : mutatedConfig(config, random),
    tensors: changed,
  });
}
