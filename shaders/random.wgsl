// Counter-based random numbers: the same arithmetic as core/random.ts, bit for bit (a test compares them).

fn mix32(value: u32) -> u32 {
  var x = value;
  x ^= x >> 16u;
  x *= 0x7feb352du;
  x ^= x >> 15u;
  x *= 0x846ca68bu;
  x ^= x >> 16u;
  return x;
}

// A key for a stream, derived from another key.
fn deriveKey(key: u32, part: u32) -> u32 {
  return mix32(key ^ mix32(part + 0x85ebca6bu));
}

// Random bits for a counter of the stream `key`.
fn randomBits(key: u32, counter: u32) -> u32 {
  return mix32(mix32(counter ^ key) + key);
}

// Where `index` goes in the permutation of 0 … count-1 that `key` names: a Feistel network over 2 · halfBits bits,
// walked until it lands inside (core/random.ts, permute).
fn permute(key: u32, index: u32, count: u32, halfBits: u32) -> u32 {
  let mask = (1u << halfBits) - 1u;
  var value = index;
  loop {
    var left = value >> halfBits;
    var right = value & mask;
    for (var round = 0u; round < 6u; round++) {
      let next = left ^ (randomBits(key, right + round * 0x10000u) & mask);
      left = right;
      right = next;
    }
    value = (left << halfBits) | right;
    if (value < count) { break; }
  }
  return value;
}
