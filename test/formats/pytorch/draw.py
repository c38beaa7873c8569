"""Random networks of PyTorch with the same network as Corteza's JSON, and what PyTorch makes of them: a line of JSON a network.

    python3 draw.py FIRST_SEED COUNT

A line holds the network's config, its state_dict as a safetensors file (sorted by name, as the safetensors library does, or in the
network's order), one batch, the outputs in evaluation and the losses of 20 training steps on that batch, in f64. Images are NCHW.
"""
import base64
import json
import random
import struct
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
STEPS = 20
MOST_VALUES, MOST_PARAMETERS = 1500, 2500
ACTIVATIONS = {
    "relu": F.relu, "relu6": F.relu6, "elu": F.elu, "selu": F.selu, "gelu": F.gelu, "silu": F.silu, "mish": F.mish,
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softplus": F.softplus, "softsign": F.softsign, "hardSwish": F.hardswish,
}


class Unfit(Exception):
    pass


class Network(nn.Module):
    """Both networks at once: `steps` compute, `config` says the same to Corteza."""

    def __init__(self, inputs, is_flat):
        super().__init__()
        self.layers = nn.ModuleList()
        self.steps, self.inputs = [], inputs
        self.layer_configs, self.calls = [], []
        self.values = [torch.randn(2, *shape) for shape in inputs]
        self.is_flat = is_flat

    def add(self, kind, options, function, reads, module=None):
        """One layer, or the call of one more; gives the number of its tensor."""
        name = f"{kind}_{len(self.layer_configs)}"
        self.layer_configs.append({"kind": kind, "name": name, "options": options})
        return self.use(name, function, reads, module)

    def use(self, name, function, reads, module=None):
        if module is not None:
            self.layers.append(module)
        self.calls.append({"layer": name, "inputs": list(reads)})
        self.steps.append((function, list(reads)))
        try:
            with torch.no_grad():
                value = function(*[self.values[place] for place in reads])
        except (RuntimeError, ValueError):
            raise Unfit()
        if value[0].numel() > MOST_VALUES or min(value.shape) < 1:
            raise Unfit()
        self.values.append(value)
        return len(self.values) - 1

    def forward(self, *xs):
        values = list(xs)
        for function, reads in self.steps:
            values.append(function(*[values[place] for place in reads]))
        return [values[place] for place in self.outputs]

    def shape(self, tensor):
        return list(self.values[tensor].shape[1:])

    def config(self):
        inputs = [{"name": f"x{i}", "shape": nhwc(shape)} for i, shape in enumerate(self.inputs)]
        return {"kind": "functional", "seed": 0, "inputs": inputs, "layers": self.layer_configs, "calls": self.calls, "outputs": self.outputs}


def nhwc(shape):
    return [*shape[1:], shape[0]] if len(shape) == 3 else list(shape)


def pair(draw, least, most):
    return [draw.randint(least, most), draw.randint(least, most)]


def both(sides):
    return [[side, side] for side in sides]


def activation(net, draw, x):
    if draw.random() < 0.15:
        channels = net.shape(x)[0]
        options = {"sharedAxes": [1, 2]} if len(net.shape(x)) == 3 else {}
        module = nn.PReLU(channels)
        return net.add("prelu", options, module, [x], module)
    name = draw.choice(list(ACTIVATIONS))
    return net.add("activation", {"activation": name}, ACTIVATIONS[name], [x])


def convolution(net, draw, x, bias=True):
    c = net.shape(x)[0]
    kind = draw.choice(["plain", "plain", "asymmetric", "grouped", "depthwise", "transposed"])
    kernel, stride, dilation = pair(draw, 1, 4), [1, 1], [1, 1]
    if draw.random() < 0.3:
        dilation = pair(draw, 1, 2)
    elif draw.random() < 0.4:
        stride = pair(draw, 1, 3)
    padding = [draw.randint(0, k - 1) for k in kernel]
    common = dict(stride=stride, padding=padding, dilation=dilation, bias=bias)
    options = {"kernelSize": kernel, "strides": stride, "dilationRate": dilation, "padding": both(padding), "useBias": bias}
    if kind == "asymmetric":
        out, sides = draw.randint(1, 6), [draw.randint(0, 2) for _ in range(4)]
        common["padding"] = 0
        module = nn.Conv2d(c, out, kernel, **common)
        options["padding"] = [sides[2:], sides[:2]]
        return net.add("conv2d", {**options, "filters": out}, lambda x: module(F.pad(x, sides)), [x], module)
    if kind == "transposed":
        out = draw.randint(1, 5)
        extra = [draw.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation)]
        module = nn.ConvTranspose2d(c, out, kernel, output_padding=extra, **common)
        return net.add("conv2dTranspose", {**options, "filters": out, "outputPadding": extra}, module, [x], module)
    if kind == "depthwise":
        multiplier = draw.randint(1, 2)
        module = nn.Conv2d(c, c * multiplier, kernel, groups=c, **common)
        return net.add("depthwiseConv2d", {**options, "depthMultiplier": multiplier}, module, [x], module)
    groups = draw.choice([g for g in (1, 2, 3, 4) if c % g == 0]) if kind == "grouped" else 1
    out = groups * draw.randint(1, 3) if kind == "grouped" else draw.randint(1, 8)
    module = nn.Conv2d(c, out, kernel, groups=groups, **common)
    return net.add("conv2d", {**options, "filters": out, "groups": groups}, module, [x], module)


def same(net, draw, x, out):
    kernel = draw.choice([1, 3])
    module = nn.Conv2d(net.shape(x)[0], out, kernel, padding=kernel // 2)
    y = net.add("conv2d", {"filters": out, "kernelSize": kernel, "padding": "same"}, module, [x], module)
    return net.add("activation", {"activation": "silu"}, F.silu, [y])


def batch_norm(net, draw, x):
    channels, epsilon = net.shape(x)[0], draw.choice([1e-3, 1e-2])
    module = (nn.BatchNorm2d if len(net.shape(x)) == 3 else nn.BatchNorm1d)(channels, eps=epsilon)
    return net.add("batchNormalization", {"epsilon": epsilon, "momentum": 0.9}, module, [x], module)


def block(net, draw, x):
    c = net.shape(x)[0]
    kind = draw.choice(["conv", "conv", "batch norm", "norm", "pool", "residual", "twice", "branches", "resize"])
    if kind == "conv":
        return activation(net, draw, convolution(net, draw, x))
    if kind == "batch norm":
        return activation(net, draw, batch_norm(net, draw, convolution(net, draw, x, bias=False)))
    if kind == "norm":
        groups = draw.choice([g for g in (1, 2, 3) if c % g == 0])
        module = nn.GroupNorm(groups, c, eps=1e-2)
        return activation(net, draw, net.add("groupNormalization", {"groups": groups, "epsilon": 1e-2}, module, [x], module))
    if kind == "pool":
        size = pair(draw, 1, 3)
        padding, strides = [draw.randint(0, k // 2) for k in size], draw.choice([size, pair(draw, 1, 2)])
        options = {"poolSize": size, "strides": strides, "padding": both(padding)}
        if draw.random() < 0.6:
            return net.add("maxPooling2d", options, nn.MaxPool2d(size, strides, padding), [x])
        return net.add("averagePooling2d", options, nn.AvgPool2d(size, strides, padding, count_include_pad=False), [x])
    if kind == "residual":
        return net.add("add", {}, torch.add, [x, same(net, draw, x, c)])
    if kind == "twice":
        module = nn.Conv2d(c, c, 3, padding=1)
        y = net.add("conv2d", {"filters": c, "kernelSize": 3, "padding": "same"}, module, [x], module)
        return activation(net, draw, net.use(net.layer_configs[-1]["name"], module, [y]))
    if kind == "branches":
        parts = [same(net, draw, x, draw.randint(1, 3)), x, same(net, draw, x, draw.randint(1, 3))]
        return net.add("concatenate", {}, lambda *xs: torch.cat(xs, 1), parts)
    if draw.random() < 0.5:
        return net.add("upSampling2d", {"size": [1, 2]}, nn.Upsample(scale_factor=(1.0, 2.0)), [x])
    up = nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False)
    return net.add("upSampling2d", {"size": 2, "interpolation": "bilinear"}, up, [x])


def linear(net, x, units):
    module = nn.Linear(net.shape(x)[0], units)
    return net.add("dense", {"units": units}, module, [x], module)


def vector(net, draw, x):
    kind = draw.choice(["flatten", "flatten", "average", "max"])
    if kind == "flatten":
        return net.add("flatten", {}, lambda x: x.flatten(1), [x])
    if kind == "average":
        return net.add("globalAveragePooling2d", {}, lambda x: x.mean((2, 3)), [x])
    return net.add("globalMaxPooling2d", {}, lambda x: F.adaptive_max_pool2d(x, 1).flatten(1), [x])


def drawn(seed):
    for attempt in range(1000):
        draw = random.Random(f"{seed} {attempt}")
        torch.manual_seed(draw.randrange(2**31))
        size = pair(draw, 5, 10)
        channels = [c for c in (draw.choice([1, 2, 3, 4]), draw.choice([None, None, 1, 2])) if c]
        net = Network([[c, *size] for c in channels], False)
        try:
            x = 0
            if len(channels) > 1:
                x = net.add("concatenate", {}, lambda *xs: torch.cat(xs, 1), [0, 1])
            x = activation(net, draw, convolution(net, draw, x))
            for _ in range(draw.randint(1, 4)):
                x = block(net, draw, x)
            v = vector(net, draw, x)
            if draw.random() < 0.4:
                v = batch_norm(net, draw, v)
            if draw.random() < 0.5:
                v = activation(net, draw, linear(net, v, draw.randint(3, 8)))
            net.outputs = [linear(net, v, draw.randint(2, 6))]
            second = draw.random()
            if second < 0.25:
                net.outputs.append(same(net, draw, x, draw.randint(1, 3)))
            elif second < 0.5:
                c, h, w = draw.randint(2, 3), *pair(draw, 2, 3)
                y = activation(net, draw, linear(net, v, c * h * w))
                y = net.add("reshape", {"targetShape": [h, w, c]}, lambda x: x.reshape(-1, c, h, w), [y])
                net.outputs.append(same(net, draw, y, 2))
        except Unfit:
            continue
        if sum(p.numel() for p in net.parameters()) > MOST_PARAMETERS:
            continue
        for module in net.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.normal_(module.weight, 1.0, 0.2)
                nn.init.normal_(module.bias, 0.0, 0.2)
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                nn.init.normal_(module.running_mean, 0.0, 0.3)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
            if isinstance(module, nn.PReLU):
                nn.init.uniform_(module.weight, 0.05, 0.4)
        return draw, net, [torch.randn(draw.randint(2, 5) if i == 0 else 1, *shape) for i, shape in enumerate(net.inputs)]
    raise RuntimeError(f"seed {seed}: nothing fits")


def encode(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().astype("<f4").tobytes()).decode()


def safetensors(state, is_sorted):
    header, data = {}, b""
    for name in sorted(state) if is_sorted else state:
        value = state[name].detach().contiguous().numpy()
        part = value.tobytes()
        kind = {"float32": "F32", "int64": "I64"}[str(value.dtype)]
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def line(seed):
    draw, net, xs = drawn(seed)
    xs = [torch.randn(len(xs[0]), *shape) for shape in net.inputs]
    file = safetensors(net.state_dict(), draw.random() < 0.5)
    net.double().eval()
    xs = [x.double() for x in xs]
    with torch.no_grad():
        results = net(*xs)
    labels = torch.tensor([draw.randrange(results[0].shape[1]) for _ in xs[0]])
    wanted = torch.randn(results[1].shape).double() if len(results) > 1 else None
    net.train()
    optimizer = draw.choice(["sgd", "adam"])
    trained = list(net.parameters())
    update = torch.optim.SGD(trained, 0.02, momentum=0.9) if optimizer == "sgd" else torch.optim.Adam(trained, 0.003, eps=1e-7)
    losses = []
    for _ in range(STEPS):
        update.zero_grad()
        made = net(*xs)
        loss = F.cross_entropy(made[0], labels)
        if wanted is not None:
            loss = loss + F.mse_loss(made[1], wanted)
        loss.backward()
        update.step()
        losses.append(float(loss))
    return {
        **{"seed": seed, "torch": torch.__version__, "optimizer": optimizer, "model": net.config()},
        "file": base64.b64encode(file).decode(),
        "inputs": [{"shape": list(x.shape), "data": encode(x)} for x in xs],
        "outputs": [{"shape": list(y.shape), "data": encode(y)} for y in results],
        "labels": labels.tolist(),
        **({} if wanted is None else {"image": encode(wanted)}),
        "losses": losses,
    }


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[1]) + int(sys.argv[2])):
        print(json.dumps(line(number)), flush=True)
