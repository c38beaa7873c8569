"""Answers questions about networks with PyTorch: a question a line of JSON on stdin, an answer a line on stdout.

A question (question.ts) holds a model as Corteza's JSON, weights, data, a loss for each output and an optimizer. The answer holds, in
f64: the output by moving and by batch statistics, the loss, the gradients by input and parameters, the losses of the
training steps and the weights after them. Tensors are NHWC here, as in the question; what PyTorch wants as NCHW is
turned around each call.

Every value comes with what another implementation may be off by. The run is repeated with the operands and the results
of every operation, and their gradients, changed by random roundings of 8 * sqrt(K) * u relative, K being the length of
the longest sum in the network and u half a unit in the last place (Parker's Monte Carlo arithmetic; the bound on one sum
is this project's for kernels). Four deviations of a tensor's change, estimated from the largest in two such runs, are
its tolerance. For f32 that holds as long as all runs are on the same side of every kink, in the same pieces of ReLU and
with the same winners of pools: "steps32" says for how many training steps. For f64 the change is made 2**10 times too
large, so that it can be seen beside f64's own, and the tolerance is that much smaller.
"""
import base64
import json
import math
import sys
import traceback
import warnings

import torch
import torch.nn.functional as F

# SequentialLR steps its schedulers by a number, which PyTorch itself advises against.
warnings.filterwarnings("ignore", category=UserWarning, module="torch.optim.lr_scheduler")
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

U32, U64 = 2.0**-24, 2.0**-53
# How much larger the runs for f64 are changed than f64's tolerance wants.
MAGNIFIED = 2.0**10
SLACK = 8
NOISY_RUNS = 2
DEVIATIONS = 4


def decode(text, dtype):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=dtype)


def encode(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().astype("<f8").tobytes()).decode()


class Rounding(torch.autograd.Function):
    """Multiplies values, and on the way back their gradients, by 1 + size * (-1 ... 1)."""

    @staticmethod
    def forward(context, x, size, generator):
        context.size, context.generator = size, generator
        return x * (1 + size * (2 * torch.rand(x.shape, generator=generator) - 1))

    @staticmethod
    def backward(context, gradient):
        noise = 2 * torch.rand(gradient.shape, generator=context.generator) - 1
        return gradient * (1 + context.size * noise), None, None


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def pair(value):
    return [value, value] if isinstance(value, (int, float)) else list(value)


def same_padding(extent, span, stride):
    """Keras' "same": ceil(extent / stride) windows, the odd zero at the end."""
    missing = max(0, (math.ceil(extent / stride) - 1) * stride + span - extent)
    return missing // 2, missing - missing // 2


def padded(x, kernel, strides, dilations, padding, value=0.0):
    """x, NCHW, with what "same" adds."""
    if padding != "same":
        return x
    top, bottom = same_padding(x.shape[2], (kernel[0] - 1) * dilations[0] + 1, strides[0])
    left, right = same_padding(x.shape[3], (kernel[1] - 1) * dilations[1] + 1, strides[1])
    return F.pad(x, (left, right, top, bottom), value=value)


class Network:
    """One evaluation of the model: with or without roundings, by batch or by moving statistics."""

    def __init__(self, question, parameters, size=0.0, generator=None, training=False):
        self.model = question["model"]
        self.goals = question["goals"]
        self.parameters = parameters
        self.size, self.generator = size, generator
        self.training = training
        # What each function with a kink chose, in order.
        self.choices = []
        # New moving statistics.
        self.moved = {}
        # Length of the longest sum, forwards or backwards.
        self.longest = 1

    def rounded(self, x):
        return x if self.size == 0 else Rounding.apply(x, self.size, self.generator)

    def sums(self, *lengths):
        self.longest = max(self.longest, *lengths)

    def choose(self, choice):
        self.choices.append(choice.detach())

    def parameter(self, name):
        return self.rounded(self.parameters[f"{self.layer}/{name}"])

    def outputs(self, inputs):
        model = self.model
        layers = {layer["name"]: layer for layer in model["layers"]}
        # Last activations that the losses contain, by the number of the tensor.
        folded = {number: goal["folded"] for number, goal in zip(model["outputs"], self.goals)}
        tensors = list(inputs)
        for call in model["calls"]:
            layer = layers[call["layer"]]
            self.layer = layer["name"]
            operands = [self.rounded(tensors[i]) for i in call["inputs"]]
            options = layer["options"]
            y = self.rounded(getattr(self, layer["kind"])(operands[0] if len(operands) == 1 else operands, options))
            name = options.get("activation", "linear")
            if name != folded.get(len(tensors)):
                y = self.rounded(self.activate(y, name))
            tensors.append(y)
        return [tensors[number] for number in model["outputs"]]

    # Layers, by their kind in the model's JSON.

    def conv(self, x, kernel, options, groups, bias=None):
        """kernel is OIHW."""
        size = list(kernel.shape[2:])
        strides, dilations = pair(options.get("strides", 1)), pair(options.get("dilationRate", 1))
        image = padded(nchw(x), size, strides, dilations, options.get("padding", "valid"))
        y = F.conv2d(image, kernel.contiguous(), bias, strides, 0, dilations, groups)
        self.sums(kernel[0].numel(), y.shape[0] * y.shape[2] * y.shape[3], kernel.shape[0] // groups * size[0] * size[1])
        return nhwc(y)

    def bias(self, options):
        return self.parameter("bias") if options.get("useBias", True) else None

    def conv2d(self, x, options):
        kernel = self.parameter("kernel").permute(3, 2, 0, 1)
        return self.conv(x, kernel, options, options.get("groups", 1), self.bias(options))

    def depthwise_kernel(self, kernel):
        """[kh, kw, channels, multiplier] as [channels * multiplier, 1, kh, kw]."""
        height, width, channels, multiplier = kernel.shape
        return kernel.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)

    def depthwiseConv2d(self, x, options):
        kernel = self.depthwise_kernel(self.parameter("kernel"))
        return self.conv(x, kernel, options, x.shape[3], self.bias(options))

    def separableConv2d(self, x, options):
        kernel = self.depthwise_kernel(self.parameter("depthwise_kernel"))
        between = self.rounded(self.conv(x, kernel, options, x.shape[3]))
        return self.conv(between, self.parameter("pointwise_kernel").permute(3, 2, 0, 1), {}, 1, self.bias(options))

    def conv2dTranspose(self, x, options):
        # [kh, kw, out, in] as PyTorch's [in, out, kh, kw].
        kernel = self.parameter("kernel").permute(3, 2, 0, 1)
        strides, dilations = pair(options.get("strides", 1)), pair(options.get("dilationRate", 1))
        whole = F.conv_transpose2d(nchw(x), kernel.contiguous(), None, strides, 0, 0, 1, dilations)
        extra = options.get("outputPadding")
        extra = None if extra is None else pair(extra)
        for axis in (0, 1):
            extent, span = x.shape[1 + axis], (kernel.shape[2 + axis] - 1) * dilations[axis] + 1
            # Keras' deconv_output_length, and the padding that its convolution of the result would have.
            if options.get("padding", "valid") == "same":
                if extra is None:
                    length = extent * strides[axis]
                else:
                    length = (extent - 1) * strides[axis] + span - 2 * (span // 2) + extra[axis]
                before = max(0, (extent - 1) * strides[axis] + span - length) // 2
            else:
                covered = (extent - 1) * strides[axis] + span
                length = max(covered, extent * strides[axis]) if extra is None else covered + extra[axis]
                before = 0
            missing = max(0, before + length - whole.shape[2 + axis])
            whole = F.pad(whole, (0, 0, 0, missing) if axis == 0 else (0, missing))
            whole = whole.narrow(2 + axis, before, length)
        bias = self.bias(options)
        y = nhwc(whole)
        self.sums(kernel.numel(), x[..., 0].numel(), y[..., 0].numel())
        return y if bias is None else y + bias

    def dense(self, x, options):
        kernel = self.parameter("kernel")
        self.sums(*kernel.shape, x.shape[0])
        return F.linear(x, kernel.t(), self.bias(options))

    def batchNormalization(self, x, options):
        epsilon, momentum = options.get("epsilon", 1e-3), options.get("momentum", 0.99)
        gamma = self.parameter("gamma") if options.get("scale", True) else None
        beta = self.parameter("beta") if options.get("center", True) else None
        old = [self.parameters[f"{self.layer}/moving_{name}"] for name in ("mean", "variance")]
        channels_last = x.dim() == 4
        turned = nchw(x) if channels_last else x
        if self.training:
            rows = x.reshape(-1, x.shape[-1])
            self.sums(rows.shape[0])
            statistics = rows.mean(0), rows.var(0, unbiased=False)
            for name, before, now in zip(("mean", "variance"), old, statistics):
                # The roundings of the operands average out; those of the sum may not.
                now = self.rounded(now.detach())
                self.moved[f"{self.layer}/moving_{name}"] = before * momentum + now * (1 - momentum)
            y = F.batch_norm(turned, None, None, gamma, beta, True, 0.0, epsilon)
        else:
            y = F.batch_norm(turned, *old, gamma, beta, False, 0.0, epsilon)
        return nhwc(y) if channels_last else y

    def layerNormalization(self, x, options):
        axes = options.get("axis", -1)
        axes = sorted({axis % x.dim() for axis in (axes if isinstance(axes, list) else [axes])})
        # To the end, where PyTorch wants them.
        order = [axis for axis in range(x.dim()) if axis not in axes] + axes
        turned = x.permute(order)
        shape = [x.shape[axis] for axis in axes]
        self.sums(math.prod(shape), x.numel() // math.prod(shape))
        gamma = self.parameter("gamma") if options.get("scale", True) else None
        beta = self.parameter("beta") if options.get("center", True) else None
        y = F.layer_norm(turned, shape, gamma, beta, options.get("epsilon", 1e-3))
        return y.permute([order.index(axis) for axis in range(x.dim())])

    def groupNormalization(self, x, options):
        channels = x.shape[-1]
        groups = options.get("groups", 32)
        gamma = self.parameter("gamma") if options.get("scale", True) else None
        beta = self.parameter("beta") if options.get("center", True) else None
        self.sums(x[0].numel(), x[..., 0].numel())
        turned = nchw(x) if x.dim() == 4 else x
        y = F.group_norm(turned, channels if groups == -1 else groups, gamma, beta, options.get("epsilon", 1e-3))
        return nhwc(y) if x.dim() == 4 else y

    def unitNormalization(self, x, options):
        return F.normalize(x, dim=options.get("axis", -1))

    def maxPooling2d(self, x, options):
        size = pair(options.get("poolSize", 2))
        strides = pair(options.get("strides", size))
        image = padded(nchw(x), size, strides, [1, 1], options.get("padding", "valid"), -math.inf)
        y, winners = F.max_pool2d(image, size, strides, return_indices=True)
        self.choose(winners)
        return nhwc(y)

    def averagePooling2d(self, x, options):
        size = pair(options.get("poolSize", 2))
        strides = pair(options.get("strides", size))

        def pooled(image):
            return F.avg_pool2d(padded(image, size, strides, [1, 1], options.get("padding", "valid")), size, strides)

        # Keras leaves the padding out of the mean.
        return nhwc(pooled(nchw(x)) / pooled(torch.ones(1, 1, *x.shape[1:3])))

    def globalAveragePooling2d(self, x, options):
        self.sums(x.shape[1] * x.shape[2])
        y = nhwc(F.adaptive_avg_pool2d(nchw(x), 1))
        return y if options.get("keepDims", False) else y[:, 0, 0]

    def globalMaxPooling2d(self, x, options):
        y, winners = F.max_pool2d(nchw(x), list(x.shape[1:3]), return_indices=True)
        self.choose(winners)
        y = nhwc(y)
        return y if options.get("keepDims", False) else y[:, 0, 0]

    def upSampling2d(self, x, options):
        size = [float(factor) for factor in pair(options.get("size", 2))]
        if options.get("interpolation", "nearest") == "nearest":
            return nhwc(F.interpolate(nchw(x), scale_factor=size))
        return nhwc(F.interpolate(nchw(x), scale_factor=size, mode="bilinear", align_corners=False))

    def sides(self, value):
        return [pair(side) for side in pair(value)]

    def zeroPadding2d(self, x, options):
        (top, bottom), (left, right) = self.sides(options.get("padding", 1))
        return nhwc(F.pad(nchw(x), (left, right, top, bottom)))

    def cropping2d(self, x, options):
        (top, bottom), (left, right) = self.sides(options.get("cropping", 0))
        return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]

    def permute(self, x, options):
        return x.permute([0, *options["dims"]])

    def reshape(self, x, options):
        return x.reshape([x.shape[0], *options["targetShape"]])

    def flatten(self, x, options):
        return x.flatten(1)

    def rescaling(self, x, options):
        return x * torch.tensor(options["scale"]) + torch.tensor(options.get("offset", 0.0))

    def dropout(self, x, options):
        return F.dropout(x, options["rate"], self.training)

    def add(self, xs, options):
        return sum(xs[1:], xs[0])

    def subtract(self, xs, options):
        return xs[0] - xs[1]

    def multiply(self, xs, options):
        return math.prod(xs[1:], start=xs[0])

    def average(self, xs, options):
        return torch.stack(torch.broadcast_tensors(*xs)).mean(0)

    def maximum(self, xs, options):
        return self.extreme(torch.maximum, xs)

    def minimum(self, xs, options):
        return self.extreme(torch.minimum, xs)

    def extreme(self, function, xs):
        y = xs[0]
        for x in xs[1:]:
            self.choose(y > x)
            y = function(y, x)
        return y

    def concatenate(self, xs, options):
        return torch.cat(xs, options.get("axis", -1))

    def activation(self, x, options):
        return x

    def leakyReLU(self, x, options):
        self.choose(x > 0)
        return F.leaky_relu(x, options.get("negativeSlope", 0.3))

    def elu(self, x, options):
        self.choose(x > 0)
        return F.elu(x, options.get("alpha", 1.0))

    def prelu(self, x, options):
        self.choose(x > 0)
        return torch.where(x > 0, x, self.parameter("alpha") * x)

    def reLU(self, x, options):
        most, slope = options.get("maxValue"), options.get("negativeSlope", 0.0)
        threshold = options.get("threshold", 0.0)
        self.choose(x >= threshold)
        y = torch.where(x >= threshold, x, slope * (x - threshold))
        if most is None:
            return y
        self.choose(y > most)
        return torch.clamp(y, max=most)

    def softmax(self, x, options):
        return F.softmax(x, options.get("axis", -1))

    # Activations, by their names.

    def activate(self, x, name):
        kinks = {
            "relu": [0],
            "relu6": [0, 6],
            "leakyRelu": [0],
            "selu": [0],
            "hardSigmoid": [-3, 3],
            "hardSilu": [-3, 3],
            "hardSwish": [-3, 3],
        }
        for kink in kinks.get(name, []):
            self.choose(x > kink)
        functions = {
            "linear": lambda: x,
            "relu": lambda: F.relu(x),
            "relu6": lambda: F.relu6(x),
            "leakyRelu": lambda: F.leaky_relu(x, 0.2),
            "elu": lambda: F.elu(x),
            "selu": lambda: F.selu(x),
            "gelu": lambda: F.gelu(x),
            "geluTanh": lambda: F.gelu(x, approximate="tanh"),
            "silu": lambda: F.silu(x),
            "swish": lambda: F.silu(x),
            "mish": lambda: F.mish(x),
            "sigmoid": lambda: torch.sigmoid(x),
            # F.hardsigmoid's gradient takes 1/6 as f32, in f64 too (1.13).
            "hardSigmoid": lambda: F.relu6(x + 3) / 6,
            "hardSilu": lambda: F.hardswish(x),
            "hardSwish": lambda: F.hardswish(x),
            "tanh": lambda: torch.tanh(x),
            "softplus": lambda: F.softplus(x),
            "softsign": lambda: F.softsign(x),
            "exponential": lambda: torch.exp(x),
            "softmax": lambda: F.softmax(x, -1),
            "logSoftmax": lambda: F.log_softmax(x, -1),
        }
        return functions[name]()


def row_losses(network, loss, outputs, targets):
    """One loss a row."""
    kind = loss["kind"]
    outputs = network.rounded(outputs)
    smoothing = loss.get("labelSmoothing", 0.0)
    network.sums(outputs.numel())
    if kind == "sparseCategoricalCrossentropy":
        return F.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)
    places = list(range(1, outputs.dim()))
    if kind == "categoricalCrossentropy":
        # Classes second, as PyTorch wants them.
        turned = [x.movedim(-1, 1) for x in (outputs, targets)]
        rows = F.cross_entropy(*turned, reduction="none", label_smoothing=smoothing)
        return rows if rows.dim() == 1 else rows.mean(places[:-1])
    if kind == "binaryCrossentropy":
        targets = targets * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(places)
    if kind == "meanSquaredError":
        return F.mse_loss(outputs, targets, reduction="none").mean(places)
    if kind == "huber":
        network.choose((outputs - targets).abs() < loss["delta"])
        return F.huber_loss(outputs, targets, reduction="none", delta=loss["delta"]).mean(places)
    if kind == "meanAbsoluteError":
        network.choose(outputs > targets)
        return F.l1_loss(outputs, targets, reduction="none").mean(places)
    if kind == "kullbackLeiblerDivergence":
        rows = F.kl_div(F.log_softmax(outputs, -1), targets, reduction="none").sum(-1)
        return rows if rows.dim() == 1 else rows.mean(places[:-1])
    if kind == "cosineSimilarity":
        rows = -F.cosine_similarity(outputs, targets, dim=-1)
        return rows if rows.dim() == 1 else rows.mean(places[:-1])
    if kind == "hinge":
        signs = torch.where(targets == 0, -1.0, targets)
        network.choose(1 - signs * outputs > 0)
        return F.margin_ranking_loss(outputs, torch.zeros_like(outputs), signs, margin=1, reduction="none").mean(places)
    if kind == "categoricalHinge":
        right = (targets * outputs).sum(-1)
        wrong, which = ((1 - targets) * outputs).max(-1)
        network.choose(which)
        network.choose(1 + wrong - right > 0)
        rows = F.margin_ranking_loss(right, wrong, torch.ones_like(right), margin=1, reduction="none")
        return rows if rows.dim() == 1 else rows.mean(places[:-1])
    raise ValueError(f"no loss {kind}")


class DocumentedNAdam(torch.optim.Optimizer):
    """NAdam by PyTorch's documentation (Dozat 2016), as PyTorch 2 computes it.

    That of PyTorch 1.13 has mu_t in the second divisor twice: 1 - prod(mu_i) * mu_t * mu_(t+1).
    """

    def __init__(self, parameters, lr, betas, eps, weight_decay, momentum_decay):
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        super().__init__(parameters, settings)
        self.steps, self.product = 0, 1.0

    @torch.no_grad()
    def step(self):
        self.steps += 1
        t = self.steps
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"])) for i in (t, t + 1))
            self.product *= mu
            for p in group["params"]:
                gradient = p.grad + group["weight_decay"] * p
                state = self.state[p]
                m = beta1 * state.get("m", torch.zeros_like(p)) + (1 - beta1) * gradient
                v = beta2 * state.get("v", torch.zeros_like(p)) + (1 - beta2) * gradient**2
                state["m"], state["v"] = m, v
                direction = mu_next * m / (1 - self.product * mu_next) + (1 - mu) * gradient / (1 - self.product)
                p -= group["lr"] * direction / ((v / (1 - beta2**t)).sqrt() + group["eps"])


def make_optimizer(name, options, rate, parameters):
    """PyTorch's optimizer with the options in Corteza's names; those left out have Corteza's defaults."""
    decay = options.get("weightDecay", 0.0)
    epsilon = options.get("epsilon", 1e-7)
    betas = options.get("beta1", 0.9), options.get("beta2", 0.999)
    momentum = options.get("momentum", 0.0)
    if name == "sgd":
        dampening, nesterov = options.get("dampening", 0.0), options.get("nesterov", False)
        return torch.optim.SGD(parameters, rate, momentum, dampening, decay, nesterov)
    if name == "adam":
        return torch.optim.Adam(parameters, rate, betas, epsilon, decay, options.get("amsgrad", False))
    if name == "adamw":
        decay = options.get("weightDecay", 0.004)
        return torch.optim.AdamW(parameters, rate, betas, epsilon, decay, options.get("amsgrad", False))
    if name == "nadam":
        return DocumentedNAdam(parameters, rate, betas, epsilon, decay, options.get("momentumDecay", 1.0))
    if name == "adamax":
        return torch.optim.Adamax(parameters, rate, betas, epsilon, decay)
    if name == "rmsprop":
        rho, centered = options.get("rho", 0.9), options.get("centered", False)
        return torch.optim.RMSprop(parameters, rate, rho, epsilon, decay, momentum, centered)
    if name == "adagrad":
        start = options.get("initialAccumulatorValue", 0.1)
        return torch.optim.Adagrad(parameters, rate, 0.0, decay, start, epsilon)
    if name == "adadelta":
        return torch.optim.Adadelta(parameters, rate, options.get("rho", 0.95), epsilon, decay)
    raise ValueError(f"no optimizer {name}")


def highest(schedule):
    options = schedule["options"]
    return options.get("initialLearningRate") or max(options.get(name, 0) for name in ("baseLearningRate", "maxLearningRate"))


def make_scheduler(optimizer, schedule):
    """PyTorch's scheduler for a schedule with Corteza's options, of an optimizer at the schedule's highest rate."""
    name, options = schedule["name"], schedule["options"]
    schedulers = torch.optim.lr_scheduler
    if name == "constant":
        return schedulers.ConstantLR(optimizer, 1.0)
    if name == "stepDecay":
        return schedulers.StepLR(optimizer, options["stepSize"], options["factor"])
    if name == "multiStepDecay":
        return schedulers.MultiStepLR(optimizer, options["milestones"], options["factor"])
    if name == "exponentialDecay":
        return schedulers.ExponentialLR(optimizer, options["decayRate"] ** (1 / options["decaySteps"]))
    if name == "polynomialDecay":
        return schedulers.PolynomialLR(optimizer, options["decaySteps"], options["power"])
    if name == "cosineDecay":
        lowest = options["alpha"] * options["initialLearningRate"]
        return schedulers.CosineAnnealingLR(optimizer, options["decaySteps"], lowest)
    if name == "cosineDecayRestarts":
        lowest = options["alpha"] * options["initialLearningRate"]
        return schedulers.CosineAnnealingWarmRestarts(optimizer, options["firstDecaySteps"], options["tMul"], lowest)
    if name == "cyclicLearningRate":
        base, top = options["baseLearningRate"], options["maxLearningRate"]
        if options.get("annealStrategy") == "cos":
            return schedulers.CosineAnnealingLR(optimizer, options["stepSizeUp"], top)
        sides = options["stepSizeUp"], options["stepSizeDown"]
        return schedulers.CyclicLR(optimizer, base, top, *sides, options["mode"], cycle_momentum=False)
    if name == "oneCycle":
        moved = "baseMomentum" in options
        momenta = {"base_momentum": options["baseMomentum"], "max_momentum": options["maxMomentum"]} if moved else {}
        return schedulers.OneCycleLR(
            optimizer,
            options["maxLearningRate"],
            options["totalSteps"],
            pct_start=options["pctStart"],
            anneal_strategy=options["annealStrategy"],
            div_factor=options["divFactor"],
            final_div_factor=options["finalDivFactor"],
            cycle_momentum=moved,
            **momenta,
        )
    raise ValueError(f"no schedule {name}")


def make_rates(optimizer, rate):
    """What moves the optimizer's learning rate: a scheduler, after a warm-up or not."""
    warmup = rate.get("warmup")
    if warmup is None:
        return make_scheduler(optimizer, rate["schedule"])
    start = warmup["from"] / highest(rate["schedule"])
    rise = torch.optim.lr_scheduler.LinearLR(optimizer, start, total_iters=warmup["steps"])
    after = make_scheduler(optimizer, rate["schedule"])
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, after], [warmup["steps"]])


def clip(options, parameters):
    """What Corteza's clips do; PyTorch's own adds 1e-6 to the norm."""
    with torch.no_grad():
        if "clipValue" in options:
            torch.nn.utils.clip_grad_value_(parameters, options["clipValue"])
        if "clipNorm" in options:
            for p in parameters:
                p.grad *= min(1.0, options["clipNorm"] / max(float(p.grad.norm()), 1e-300))
        if "globalClipNorm" in options:
            norm = math.sqrt(sum(float((p.grad**2).sum()) for p in parameters))
            for p in parameters:
                p.grad *= min(1.0, options["globalClipNorm"] / max(norm, 1e-300))


class Training:
    """A model under training, changed by roundings of `size` on a scale on which a unit in the last place is `unit`."""

    def __init__(self, question, size=0.0, unit=0.0, seed=0):
        self.question = question
        self.size, self.unit = size, unit
        self.generator = torch.Generator()
        self.generator.manual_seed(seed)
        self.parameters = {
            name: decode(value["data"], torch.float32).double().reshape(value["shape"]).requires_grad_("/moving_" not in name)
            for name, value in question["parameters"].items()
        }
        self.trained = [p for p in self.parameters.values() if p.requires_grad]
        optimizer = question["optimizer"]
        self.options, rate = optimizer["options"], optimizer["rate"]
        self.highest = highest(rate["schedule"])
        self.optimizer = make_optimizer(optimizer["name"], self.options, self.highest, self.trained)
        self.rates = make_rates(self.optimizer, rate)
        self.averages = None
        if self.options.get("useEma"):
            keep = self.options["emaMomentum"]
            # A copy, whose parameters the roundings of an update do not touch.
            self.averages = torch.optim.swa_utils.AveragedModel(
                torch.nn.ParameterList(self.trained), avg_fn=lambda old, new, count: keep * old + (1 - keep) * new
            )

    def batch(self, step):
        """Inputs, targets and weights of the rows of a step: one batch behind the other, the last of an epoch shorter."""
        question = self.question
        rows, size = question["rows"], question["batch"]
        first = step % math.ceil(rows / size) * size
        last = min(rows, first + size)

        def values(text, shape):
            return decode(text, torch.float32).double().reshape([rows, *shape])[first:last]

        inputs, targets = [], []
        for source, described in zip(question["sources"], question["model"]["inputs"]):
            images = values(source["images"], described["shape"])
            inputs.append(images / 255 if source.get("bytes") else images)
        for goal in question["goals"]:
            if "labels" in goal:
                targets.append(torch.tensor(goal["labels"])[first:last])
            else:
                targets.append(values(goal["targets"], goal["targetShape"]))
        weights = torch.ones(last - first)
        if "sampleWeights" in question:
            weights = weights * torch.tensor(question["sampleWeights"], dtype=torch.float64)[first:last]
        if "classWeight" in question:
            weights = weights * torch.tensor(question["classWeight"], dtype=torch.float64)[targets[0]]
        return inputs, targets, weights

    def network(self, training):
        return Network(self.question, self.parameters, self.size, self.generator, training)

    def inference(self):
        with torch.no_grad():
            network = self.network(False)
            outputs = network.outputs(self.batch(0)[0])
            names = [goal["folded"] for goal in self.question["goals"]]
            return [network.rounded(network.activate(y, name)) if name else y for y, name in zip(outputs, names)]

    def loss(self, network, outputs, targets, weights):
        goals = self.question["goals"]
        parts = []
        for goal, y, wanted in zip(goals, outputs, targets):
            rows = row_losses(network, goal["loss"], y, wanted)
            part = network.rounded((rows * weights).mean())
            parts.append(part if len(goals) == 1 else part * goal["weight"])
        return sum(parts[1:], parts[0])

    def backward(self, step, with_inputs=False):
        """Loss and gradients of a step. Returns outputs, loss, gradients by the inputs, and the network."""
        inputs, targets, weights = self.batch(step)
        for x in inputs:
            x.requires_grad_(with_inputs)
        network = self.network(True)
        outputs = network.outputs(inputs)
        loss = self.loss(network, outputs, targets, weights)
        for p in self.trained:
            p.grad = torch.zeros_like(p)
        loss.backward()
        if self.size > 0:
            for p in self.trained:
                p.grad = Rounding.apply(p.grad, self.size, self.generator)
        return [y.detach() for y in outputs], loss.detach(), [x.grad for x in inputs], network

    def step(self, step):
        """One update. Returns the loss before it, and what was chosen at kinks."""
        _, loss, _, network = self.backward(step)
        clip(self.options, self.trained)
        self.update()
        self.parameters.update(network.moved)
        if self.size > 0:
            with torch.no_grad():
                for p in self.parameters.values():
                    # An update rounds a few times.
                    p.copy_(Rounding.apply(p, 4 * self.unit, self.generator))
        if self.averages is not None:
            self.averages.update_parameters(torch.nn.ParameterList(self.trained))
        return loss, network.choices

    def update(self):
        """Moves the parameters at the present rate, which has been computed from the highest with a few roundings."""
        groups = self.optimizer.param_groups
        rates = [group["lr"] for group in groups]
        if self.size > 0:
            for group in groups:
                noise = 2 * float(torch.rand((), generator=self.generator)) - 1
                group["lr"] += SLACK * self.unit * noise * self.highest
        self.optimizer.step()
        # A scheduler makes the next rate from this one.
        for group, rate in zip(groups, rates):
            group["lr"] = rate
        self.rates.step()

    def values(self):
        """Parameters and statistics; of the parameters the averages, where the optimizer keeps these."""
        values = {name: p.detach().clone() for name, p in self.parameters.items()}
        if self.averages is not None:
            trained = [name for name, p in self.parameters.items() if p.requires_grad]
            for name, average in zip(trained, self.averages.module.parameters()):
                values[name] = average.detach().clone()
        return values


def same(choices, others):
    return all(torch.equal(a, b) for a, b in zip(choices, others))


def answer(question):
    """See the file's head."""
    longest = Training(question).backward(0)[3].longest
    size = SLACK * math.sqrt(longest)
    clean = Training(question)
    noisy32 = [Training(question, size * U32, U32, seed) for seed in range(NOISY_RUNS)]
    noisy64 = [Training(question, size * U64 * MAGNIFIED, U64 * MAGNIFIED, seed) for seed in range(NOISY_RUNS)]

    def tolerance(value, others, unit):
        """Four deviations of the change, and a few roundings of the largest value itself."""
        change = max(float((other - value).abs().max()) for other in others)
        # The largest of n draws is about sqrt(2 ln 2n) deviations: of a bias of one channel two runs see little.
        seen = math.sqrt(2 * math.log(2 * value.numel() * len(others)))
        return change * max(1, DEVIATIONS / seen) + SLACK * unit * float(value.abs().max())

    def judged(value, others32, others64):
        return {
            "data": encode(value),
            "cpu": tolerance(value, others64, U64 * MAGNIFIED) / MAGNIFIED,
            "webgpu": tolerance(value, others32, U32),
        }

    def each(function):
        return function(clean), [function(one) for one in noisy32], [function(one) for one in noisy64]

    def listed(values, others32, others64):
        return [judged(value, [o[i] for o in others32], [o[i] for o in others64]) for i, value in enumerate(values)]

    inference = listed(*each(lambda one: one.inference()))
    first = each(lambda one: (*one.backward(0, True), {n: p.grad for n, p in one.parameters.items() if p.grad is not None}))

    def of(part):
        return judged(part(first[0]), [part(one) for one in first[1]], [part(one) for one in first[2]])

    gradients = {f"input {i}": of(lambda one: one[2][i]) for i in range(len(first[0][2]))}
    for name in first[0][4]:
        gradients[name] = of(lambda one: one[4][name])
    outputs = listed(first[0][0], [one[0] for one in first[1]], [one[0] for one in first[2]])
    loss = of(lambda one: one[1])
    safe = all(same(first[0][3].choices, one[3].choices) for one in first[1])

    losses = {"values": [], "cpu": [], "webgpu": []}
    steps32 = 0
    final32 = None
    for step in range(question["steps"]):
        value, choices = clean.step(step)
        taken32, taken64 = [one.step(step) for one in noisy32], [one.step(step) for one in noisy64]
        losses["values"].append(float(value))
        losses["webgpu"].append(tolerance(value, [one[0] for one in taken32], U32))
        losses["cpu"].append(tolerance(value, [one[0] for one in taken64], U64 * MAGNIFIED) / MAGNIFIED)
        if steps32 == step and all(same(choices, one[1]) for one in taken32):
            steps32 = step + 1
            final32 = clean.values(), [one.values() for one in noisy32]
    final64 = clean.values(), [one.values() for one in noisy64]

    def finals(record, unit, factor):
        values, others = record
        return {
            name: {"data": encode(value), "tolerance": tolerance(value, [o[name] for o in others], unit * factor) / factor}
            for name, value in values.items()
        }

    return {
        "torch": torch.__version__,
        "longestSum": longest,
        "inference": inference,
        "outputs": outputs,
        "loss": loss,
        "gradients": gradients,
        "gradientsIn32": safe,
        "losses": losses,
        "steps32": steps32,
        "final64": finals(final64, U64, MAGNIFIED),
        "final32": None if final32 is None else finals(final32, U32, 1),
    }


def reply(line):
    try:
        return answer(json.loads(line))
    except Exception:
        return {"error": traceback.format_exc()}


for line in sys.stdin:
    print(json.dumps(reply(line)), flush=True)
