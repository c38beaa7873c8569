/** Python that changes and mixes images as the page does (core/augmentation.ts, core/mixing.ts): the same random numbers, the same images. */
export const AUGMENTATION = `
def filled(places, extent):
    """Rows or columns in the image, and whether anything stands there."""
    inside = (places >= 0) & (places < extent)
    if AUGMENT["fill"] == "reflect":
        folded = places % (2 * extent)
        return torch.where(folded < extent, folded, 2 * extent - 1 - folded), torch.ones_like(inside)
    fixed = places.clamp(0, extent - 1)
    return fixed, torch.ones_like(inside) if AUGMENT["fill"] == "nearest" else inside


def pixels_at(images, rows, columns):
    """Pixels [n, height, width, channels] at whole places of each image."""
    rows, rows_inside = filled(rows, images.shape[1])
    columns, columns_inside = filled(columns, images.shape[2])
    found = images[torch.arange(len(images)).view(-1, 1, 1), rows, columns]
    inside = (rows_inside & columns_inside).unsqueeze(-1)
    return torch.where(inside, found, torch.full_like(found, AUGMENT["fillValue"]))


def augmented(images, batch, first, of_bytes):
    """Random copies of images [n, height, width, channels], which begin at a place of a batch."""
    count, height, width, channels = images.shape
    if AUGMENT is None or count == 0:
        return images
    key = random_key(SEED, 0x0AFFA1E, batch, numpy.arange(first, first + count))
    bits = lambda number: random_bits(key, number)
    column = lambda values: torch.from_numpy(numpy.asarray(values)).view(-1, 1, 1)
    unit = lambda number: column((bits(number) >> numpy.uint32(8)) / 2.0**23 - 1)
    one_in_two = lambda number: column(bits(number) >> numpy.uint32(31) == 1)
    within = lambda number, extent: column((bits(number) % numpy.uint32(extent)).astype(numpy.int64))
    original = images
    if AUGMENT["flip"] in ("vertical", "both"):
        images = torch.where(one_in_two(5).unsqueeze(-1), images.flip(1), images)
    if AUGMENT["flip"] in ("horizontal", "both"):
        images = torch.where(one_in_two(6).unsqueeze(-1), images.flip(2), images)
    crop = AUGMENT["crop"]
    rows = torch.arange(height).view(1, -1, 1) - (within(7, 2 * crop + 1) - crop)
    columns = torch.arange(width).view(1, 1, -1) - (within(8, 2 * crop + 1) - crop)
    if any(AUGMENT[name] > 0 for name in ("shift", "rotate", "zoom", "shear")):
        angle = math.radians(AUGMENT["rotate"]) * unit(2)
        zoom = AUGMENT["zoom"] * unit(3)
        scale = torch.where(zoom < 0, 1 - zoom, 1 / (1 + zoom))
        slant = math.tan(math.radians(AUGMENT["shear"])) * unit(4)
        cosine, sine = scale * angle.cos(), scale * angle.sin()
        x, y = columns - (width - 1) / 2, rows - (height - 1) / 2
        from_column = x * cosine + y * (cosine * slant + sine) - AUGMENT["shift"] * unit(1) + (width - 1) / 2
        from_row = -x * sine + y * (cosine - sine * slant) - AUGMENT["shift"] * unit(0) + (height - 1) / 2
        left, top = from_column.floor(), from_row.floor()
        dx, dy = (from_column - left).unsqueeze(-1), (from_row - top).unsqueeze(-1)
        left, top = left.long(), top.long()
        at = lambda down, right: pixels_at(images, top + down, left + right).double()
        above = (1 - dx) * at(0, 0) + dx * at(0, 1)
        below = (1 - dx) * at(1, 0) + dx * at(1, 1)
        images = ((1 - dy) * above + dy * below).float()
    elif crop > 0:
        images = pixels_at(images, *torch.broadcast_tensors(rows, columns))
    grey = torch.tensor([0.2989, 0.587, 0.114] if channels == 3 else [1 / channels] * channels)
    bounded = (lambda x: x.clamp(0, 1)) if of_bytes else (lambda x: x)
    factor = lambda name, number: (1 + AUGMENT[name] * unit(number)).float().unsqueeze(-1)
    if AUGMENT["contrast"] > 0:
        f, mean = factor("contrast", 9), (original * grey).sum(-1).mean((1, 2)).view(-1, 1, 1, 1)
        images = bounded(f * images + (1 - f) * mean)
    if AUGMENT["brightness"] > 0:
        images = bounded(factor("brightness", 10) * images)
    if AUGMENT["saturation"] > 0:
        f = factor("saturation", 11)
        images = bounded(f * images + (1 - f) * (images * grey).sum(-1, keepdim=True))
    if AUGMENT["noise"] > 0:
        noise_key = random_key(SEED, 0x0AFFA1E, batch, numpy.arange(first, first + count), 1)
        places = numpy.arange(height * width * channels, dtype=numpy.uint64)[None]
        drawn = normal_noise(random_bits(noise_key[:, None], places)).reshape(images.shape)
        images = images + AUGMENT["noise"] * torch.from_numpy(drawn).float()
    side = math.floor(AUGMENT["cutout"] * min(height, width) + 0.5)
    if side > 0:
        down = torch.arange(height).view(1, -1, 1) - (within(12, height) - side // 2)
        right = torch.arange(width).view(1, 1, -1) - (within(13, width) - side // 2)
        cut = ((down >= 0) & (down < side) & (right >= 0) & (right < side)).unsqueeze(-1)
        images = torch.where(cut, torch.full_like(images, AUGMENT["fillValue"]), images)
    return images


def beta_shares(alpha):
    """1024 equally likely values of max(x, 1 - x), x of the Beta distribution (alpha, alpha)."""

    def below(x):
        total, term, n = numpy.ones_like(x), numpy.ones_like(x), 0
        while (term > 1e-17 * total).any():
            term = term * ((2 * alpha + n) / (alpha + 1 + n)) * x
            total, n = total + term, n + 1
        return numpy.exp(alpha * numpy.log(x * (1 - x)) - alpha * math.log(1 / 4)) * total

    wanted = (1 - (numpy.arange(1024) + 0.5) / 1024) * below(numpy.array([0.5]))
    low, high = numpy.zeros(1024), numpy.full(1024, 0.5)
    for _ in range(60):
        middle = (low + high) / 2
        less = below(middle) < wanted
        low, high = numpy.where(less, middle, low), numpy.where(less, high, middle)
    return 1 - high


class Mixing:
    """Mixup and CutMix of the images of a batch; the whole batch is wanted."""

    def __init__(self):
        self.shares = beta_shares(MIXUP).astype(numpy.float32) if MIXUP > 0 else None
        self.sides = numpy.sqrt(1 - beta_shares(CUT_MIX)) if CUT_MIX > 0 else None

    def __call__(self, images, batch):
        """Mixed images, and each one's share and partner."""
        count, height, width, _ = images.shape
        places = numpy.arange(count)
        key = random_key(SEED, 0x3142, batch, places)
        drawn = (random_bits(key, 0) >> numpy.uint32(22)).astype(numpy.int64)
        partner = torch.from_numpy(permuted(random_key(SEED, 0x3142, batch), places, count))
        cuts = numpy.zeros(count, bool)
        if CUT_MIX > 0:
            cuts = numpy.ones(count, bool) if MIXUP == 0 else random_bits(key, 1) >> numpy.uint32(31) == 1
        share = numpy.ones(count) if self.shares is None else self.shares[drawn].astype(numpy.float64)
        mixed = images
        if self.shares is not None:
            part = torch.from_numpy(share).float().view(-1, 1, 1, 1)
            mixed = part * images + (1 - part) * images[partner]
        if CUT_MIX > 0:

            def ends(number, extent):
                cut = numpy.floor(self.sides[drawn] * extent).astype(numpy.int64)
                first = (random_bits(key, number) % numpy.uint32(extent)).astype(numpy.int64) - cut // 2
                return numpy.maximum(first, 0), numpy.minimum(first + cut, extent)

            (top, bottom), (left, right) = ends(2, height), ends(3, width)
            share = numpy.where(cuts, 1 - (bottom - top) * (right - left) / (height * width), share)
            row, column = numpy.arange(height)[None, :, None], numpy.arange(width)[None, None]
            box = [x[:, None, None] for x in (top, bottom, left, right)]
            inside = (row >= box[0]) & (row < box[1]) & (column >= box[2]) & (column < box[3])
            cut_images = torch.where(torch.from_numpy(inside).unsqueeze(-1), images[partner], images)
            mixed = torch.where(torch.from_numpy(cuts).view(-1, 1, 1, 1), cut_images, mixed)
        return mixed, torch.from_numpy(share).float(), partner
`;
