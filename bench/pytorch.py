"""The training step of bench/jobs.ts in PyTorch, for the machine that runs bench/dawn.ts: same networks, same weights and
images from the same integer arithmetic, f32 with TF32 off, Adam, the batch resident on the device.

    python3 bench/pytorch.py [--batches 1,16,64,256,1024] [--nets vgg64:64,vgg224:8,resnet32:128] [--device cuda|cpu] [--out pytorch.json]

Engines: pytorch-eager, and on CUDA pytorch-graph, the same step captured once and replayed as one CUDA graph. PyTorch gets
its best ordinary shape: fused Adam and cuDNN's own search for the fastest f32 algorithm. Prints the rows of bench/rows.ts;
give the file to the packed bench as --against.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import time

import numpy
import torch

ADAM = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-7}
MEASUREMENT_SECONDS = 0.1
MOST_TIMES = 1024


def stage(filters):
    return [("conv", filters), ("conv", filters), ("pool", 0)]


def residual(filters):
    return [("normed", filters), ("save", 0), ("normed", filters), ("normed, linear", filters), ("add", 0)]


def separable(filters):
    return [("normed, depthwise", 0), ("normed, pointwise", filters)]


EPSILON = 1e-3

NETWORKS = {
    "reference": ((28, 28, 1), [("conv", 32), ("pool", 0), ("conv", 64), ("pool", 0), ("dense", 10)]),
    "vgg64": ((64, 64, 3), stage(32) + stage(64) + stage(128) + [("dense", 10)]),
    "vgg224": ((224, 224, 3), stage(32) + stage(64) + stage(128) + stage(256) + stage(256) + [("dense", 10)]),
    "resnet32": (
        (32, 32, 3),
        residual(16) + [("pool", 0)] + residual(32) + [("pool", 0)] + residual(64) + [("average", 0), ("dense", 10)],
    ),
    "depthwise32": (
        (32, 32, 3),
        [("normed", 32), *separable(64), ("pool", 0), *separable(128), *separable(128), ("pool", 0)]
        + [*separable(256), *separable(256), ("average", 0), ("dense", 10)],
    ),
}


def hashed(size, seed):
    """`hash` of bench/jobs.ts for the indices 0 … size - 1."""
    mask = numpy.uint64(0xFFFFFFFF)
    index = numpy.arange(1, size + 1, dtype=numpy.uint64)
    h = (index * numpy.uint64(0x9E3779B1)) & mask
    h ^= numpy.uint64(((seed + 1) * 0x85EBCA6B) & 0xFFFFFFFF)
    for factor, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        h = ((h ^ (h >> numpy.uint64(shift))) * numpy.uint64(factor)) & mask
    return h ^ (h >> numpy.uint64(16))


def uniform(shape, limit, seed):
    values = (hashed(int(numpy.prod(shape)), seed) >> numpy.uint64(8)).astype(numpy.float64) / 2**23 - 1
    return (values * limit).astype(numpy.float32).reshape(shape)


class Network(torch.nn.Module):
    def __init__(self, name):
        super().__init__()
        (height, width, channels), layers = NETWORKS[name]
        # "save" and "add" stand in the list as they are.
        modules = []
        self.steps = modules
        self.flops = 0
        first = 0
        for index, (kind, size) in enumerate(layers):
            if kind == "pool":
                modules.append(torch.nn.MaxPool2d(2))
                height, width = height // 2, width // 2
                continue
            if kind in ("save", "add"):
                modules.append(kind)
                continue
            if kind == "average":
                modules.append(torch.nn.AdaptiveAvgPool2d(1))
                height, width = 1, 1
                continue
            convolves = kind != "dense"
            taps = 1 if kind == "normed, pointwise" else 3
            groups = channels if kind == "normed, depthwise" else 1
            size = size or channels
            fan_in = taps * taps * channels // groups if convolves else height * width * channels
            limit = float(numpy.sqrt(6 / fan_in))
            bias = torch.from_numpy(uniform((size,), 0.05, 2 * index + 1))
            if convolves:
                module = torch.nn.Conv2d(channels, size, taps, padding=taps // 2, groups=groups, bias=kind == "conv")
                # [3, 3, in, out] -> [out, in, 3, 3]
                kernel = uniform((taps, taps, channels // groups, size), limit, 2 * index).transpose(3, 2, 0, 1)
                modules.append(module)
                if kind != "conv":
                    norm = torch.nn.BatchNorm2d(size, eps=EPSILON)
                    with torch.no_grad():
                        norm.weight.copy_(torch.from_numpy(1 + uniform((size,), 0.25, 5000 + index)))
                        norm.bias.copy_(bias)
                    modules.append(norm)
                if kind != "normed, linear":
                    modules.append(torch.nn.ReLU())
                self.flops += 2 * fan_in * size * height * width
                channels = size
            else:
                module = torch.nn.Linear(fan_in, size)
                # rows [height, width, channel] -> [channel, height, width]
                kernel = uniform((height, width, channels, size), limit, 2 * index).transpose(2, 0, 1, 3)
                kernel = kernel.reshape(fan_in, size).T
                modules += [torch.nn.Flatten(), module]
                self.flops += 2 * fan_in * size
            first = first or self.flops
            with torch.no_grad():
                module.weight.copy_(torch.from_numpy(numpy.ascontiguousarray(kernel)))
                if module.bias is not None:
                    module.bias.copy_(bias)
        self.layers = torch.nn.ModuleList(module for module in modules if not isinstance(module, str))
        self.step_flops = 3 * self.flops - first

    def forward(self, images):
        value = images
        saved = None
        for step in self.steps:
            if step == "save":
                saved = value
            elif step == "add":
                value = torch.relu(value + saved)
            else:
                value = step(value)
        return value


def make_batch(name, batch, device):
    height, width, channels = NETWORKS[name][0]
    pixels = (hashed(batch * height * width * channels, 1000) >> numpy.uint64(24)).astype(numpy.float64) / 255
    images = pixels.astype(numpy.float32).reshape(batch, height, width, channels).transpose(0, 3, 1, 2)
    labels = (hashed(batch, 2000) % numpy.uint64(10)).astype(numpy.int64)
    return torch.from_numpy(numpy.ascontiguousarray(images)).to(device), torch.from_numpy(labels).to(device)


def make_optimizer(parameters, device, graphed):
    if device == "cuda":
        return torch.optim.Adam(parameters, fused=True, capturable=graphed, **ADAM)
    return torch.optim.Adam(parameters, **ADAM)


def eager(name, batch, device):
    model = Network(name).to(device)
    images, labels = make_batch(name, batch, device)
    optimizer = make_optimizer(model.parameters(), device, False)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step, model.step_flops * batch


def graphed(name, batch, device):
    """The eager step, captured. Capturing does not run it, but the warm-up before it does: the weights are put back."""
    model = Network(name).to(device)
    images, labels = make_batch(name, batch, device)
    optimizer = make_optimizer(model.parameters(), device, True)
    start = {key: value.clone() for key, value in model.state_dict().items()}

    def one():
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            one()
    torch.cuda.current_stream().wait_stream(side)
    model.load_state_dict(start)
    for state in optimizer.state.values():
        for value in state.values():
            value.zero_()
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        loss = one()

    def step():
        graph.replay()
        return loss.detach()

    return step, model.step_flops * batch


def measure(work, engine, make, rounds, clock=time.perf_counter):
    """Rows of one engine at one job; a measurement is some steps and the reading of the last one's loss."""
    step, flops = make()
    losses = [float(step()) for _ in range(3)]

    def run(times):
        started = clock()
        for _ in range(times):
            loss = step()
        float(loss)
        return (clock() - started) / times

    times = 1
    for _ in range(2):
        times = min(MOST_TIMES, max(1, round(MEASUREMENT_SECONDS / run(times))))
    seconds = [run(times) for _ in range(rounds)]

    def row(metric, values):
        return {
            "work": work,
            "engine": engine,
            "metric": metric,
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
            "samples": len(values),
        }

    print(
        f"{work:24} {engine:14} {statistics.median(seconds) * 1000:10.3f} ms "
        f"({min(seconds) * 1000:.3f}–{max(seconds) * 1000:.3f})  {rounds} × {times}  "
        f"{flops / statistics.median(seconds) / 1e9:8.1f} GFLOP/s  losses {', '.join(f'{loss:.5f}' for loss in losses)}",
        file=sys.stderr,
    )
    return [
        row("ms", [second * 1000 for second in seconds]),
        row("GFLOP/s", [flops / second / 1e9 for second in seconds]),
        row("loss", losses[:1]),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", default="1,16,61,64,256,1024", help="of the reference network; empty for none")
    parser.add_argument("--nets", default="vgg64:64,vgg224:8,resnet32:128", help="network:batch, …; empty for none")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--processor", action="store_true", help="time of the processor in place of the clock's; one thread only")
    parser.add_argument("--out", help="a file for the rows instead of standard output")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True

    device = options.device
    jobs = [("reference", int(batch)) for batch in options.batches.split(",") if batch]
    jobs += [(name, int(batch)) for name, batch in (entry.split(":") for entry in options.nets.split(",") if entry)]
    rows = []
    for name, batch in jobs:
        work = f"train {name} {batch}"
        clock = time.process_time if options.processor else time.perf_counter
        rows += measure(work, "pytorch-eager", lambda: eager(name, batch, device), options.rounds, clock)
        if device == "cuda":
            rows += measure(work, "pytorch-graph", lambda: graphed(name, batch, device), options.rounds)
    about = {
        "date": datetime.date.today().isoformat(),
        "pytorch": f"PyTorch {torch.__version__}, f32, TF32 off",
        "adapter": torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {torch.get_num_threads()} threads",
        "command": " ".join(["python3", *sys.argv]),
    }
    text = json.dumps({"about": about, "rows": rows}, indent=2, ensure_ascii=False) + "\n"
    if options.out:
        os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
