// A random shift, rotation, zoom and slant of each image about its middle, with bilinear interpolation and zeros outside.
// The random numbers are those of core/affine.ts, from the seed, the number of the batch and the place in it. A thread
// makes all channels of one pixel.
#include linear_index
#include random

var<storage> images: array<f32>;
var<storage> batchNumber: array<u32>;
var<storage> output: array<f32>;

// Uniform in [−1, 1).
fn draw(key: u32, counter: u32) -> f32 {
  return f32(randomBits(key, counter) >> 8u) * 0x1p-23 - 1.0;
}

// sin and cos for −π … π by Taylor's series: WGSL's own are good to 2⁻¹¹ only, a hundredth of a pixel at an image's edge.
fn sineOf(x: f32) -> f32 {
  let s = x * x;
  return x * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0 * (1.0 - s / 110.0 *
    (1.0 - s / 156.0 * (1.0 - s / 210.0 * (1.0 - s / 272.0))))))));
}

fn cosineOf(x: f32) -> f32 {
  let s = x * x;
  return 1.0 - s / 2.0 * (1.0 - s / 12.0 * (1.0 - s / 30.0 * (1.0 - s / 56.0 * (1.0 - s / 90.0 *
    (1.0 - s / 132.0 * (1.0 - s / 182.0 * (1.0 - s / 240.0 * (1.0 - s / 306.0))))))));
}

fn valueAt(image: u32, row: i32, column: i32, channel: u32) -> f32 {
  if (row < 0 || row >= i32(HEIGHT) || column < 0 || column >= i32(WIDTH)) { return 0.0; }
  return images[((image * HEIGHT + u32(row)) * WIDTH + u32(column)) * CHANNELS + channel];
}

// A neighbour without weight does no harm, not even an infinite one.
fn blend(a: f32, b: f32, share: f32) -> f32 {
  return select(mix(a, b, share), a, share == 0.0);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * HEIGHT * WIDTH) { return; }
  let column = index % WIDTH;
  let row = (index / WIDTH) % HEIGHT;
  let image = index / (WIDTH * HEIGHT);

  let key = deriveKey(deriveKey(STREAM_KEY, batchNumber[0]), image);
  let shift = SHIFT * vec2f(draw(key, 1u), draw(key, 0u));
  let angle = ROTATE * draw(key, 2u);
  let zoom = ZOOM * draw(key, 3u);
  let scale = select(1.0 / (1.0 + zoom), 1.0 - zoom, zoom < 0.0);
  let slant = SLANT * draw(key, 4u);
  let cosine = scale * cosineOf(angle);
  let sine = scale * sineOf(angle);

  let middle = vec2f(MIDDLE_COLUMN, MIDDLE_ROW);
  let place = vec2f(f32(column), f32(row)) - middle;
  let source = vec2f(
    place.x * cosine + place.y * (cosine * slant + sine),
    place.x * -sine + place.y * (cosine - sine * slant),
  ) - shift + middle;
  let corner = floor(source);
  let part = source - corner;
  let left = i32(corner.x);
  let top = i32(corner.y);
  for (var channel = 0u; channel < CHANNELS; channel++) {
    let above = blend(valueAt(image, top, left, channel), valueAt(image, top, left + 1, channel), part.x);
    let below = blend(valueAt(image, top + 1, left, channel), valueAt(image, top + 1, left + 1, channel), part.x);
    output[index * CHANNELS + channel] = blend(above, below, part.y);
  }
}
