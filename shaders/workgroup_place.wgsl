  // Which {name} and which column this thread takes.
  let tile = workgroup.y * workgroupCount.x + workgroup.x;
  let ownColumn = (tile % COLUMN_TILES) * GROUP_COLUMNS + local.x;
  let own{Name} = (tile / COLUMN_TILES) * GROUP_PLACES + local.y;
  if (own{Name} >= PLACES || ownColumn >= COLUMNS) { return; }
  // Chrome's compiler leaves out the clamp of an index whose range it can follow from here: through + * / % and min, but
  // not through select or a function's parameter.
  let column = min(ownColumn, COLUMNS - 1u);
  let {name} = min(own{Name}, PLACES - 1u);
