"""Random networks of PyTorch as ONNX files, with what PyTorch makes of them: a line of JSON a network.

    python3 draw.py FIRST_SEED COUNT

A line holds the file (torch.onnx.export, opset 11 to 17), the inputs of one batch, the outputs in evaluation, a target for each output
and the losses of 20 training steps (SGD with momentum, or Adam) on that batch, in f64. Images are NCHW. Weights that `loadOnnx` keeps as
constants (scales of normalisations other than batch norm, grouped transposed convolutions) are not trained here either.
"""
import base64
import io
import json
import math
import random
import sys
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
STEPS = 20
MOST_VALUES = 1500
MOST_PARAMETERS = 2000

SMOOTH = [nn.ELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softsign]
KINKED = [nn.ReLU, nn.ReLU, nn.ReLU6, lambda: nn.LeakyReLU(0.1), nn.SELU, nn.Hardswish, nn.Hardsigmoid]


class Unfit(Exception):
    """A draw that is drawn again."""


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Twice(nn.Module):
    """One set of weights, used twice."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(self.inner(x))


class Branches(nn.Module):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def forward(self, x):
        return torch.cat([self.left(x), x, self.right(x)], 1)


class Excite(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x):
        weights = torch.sigmoid(self.excite(F.silu(self.squeeze(x.mean((2, 3))))))
        return x * weights.view(x.size(0), -1, 1, 1)


class Ceiled(nn.MaxPool2d):
    """With ceil_mode; drawn again where a last window would lie beyond the image, which PyTorch drops and its exporter counts."""

    def __init__(self, kernel, stride, padding, dilation):
        super().__init__(kernel, stride, padding, dilation=dilation, ceil_mode=True)

    def forward(self, x):
        y = super().forward(x)
        if not torch.jit.is_tracing():
            strides, dilations = self.stride, [self.dilation] * 2 if isinstance(self.dilation, int) else self.dilation
            for axis in (0, 1):
                room = x.shape[2 + axis] + 2 * self.padding[axis] - dilations[axis] * (self.kernel_size[axis] - 1) - 1
                if y.shape[2 + axis] != math.ceil(room / strides[axis]) + 1:
                    raise Unfit()
        return y


class Shuffle(nn.Module):
    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        n, c, h, w = x.shape
        return x.view(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class Halves(nn.Module):
    """A gated linear unit over the channels."""

    def forward(self, x):
        a, b = x.chunk(2, 1)
        return a * torch.sigmoid(b)


class Apart(nn.Module):
    """Each place's channels as shares of one."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return torch.softmax(x * self.scale, 1) + torch.clamp(x, -1.5, 1.5)


def pair(draw, least, most):
    return [draw.randint(least, most), draw.randint(least, most)]


def frozen(module):
    for parameter in module.parameters():
        parameter.requires_grad = False
    return module


def activation(draw, channels):
    if draw.random() < 0.1:
        return nn.PReLU(draw.choice([1, channels]))
    return draw.choice(KINKED if draw.random() < 0.5 else SMOOTH)()


def convolution(draw, c, bias=True):
    """A convolution of any kind and its channels."""
    kind = draw.choice(["plain", "plain", "asymmetric", "grouped", "depthwise", "transposed", "groups transposed"])
    kernel, dilation, stride = pair(draw, 1, 4), [1, 1], [1, 1]
    if draw.random() < 0.3:
        dilation = pair(draw, 1, 2)
    elif draw.random() < 0.4:
        stride = pair(draw, 1, 3)
    padding = [draw.randint(0, k - 1) for k in kernel]
    common = dict(stride=stride, padding=padding, dilation=dilation, bias=bias)
    if kind == "plain":
        out = draw.randint(1, 8)
        return [nn.Conv2d(c, out, kernel, **common)], out
    if kind == "asymmetric":
        out = draw.randint(1, 6)
        return [nn.ZeroPad2d([draw.randint(0, 2) for _ in range(4)]), nn.Conv2d(c, out, kernel, bias=bias)], out
    if kind == "grouped":
        groups = draw.choice([g for g in (1, 2, 3, 4) if c % g == 0])
        out = groups * draw.randint(1, 3)
        return [nn.Conv2d(c, out, kernel, groups=groups, **common)], out
    if kind == "depthwise":
        out = c * draw.randint(1, 2)
        return [nn.Conv2d(c, out, kernel, groups=c, **common)], out
    extra = [draw.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation)]
    groups = 1 if kind == "transposed" else draw.choice([g for g in (2, 3, 4, 1) if c % g == 0])
    out = groups * draw.randint(1, 3)
    layer = nn.ConvTranspose2d(c, out, kernel, groups=groups, output_padding=extra, **common)
    return [layer if groups == 1 else frozen(layer)], out


def same(draw, c, out):
    kernel = draw.choice([1, 3])
    return nn.Sequential(nn.Conv2d(c, out, kernel, padding=kernel // 2), draw.choice(SMOOTH)())


def block(draw, c):
    """Layers and the channels that they give."""
    kind = draw.choice(
        ["conv", "conv", "batch norm", "norm", "pool", "pad", "residual", "twice", "branches", "excite", "shuffle", "resize", "halves", "apart"]
    )
    if kind == "conv":
        layers, out = convolution(draw, c)
        return [*layers, activation(draw, out)], out
    if kind == "batch norm":
        layers, out = convolution(draw, c, bias=False)
        return [*layers, nn.BatchNorm2d(out, eps=draw.choice([1e-3, 1e-2])), activation(draw, out)], out
    if kind == "norm":
        groups = draw.choice([g for g in (1, 2, 3) if c % g == 0])
        layer = draw.choice([lambda: nn.InstanceNorm2d(c, eps=1e-2, affine=draw.random() < 0.5), lambda: nn.GroupNorm(groups, c, eps=1e-2)])()
        return [frozen(layer), draw.choice(SMOOTH)()], c
    if kind == "pool":
        kernel = pair(draw, 1, 3)
        padding = [draw.randint(0, k // 2) for k in kernel]
        stride = draw.choice([None, pair(draw, 1, 2)])
        if draw.random() < 0.6:
            dilation = pair(draw, 1, 2) if draw.random() < 0.3 else 1
            if draw.random() < 0.3:
                return [Ceiled(kernel, stride or kernel, padding, dilation)], c
            return [nn.MaxPool2d(kernel, stride, padding, dilation=dilation)], c
        return [nn.AvgPool2d(kernel, stride, padding, count_include_pad=draw.random() < 0.5)], c
    if kind == "pad":
        sides = [draw.randint(0, 2) for _ in range(4)]
        return [draw.choice([nn.ReflectionPad2d, nn.ReplicationPad2d, nn.ZeroPad2d, lambda s: nn.ConstantPad2d(s, 0.25)])(sides)], c
    if kind == "residual":
        return [Residual(same(draw, c, c))], c
    if kind == "twice":
        return [Twice(same(draw, c, c))], c
    if kind == "branches":
        left, right = draw.randint(1, 3), draw.randint(1, 3)
        return [Branches(same(draw, c, left), same(draw, c, right))], left + c + right
    if kind == "excite":
        return [Excite(c, draw.randint(1, 4))], c
    if kind == "shuffle":
        groups = draw.choice([g for g in (1, 2, 3, 4) if c % g == 0])
        return [Shuffle(groups), same(draw, c, c)], c
    if kind == "halves":
        return [nn.Conv2d(c, 4, 1), Halves()], 2
    if kind == "apart":
        return [Apart(draw.choice([0.5, 2.0]))], c
    if draw.random() < 0.3:
        return [nn.Conv2d(c, 8, 1), nn.PixelShuffle(2)], 2
    if draw.random() < 0.5:
        return [nn.Upsample(scale_factor=draw.choice([2.0, (1.0, 3.0)]), mode="nearest")], c
    return [nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=draw.random() < 0.5)], c


class Network(nn.Module):
    def __init__(self, draw, channels, second):
        super().__init__()
        c = channels + (second or 0)
        layers, c = convolution(draw, c)
        stages = [nn.Sequential(*layers, activation(draw, c))]
        for _ in range(draw.randint(1, 4)):
            layers, c = block(draw, c)
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        self.c = c
        self.head = None
        self.image = nn.Conv2d(c, draw.randint(1, 3), 1) if draw.random() < 0.35 else None
        self.pooled = draw.choice(["flatten", "flatten", "average", "max"])
        self.hidden = draw.randint(3, 8) if draw.random() < 0.5 else None
        self.activation = draw.choice(SMOOTH)()
        self.classes = draw.randint(2, 6)

    def body(self, xs):
        x = torch.cat(xs, 1) if len(xs) > 1 else xs[0]
        for stage in self.stages:
            x = stage(x)
            if x.numel() // x.shape[0] > MOST_VALUES:
                raise Unfit()
        return x

    def vector(self, x):
        if self.pooled == "flatten":
            return torch.flatten(x, 1)
        return (F.adaptive_avg_pool2d if self.pooled == "average" else F.adaptive_max_pool2d)(x, 1).flatten(1)

    def finish(self, xs):
        width = self.vector(self.body(xs)).shape[1]
        layers = []
        if self.hidden is not None:
            layers, width = [nn.Linear(width, self.hidden), self.activation], self.hidden
        self.head = nn.Sequential(*layers, nn.Linear(width, self.classes))

    def forward(self, *xs):
        x = self.body(list(xs))
        scores = self.head(self.vector(x))
        return (scores, self.image(x)) if self.image is not None else scores


def encode(tensor, kind):
    return base64.b64encode(tensor.detach().contiguous().numpy().astype(kind).tobytes()).decode()


def exported(draw, network, xs, opset):
    """The file, with a batch of any size or of this one. Raises what PyTorch's exporter raises."""
    names = [f"x{i}" for i in range(len(xs))]
    outputs = ["scores", "image"] if network.image is not None else ["scores"]
    is_open = draw.random() < 0.5
    modes = torch.onnx.TrainingMode
    file = io.BytesIO()
    torch.onnx.export(
        *(network, tuple(xs), file),
        input_names=names,
        output_names=outputs,
        opset_version=opset,
        # Both keep batch norms apart from the convolutions before them.
        training=draw.choice([modes.PRESERVE, modes.PRESERVE, modes.TRAINING]),
        dynamic_axes={name: {0: "batch"} for name in names + outputs} if is_open else None,
    )
    return file.getvalue()


def drawn(seed):
    """A network that fits, its inputs, in f32, and its file."""
    for attempt in range(1000):
        draw = random.Random(f"{seed} {attempt}")
        torch.manual_seed(draw.randrange(2**31))
        opset = draw.randint(11, 17)
        channels, second = draw.choice([1, 2, 3, 4]), draw.choice([None, None, 1, 2])
        height, width = pair(draw, 5, 11)
        batch = draw.randint(2, 5)
        xs = [torch.randn(batch, c, height, width) for c in (channels, second) if c is not None]
        try:
            network = Network(draw, channels, second)
            network.finish(xs)
            with torch.no_grad():
                network(*xs)
        except (Unfit, RuntimeError, ValueError):
            continue
        if sum(p.numel() for p in network.parameters()) > MOST_PARAMETERS:
            continue
        # Statistics and scales of their own.
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d)) and module.weight is not None:
                nn.init.normal_(module.weight, 1.0, 0.2)
                nn.init.normal_(module.bias, 0.0, 0.2)
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, 0.0, 0.3)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
        network.eval()
        try:
            return draw, network, xs, opset, exported(draw, network, xs, opset)
        except torch.onnx.errors.OnnxExporterError:
            # An instance norm behind a shape that is computed, for one.
            continue
    raise RuntimeError(f"seed {seed}: nothing fits")


def line(seed):
    draw, network, xs, opset, file = drawn(seed)
    network.double()
    xs = [x.double() for x in xs]
    with torch.no_grad():
        results = network(*xs)
    results = results if isinstance(results, tuple) else (results,)
    labels = torch.tensor([draw.randrange(network.classes) for _ in range(xs[0].shape[0])])
    wanted = torch.randn(results[1].shape).double() if len(results) > 1 else None
    network.train()
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = draw.choice(["sgd", "adam"])
    update = torch.optim.SGD(trained, 0.02, momentum=0.9) if optimizer == "sgd" else torch.optim.Adam(trained, 0.003, eps=1e-7)
    losses = []
    for _ in range(STEPS):
        update.zero_grad()
        made = network(*xs)
        loss = F.cross_entropy(made[0] if wanted is not None else made, labels)
        if wanted is not None:
            loss = loss + F.mse_loss(made[1], wanted)
        loss.backward()
        update.step()
        losses.append(float(loss))
    return {
        **{"seed": seed, "torch": torch.__version__, "opset": opset, "optimizer": optimizer},
        "file": base64.b64encode(file).decode(),
        "inputs": [{"shape": list(x.shape), "data": encode(x, "<f4")} for x in xs],
        "outputs": [{"shape": list(y.shape), "data": encode(y, "<f4")} for y in results],
        "labels": labels.tolist(),
        **({} if wanted is None else {"image": encode(wanted, "<f4")}),
        "losses": losses,
    }


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    for number in range(first, first + count):
        print(json.dumps(line(number)), flush=True)
