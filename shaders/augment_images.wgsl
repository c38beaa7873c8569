// A random copy of each image: flipped, moved with bilinear interpolation, in other colours, with noise, with a square cut
// out; core/augmentation.ts says what and in which order. The random numbers are those of core/augmentation.ts and
// core/affine.ts, from the seed, the number of the batch and the place in it. A thread makes some pixels of one image, all
// channels of each.
// With FETCH the images are rows of a data set's bytes, and the batch's labels are fetched beside them.
#include linear_index
#include random
#if NOISY
#include normal_quantile
#endif

#if FETCH
#include batch_row
#include table_load
var<storage> labelTable: array<i32>;
var<storage> labels: array<i32>;
#else
var<storage> images: array<f32>;
#endif
#if WATCH
// Looks for floats that are not finite in one buffer, the parameters: `found` has 1 for each workgroup that saw one, else 0.
#include not_finite
var<storage> watched: array<vec4u>;
var<storage> found: array<f32>;

var<workgroup> seen: atomic<u32>;
#endif
#if CONTRAST
// [batch, channels]
var<storage> sums: array<f32>;
#endif
var<storage> batchNumber: array<u32>;
var<storage> output: array<f32>;

// Uniform in [−1, 1).
fn draw(key: u32, counter: u32) -> f32 {
  return f32(randomBits(key, counter) >> 8u) * 0x1p-23 - 1.0;
}

// Where an image is read.
struct Source {
  // Of an image in a tensor, or a row of a table; none, an image of zeros, where it is negative.
  row: i32,
  flipRows: bool,
  flipColumns: bool,
}

// The row or column that stands at a place along an axis; −1 where nothing does.
fn filledPlace(place: i32, extent: i32) -> i32 {
  if (place >= 0 && place < extent) { return place; }
#if FILL_NEAREST
  return clamp(place, 0, extent - 1);
#elif FILL_REFLECT
  let period = 2 * extent;
  let folded = ((place % period) + period) % period;
  return select(period - 1 - folded, folded, folded < extent);
#else
  return -1;
#endif
}

fn valueAt(source: Source, givenRow: i32, givenColumn: i32, channel: u32) -> f32 {
  var row = filledPlace(givenRow, i32(HEIGHT));
  var column = filledPlace(givenColumn, i32(WIDTH));
#if !FILL_NEAREST && !FILL_REFLECT
  if (row < 0 || column < 0) { return FILL_VALUE; }
#endif
  row = select(row, i32(HEIGHT) - 1 - row, source.flipRows);
  column = select(column, i32(WIDTH) - 1 - column, source.flipColumns);
  let place = (u32(row) * WIDTH + u32(column)) * CHANNELS + channel;
#if FETCH
  if (source.row < 0) { return 0.0; }
  return load(u32(source.row) * (HEIGHT * WIDTH * CHANNELS) + place);
#else
  return images[u32(source.row) * (HEIGHT * WIDTH * CHANNELS) + place];
#endif
}

#if AFFINE
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

// A neighbour without weight does no harm, not even an infinite one.
fn blend(a: f32, b: f32, share: f32) -> f32 {
  return select(mix(a, b, share), a, share == 0.0);
}

// The value at a place between four pixels.
fn interpolated(source: Source, corner: vec2f, part: vec2f, channel: u32) -> f32 {
  let left = i32(corner.x);
  let top = i32(corner.y);
  let above = blend(valueAt(source, top, left, channel), valueAt(source, top, left + 1, channel), part.x);
  let below = blend(valueAt(source, top + 1, left, channel), valueAt(source, top + 1, left + 1, channel), part.x);
  return blend(above, below, part.y);
}
#endif

// Colours of bytes stay within 0…1.
fn clipped(value: f32) -> f32 {
#if CLIP
  return clamp(value, 0.0, 1.0);
#else
  return value;
#endif
}

#if WATCH
fn watch(group: u32, thread: u32) {
  var here = false;
  for (var vector = group * THREADS + thread; vector < WATCHED_VECTORS; vector += WORKGROUPS * THREADS) {
    here |= anyNotFinite(watched[vector]);
  }
  if (here) { atomicStore(&seen, 1u); }
  workgroupBarrier();
  if (thread == 0u) { found[group] = f32(atomicLoad(&seen)); }
}
#endif

fn augment(image: u32, first: u32) {
  let key = deriveKey(deriveKey(STREAM_KEY, batchNumber[0]), image);
#if FETCH
  let row = batchRow(batchNumber[0], image);
  if (first == 0u) {
    var label = -1;
    if (row >= 0) { label = labelTable[row]; }
    labels[image] = label;
  }
#else
  let row = i32(image);
#endif
  let source = Source(
    row,
    FLIP_ROWS && randomBits(key, 5u) >= 0x80000000u,
    FLIP_COLUMNS && randomBits(key, 6u) >= 0x80000000u,
  );
#if AFFINE
  let shift = SHIFT * vec2f(draw(key, 1u), draw(key, 0u));
  let angle = ROTATE * draw(key, 2u);
  let zoom = ZOOM * draw(key, 3u);
  let scale = select(1.0 / (1.0 + zoom), 1.0 - zoom, zoom < 0.0);
  let slant = SLANT * draw(key, 4u);
  let cosine = scale * cosineOf(angle);
  let sine = scale * sineOf(angle);
  let middle = vec2f(MIDDLE_COLUMN, MIDDLE_ROW);
#endif
#if CROP > 0
  let crop = vec2i(
    i32(randomBits(key, 8u) % (2u * CROP + 1u)) - i32(CROP),
    i32(randomBits(key, 7u) % (2u * CROP + 1u)) - i32(CROP),
  );
#else
  let crop = vec2i(0);
#endif
#if CONTRAST
  let contrast = 1.0 + CONTRAST_RANGE * draw(key, 9u);
#if CHANNELS == 3
  let grey = 0.2989 * sums[image * 3u] + 0.587 * sums[image * 3u + 1u] + 0.114 * sums[image * 3u + 2u];
#else
  var grey = 0.0;
  for (var channel = 0u; channel < CHANNELS; channel++) { grey += sums[image * CHANNELS + channel]; }
  grey /= f32(CHANNELS);
#endif
  let contrastPart = (1.0 - contrast) * (grey / f32(HEIGHT * WIDTH));
#endif
#if BRIGHTNESS
  let brightness = 1.0 + BRIGHTNESS_RANGE * draw(key, 10u);
#endif
#if SATURATION
  let saturation = 1.0 + SATURATION_RANGE * draw(key, 11u);
#endif
#if NOISY
  let noiseKey = deriveKey(key, 1u);
#endif
#if CUT_SIDE > 0
  let cutTop = i32(randomBits(key, 12u) % HEIGHT) - i32(CUT_SIDE / 2u);
  let cutLeft = i32(randomBits(key, 13u) % WIDTH) - i32(CUT_SIDE / 2u);
#endif
  for (var step = 0u; step < PIXELS_PER_THREAD; step++) {
    let pixel = first + step * (THREADS * GROUPS);
    if (pixel >= HEIGHT * WIDTH) { break; }
    let to = vec2i(i32(pixel % WIDTH), i32(pixel / WIDTH));
    let uncropped = to - crop;
#if AFFINE
    let place = vec2f(uncropped) - middle;
    let moved = vec2f(
      place.x * cosine + place.y * (cosine * slant + sine),
      place.x * -sine + place.y * (cosine - sine * slant),
    ) - shift + middle;
    let corner = floor(moved);
    let part = moved - corner;
#endif
    var color: array<f32, CHANNELS>;
    for (var channel = 0u; channel < CHANNELS; channel++) {
#if AFFINE
      var value = interpolated(source, corner, part, channel);
#else
      var value = valueAt(source, uncropped.y, uncropped.x, channel);
#endif
#if CONTRAST
      value = clipped(contrast * value + contrastPart);
#endif
#if BRIGHTNESS
      value = clipped(brightness * value);
#endif
      color[channel] = value;
    }
#if SATURATION
    let pixelGrey = (1.0 - saturation) * (0.2989 * color[0] + 0.587 * color[1] + 0.114 * color[2]);
#endif
    for (var channel = 0u; channel < CHANNELS; channel++) {
      let element = pixel * CHANNELS + channel;
      var value = color[channel];
#if SATURATION
      value = clipped(saturation * value + pixelGrey);
#endif
#if NOISY
      value += NOISE * normalQuantile((f32(randomBits(noiseKey, element) >> 9u) + 0.5) * 0x1p-23);
#endif
#if CUT_SIDE > 0
      let isCut = to.y >= cutTop && to.y < cutTop + i32(CUT_SIDE) && to.x >= cutLeft && to.x < cutLeft + i32(CUT_SIDE);
      if (isCut) { value = FILL_VALUE; }
#endif
      output[image * (HEIGHT * WIDTH * CHANNELS) + element] = value;
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  let image = index / (THREADS * GROUPS);
  if (image < BATCH) { augment(image, index % (THREADS * GROUPS)); }
#if WATCH
  watch(index / THREADS, thread);
#endif
}
