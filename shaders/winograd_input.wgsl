// Second kernel of Winograd's convolution (winograd_filter.wgsl): each 4 × 4 patch d of the image becomes V = Bᵀ d B. Patches
// lie two pixels apart, one for each tile of 2 × 2 pixels of the result.
//
//     Bᵀ = | 1  0 -1  0 |     transformed[place, tile, channel], place = 4 · row + column of V
//          | 0  1  1  0 |
//          | 0 -1  1  0 |
//          | 0  1  0 -1 |
//
// A thread transforms four channels of one patch. PAD_TOP and PAD_LEFT may be negative.

#include half
alias Element = vec4f;
// HALF_SOURCE: stored as 16-bit floats, four to a vec2u.
#include stored_tensor source
var<storage> source: array<StoredSource>;
var<storage> transformed: array<vec4f>;

const COLUMNS = SUMMED / 4u;

#include linear_index

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let index = linearIndex(id, workgroups, THREADS);
  if (index >= TILES * COLUMNS) { return; }
  let column = index % COLUMNS;
  let tile = index / COLUMNS;
  let image = tile / (TILES_DOWN * TILES_ACROSS);
  let tileY = (tile / TILES_ACROSS) % TILES_DOWN;
  let tileX = tile % TILES_ACROSS;
  let patchY = 2u * tileY - u32(PAD_TOP);
#include patch_rows source
#unroll x 0 4
  let x_$(x) = 2u * tileX + $(x)u - u32(PAD_LEFT);
#unroll y 0 4
  let d_$(y)_$(x) = select(
    vec4f(0.0),
    loadSource(source[(sourceRow_$(y) + min(x_$(x), SOURCE_WIDTH - 1u)) * COLUMNS + column]),
    insideY_$(y) & (x_$(x) < SOURCE_WIDTH),
  );
#end
  let t_0_$(x) = d_0_$(x) - d_2_$(x);
  let t_1_$(x) = d_1_$(x) + d_2_$(x);
  let t_2_$(x) = d_2_$(x) - d_1_$(x);
  let t_3_$(x) = d_1_$(x) - d_3_$(x);
#end
#unroll y 0 4
  transformed[$(4 * y)u * (TILES * COLUMNS) + index] = t_$(y)_0 - t_$(y)_2;
  transformed[$(4 * y + 1)u * (TILES * COLUMNS) + index] = t_$(y)_1 + t_$(y)_2;
  transformed[$(4 * y + 2)u * (TILES * COLUMNS) + index] = t_$(y)_2 - t_$(y)_1;
  transformed[$(4 * y + 3)u * (TILES * COLUMNS) + index] = t_$(y)_1 - t_$(y)_3;
#end
}
