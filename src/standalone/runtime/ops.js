/**
 * What each op of a graph makes of its operands, in plain loops: `out` is to be filled, `a` holds the op's attributes. Tensors are
 * { data, shape }. A module gets the sections of the ops that its network has, and of what these call.
 */
export const ops = {};

// section sizeOf
const sizeOf = (shape) => shape.reduce((size, extent) => size * extent, 1);

// section stridesOf
const stridesOf = (shape) => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

// section spread
/** Strides by which a tensor of one shape is read for every element of another that it broadcasts to. */
function spread(from, to) {
  const strides = stridesOf(from);
  const more = to.length - from.length;
  return to.map((_, axis) => (axis < more || from[axis - more] === 1 ? 0 : strides[axis - more]));
}

// section walk
/** Calls `visit` for every element of a shape with its place by each of the lists of strides. */
function walk(shape, lists, visit) {
  const size = sizeOf(shape);
  const position = shape.map(() => 0);
  const places = lists.map(() => 0);
  for (let index = 0; index < size; index++) {
    visit(index, places[0], places[1], places[2]);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]++;
      for (let list = 0; list < lists.length; list++) places[list] += lists[list][axis];
      if (position[axis] < shape[axis]) break;
      for (let list = 0; list < lists.length; list++) places[list] -= lists[list][axis] * shape[axis];
      position[axis] = 0;
    }
  }
}

// section each
/** An op that makes each element of the one at its place. */
const each =
  (compute) =>
  (out, [x], a) => {
    for (let i = 0; i < out.data.length; i++) out.data[i] = compute(x.data[i], a.a, a.b);
  };

// section pairs
/** An op of two operands that broadcast. */
const pairs =
  (compute) =>
  (out, [x, y]) => {
    const { data, shape } = out;
    walk(shape, [spread(x.shape, shape), spread(y.shape, shape)], (i, first, second) => {
      data[i] = compute(x.data[first], y.data[second]);
    });
  };

// section reduced
/** An op that takes all elements along axes together, in 64 bits. */
const reduced =
  (start, compute) =>
  (out, [x], { axes }) => {
    const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const results = new Float64Array(out.data.length).fill(start);
    walk(x.shape, [spread(kept, x.shape)], (i, place) => {
      results[place] = compute(results[place], x.data[i]);
    });
    out.data.set(results);
  };

// section taps
/** Calls `visit` for each place of the output with each place of the input that its window has there: first channels of both, and the tap. */
function taps(g, inChannels, outChannels, visit) {
  for (let outY = 0; outY < g.outHeight; outY++) {
    for (let outX = 0; outX < g.outWidth; outX++) {
      const to = (outY * g.outWidth + outX) * outChannels;
      for (let tapY = 0; tapY < g.kernelHeight; tapY++) {
        const y = outY * g.strideHeight - g.padTop + tapY * g.dilationHeight;
        if (y < 0 || y >= g.inHeight) continue;
        for (let tapX = 0; tapX < g.kernelWidth; tapX++) {
          const x = outX * g.strideWidth - g.padLeft + tapX * g.dilationWidth;
          if (x < 0 || x >= g.inWidth) continue;
          visit((y * g.inWidth + x) * inChannels, to, tapY * g.kernelWidth + tapX);
        }
      }
    }
  }
}

// section conv2d
ops.conv2d = (out, [{ data: x }, { data: filter }], { geometry: g }) => {
  const sums = new Float64Array(out.data.length);
  taps(g, g.inChannels, g.outChannels, (from, to, tap) => {
    for (let i = 0; i < g.inChannels; i++) {
      const group = Math.floor(i / g.groupInChannels) * g.groupOutChannels;
      const weights = (tap * g.groupInChannels + (i % g.groupInChannels)) * g.outChannels + group;
      const value = x[from + i];
      if (value === 0) continue;
      for (let o = 0; o < g.groupOutChannels; o++) sums[to + group + o] += value * filter[weights + o];
    }
  });
  out.data.set(sums);
};

// section conv2dInputGradient
ops.conv2dInputGradient = (out, [{ data: x }, { data: filter }], { geometry: g }) => {
  const sums = new Float64Array(out.data.length);
  taps(g, g.inChannels, g.outChannels, (to, from, tap) => {
    for (let i = 0; i < g.inChannels; i++) {
      const group = Math.floor(i / g.groupInChannels) * g.groupOutChannels;
      const weights = (tap * g.groupInChannels + (i % g.groupInChannels)) * g.outChannels + group;
      let sum = 0;
      for (let o = 0; o < g.groupOutChannels; o++) sum += x[from + group + o] * filter[weights + o];
      sums[to + i] += sum;
    }
  });
  out.data.set(sums);
};

// section maxPool2d
ops.maxPool2d = (out, [{ data: x }], { geometry: g }) => {
  out.data.fill(Number.NEGATIVE_INFINITY);
  taps(g, g.channels, g.channels, (from, to) => {
    for (let c = 0; c < g.channels; c++) out.data[to + c] = Math.max(out.data[to + c], x[from + c]);
  });
};

// section avgPool2d
ops.avgPool2d = (out, [{ data: x }], { geometry: g, countIncludePad }) => {
  const sums = new Float64Array(out.data.length);
  const count = (place, stride, kernel, dilation, before, extent, after) => {
    let taps = 0;
    for (let tap = 0; tap < kernel; tap++) {
      const at = place * stride + tap * dilation;
      if (countIncludePad ? at < before + extent + after : at >= before && at < before + extent) taps++;
    }
    return taps;
  };
  taps(g, g.channels, g.channels, (from, to) => {
    for (let c = 0; c < g.channels; c++) sums[to + c] += x[from + c];
  });
  for (let i = 0; i < sums.length; i++) {
    const pixel = Math.floor(i / g.channels);
    const [y, x] = [Math.floor(pixel / g.outWidth), pixel % g.outWidth];
    const rows = count(y, g.strideHeight, g.kernelHeight, g.dilationHeight, g.padTop, g.inHeight, g.padBottom);
    const columns = count(x, g.strideWidth, g.kernelWidth, g.dilationWidth, g.padLeft, g.inWidth, g.padRight);
    out.data[i] = sums[i] / (rows * columns);
  }
};

// section matmul
ops.matmul = (out, [a, b], { transposeA, transposeB }) => {
  const [m, n] = out.shape.slice(-2);
  const k = a.shape[transposeA ? 0 : 1];
  const [rowA, stepA] = transposeA ? [1, m] : [k, 1];
  const [stepB, columnB] = transposeB ? [1, k] : [n, 1];
  for (let row = 0; row < m; row++) {
    const sums = new Float64Array(n);
    for (let inner = 0; inner < k; inner++) {
      const value = a.data[row * rowA + inner * stepA];
      if (value === 0) continue;
      for (let column = 0; column < n; column++) sums[column] += value * b.data[inner * stepB + column * columnB];
    }
    out.data.set(sums, row * n);
  }
};

// section batchNorm
ops.batchNorm = (out, operands, { epsilon }) => {
  const [x, mean, variance, gamma, beta] = operands.map(({ data }) => data);
  const channels = mean.length;
  for (let i = 0; i < x.length; i++) {
    const c = i % channels;
    out.data[i] = ((x[i] - mean[c]) / Math.sqrt(variance[c] + epsilon)) * gamma[c] + beta[c];
  }
};

// section softmax
ops.softmax = (out, [{ data: x }]) => {
  const columns = out.shape.at(-1);
  for (let start = 0; start < x.length; start += columns) {
    const row = Float64Array.from(x.subarray(start, start + columns));
    const most = row.reduce((a, b) => Math.max(a, b));
    const parts = row.map((value) => Math.exp(value - most));
    const sum = parts.reduce((a, b) => a + b);
    for (let i = 0; i < columns; i++) out.data[start + i] = parts[i] / sum;
  }
};

// section logSoftmax
ops.logSoftmax = (out, [{ data: x }]) => {
  const columns = out.shape.at(-1);
  for (let start = 0; start < x.length; start += columns) {
    const row = Float64Array.from(x.subarray(start, start + columns));
    const most = row.reduce((a, b) => Math.max(a, b));
    const sum = Math.log(row.reduce((a, b) => a + Math.exp(b - most), 0));
    for (let i = 0; i < columns; i++) out.data[start + i] = row[i] - most - sum;
  }
};

// section add
ops.add = pairs((a, b) => a + b);

// section sub
ops.sub = pairs((a, b) => a - b);

// section mul
ops.mul = pairs((a, b) => a * b);

// section standardize
ops.standardize = pairs((a, b) => a * b);

// section div
ops.div = pairs((a, b) => a / b);

// section minimum
ops.minimum = pairs(Math.min);

// section maximum
ops.maximum = pairs(Math.max);

// section prelu
ops.prelu = pairs((x, slope) => (x < 0 ? slope * x : x));

// section pow
ops.pow = pairs((a, b) => (a === 1 ? 1 : a ** b));

// section equal
ops.equal = pairs((a, b) => Number(a === b));

// section less
ops.less = pairs((a, b) => Number(a < b));

// section lessOrEqual
ops.lessOrEqual = pairs((a, b) => Number(a <= b));

// section where
ops.where = (out, [condition, x, y]) => {
  const { data, shape } = out;
  const lists = [condition, x, y].map((one) => spread(one.shape, shape));
  walk(shape, lists, (i, chosen, first, second) => {
    data[i] = condition.data[chosen] === 0 ? y.data[second] : x.data[first];
  });
};

// section relu
ops.relu = each((x) => (x <= 0 ? 0 : x));

// section exp
ops.exp = each(Math.exp);

// section log
ops.log = each(Math.log);

// section neg
ops.neg = each((x) => -x);

// section sqrt
ops.sqrt = each(Math.sqrt);

// section abs
ops.abs = each(Math.abs);

// section clip
ops.clip = each((x, least, most) => Math.min(Math.max(x, least), most));

// section elu
ops.elu = each((x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x));

// section selu
ops.selu = each((x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x));

// section leakyRelu
ops.leakyRelu = each((x, alpha) => (x < 0 ? alpha * x : x));

// section relu6
ops.relu6 = each((x) => Math.min(Math.max(x, 0), 6));

// section hardSigmoid
ops.hardSigmoid = each((x, alpha, beta) => Math.min(Math.max(alpha * x + beta, 0), 1));

// section hardSwish
ops.hardSwish = each((x) => (x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6));

// section logistic
/** 1 / (1 + e⁻ˣ) without overflow. */
function logistic(x) {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

// section sigmoid
ops.sigmoid = each((x) => logistic(x));

// section silu
ops.silu = each((x) => x * logistic(x));

// section geluTanh
ops.geluTanh = each((x) => x * logistic(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

// section errorFunction
/** 1 − erf(x): a series of terms of one sign, and for large x a continued fraction (DLMF 7.6.2, 7.9.2). */
function errorFunction(x) {
  if (x < 0) return 2 - errorFunction(-x);
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2) {
    let [term, sum] = [x, x];
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - 2 * scale * sum;
  }
  let below = x;
  for (let k = 120; k > 0; k--) below = x + k / 2 / below;
  return scale / below;
}

// section erf
ops.erf = each((x) => 1 - errorFunction(x));

// section gelu
ops.gelu = each((x) => 0.5 * x * errorFunction(-x * Math.SQRT1_2));

// section softened
/** log(1 + eˣ) without overflow. */
const softened = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// section softplus
ops.softplus = each((x) => softened(x));

// section mish
ops.mish = each((x) => x * Math.tanh(softened(x)));

// section softsign
ops.softsign = each((x) => x / (1 + Math.abs(x)));

// section tanh
ops.tanh = each(Math.tanh);

// section power
ops.power = each((x, exponent) => x ** exponent);

// section rootOfSquares
ops.rootOfSquares = each(Math.sqrt);

// section sum
ops.sum = reduced(0, (a, b) => a + b);

// section product
ops.product = reduced(1, (a, b) => a * b);

// section max
ops.max = reduced(Number.NEGATIVE_INFINITY, Math.max);

// section min
ops.min = reduced(Number.POSITIVE_INFINITY, Math.min);

// section broadcastTo
ops.broadcastTo = (out, [x]) => {
  walk(out.shape, [spread(x.shape, out.shape)], (i, place) => {
    out.data[i] = x.data[place];
  });
};

// section transpose
ops.transpose = (out, [x], { permutation }) => {
  const strides = stridesOf(x.shape);
  walk(out.shape, [permutation.map((axis) => strides[axis])], (i, place) => {
    out.data[i] = x.data[place];
  });
};

// section sliced
/** Where a part of a tensor begins, and its strides there. */
function sliced({ begin, strides }, shape) {
  const own = stridesOf(shape);
  const first = begin.reduce((sum, place, axis) => sum + place * own[axis], 0);
  return [first, [strides.map((stride, axis) => stride * own[axis])]];
}

// section slice
ops.slice = (out, [x], a) => {
  const [first, lists] = sliced(a, x.shape);
  walk(out.shape, lists, (i, place) => {
    out.data[i] = x.data[first + place];
  });
};

// section place
ops.place = (out, [x], a) => {
  const [first, lists] = sliced(a, out.shape);
  out.data.fill(a.value);
  walk(x.shape, lists, (i, place) => {
    out.data[first + place] = x.data[i];
  });
};

// section concat
ops.concat = (out, parts, { axis }) => {
  const strides = stridesOf(out.shape);
  let first = 0;
  for (const { data, shape } of parts) {
    walk(shape, [strides], (i, place) => {
      out.data[first + place] = data[i];
    });
    first += shape[axis] * strides[axis];
  }
};

// section resampleAxis
ops.resampleAxis = (out, [x], { axis, taps }) => {
  const inner = sizeOf(out.shape.slice(axis + 1));
  for (let i = 0; i < out.data.length; i++) {
    const block = Math.floor(i / inner / taps.length) * x.shape[axis];
    let sum = 0;
    for (const { index, weight } of taps[Math.floor(i / inner) % taps.length]) {
      sum += weight * x.data[(block + index) * inner + (i % inner)];
    }
    out.data[i] = sum;
  }
};

// section cumsum
ops.cumsum = (out, [x], { axis, exclusive, reverse }) => {
  const inner = sizeOf(out.shape.slice(axis + 1));
  const extent = out.shape[axis];
  for (let line = 0; line < out.data.length / extent; line++) {
    const first = Math.floor(line / inner) * extent * inner + (line % inner);
    let sum = 0;
    for (let step = 0; step < extent; step++) {
      const i = first + (reverse ? extent - 1 - step : step) * inner;
      const before = sum;
      sum += x.data[i];
      out.data[i] = exclusive ? before : sum;
    }
  }
};

// section cast
ops.cast = (out, [x], { to }) => {
  const range = { i32: [-(2 ** 31), 2 ** 31 - 128], u32: [0, 2 ** 32 - 256] }[to];
  const isFloat = x.data instanceof Float32Array;
  for (let i = 0; i < out.data.length; i++) {
    const value = x.data[i];
    out.data[i] =
      to === "bool"
        ? Number(value !== 0)
        : range && isFloat
          ? Math.min(Math.max(Math.trunc(value), range[0]), range[1])
          : value;
  }
};

// section argmax
ops.argmax = (out, [{ data: x, shape }]) => {
  const columns = shape.at(-1);
  for (let row = 0; row < out.data.length; row++) {
    let best = 0;
    for (let i = 1; i < columns; i++) if (x[row * columns + i] > x[row * columns + best]) best = i;
    out.data[row] = best;
  }
};

// section gatherRows
ops.gatherRows = (out, [table, rows], { scale }) => {
  const size = sizeOf(out.shape.slice(1));
  rows.data.forEach((row, index) => {
    const isFloat = out.data instanceof Float32Array;
    for (let i = 0; i < size; i++) {
      const value = row < 0 ? (isFloat ? 0 : -1) : table.data[row * size + i];
      out.data[index * size + i] = isFloat ? value * scale : value;
    }
  });
};

// section oneHot
ops.oneHot = (out, [{ data: places }], { depth }) => {
  out.data.fill(0);
  places.forEach((place, row) => {
    if (place >= 0 && place < depth) out.data[row * depth + place] = 1;
  });
};
