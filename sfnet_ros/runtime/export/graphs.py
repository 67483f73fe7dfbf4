"""The graphs that backends run, made once for a model and kept in the user's cache."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import torch
from torch import nn

from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.export.onnx import export_grid
from sfnet_ros.runtime.export.whole import is_whole, made_by_one, whole_file
from sfnet_ros.share import user_cache_folder

logger = logging.getLogger(__name__)

# Raised when the same weights give another graph than before.
_FORMAT = 2


def graph_key(deploy_model: DeployModel) -> str:
    """Name what a model's graph is made of: weights, architecture and normalisation, but not the temperature."""
    config, normalizer = deploy_model.model.config, deploy_model.normalizer
    weights = deploy_model.weights_sha256 or _hash(deploy_model.model)
    parts = [_FORMAT, torch.__version__, weights, config, normalizer.scale.tolist(), normalizer.offset.tolist()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _hash(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def cached_graph(deploy_model: DeployModel, suffix: str = '.onnx') -> Path:
    """Name the file of a model's graph, which need not exist: see `export_grid`."""
    return user_cache_folder() / 'graphs' / f'{graph_key(deploy_model)}{suffix}'


def grid_graph(deploy_model: DeployModel, *, half: bool = False) -> Path:
    """Find a model's graph, or make it, which takes half a minute; one that was damaged is made anew.

    Args:
        deploy_model: The model as it was loaded: a backend's own is folded already, and another one by that.
        half: The one in float16.

    Raises:
        ValueError: A library that this needs is not installed.
    """
    path = cached_graph(deploy_model, '.half.onnx' if half else '.onnx')
    if is_whole(path):
        return path
    with made_by_one(path):
        if not is_whole(path):
            logger.info('preparing the graph of this model, once: about half a minute')
            with whole_file(path) as temporary:
                export_grid(deploy_model, temporary, half=half)
    return path


def int8_file(deploy_model: DeployModel, folder: Path) -> Path:
    """Name the file of a model's int8 graph, which need not exist."""
    return folder / f'int8-{graph_key(deploy_model)[:12]}.onnx'


def int8_graph(deploy_model: DeployModel, folder: Path | None) -> Path:
    """Find a model's int8 graph, which stands beside its weights as it takes pictures to make.

    Raises:
        ValueError: There is none for these weights, or a damaged one.
    """
    path = int8_file(deploy_model, folder) if folder else None
    if path is None or not is_whole(path):
        name = folder.name if folder else 'this model'
        raise ValueError(
            f'precision int8 of {name} has no graph for its weights yet; make it with sfnet export --precision int8'
        )
    return path
