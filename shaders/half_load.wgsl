// load.wgsl for tensors that may be stored as 16-bit floats (half_loaded_tensor.wgsl).
#if GATHER_{TENSOR}
  let {name} = vec4f({tensor}[at_{name}.x], {tensor}[at_{name}.y], {tensor}[at_{name}.z], {tensor}[at_{name}.w]);
#elif VECTOR_{TENSOR} && HALF_{TENSOR}
  let {name} = unpackHalves({tensor}[at_{name}]);
#elif HALF_{TENSOR}
  let {name} = unpackHalf({tensor}[at_{name} / 2u], at_{name});
#else
  let {name} = {tensor}[at_{name}];
#endif
