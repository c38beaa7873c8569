"""The preset "pictures" of scripts/train.ts in PyTorch, on pixels that bench/folders.ts has decoded. Run that."""
import argparse
import math
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

LEARNING_RATE = 4e-3
WEIGHT_DECAY = 4e-3
BATCH = 50


def read(folder, name, size):
    pixels = numpy.fromfile(f"{folder}/{name}.pixels", numpy.uint8).reshape(-1, size, size, 3)
    labels = numpy.fromfile(f"{folder}/{name}.labels", numpy.uint8)
    return torch.tensor(pixels).permute(0, 3, 1, 2).float() / 255, torch.tensor(labels).long()


def network(classes):
    layers, channels = [], 3
    for filters in (32, 64, 128, 128):
        conv = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(conv.weight, mode="fan_in", nonlinearity="relu")
        layers += [conv, nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(channels, classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def flipped(images, random):
    mirror = torch.tensor(random.random(len(images)) < 0.5)
    return torch.where(mirror[:, None, None, None], images.flip(3), images)


def evaluate(net, images, labels):
    net.eval()
    with torch.no_grad():
        logits = torch.cat([net(part) for part in images.split(100)])
    net.train()
    accuracy = (logits.argmax(1) == labels).float().mean().item()
    return accuracy, functional.cross_entropy(logits, labels).item()


def train(seed, arguments, training, validation):
    torch.manual_seed(seed)
    random = numpy.random.RandomState(seed)
    images, labels = training
    net = network(int(labels.max()) + 1)
    steps = math.ceil(len(images) / BATCH) * arguments.epochs
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=LEARNING_RATE, total_steps=steps, cycle_momentum=False
    )
    started = time.time()
    for _ in range(arguments.epochs):
        order = torch.tensor(random.permutation(len(images)))
        for rows in order.split(BATCH):
            batch = images[rows]
            if arguments.augment == "flip":
                batch = flipped(batch, random)
            loss = functional.cross_entropy(net(batch.contiguous(memory_format=torch.channels_last)), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    accuracy, loss = evaluate(net, *validation)
    print(
        f"PyTorch {torch.__version__}, augment {arguments.augment}, seed {seed}: validation accuracy {accuracy:.4f}"
        f" · loss {loss:.4f} · {steps} steps · {time.time() - started:.0f} s",
        flush=True,
    )
    return accuracy


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seeds", required=True)
    parser.add_argument("--augment", choices=["flip", "none"], required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    training, validation = (read(arguments.folder, name, arguments.size) for name in ("training", "validation"))
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    accuracies = [train(seed, arguments, training, validation) for seed in seeds]
    print(f"mean of seeds {arguments.seeds}: {sum(accuracies) / len(accuracies):.4f}")


main()
