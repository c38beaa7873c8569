/** Python that networks are made of: random numbers as the page draws them, and the layers that PyTorch has not or has otherwise. */

/** Random numbers that depend on key and counter alone (core/random.ts), so that script and page draw the same. */
export const RANDOM = `
def mixed_bits(x):
    x = x ^ (x >> numpy.uint32(16))
    x = x * numpy.uint32(0x7FEB352D)
    x = x ^ (x >> numpy.uint32(15))
    x = x * numpy.uint32(0x846CA68B)
    return x ^ (x >> numpy.uint32(16))


def words(values):
    return numpy.atleast_1d(numpy.asarray(values, dtype=numpy.uint64)).astype(numpy.uint32)


def random_key(seed, *stream):
    """Of a stream of random numbers, u32 [n]; parts of the stream may be arrays."""
    key = mixed_bits(words(int(seed) % 2**32) ^ numpy.uint32(0x9E3779B9))
    key = mixed_bits(key ^ mixed_bits(words(math.floor(seed / 2**32) % 2**32)))
    for part in stream:
        key = mixed_bits(key ^ mixed_bits(words(part) + numpy.uint32(0x85EBCA6B)))
    return key


def random_bits(key, counter):
    return mixed_bits(mixed_bits(words(counter) ^ key) + key)


def permuted(key, index, count):
    """Where places go in the permutation of 0 ... count - 1 that the key names."""
    half = 1
    while 2 ** (2 * half) < count:
        half += 1
    mask = numpy.uint32(2**half - 1)
    value = words(index)
    out = numpy.ones(value.shape, bool)
    while out.any():
        left, right = value[out] >> numpy.uint32(half), value[out] & mask
        for turn in range(6):
            left, right = right, left ^ (random_bits(key, right + numpy.uint32(turn * 0x10000)) & mask)
        value[out] = (left << numpy.uint32(half)) | right
        out = value >= count
    return value.astype(numpy.int64)


def normal_quantile(p):
    """Wichura's PPND7 (1988)."""
    q = p - 0.5
    r = 0.180625 - q * q
    above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
    middle = q * above / (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    r = numpy.sqrt(-numpy.log(numpy.minimum(p, 1 - p))) - 1.6
    above = ((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777
    outside = numpy.sign(q) * above / ((0.12021132975 * r + 0.7370016425) * r + 1)
    return numpy.where(numpy.abs(q) <= 0.425, middle, outside)


def normal_noise(bits):
    return normal_quantile(((bits >> numpy.uint32(9)) + 0.5) * 2.0**-23)


class Draws:
    """What random layers draw by: the seed, the step, and the places of these images in the whole batch."""

    def __init__(self, seed, step, first):
        self.seed, self.step, self.first = seed, step, first

    def bits(self, kind, stream, shape):
        size = math.prod(shape[1:])
        begin = 0 if shape[0] == 1 else self.first * size
        counters = numpy.arange(begin, begin + shape[0] * size, dtype=numpy.uint64)
        return random_bits(random_key(self.seed, kind, stream, self.step), counters).reshape(shape)


def dropout(x, rate, stream, draws, shape=None):
    if draws is None or rate == 0:
        return x
    mask_shape = [own if given is None else given for given, own in zip(shape or [None] * x.dim(), x.shape)]
    if shape is not None and shape[0] == 1:
        mask_shape[0] = 1
    kept = draws.bits(0x0D209, stream, mask_shape) >= min(math.floor(rate * 2**32), 2**32 - 1)
    return x * (torch.from_numpy(kept.astype(numpy.float32)).to(x.device) / (1 - rate)).to(x.dtype)


def gaussian_noise(x, stddev, stream, draws):
    if draws is None or stddev == 0:
        return x
    noise = normal_noise(draws.bits(0x6A055, stream, list(x.shape)))
    return x + torch.from_numpy(stddev * noise).to(x.device, x.dtype)
`;

/** Layers. Images are [batch, height, width, channels]; turned around for PyTorch they lie in its channels_last format, without a copy. */
export const LAYERS = `
def channels_first(x):
    return x.permute(0, 3, 1, 2)


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def convolution(layer, x, pads):
    """pads: left, right, top, bottom beside those of the layer."""
    x = channels_first(x)
    return channels_last(layer(F.pad(x, pads) if any(pads) else x))


def transposed_convolution(layer, x, box):
    """box: first row, rows, first column, columns of what the windows cover."""
    top, height, left, width = box
    return channels_last(layer(channels_first(x)))[:, top : top + height, left : left + width]


def max_pooling(x, size, strides, pads):
    x = channels_first(x)
    return channels_last(F.max_pool2d(F.pad(x, pads, value=-math.inf) if any(pads) else x, size, strides))


def average_pooling(x, size, strides, pads):
    """Means in which padding does not count."""
    ones = x.new_ones(1, 1, x.shape[1], x.shape[2])
    if not any(pads):
        return channels_last(F.avg_pool2d(channels_first(x), size, strides))
    sums = F.avg_pool2d(F.pad(channels_first(x), pads), size, strides)
    return channels_last(sums / F.avg_pool2d(F.pad(ones, pads), size, strides))


def global_max(x, keep):
    # Of equal ones the first is the maximum, which amax() would share among them.
    y = F.max_pool2d(channels_first(x), list(x.shape[1:3]))
    return channels_last(y) if keep else y.flatten(1)


def extreme(function, xs):
    y = xs[0]
    for x in xs[1:]:
        y = function(y, x)
    return y


def unit_norm(x, axes):
    return x / x.square().sum(axes, keepdim=True).clamp(min=1e-12).sqrt()


def bounded_relu(x, slope, threshold, most):
    y = torch.where(x >= threshold, x, slope * (x - threshold))
    return y if most is None else y.clamp(max=most)


def gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def hard_sigmoid(x):
    return F.relu6(x + 3) / 6


def summed(x):
    """Over all processes; so is the gradient."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return x
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(x)


class BatchNorm(nn.Module):
    """By the statistics of the whole batch, also over several processes; moves biased variances."""

    def __init__(self, channels, momentum, epsilon, scale, center, learns):
        super().__init__()
        self.momentum, self.epsilon, self.learns = momentum, epsilon, learns
        if scale:
            self.weight = nn.Parameter(torch.ones(channels))
        if center:
            self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if self.training and self.learns:
            axes = list(range(x.dim() - 1))
            count = summed(torch.tensor(float(x.numel() // x.shape[-1]), dtype=x.dtype, device=x.device))
            mean = summed(x.sum(axes)) / count
            variance = summed((x - mean).square().sum(axes)) / count
            with torch.no_grad():
                self.running_mean.lerp_(mean.detach(), 1 - self.momentum)
                self.running_var.lerp_(variance.detach(), 1 - self.momentum)
        else:
            mean, variance = self.running_mean, self.running_var
        y = (x - mean) * torch.rsqrt(variance + self.epsilon)
        if hasattr(self, "weight"):
            y = y * self.weight
        return y + self.bias if hasattr(self, "bias") else y


class Norm(nn.Module):
    """Layer normalisation over axes, or group normalisation of the channels (groups)."""

    def __init__(self, shape, epsilon, scale, center, axes=None, groups=None):
        super().__init__()
        self.epsilon, self.axes, self.groups = epsilon, axes, groups
        self.weight = nn.Parameter(torch.ones(shape)) if scale else None
        self.bias = nn.Parameter(torch.zeros(shape)) if center else None

    def forward(self, x):
        if self.groups is not None:
            y = F.group_norm(x.movedim(-1, 1), self.groups, self.weight, self.bias, self.epsilon)
            return y.movedim(1, -1)
        mean = x.mean(self.axes, keepdim=True)
        variance = (x - mean).square().mean(self.axes, keepdim=True)
        y = (x - mean) * torch.rsqrt(variance + self.epsilon)
        stretched = [extent if axis in self.axes else 1 for axis, extent in enumerate(x.shape)]
        if self.weight is not None:
            y = y * self.weight.view(stretched)
        return y if self.bias is None else y + self.bias.view(stretched)


class PReLU(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


class ScaleAndShift(nn.Module):
    """x * scale + offset, fixed numbers."""

    def __init__(self, scale, offset):
        super().__init__()
        self.register_buffer("scale", torch.tensor(scale), persistent=False)
        self.register_buffer("offset", torch.tensor(offset), persistent=False)

    def forward(self, x):
        return x * self.scale + self.offset
`;
