// loaded_tensor.wgsl where HALF_{NAME} may say that the tensor is stored as 16-bit floats, four to a vec2u or two to a u32.
#if VECTOR_{NAME} && HALF_{NAME}
alias Stored{Name} = vec2u;
#elif VECTOR_{NAME}
alias Stored{Name} = vec4f;
#elif HALF_{NAME}
alias Stored{Name} = u32;
#else
alias Stored{Name} = f32;
#endif
#if VECTOR_{NAME} || GATHER_{NAME}
alias Loaded{Name} = vec4f;
#else
alias Loaded{Name} = f32;
#endif

#if FIXED_LENGTHS
var<storage> {name}: array<Stored{Name}, $({NAME}_LENGTH / (1 + HALF_{NAME} * !VECTOR_{NAME}))>;
#else
var<storage> {name}: array<Stored{Name}>;
#endif
