// Last kernel of Winograd's convolution (winograd_filter.wgsl): the 16 products m of a tile become its 2 × 2 pixels,
// Y = Aᵀ m A, to which bias and ReLU are applied.
//
//     Aᵀ = | 1  1  1  0 |
//          | 0  1 -1 -1 |
//
// A thread makes four channels of one tile. Tiles at the end of an odd side hang over; what hangs over is not stored.

var<storage> products: array<vec4f>;
#if BIAS
var<storage> bias: array<f32>;
#endif
#include half
alias Element = vec4f;
// HALF_RESULT: stored as 16-bit floats, four to a vec2u.
#include stored_tensor result
var<storage> result: array<StoredResult>;

const COLUMNS = KEPT / 4u;

fn store(image: u32, y: u32, x: u32, column: u32, values: vec4f) {
  if (y >= RESULT_HEIGHT || x >= RESULT_WIDTH) { return; }
#if RELU
  result[((image * RESULT_HEIGHT + y) * RESULT_WIDTH + x) * COLUMNS + column] = storeResult(relu(values));
#else
  result[((image * RESULT_HEIGHT + y) * RESULT_WIDTH + x) * COLUMNS + column] = storeResult(values);
#endif
}

#include linear_index
#include relu

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let index = linearIndex(id, workgroups, THREADS);
  if (index >= TILES * COLUMNS) { return; }
  let column = index % COLUMNS;
  let tile = index / COLUMNS;
  let image = tile / (TILES_DOWN * TILES_ACROSS);
  let y = 2u * ((tile / TILES_ACROSS) % TILES_DOWN);
  let x = 2u * (tile % TILES_ACROSS);
#if BIAS
  let biases = vec4f(bias[4u * column], bias[4u * column + 1u], bias[4u * column + 2u], bias[4u * column + 3u]);
#else
  let biases = vec4f(0.0);
#endif
#unroll placeX 0 4
#unroll placeY 0 4
  let m_$(placeY)_$(placeX) = products[$(4 * placeY + placeX)u * (TILES * COLUMNS) + index];
#end
  let upper_$(placeX) = m_0_$(placeX) + m_1_$(placeX) + m_2_$(placeX);
  let lower_$(placeX) = m_1_$(placeX) - m_2_$(placeX) - m_3_$(placeX);
#end
  store(image, y, x, column, biases + upper_0 + upper_1 + upper_2);
  store(image, y, x + 1u, column, biases + upper_1 - upper_2 - upper_3);
  store(image, y + 1u, x, column, biases + lower_0 + lower_1 + lower_2);
  store(image, y + 1u, x + 1u, column, biases + lower_1 - lower_2 - lower_3);
}
