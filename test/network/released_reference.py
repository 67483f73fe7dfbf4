"""Weights drawn from a formula, and what the authors' released code computes with them (test/data/official_*.npz)."""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / 'data'


def formula_tensor(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw the tensor that a released name stands for; the name alone seeds it."""
    generator = Generator(PCG64(zlib.crc32(key.encode())))
    if key.endswith('num_batches_tracked'):
        return torch.tensor(0)
    if len(shape) == 4:
        scale = math.sqrt(2 / math.prod(shape[1:])) * (4 if 'flow_make' in key else 1)
        values = generator.standard_normal(shape) * scale
    elif key.endswith('running_var'):
        values = generator.uniform(0.5, 1.5, shape)
    elif key.endswith('weight'):
        values = generator.uniform(0.4, 0.8, shape)
    else:
        values = 0.1 * generator.standard_normal(shape)
    return torch.from_numpy(values.astype(np.float32))


def released_state(reference: Path) -> dict[str, torch.Tensor]:
    """Draw a whole released state dict, as the reference lists its names and shapes."""
    with np.load(reference) as stored:
        keys, shapes = stored['keys'], stored['shapes']
    state = {}
    for key, shape in zip(keys, shapes, strict=True):
        sizes = tuple(int(size) for size in str(shape).strip('[]').split(',') if size.strip())
        state[str(key)] = formula_tensor(str(key), sizes)
    return state


def network_input(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw a normalised input."""
    return torch.from_numpy(Generator(PCG64(seed)).standard_normal(shape).astype(np.float32))


def expected_logits(reference: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read the reference logits: every 4th pixel for input A, every 3rd for input B."""
    with np.load(reference) as stored:
        return stored['logits'], stored['logits_odd']
