// staged_turn.wgsl where K is short and one turn, and both operands lie in workgroup memory as they do in storage: four lines of K values
// are K vectors, of which each summed place has a value of each line. The barriers keep compilers from fetching all rows before the first is
// multiplied, which registers have no room for.
#unroll column 0 COLUMN_VECTORS
#unroll part 0 K
    let lines_b_$(column)_$(part) = weights[(columnPlace + $(column)u * THREADS_ACROSS) * K + $(part)u];
#end
#end
#unroll vector 0 ROW_VECTORS
#if vector > 0
    workgroupBarrier();
#endif
#unroll part 0 K
    let lines_a_$(vector)_$(part) = pixels[(rowPlace + $(vector)u) * K + $(part)u];
#end
#unroll k 0 K
#unroll column 0 COLUMN_VECTORS
#if vector == 0
    let filter_$(k)_$(column) = vec4f(
      lines_b_$(column)_$(k / 4)[$(k % 4)],
      lines_b_$(column)_$((K + k) / 4)[$((K + k) % 4)],
      lines_b_$(column)_$((2 * K + k) / 4)[$((2 * K + k) % 4)],
      lines_b_$(column)_$((3 * K + k) / 4)[$((3 * K + k) % 4)],
    );
#endif
#unroll lane 0 4
    sum_$(4 * vector + lane)_$(column) = fma(
      vec4f(lines_a_$(vector)_$((lane * K + k) / 4)[$((lane * K + k) % 4)]), filter_$(k)_$(column), sum_$(4 * vector + lane)_$(column));
#end
#end
#end
#end
