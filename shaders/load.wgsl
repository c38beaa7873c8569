// {name}: what `{tensor}` (loaded_tensor.wgsl) holds at at_{name}. No function: through a parameter Chrome's compiler cannot
// follow the range of an index, and clamps it.
#if GATHER_{TENSOR}
  let {name} = vec4f({tensor}[at_{name}.x], {tensor}[at_{name}.y], {tensor}[at_{name}.z], {tensor}[at_{name}.w]);
#else
  let {name} = {tensor}[at_{name}];
#endif
