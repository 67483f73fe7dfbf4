"""Everything that a training run is made of, as one file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.settings import from_mapping
from sfnet_ros.training.run_settings import RunSettings, load_values

# What may change while a run is resumed, as its weights do not depend on it.
_ASIDE = ('name', 'card', 'input_short_side', 'validate_every', 'save_every', 'workers', 'tensorboard')
_DATA_ASIDE = ('root', 'cache_gib', 'validation_split', 'validation_drives')


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(RunSettings):
    """A whole run: its settings, and the network.

    Args:
        network: The network; a training-only ``aux_heads`` follows from ``loss.aux_weight``.
    """

    network: SFNetConfig

    def leads_to_the_weights_of(self, other: TrainingConfig) -> bool:
        """Tell whether two runs differ in nothing but what is said of them, and how they are watched."""
        data = replace(self.data, **{name: getattr(other.data, name) for name in _DATA_ASIDE})
        return replace(self, data=data, **{name: getattr(other, name) for name in _ASIDE}) == other

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> TrainingConfig:
        """Build a config from plain values.

        Raises:
            ValueError: A key is unknown or missing, or a value has the wrong type or range.
        """
        return from_mapping(cls, values, 'training')

    @classmethod
    def load(cls, path: Path) -> TrainingConfig:
        """Read a YAML file, and those that it builds on by ``base``.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is no YAML, or not a training config.
        """
        values = load_values(path)
        try:
            return cls.from_dict(values)
        except ValueError as error:
            raise ValueError(f'{path}: {" ".join(str(error).split())}') from error
