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

// What is drawn for one image.
struct Copy {
  // Of an image in a tensor, or a row of a table; none, an image of zeros, where it is negative.
  row: i32,
  flipRows: bool,
  flipColumns: bool,
  // Factors, and what is added with that of contrast.
  contrast: f32,
  contrastPart: f32,
  brightness: f32,
  saturation: f32,
  noiseKey: u32,
  // First column and row of the square that is cut out.
  cut: vec2i,
}

// The row or column that stands at a place along an axis, in the image before it is flipped; −1 where nothing does.
fn sourceOf(place: i32, extent: i32, flip: bool) -> i32 {
  var source = place;
#if FILL_NEAREST
  source = clamp(place, 0, extent - 1);
#elif FILL_REFLECT
  // One reflection is enough nearly always.
  source = select(source, -1 - source, source < 0);
  source = select(source, 2 * extent - 1 - source, source >= extent);
  if (source < 0 || source >= extent) {
    let period = 2 * extent;
    let folded = ((place % period) + period) % period;
    source = select(period - 1 - folded, folded, folded < extent);
  }
#else
  if (place < 0 || place >= extent) { return -1; }
#endif
  return select(source, extent - 1 - source, flip);
}

fn valueAt(imageRow: i32, row: i32, column: i32, channel: u32) -> f32 {
#if !FILL_NEAREST && !FILL_REFLECT
  if (row < 0 || column < 0) { return FILL_VALUE; }
#endif
  let place = (u32(row) * WIDTH + u32(column)) * CHANNELS + channel;
#if FETCH
  if (imageRow < 0) { return 0.0; }
  return load(u32(imageRow) * (HEIGHT * WIDTH * CHANNELS) + place);
#else
  return images[u32(imageRow) * (HEIGHT * WIDTH * CHANNELS) + place];
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
#endif

// Colours of bytes stay within 0…1.
fn clipped(value: f32) -> f32 {
#if CLIP
  return clamp(value, 0.0, 1.0);
#else
  return value;
#endif
}

// The colour of a value, without what its pixel's other channels say.
fn colored(copy: Copy, given: f32) -> f32 {
  var value = given;
#if CONTRAST
  value = clipped(copy.contrast * value + copy.contrastPart);
#endif
#if BRIGHTNESS
  value = clipped(copy.brightness * value);
#endif
  return value;
}

// Noise and square. `element` is the value's place in its image, `to` its pixel's column and row.
fn finished(copy: Copy, given: f32, element: u32, to: vec2i) -> f32 {
  var value = given;
#if NOISY
  value += NOISE * normalQuantile((f32(randomBits(copy.noiseKey, element) >> 9u) + 0.5) * 0x1p-23);
#endif
#if CUT_SIDE > 0
  if (all(to >= copy.cut) && all(to < copy.cut + i32(CUT_SIDE))) { value = FILL_VALUE; }
#endif
  return value;
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

fn drawCopy(key: u32, image: u32, row: i32) -> Copy {
  var copy: Copy;
  copy.row = row;
  copy.flipRows = FLIP_ROWS && randomBits(key, 5u) >= 0x80000000u;
  copy.flipColumns = FLIP_COLUMNS && randomBits(key, 6u) >= 0x80000000u;
#if CONTRAST
  copy.contrast = 1.0 + CONTRAST_RANGE * draw(key, 9u);
#if CHANNELS == 3
  let grey = 0.2989 * sums[image * 3u] + 0.587 * sums[image * 3u + 1u] + 0.114 * sums[image * 3u + 2u];
#else
  var grey = 0.0;
  for (var channel = 0u; channel < CHANNELS; channel++) { grey += sums[image * CHANNELS + channel]; }
  grey /= f32(CHANNELS);
#endif
  copy.contrastPart = (1.0 - copy.contrast) * (grey / f32(HEIGHT * WIDTH));
#endif
#if BRIGHTNESS
  copy.brightness = 1.0 + BRIGHTNESS_RANGE * draw(key, 10u);
#endif
#if SATURATION
  copy.saturation = 1.0 + SATURATION_RANGE * draw(key, 11u);
#endif
#if NOISY
  copy.noiseKey = deriveKey(key, 1u);
#endif
#if CUT_SIDE > 0
  let middle = vec2u(randomBits(key, 13u) % WIDTH, randomBits(key, 12u) % HEIGHT);
  copy.cut = vec2i(middle) - i32(CUT_SIDE / 2u);
#endif
  return copy;
}

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
  let copy = drawCopy(key, image, row);
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
  let crop = vec2i(vec2u(randomBits(key, 8u), randomBits(key, 7u)) % (2u * CROP + 1u)) - i32(CROP);
#else
  let crop = vec2i(0);
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
    let top = sourceOf(i32(corner.y), i32(HEIGHT), copy.flipRows);
    let bottom = sourceOf(i32(corner.y) + 1, i32(HEIGHT), copy.flipRows);
    let left = sourceOf(i32(corner.x), i32(WIDTH), copy.flipColumns);
    let right = sourceOf(i32(corner.x) + 1, i32(WIDTH), copy.flipColumns);
#else
    let top = sourceOf(uncropped.y, i32(HEIGHT), copy.flipRows);
    let left = sourceOf(uncropped.x, i32(WIDTH), copy.flipColumns);
#endif
#if SATURATION
    var color: vec3f;
#endif
    for (var channel = 0u; channel < CHANNELS; channel++) {
#if AFFINE
      let above = blend(valueAt(row, top, left, channel), valueAt(row, top, right, channel), part.x);
      let below = blend(valueAt(row, bottom, left, channel), valueAt(row, bottom, right, channel), part.x);
      let value = colored(copy, blend(above, below, part.y));
#else
      let value = colored(copy, valueAt(row, top, left, channel));
#endif
#if SATURATION
      color[channel] = value;
#else
      let element = pixel * CHANNELS + channel;
      output[image * (HEIGHT * WIDTH * CHANNELS) + element] = finished(copy, value, element, to);
#endif
    }
#if SATURATION
    let grey = (1.0 - copy.saturation) * (0.2989 * color.x + 0.587 * color.y + 0.114 * color.z);
    for (var channel = 0u; channel < CHANNELS; channel++) {
      let element = pixel * CHANNELS + channel;
      let value = clipped(copy.saturation * color[channel] + grey);
      output[image * (HEIGHT * WIDTH * CHANNELS) + element] = finished(copy, value, element, to);
    }
#endif
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
