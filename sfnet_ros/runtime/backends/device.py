"""Where a model can run."""

from __future__ import annotations

import re

import torch


def default_device() -> str:
    """Name the device that ``auto`` stands for: CUDA where torch sees a GPU, else the CPU."""
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def chosen_device(device: str) -> str:
    """Name the device that was asked for: what ``auto`` stands for, or the one that is named.

    Raises:
        ValueError: See `check_device`.
    """
    chosen = default_device() if device == 'auto' else device
    check_device(chosen)
    return chosen


def check_device(device: str) -> None:
    """Refuse a device that is not here; nothing falls to the CPU silently.

    Raises:
        ValueError: The name is not known, or the device is absent.
    """
    if device == 'cpu':
        return
    match = re.fullmatch(r'cuda(?::(\d+))?', device)
    if match is None:
        raise ValueError(f'device {device!r} is not known; accepted are auto, cpu, cuda and cuda:<index>')
    if int(match[1] or 0) >= torch.cuda.device_count():
        raise ValueError(
            f'device {device!r} was asked for, but torch sees {torch.cuda.device_count()} CUDA GPUs; '
            'use device cpu or auto, or install a CUDA build of torch and its driver'
        )
