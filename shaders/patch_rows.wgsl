// The rows of a patch whose first row is row patchY of `image`: where each begins, in pixels, and whether it lies inside.
// Above the image the unsigned row is huge: one comparison checks both edges. Rows outside read the nearest one, and count
// as zero.
#unroll y 0 PATCH_HEIGHT
  let {name}Y_$(y) = patchY + $(y)u;
  let insideY_$(y) = {name}Y_$(y) < {NAME}_HEIGHT;
  let {name}Row_$(y) = (image * {NAME}_HEIGHT + min({name}Y_$(y), {NAME}_HEIGHT - 1u)) * {NAME}_WIDTH;
#end
