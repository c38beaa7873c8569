// Which images of a batch are mixed with which, as core/mixing.ts draws it: for each its share, its partner, and top, bottom,
// left and right of the rectangle that is the partner's. A thread draws for one image.
#include random

var<storage> cursor: array<u32>;
// [3, SHARES]: shares of mixup, heights and widths of cutMix.
var<storage> choices: array<f32>;
// [batch, 6]
var<storage> plan: array<f32>;

// First and last place, behind it, of a stretch of `cut` places around a random one.
fn stretch(bits: u32, cut: i32, extent: i32) -> vec2i {
  let first = i32(bits % u32(extent)) - cut / 2;
  return vec2i(max(first, 0), min(first + cut, extent));
}

fn write(place: u32, share: f32, partner: f32, rows: vec2i, columns: vec2i) {
  plan[place * 6u] = share;
  plan[place * 6u + 1u] = partner;
  plan[place * 6u + 2u] = f32(rows.x);
  plan[place * 6u + 3u] = f32(rows.y);
  plan[place * 6u + 4u] = f32(columns.x);
  plan[place * 6u + 5u] = f32(columns.y);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u) {
  let place = globalId.x;
  if (place >= BATCH) { return; }
  let isLast = cursor[0] % BATCHES_PER_EPOCH == BATCHES_PER_EPOCH - 1u;
  let valid = select(BATCH, LAST_VALID, isLast);
  if (place >= valid) {
    write(place, 1.0, -1.0, vec2i(0), vec2i(0));
    return;
  }
  let batchKey = deriveKey(STREAM_KEY, cursor[0]);
  let key = deriveKey(batchKey, place);
  let partner = f32(permute(batchKey, place, valid, select(HALF_BITS, LAST_HALF_BITS, isLast)));
  let drawn = randomBits(key, 0u) >> 22u;
#if MIXUP && CUT_MIX
  let isCut = randomBits(key, 1u) >= 0x80000000u;
#else
  let isCut = CUT_MIX;
#endif
  if (!isCut) {
    write(place, choices[drawn], partner, vec2i(0), vec2i(0));
    return;
  }
  let rows = stretch(randomBits(key, 2u), i32(choices[SHARES + drawn]), i32(HEIGHT));
  let columns = stretch(randomBits(key, 3u), i32(choices[2u * SHARES + drawn]), i32(WIDTH));
  let left = i32(HEIGHT * WIDTH) - (rows.y - rows.x) * (columns.y - columns.x);
  write(place, f32(left) / f32(HEIGHT * WIDTH), partner, rows, columns);
}
