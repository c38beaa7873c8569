// Third kernel of Winograd's convolution (winograd_filter.wgsl): for each of the 16 places a matrix product,
// [tiles, summed channels] · [summed channels, kept channels]. The sum runs over the channels in their order.
//
// A thread keeps TILE_ROWS tiles × 8 kept channels in registers; the place is the workgroup's z.

var<storage> image: array<vec4f>;
var<storage> filters: array<vec4f>;
var<storage> products: array<vec4f>;

const COLUMNS = KEPT / 4u;
const DEPTH = SUMMED / 4u;

@compute @workgroup_size(GROUP_COLUMNS, GROUP_ROWS)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
  let place = workgroup.z;
  let firstColumn = (workgroup.x * GROUP_COLUMNS + local.x) * 2u;
  let firstTile = (workgroup.y * GROUP_ROWS + local.y) * TILE_ROWS;
  if (firstColumn >= COLUMNS || firstTile >= TILES) { return; }

  // Tiles and columns beyond the last repeat it, and are not stored.
#unroll row 0 TILE_ROWS
  let imageRow_$(row) = (place * TILES + min(firstTile + $(row)u, TILES - 1u)) * DEPTH;
#unroll vector 0 2
  var sum_$(row)_$(vector) = vec4f(0.0);
#end
#end
#unroll vector 0 2
  let column_$(vector) = place * (SUMMED * COLUMNS) + min(firstColumn + $(vector)u, COLUMNS - 1u);
#end

  for (var chunk = 0u; chunk < DEPTH; chunk++) {
#unroll row 0 TILE_ROWS
    let a_$(row) = image[imageRow_$(row) + chunk];
#end
#unroll k 0 4
#unroll vector 0 2
    let b_$(k)_$(vector) = filters[(4u * chunk + $(k)u) * COLUMNS + column_$(vector)];
#unroll row 0 TILE_ROWS
    sum_$(row)_$(vector) += a_$(row)[$(k)] * b_$(k)_$(vector);
#end
#end
#end
  }

#unroll row 0 TILE_ROWS
#unroll vector 0 2
  if ((firstTile + $(row)u < TILES) & (firstColumn + $(vector)u < COLUMNS)) {
    products[(place * TILES + firstTile + $(row)u) * COLUMNS + firstColumn + $(vector)u] = sum_$(row)_$(vector);
  }
#end
#end
}
