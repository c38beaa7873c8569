// Into workgroup memory with the parts of operand `{name}` that were loaded: of each summed place four neighbours a vector;
// with FLAT_{NAME} as they are, the whole of K line by line.
#unroll load 0 LOADS_{NAME}
#if DEPTH * TILE_{NAME} / WIDTH_{NAME} % THREADS == 0 || FLAT_{NAME}
    {
#else
    if (part_{name}_$(load) < $(DEPTH * TILE_{NAME} / WIDTH_{NAME})u) {
#endif
#if ALONG_K_{NAME} && WIDTH_{NAME} == 4 && !FLAT_{NAME}
#unroll lane 0 4
      {tile}[(depth_{name}_$(load) + $(lane)u) * $(TILE_{NAME} / 4)u + line_{name}_$(load) / 4u][line_{name}_$(load) % 4u] =
        loaded_{name}_$(load)[$(lane)];
#end
#elif WIDTH_{NAME} == 4
      {tile}[part_{name}_$(load)] = loaded_{name}_$(load);
#else
      {tile}[depth_{name}_$(load) * $(TILE_{NAME} / 4)u + line_{name}_$(load) / 4u][line_{name}_$(load) % 4u] = loaded_{name}_$(load);
#endif
    }
#end
