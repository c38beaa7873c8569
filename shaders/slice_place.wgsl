  // Which channels and taps this thread takes, and which part of the sum.
  let ownUnit = workgroup.x * GROUP_UNITS + local.y;
  let ownColumn = workgroup.y * GROUP_COLUMNS + local.x;
  let ownSlice = workgroup.z * GROUP_SLICES + local.z;
  if (ownUnit >= UNITS || ownColumn >= COLUMNS || ownSlice >= SLICES) { return; }
  // Chrome's compiler leaves out the clamp of an index whose range it can follow from here: through + * / % and min, but
  // not through select or a function's parameter.
  let unit = min(ownUnit, UNITS - 1u);
  let column = min(ownColumn, COLUMNS - 1u);
  let slice = min(ownSlice, SLICES - 1u);
