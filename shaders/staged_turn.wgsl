// A turn of a product whose factors lie in workgroup memory: of each of K_TILE summed places TILE_ROWS values in `pixels` and TILE_COLUMNS in
// `weights`, four neighbours a vector. A thread multiplies ROW_VECTORS vectors of the one by COLUMN_VECTORS of the other.
#unroll k 0 K_TILE
#unroll vector 0 ROW_VECTORS
        let pixel_$(k)_$(vector) = pixels[rowPlace + $(k * TILE_ROWS / 4 + vector)u];
#end
#unroll column 0 COLUMN_VECTORS
        let filter_$(k)_$(column) = weights[columnPlace + $(k * TILE_COLUMNS / 4)u + $(column)u * THREADS_ACROSS];
#unroll vector 0 ROW_VECTORS
#unroll lane 0 4
        sum_$(4 * vector + lane)_$(column) =
          fma(vec4f(pixel_$(k)_$(vector)[$(lane)]), filter_$(k)_$(column), sum_$(4 * vector + lane)_$(column));
#end
#end
#end
#end
