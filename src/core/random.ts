/**
 * Counter-based random numbers: a value depends only on (key, counter), never on what was drawn before, so that a
 * run can be replayed, resumed at any step, and computed alike on the CPU and inside a shader.
 *
 * The mixing function is "lowbias32" by C. Wellons (hash-prospector, public domain): two multiply-xorshift rounds
 * with a measured bias of 0.17. `shaders/random.wgsl` holds the same arithmetic; a test compares the two bit by bit.
 */
export function mix32(value: number): number {
  let x = value >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

/** A 32-bit key for a stream of random numbers, from a seed and the numbers that tell streams apart. */
export function randomKey(seed: number, ...stream: readonly number[]): number {
  let key = mix32((seed >>> 0) ^ 0x9e3779b9);
  // Seeds above 2^32 keep their high half.
  key = mix32(key ^ mix32(Math.floor(seed / 0x100000000) >>> 0));
  for (const part of stream) key = mix32(key ^ mix32((part >>> 0) + 0x85ebca6b));
  return key;
}

/** Random bits for `counter` of the stream `key`. */
export function randomBits(key: number, counter: number): number {
  return mix32(mix32((counter >>> 0) ^ key) + (key >>> 0));
}

/** Uniform in the open interval (0, 1), 53 bits. */
export function randomUniform(key: number, counter: number): number {
  const high = randomBits(key, 2 * counter) >>> 5;
  const low = randomBits(key, 2 * counter + 1) >>> 6;
  return (high * 0x4000000 + low + 0.5) / 0x20000000000000;
}

/** Standard normal by Box and Muller's transform (Annals of Mathematical Statistics 29, 1958). */
export function randomNormal(key: number, counter: number): number {
  const radius = Math.sqrt(-2 * Math.log(randomUniform(key, 2 * counter)));
  return radius * Math.cos(2 * Math.PI * randomUniform(key, 2 * counter + 1));
}

/** A 32-bit number from a string, to give every parameter a stream of its own (FNV-1a). */
export function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

const FEISTEL_ROUNDS = 6;

/** Bits of one half of the smallest even-bit domain that holds `count` values. */
export function permutationHalfBits(count: number): number {
  let half = 1;
  while (2 ** (2 * half) < count) half++;
  return half;
}

/**
 * Where `index` goes in the pseudo-random permutation of 0…count-1 that `key` names. Nothing is stored: a Feistel
 * network permutes the next power of four, and values that fall outside are sent through again until they land
 * inside (cycle walking, Black and Rogaway 2002). A shader evaluates the same function per batch row.
 */
export function permute(key: number, index: number, count: number): number {
  const halfBits = permutationHalfBits(count);
  const mask = 2 ** halfBits - 1;
  let value = index >>> 0;
  do {
    let left = value >>> halfBits;
    let right = value & mask;
    for (let round = 0; round < FEISTEL_ROUNDS; round++) {
      const next = (left ^ (randomBits(key, right + round * 0x10000) & mask)) >>> 0;
      left = right;
      right = next;
    }
    value = ((left << halfBits) | right) >>> 0;
  } while (value >= count);
  return value;
}
