"""The state that a run goes on from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from sfnet_ros.files import atomic_path
from sfnet_ros.network.safe_load import safe_load
from sfnet_ros.training.config import TrainingConfig


@dataclass
class RunState:
    """Where a run stands after a step: plain values and tensors alone, so that it loads without unpickling code.

    It holds no state of random generators: what is drawn follows from the seed and the step.
    """

    step: int
    best_miou: float
    model: dict[str, Any]
    averaged: dict[str, Any]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    config: dict[str, Any]


def save_state(path: Path, state: RunState) -> None:
    """Write a run's state, whole or not at all."""
    with atomic_path(path) as temporary:
        torch.save(vars(state), temporary)


def load_state(path: Path, config: TrainingConfig) -> RunState:
    """Read the state of a run that is to be gone on with.

    Raises:
        ValueError: The file is damaged, not a run's state, or that of a run with another config.
    """
    content = safe_load(path, 'state')
    if not isinstance(content, dict) or content.keys() != {field.name for field in fields(RunState)}:
        raise ValueError(f'{path} is not the state of a training run, or of another version; delete it to start anew')
    state = RunState(**content)
    if not TrainingConfig.from_dict(state.config).leads_to_the_weights_of(config):
        raise ValueError(f'{path} is from a run with another config; resume with that one or choose another --out')
    return state
