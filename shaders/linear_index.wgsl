// A dispatch has at most 65,535 workgroups along an axis; longer ones are folded into rows (kernel.ts,
// linearWorkgroups). Entry points declare the two builtins and pass them here.
fn linearIndex(globalId: vec3u, workgroupCount: vec3u, workgroupSize: u32) -> u32 {
  return globalId.y * (workgroupCount.x * workgroupSize) + globalId.x;
}
