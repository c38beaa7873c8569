// Nothing but multiply-adds in registers: what the device could do if every kernel were made of them. CHAINS vectors that
// do not wait for each other, so that one's latency hides behind the others; factor and term come from memory, so that no
// compiler can work out the end in advance. 8 · CHAINS · LINKS · ROUNDS operations a thread.
var<storage> factors: array<f32, 2>;
var<storage> output: array<vec4f>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u) {
  let factor = vec4f(factors[0]);
  let term = vec4f(factors[1]);
#unroll chain 0 CHAINS
  var value_$(chain) = vec4f(f32(globalId.x + $(chain)u));
#end
  for (var round = 0u; round < ROUNDS; round++) {
#unroll link 0 LINKS
#unroll chain 0 CHAINS
#if FUSED
    value_$(chain) = fma(value_$(chain), factor, term);
#else
    value_$(chain) = value_$(chain) * factor + term;
#endif
#end
#end
  }
  var sum = vec4f(0.0);
#unroll chain 0 CHAINS
  sum += value_$(chain);
#end
  output[globalId.x] = sum;
}
