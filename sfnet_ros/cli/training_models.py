"""The models that a run starts from, learns from and makes: told by their manifests, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfnet_ros.runtime import ModelManifest
    from sfnet_ros.training.config import TrainingConfig


def check_origins(config: TrainingConfig) -> None:
    """Refuse what a run cannot start or learn from.

    Raises:
        FileNotFoundError: The file of the backbone's weights does not exist.
        ValueError: A model was not found, or is of another architecture or other classes.
    """
    from sfnet_ros.runtime import find_model, load_manifest
    from sfnet_ros.training.backbone_sources import family_with_weights
    from sfnet_ros.training.teachers import check_teacher
    from sfnet_ros.training.warm_start import check_start

    if config.init:
        check_start(config.network, load_manifest(find_model(config.init)).network)
    else:
        family_with_weights(config.network.backbone, config.backbone_weights)
    for name in config.distillation.teachers:
        check_teacher(name, load_manifest(find_model(name)).network.num_classes, config.network.num_classes)


def manifest_of(config: TrainingConfig, recipe: str, drives: list[str]) -> ModelManifest:
    """Say what the trained model will be.

    Args:
        config: The run.
        recipe: Name of its file.
        drives: What is trained on.

    Raises:
        ValueError: It can be no model.
    """
    from dataclasses import asdict

    from sfnet_ros.cli.options import lasting_label_space
    from sfnet_ros.runtime import ModelManifest

    return ModelManifest(
        name=config.name,
        label_space=lasting_label_space(config.data.label_space),
        network=config.network,
        network_short_side=config.input_short_side,
        drives=tuple(drives),
        recipe=recipe,
        commit=_commit(),
        **asdict(config.card),
    )


def _commit() -> str:
    """Name the commit of the checkout that this runs from; empty where there is none."""
    import subprocess

    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / '.git').exists():
        # Installed, and perhaps within some other repository.
        return ''
    command = ['git', '-C', str(checkout), 'rev-parse', '--short=12', 'HEAD']
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ''
