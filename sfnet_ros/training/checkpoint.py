"""The state that a run goes on from."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sfnet_ros.files import atomic_path


@dataclass
class RunState:
    """Where a run stands after an epoch: plain values and tensors alone, so that it loads without unpickling code."""

    epoch: int
    model: dict[str, Any]
    averaged: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    config: dict[str, Any]


def save_state(path: Path, state: RunState) -> None:
    """Write a run's state, whole or not at all."""
    with atomic_path(path) as temporary:
        torch.save(vars(state), temporary)


def load_state(path: Path) -> RunState:
    """Read a run's state.

    Raises:
        ValueError: The file is damaged or not a run's state.
    """
    try:
        return RunState(**torch.load(path, map_location='cpu', weights_only=True))
    except (pickle.UnpicklingError, RuntimeError, EOFError, TypeError) as error:
        raise ValueError(f'{path} is not the state of a training run, or damaged; delete it to start anew') from error
