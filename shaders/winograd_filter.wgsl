// First of the four kernels of Winograd's convolution F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2016, section 4.1): the filters g become U = G g Gᵀ, 16 values for 9.
//
//     G = | 1    0    0  |     transformed[place, summed channel, kept channel], place = 4 · row + column of U
//         | 1/2  1/2  1/2|
//         | 1/2 -1/2  1/2|
//         | 0    0    1  |
//
// A thread transforms the filters of one summed and four kept channels. With FLIP, for the input gradient, output
// channels are summed, input channels are kept, and the filter is turned by half a turn.

#if FLIP
var<storage> filters: array<f32>;
#else
var<storage> filters: array<vec4f>;
#endif
var<storage> transformed: array<vec4f>;

fn load(tap: u32, summed: u32, column: u32) -> vec4f {
#if FLIP
  let start = ((8u - tap) * KEPT + 4u * column) * SUMMED + summed;
  return vec4f(filters[start], filters[start + SUMMED], filters[start + 2u * SUMMED], filters[start + 3u * SUMMED]);
#else
  return filters[(tap * SUMMED + summed) * (KEPT / 4u) + column];
#endif
}

#include linear_index

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let index = linearIndex(id, workgroups, THREADS);
  if (index >= SUMMED * (KEPT / 4u)) { return; }
  let column = index % (KEPT / 4u);
  let summed = index / (KEPT / 4u);
#unroll x 0 3
  let above_$(x) = load($(x)u, summed, column);
  let middle_$(x) = load($(3 + x)u, summed, column);
  let below_$(x) = load($(6 + x)u, summed, column);
  let row_0_$(x) = above_$(x);
  let row_1_$(x) = 0.5 * (above_$(x) + middle_$(x) + below_$(x));
  let row_2_$(x) = 0.5 * (above_$(x) - middle_$(x) + below_$(x));
  let row_3_$(x) = below_$(x);
#end
#unroll y 0 4
  transformed[$(4 * y)u * (SUMMED * (KEPT / 4u)) + index] = row_$(y)_0;
  transformed[$(4 * y + 1)u * (SUMMED * (KEPT / 4u)) + index] = 0.5 * (row_$(y)_0 + row_$(y)_1 + row_$(y)_2);
  transformed[$(4 * y + 2)u * (SUMMED * (KEPT / 4u)) + index] = 0.5 * (row_$(y)_0 - row_$(y)_1 + row_$(y)_2);
  transformed[$(4 * y + 3)u * (SUMMED * (KEPT / 4u)) + index] = row_$(y)_2;
#end
}
