"""Weights in files: in parts that are not too large, and in 8 bits with one scale for each row."""

import torch
from safetensors.torch import load_file

SCALE_SUFFIX = ".row_scale"


def parts(weights, count):
    """Returns `count` dictionaries of about the same size."""
    total = sum(weight.numel() * weight.element_size() for weight in weights.values())
    split, size = [{} for _ in range(count)], 0
    for name, weight in weights.items():
        split[min(count - 1, size * count // total)][name] = weight.contiguous().cpu()
        size += weight.numel() * weight.element_size()
    return split


def in_8_bits(weights):
    """Returns the weights with every matrix as int8 rows and their scales."""
    packed = {}
    for name, weight in weights.items():
        if weight.dim() < 2:
            packed[name] = weight.half()
            continue
        rows = weight.float().flatten(1)
        scale = rows.abs().amax(1, keepdim=True).clamp_min(1e-12) / 127
        packed[name] = (rows / scale).round().to(torch.int8).view(weight.shape)
        packed[name + SCALE_SUFFIX] = scale.view(-1)
    return packed


def load(folder):
    """Returns the weights of all files of a folder in float32; rows of 8 bits are multiplied by their scales."""
    weights = {}
    for path in sorted(folder.glob("*.safetensors")):
        weights.update(load_file(path))
    plain = {name: weight.float() for name, weight in weights.items() if not name.endswith(SCALE_SUFFIX)}
    for name, scale in weights.items():
        if name.endswith(SCALE_SUFFIX):
            weight = plain[name.removesuffix(SCALE_SUFFIX)]
            weight.mul_(scale.view(-1, *[1] * (weight.dim() - 1)))
    return plain
