/**
 * What `numpy.random.seed(seed); numpy.random.uniform(size=count)` gives, which ONNX' reference implementation of Dropout draws
 * its masks from: the Mersenne Twister MT19937, two of its words a number (Matsumoto and Nishimura 1998).
 */
export function numpyUniform(seed: number, count: number): Float64Array {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let index = 1; index < 624; index++) {
    const last = state[index - 1] ?? 0;
    state[index] = Math.imul(1_812_433_253, last ^ (last >>> 30)) + index;
  }
  let used = 624;
  const word = (place: number) => state[place % 624] ?? 0;
  const renew = () => {
    for (let index = 0; index < 624; index++) {
      const mixed = (word(index) & 0x80000000) | (word(index + 1) & 0x7fffffff);
      state[index] = word(index + 397) ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    used = 0;
  };
  const next = () => {
    if (used === 624) renew();
    let y = word(used++);
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  // 27 and 26 bits: 53 together.
  return Float64Array.from({ length: count }, () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 2 ** 53);
}
