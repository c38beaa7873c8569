/** Python that trains: schedules, losses, updates of parameters. */

/** Schedules and losses (core/schedule.ts, nn/losses/formulas.ts). */
export const LOSSES = `
def scheduled(segments, step):
    """The learning rate, or the momentum, after so many finished steps."""
    if not isinstance(segments, list):
        return segments
    one = segments[0]
    for segment in segments[1:]:
        if one["start"] < segment["start"] <= step:
            one = segment
    n, kind, first = step - one["start"], one["kind"], one["from"]
    u = min(n / one["steps"], 1)
    if kind == "polynomial":
        return first if first == one["to"] else one["to"] + (first - one["to"]) * (1 - u) ** one["power"]
    if kind == "cosine":
        return one["to"] + (first - one["to"]) * (1 + math.cos(math.pi * u)) / 2
    if kind == "exponential":
        return first * one["factor"] ** (n // one["steps"] if one["staircase"] else n / one["steps"])
    if kind == "inverse":
        return first / (1 + one["factor"] * (n // one["steps"] if one["staircase"] else n / one["steps"]))
    if kind == "restarts":
        rounds, begun, length = 0, 0, one["steps"]
        if one["stretch"] == 1:
            rounds, begun = n // length, n // length * length
        while n >= begun + length:
            begun, length, rounds = begun + length, length * one["stretch"], rounds + 1
        height = first * one["shrink"] ** rounds - one["to"]
        return one["to"] + height * (1 + math.cos(math.pi * (n - begun) / length)) / 2
    rounds = n // (one["steps"] + one["down"])
    inside = n - rounds * (one["steps"] + one["down"])
    risen = inside / one["steps"] if inside < one["steps"] else 1 - (inside - one["steps"]) / one["down"]
    height = (1 - math.cos(math.pi * risen)) / 2 if one["cosine"] else risen
    return first + (one["to"] - first) * one["shrink"] ** rounds * height


def mean_of_rows(x):
    return x if x.dim() == 1 else x.flatten(1).mean(1)


def smoothed(targets, share, values):
    return targets * (1 - share) + share / values


def class_labels(targets):
    return targets.reshape(-1).long()


def row_losses(loss, y, t):
    """One value a row."""
    kind, smoothing = loss["kind"], loss.get("labelSmoothing", 0)
    if kind == "sparseCategoricalCrossentropy":
        t = class_labels(t)
        if smoothing == 0:
            return F.cross_entropy(y, t, reduction="none")
        t = F.one_hot(t, y.shape[-1]).to(y.dtype)
    t = t.to(y.dtype)
    if t.dim() < y.dim() and t.numel() == y.numel():
        t = t.reshape(y.shape)
    if kind in ("sparseCategoricalCrossentropy", "categoricalCrossentropy"):
        t = smoothed(t, smoothing, y.shape[-1])
        return mean_of_rows(-(t * F.log_softmax(y, -1)).sum(-1))
    if kind == "binaryCrossentropy":
        t = smoothed(t, smoothing, 2)
        return mean_of_rows(t * F.softplus(-y) + (1 - t) * F.softplus(y))
    if kind == "meanSquaredError":
        return mean_of_rows((y - t).square())
    if kind == "meanAbsoluteError":
        return mean_of_rows((y - t).abs())
    if kind == "huber":
        held = (y - t).clamp(-loss["delta"], loss["delta"])
        return mean_of_rows(held * (y - t - 0.5 * held))
    if kind == "hinge":
        return mean_of_rows(F.relu(1 - torch.where(t == 0, -torch.ones_like(t), t) * y))
    if kind == "categoricalHinge":
        return mean_of_rows(F.relu(((1 - t) * y).amax(-1) - (t * y).sum(-1) + 1))
    if kind == "kullbackLeiblerDivergence":
        entropy = (t * t.clamp(1e-7, 1).log()).sum(-1)
        return mean_of_rows(entropy - (t * F.log_softmax(y, -1)).sum(-1))
    direction = lambda x: x / x.square().sum(-1, keepdim=True).clamp(min=1e-12).sqrt()
    return mean_of_rows(-(direction(t) * direction(y)).sum(-1))


def rows_right(loss, y, t):
    """Which rows are right, 0 ... 1 each; None where a loss has no classes."""
    kind = loss["kind"]
    if kind == "sparseCategoricalCrossentropy":
        return (y.argmax(-1) == class_labels(t)).float()
    if kind in ("categoricalCrossentropy", "categoricalHinge", "kullbackLeiblerDivergence"):
        return mean_of_rows((y.argmax(-1) == t.argmax(-1)).float())
    if kind in ("binaryCrossentropy", "hinge"):
        return mean_of_rows(((y > 0) == (t.reshape(y.shape) > (0.5 if kind != "hinge" else 0))).float())
    return None


def classes_of_rows(loss, y, t):
    if loss["kind"] in ("sparseCategoricalCrossentropy", "binaryCrossentropy", "hinge") and t.numel() == len(t):
        return (t.reshape(-1) > 0).long() if y.shape[-1] == 1 else class_labels(t)
    return t.argmax(-1)


def penalty(network):
    """What regularizers add to the loss."""
    total = 0.0
    for name, l1, l2 in REGULARIZERS:
        weight = tensor_of(network, name)
        total = total + l1 * weight.abs().sum() + l2 * weight.square().sum()
    return total
`;

/** Formulas of updates by their kinds (cpu/ops/optimizer_update.ts): `p`, `g` and the slots change in place. */
export const FORMULAS: Readonly<Record<string, string>> = {
  sgd: `
    def formula(self, p, g, slots, rate, t, rule):
        if rule["momentum"] == 0:
            p.sub_(rate * g)
            return
        velocity = slots["velocity"]
        velocity.mul_(rule["momentum"]).add_((1 if t == 1 else 1 - rule["dampening"]) * g)
        p.sub_(rate * (g + rule["momentum"] * velocity if rule["nesterov"] else velocity))
`,
  adam: `
    def formula(self, p, g, slots, rate, t, rule):
        m, v = slots["m"], slots["v"]
        m.mul_(rule["beta1"]).add_((1 - rule["beta1"]) * g)
        v.mul_(rule["beta2"]).add_((1 - rule["beta2"]) * g * g)
        if rule["amsgrad"]:
            v = torch.maximum(slots["vMax"], v, out=slots["vMax"])
        correction1, correction2 = 1 - rule["beta1"] ** t, 1 - rule["beta2"] ** t
        epsilon = rule["epsilon"] / (math.sqrt(correction2) if rule["epsilonAs"] == "keras" else 1)
        p.sub_(rate * (m / correction1) / ((v / correction2).sqrt() + epsilon))
`,
  nadam: `
    def formula(self, p, g, slots, rate, t, rule):
        m, v = slots["m"], slots["v"]
        m.mul_(rule["beta1"]).add_((1 - rule["beta1"]) * g)
        v.mul_(rule["beta2"]).add_((1 - rule["beta2"]) * g * g)
        mu = lambda i: rule["beta1"] * (1 - 0.96 ** (i * rule["momentumDecay"]) / 2)
        product = math.prod(mu(i) for i in range(1, t + 1)) if t < 5000 else 0.0
        ahead = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
        p.sub_(rate * ahead / ((v / (1 - rule["beta2"] ** t)).sqrt() + rule["epsilon"]))
`,
  adamax: `
    def formula(self, p, g, slots, rate, t, rule):
        m, u = slots["m"], slots["v"]
        inside, outside = (0, rule["epsilon"]) if rule["epsilonAs"] == "keras" else (rule["epsilon"], 0)
        m.mul_(rule["beta1"]).add_((1 - rule["beta1"]) * g)
        u.copy_(torch.maximum(rule["beta2"] * u, g.abs() + inside))
        p.sub_(rate * (m / (1 - rule["beta1"] ** t)) / (u + outside))
`,
  rmsprop: `
    def formula(self, p, g, slots, rate, t, rule):
        v = slots["v"].mul_(rule["rho"]).add_((1 - rule["rho"]) * g * g)
        if rule["centered"]:
            mean = slots["meanGradient"].mul_(rule["rho"]).add_((1 - rule["rho"]) * g)
            v = (v - mean * mean).clamp(min=0)
        keras = rule["epsilonAs"] == "keras"
        direction = g / ((v + rule["epsilon"]).sqrt() if keras else v.sqrt() + rule["epsilon"])
        if rule["momentum"] != 0:
            direction = slots["velocity"].mul_(rule["momentum"]).add_(direction)
        p.sub_(rate * direction)
`,
  adagrad: `
    def formula(self, p, g, slots, rate, t, rule):
        a = slots["accumulator"].add_(g * g)
        scale = (a + rule["epsilon"]).sqrt() if rule["epsilonAs"] == "keras" else a.sqrt() + rule["epsilon"]
        p.sub_(torch.where(g == 0, torch.zeros_like(g), rate * g / scale))
`,
  adadelta: `
    def formula(self, p, g, slots, rate, t, rule):
        a, d, rho, epsilon = slots["accumulator"], slots["movement"], rule["rho"], rule["epsilon"]
        a.mul_(rho).add_((1 - rho) * g * g)
        delta = (d + epsilon).sqrt() / (a + epsilon).sqrt() * g
        d.mul_(rho).add_((1 - rho) * delta * delta)
        p.sub_(rate * delta)
`,
  lamb: `
    def formula(self, p, g, slots, rate, t, rule):
        m, v = slots["m"], slots["v"]
        m.mul_(rule["beta1"]).add_((1 - rule["beta1"]) * g)
        v.mul_(rule["beta2"]).add_((1 - rule["beta2"]) * g * g)
        r = m / (1 - rule["beta1"] ** t) / ((v / (1 - rule["beta2"] ** t)).sqrt() + rule["epsilon"])
        if not rule["decoupledWeightDecay"]:
            r = r + rule["weightDecay"] * p
        size, length = p.norm(), r.norm()
        ratio = torch.where((size > 0) & (length > 0), size / length, torch.ones_like(size))
        p.sub_(rate * ratio * r)
`,
  lion: `
    def formula(self, p, g, slots, rate, t, rule):
        m = slots["m"]
        p.sub_(rate * torch.sign(rule["beta1"] * m + (1 - rule["beta1"]) * g))
        m.mul_(rule["beta2"]).add_((1 - rule["beta2"]) * g)
`,
  adafactor: `
    def formula(self, p, g, slots, rate, t, rule):
        share = t ** rule["beta2Decay"]
        square = g * g
        if "v" in slots:
            v = slots["v"].mul_(1 - share).add_(share * (square + rule["epsilon1"]))
            u = g / v.sqrt()
        else:
            r = slots["rows"].mul_(1 - share).add_(share * (square.mean(-1) + rule["epsilon1"]))
            c = slots["columns"].mul_(1 - share).add_(share * (square.mean(-2) + rule["epsilon1"]))
            u = g / ((r / r.mean(-1, keepdim=True)).unsqueeze(-1) * c.unsqueeze(-2)).sqrt()
        rms = lambda x: x.square().mean().sqrt()
        size = rms(p).clamp(min=rule["epsilon2"]) / (rms(u) / rule["clipThreshold"]).clamp(min=1)
        p.sub_(min(rate, 1 / math.sqrt(t)) * size * u)
`,
  ftrl: `
    def formula(self, p, g, slots, rate, t, rule):
        if rate == 0:
            return
        a, z = slots["accumulator"], slots["linear"]
        before = a ** -rule["learningRatePower"]
        a.add_(g * g)
        power = a ** -rule["learningRatePower"]
        z.add_(g + 2 * rule["l2Shrinkage"] * p - (power - before) / rate * p)
        bottom = power / rate + 2 * rule["l2"] + rule["beta"] / rate
        p.copy_((z.clamp(-rule["l1"], rule["l1"]) - z) / bottom)
`,
};

/** Its class, before the formula. */
export const OPTIMIZER = `
class Optimizer:
    """Clips, decays, updates, averages and constrains the parameters, in this order."""

    def __init__(self, network):
        self.network = network
        self.slots = {}
        for name in TRAINABLE:
            p = in_page_layout(name, tensor_of(network, name).data)
            made = {slot: torch.full_like(p, begin, memory_format=torch.contiguous_format) for slot, begin in SLOTS.items()}
            if RULE["kind"] == "adafactor":
                if p.dim() < 2:
                    made["v"] = torch.zeros_like(p, memory_format=torch.contiguous_format)
                else:
                    made["rows"], made["columns"] = p.new_zeros(p.shape[:-1]), p.new_zeros(p.shape[:-2] + p.shape[-1:])
            self.slots[name] = made

    @torch.no_grad()
    def step(self, finished):
        t, rule = finished + 1, dict(RULE)
        rate = scheduled(LEARNING_RATE, finished)
        if MOMENTUM is not None:
            rule["beta1" if rule["kind"] == "adam" else "momentum"] = scheduled(MOMENTUM, finished)
        both = {name: tensor_of(self.network, name) for name in TRAINABLE}
        gradients = {name: in_page_layout(name, one.grad) for name, one in both.items()}
        clip = rule.get("clip")
        scale = {}
        if clip and clip["by"] != "value":
            squares = {name: g.square().sum() for name, g in gradients.items()}
            if clip["by"] == "globalNorm":
                whole = sum(squares.values())
                squares = {name: whole for name in squares}
            scale = {name: clip["limit"] / one.sqrt().clamp(min=clip["limit"]) for name, one in squares.items()}
        l2 = 0 if rule["decoupledWeightDecay"] or rule["kind"] == "lamb" else rule["weightDecay"]
        for name, g in gradients.items():
            p, slots = in_page_layout(name, both[name].data), self.slots[name]
            if name in scale:
                g = g * scale[name]
            if clip and clip["by"] == "value":
                g = g.clamp(-clip["limit"], clip["limit"])
            if l2 != 0:
                g = g + l2 * p
            if rule["decoupledWeightDecay"]:
                p.mul_(1 - rate * rule["weightDecay"])
            self.formula(p, g, slots, rate, t, rule)
            ema = rule.get("ema")
            if ema:
                kept = 0 if finished == 0 else ema["momentum"]
                slots["average"].mul_(kept).add_((1 - kept) * p)
                if ema["overwriteFrequency"] > 0 and t % ema["overwriteFrequency"] == 0:
                    p.copy_(slots["average"])
            if name in CONSTRAINTS:
                least, most, share, axes = CONSTRAINTS[name]
                norm = p.square().sum(axes, keepdim=True).sqrt()
                p.mul_((share * norm.clamp(least, most) + (1 - share) * norm) / (norm + 1e-7))
`;
