// The parts of operand `{name}` that a thread brings in the turn that begins at firstK.
#unroll load 0 LOADS_{NAME}
#if ALONG_K_{NAME}
    let element_{name}_$(load) = start_{name}_$(load) + firstK / WIDTH_{NAME};
#else
    let element_{name}_$(load) = start_{name}_$(load) + firstK * $(EXTENT_{NAME} / WIDTH_{NAME})u;
#endif
#if K % DEPTH == 0 || FLAT_{NAME}
    let loaded_{name}_$(load) = element{Name}(element_{name}_$(load));
#elif WIDTH_{NAME} == 4
    let loaded_{name}_$(load) = select(vec4f(0.0), element{Name}(element_{name}_$(load)), firstK + depth_{name}_$(load) < K);
#else
    let loaded_{name}_$(load) = select(0.0, element{Name}(element_{name}_$(load)), firstK + depth_{name}_$(load) < K);
#endif
#end
