// Draws the maps of a tensor beside each other into a canvas, as pictureOfMaps of src/core/maps_picture.ts does: each value
// a square of one colour, white at 0, blue above, orange below, transparent between the maps.

struct Picture {
  rows: u32,
  columns: u32,
  channels: u32,
  // The first map that is drawn, and how many are.
  first: u32,
  count: u32,
  // Maps in a row of the picture.
  perRow: u32,
  // In pixels.
  mapWidth: f32,
  mapHeight: f32,
  gap: f32,
}

@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read> largest: array<f32>;
@group(0) @binding(2) var<uniform> picture: Picture;

const WHITE = vec3f(1.0);
const POSITIVE = vec3f(POSITIVE_RED, POSITIVE_GREEN, POSITIVE_BLUE) / 255.0;
const NEGATIVE = vec3f(NEGATIVE_RED, NEGATIVE_GREEN, NEGATIVE_BLUE) / 255.0;

// One triangle that covers the whole picture.
@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  return vec4f(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn color(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
  let size = vec2f(picture.mapWidth, picture.mapHeight);
  // pixel.xy is the pixel's middle, so that no edge of a map of whole pixels is met.
  let place = floor(pixel.xy / (size + picture.gap));
  let inMap = pixel.xy - place * (size + picture.gap);
  let map = u32(place.y) * picture.perRow + u32(place.x);
  if (any(inMap >= size) || u32(place.x) >= picture.perRow || map >= picture.count) {
    return vec4f(0.0);
  }
  let row = min(picture.rows - 1u, u32(inMap.y / picture.mapHeight * f32(picture.rows)));
  let column = min(picture.columns - 1u, u32(inMap.x / picture.mapWidth * f32(picture.columns)));
  let value = values[(row * picture.columns + column) * picture.channels + picture.first + map];
  let most = largest[0];
  if (most == 0.0) {
    return vec4f(WHITE, 1.0);
  }
  let share = min(1.0, abs(value) / most);
  return vec4f(mix(WHITE, select(NEGATIVE, POSITIVE, value > 0.0), share), 1.0);
}
