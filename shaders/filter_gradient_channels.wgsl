  // Channels beyond the last repeat it, and are not stored.
  let group = column / COLUMNS_PER_GROUP;
  let firstChannel = group * CHANNELS_PER_GROUP + (column % COLUMNS_PER_GROUP) * (4u * VECTORS);
  let lastChannel = (group + 1u) * CHANNELS_PER_GROUP - 1u;
#unroll vector 0 VECTORS
  let channels_$(vector) = min(vec4u(firstChannel + $(4 * vector)u) + LANES, vec4u(lastChannel));
  let vectorOfPixel_$(vector) = min(firstChannel + $(4 * vector)u, OUT_CHANNELS - 1u) / 4u;
  // Where they lie within a pixel of the gradient, in elements of the buffer.
#if VECTOR_UPSTREAM
  let upstreamPlace_$(vector) = vectorOfPixel_$(vector);
#else
  let upstreamPlace_$(vector) = channels_$(vector);
#endif
#end
  // Which channel of its group, and which rows of the kernel.
  let groupChannel = (unit % (GROUP_IN / CHANNEL_UNIT)) * CHANNEL_UNIT;
  let kernelY = (unit / (GROUP_IN / CHANNEL_UNIT)) * TAP_ROWS;
  // Where the channel lies within a pixel of the image, likewise.
#if PER_LANE == 2
  let channelPlace = firstChannel / 4u;
#elif PER_LANE == 1
  let channelPlace = (channels_0 / GROUP_OUT) * GROUP_IN + vec4u(groupChannel);
#else
  let channelPlace = group * (GROUP_IN / CHANNEL_UNIT) + groupChannel / CHANNEL_UNIT;
#endif
