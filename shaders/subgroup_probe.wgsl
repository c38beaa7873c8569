// How many exchanges go where the reductions expect it: from thread t ^ reach to thread t, for every reach below
// SUBGROUP_SIZE. WGSL leaves open which threads of a workgroup make a subgroup.
enable subgroups;

var<storage> rightExchanges: array<u32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var count = 0u;
#unroll reach 1 SUBGROUP_SIZE
  count += select(0u, 1u, subgroupShuffleXor(thread, $(reach)u) == (thread ^ $(reach)u));
#end
  rightExchanges[thread] = count;
}
