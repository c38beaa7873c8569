// Where the parts of operand `{name}` lie that a thread brings in a turn: `line_`, the row or column, `depth_`, the summed place within a
// turn, and `start_`, its element of the first turn. Neighbouring threads bring neighbouring elements.
#unroll load 0 LOADS_{NAME}
  let part_{name}_$(load) = thread + $(load)u * THREADS;
#if FLAT_{NAME}
  // Lines side by side, as in memory.
  let start_{name}_$(load) = first{Name} * K / 4u + part_{name}_$(load);
#elif ALONG_K_{NAME}
  let depth_{name}_$(load) = part_{name}_$(load) % $(DEPTH / WIDTH_{NAME})u * WIDTH_{NAME};
  let line_{name}_$(load) = part_{name}_$(load) / $(DEPTH / WIDTH_{NAME})u;
  let start_{name}_$(load) = (min(first{Name} + line_{name}_$(load), $(EXTENT_{NAME} - 1)u) * K + depth_{name}_$(load)) / WIDTH_{NAME};
#else
  let depth_{name}_$(load) = part_{name}_$(load) / $(TILE_{NAME} / WIDTH_{NAME})u;
  let line_{name}_$(load) = part_{name}_$(load) % $(TILE_{NAME} / WIDTH_{NAME})u * WIDTH_{NAME};
  let start_{name}_$(load) =
    (depth_{name}_$(load) * EXTENT_{NAME} + min(first{Name} + line_{name}_$(load), $(EXTENT_{NAME} - WIDTH_{NAME})u)) / WIDTH_{NAME};
#endif
#end
