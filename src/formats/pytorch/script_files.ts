/** Python of every script: files of weights. `` keeps backslashes; the texts hold nothing of a model. */

/** What a script begins with. */
export const HEAD = `import argparse
import gzip
import json
import math
import os
import struct
import sys

import numpy
import torch
import torch.nn.functional as F
from torch import nn
`;

/** Reading and writing safetensors; WEIGHTS and CONFIG come before it. */
export const FILES = `
def in_page_layout(name, tensor):
    """A parameter, or its gradient, as the page lays it out: a view of the same values."""
    _, shape, order = WEIGHTS[name]
    return tensor if shape is None else tensor.view(shape).permute(order)


def tensor_of(network, name):
    path = WEIGHTS[name][0]
    is_statistic = path.endswith((".running_mean", ".running_var"))
    return network.get_buffer(path) if is_statistic else network.get_parameter(path)


def read_safetensors(path):
    """Tensors of a safetensors file by their names."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        if size > 100_000_000:
            raise SystemExit(f"{path}: this is no safetensors file")
        header = json.loads(file.read(size))
        data = file.read()
    types = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1"}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        if entry["dtype"] in types:
            values = numpy.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
            tensors[name] = torch.from_numpy(values.copy())
    return tensors


def load_weights(network, path):
    """Gives the network the weights of a file that saveModel() or toSafetensors() wrote."""
    tensors = read_safetensors(path)
    for name in WEIGHTS:
        if name not in tensors:
            raise SystemExit(f"{path}: has no tensor {name!r}; write it with saveModel(model) in the page")
        target = in_page_layout(name, tensor_of(network, name).data)
        if list(tensors[name].shape) != list(target.shape):
            raise SystemExit(f"{path}: {name!r} is {list(tensors[name].shape)}, the network wants {list(target.shape)}")
        target.copy_(tensors[name])


def save_weights(network, path):
    """Writes a file that loadModel() and model.setParameters(loadSafetensors(bytes)) take."""
    header, parts, size = {"__metadata__": {"config": CONFIG}}, [], 0
    for name in WEIGHTS:
        value = in_page_layout(name, tensor_of(network, name).data).detach().cpu().float().contiguous().numpy()
        part = value.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [size, size + len(part)]}
        parts.append(part)
        size += len(part)
    text = json.dumps(header, ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
    os.replace(path + ".part", path)
`;

/** Data sets: arrays and folders of images; INPUT_SHAPES comes before it. */
export const DATA = String.raw`
def read_idx(path):
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        data = file.read()
    types = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in types:
        raise SystemExit(f"{path}: neither .npy, .npz nor IDX")
    shape = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    return numpy.frombuffer(data, types[data[2]], offset=4 + 4 * data[3]).reshape(shape)


def read_array(name):
    """FILE.npy, FILE.npz:KEY or an IDX file, also packed by gzip."""
    path, _, key = name.partition(".npz:")
    if key:
        return numpy.load(path + ".npz", allow_pickle=False)[key]
    return numpy.load(name, mmap_mode="r", allow_pickle=False) if name.endswith(".npy") else read_idx(name)


def pixels(values):
    """Bytes become 0 ... 1, other numbers are taken as they are."""
    scale = 255 if values.dtype == numpy.uint8 else 1
    return torch.from_numpy(numpy.ascontiguousarray(values, numpy.float32)) / scale


class Arrays:
    """Images and targets in memory or in mapped files."""

    def __init__(self, images, targets, weights=None):
        self.images = [read_array(name) for name in images]
        self.targets = [read_array(name) for name in targets]
        self.weights = None if weights is None else numpy.asarray(read_array(weights), numpy.float32)
        if len(self.images) != len(INPUT_SHAPES):
            raise SystemExit(f"--images: the network has {len(INPUT_SHAPES)} inputs, got {len(self.images)} files")
        self.count = len(self.images[0])
        for place, (array, shape) in enumerate(zip(self.images, INPUT_SHAPES)):
            if array[0].size != math.prod(shape):
                raise SystemExit(f"--images: input {place} wants rows of {shape}, got {list(array.shape[1:])}")
        for array in self.images + self.targets + ([] if self.weights is None else [self.weights]):
            if len(array) != self.count:
                raise SystemExit(f"the arrays have {self.count} and {len(array)} rows")
        self.of_bytes = self.images[0].dtype == numpy.uint8

    def inputs_of(self, rows):
        return [pixels(array[rows]).reshape(-1, *shape) for array, shape in zip(self.images, INPUT_SHAPES)]

    def targets_of(self, rows):
        return [torch.from_numpy(numpy.ascontiguousarray(array[rows])) for array in self.targets]

    def weights_of(self, rows):
        return None if self.weights is None else torch.from_numpy(self.weights[rows])


class Folder:
    """Pictures in one folder a class, read as they are needed; wants Pillow."""

    of_bytes, weights = True, None

    def __init__(self, path, fit):
        try:
            from PIL import Image
        except ImportError:
            raise SystemExit("--folder wants Pillow: pip install pillow")
        self.open, self.fit = Image.open, fit
        self.height, self.width, channels = INPUT_SHAPES[0]
        self.mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        classes = sorted(entry.name for entry in os.scandir(path) if entry.is_dir())
        endings = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
        self.files = [
            (os.path.join(path, name, file), number)
            for number, name in enumerate(classes)
            for file in sorted(os.listdir(os.path.join(path, name)))
            if file.lower().endswith(endings)
        ]
        self.count = len(self.files)
        if self.count == 0:
            raise SystemExit(f"{path}: no pictures; a folder for each class is wanted")

    def picture(self, row):
        with self.open(self.files[row][0]) as opened:
            image = opened.convert(self.mode)
        width, height = image.size
        if self.fit == "stretch":
            return numpy.asarray(image.resize((self.width, self.height)))
        ratios = self.width / width, self.height / height
        scale = max(ratios) if self.fit == "cover" else min(ratios)
        image = image.resize((max(1, round(width * scale)), max(1, round(height * scale))))
        left, top = (image.size[0] - self.width) // 2, (image.size[1] - self.height) // 2
        return numpy.asarray(image.crop((left, top, left + self.width, top + self.height)))

    def inputs_of(self, rows):
        if len(rows) == 0:
            return [torch.zeros(0, *INPUT_SHAPES[0])]
        pictures = numpy.stack(list(READERS.map(self.picture, rows)))
        return [pixels(pictures).reshape(-1, *INPUT_SHAPES[0])]

    def targets_of(self, rows):
        return [torch.tensor([self.files[row][1] for row in rows], dtype=torch.int64)]

    def weights_of(self, rows):
        return None


def data_of(images, targets, folder, fit, weights=None):
    if folder:
        return Folder(folder, fit)
    return Arrays(images, targets or [], weights) if images else None
`;
