// What a workgroup has of both factors of a product, in turns of K_TILE summed places: for each of these four neighbouring pixels a
// vector, then four neighbouring channels a vector.
var<workgroup> pixels: array<vec4f, $(K_TILE * TILE_ROWS / 4)>;
var<workgroup> weights: array<vec4f, $(K_TILE * TILE_COLUMNS / 4)>;
