"""Find and load the model that the parameters ask for."""

from __future__ import annotations

from pathlib import Path

import torch

from sfnet_ros.ros.parameters import NodeParameters
from sfnet_ros.runtime import ModelManifest, Segmenter, find_model, load_manifest
from sfnet_ros.runtime.model_store import models_in
from sfnet_ros.share import DEFAULT_MODEL, share_folders

# Nobody knows the camera's size yet; another one costs its first frames some time.
_TYPICAL_FRAME_HW = (480, 640)

_ALL_THREADS = torch.get_num_threads()


def load_segmenter(parameters: NodeParameters) -> Segmenter:
    """Load the model and run it until it is warm.

    Raises:
        ValueError: One sentence about a model, or what it shall run on, that is not there or not right.
    """
    folder = choose_model(parameters.model, parameters.backbone)
    torch.set_num_threads(parameters.threads or _ALL_THREADS)
    segmenter = Segmenter.from_model(
        folder,
        backend=parameters.backend,
        device=parameters.device,
        precision=parameters.precision,
        input_hw=parameters.input_hw,
    )
    segmenter.warm_up(_TYPICAL_FRAME_HW)
    return segmenter


def choose_model(model: str, backbone: str) -> Path:
    """Find the folder of the model that is asked for, by its name or by its backbone.

    Raises:
        ValueError: There is none, or the model has another backbone.
    """
    if not backbone:
        return find_model(model or DEFAULT_MODEL)
    if not model:
        return _shipped_model(backbone)
    folder = find_model(model)
    actual = load_manifest(folder).network.backbone
    if actual != backbone:
        raise ValueError(f'model {model} has backbone {actual}, not {backbone}: set one of `model` and `backbone` only')
    return folder


def _shipped_model(backbone: str) -> Path:
    manifests, faults = _shipped()
    for folder, manifest in manifests.items():
        if manifest.network.backbone == backbone:
            return folder
    shipped = ', '.join(f'{manifest.network.backbone} ({manifest.name})' for manifest in manifests.values()) or 'none'
    passed_over = ''.join(f'; passed over: {fault}' for fault in faults)
    raise ValueError(
        f'no shipped model has backbone {backbone!r}; shipped are {shipped}; name others with `model`{passed_over}'
    )


def _shipped() -> tuple[dict[Path, ModelManifest], list[ValueError]]:
    """Read the manifests of the shipped models; what is wrong with the others is given beside them."""
    manifests, faults = {}, []
    for folder in [model for share in share_folders() for model in models_in(share / 'models')]:
        try:
            manifests[folder] = load_manifest(folder)
        except ValueError as error:
            faults.append(error)
    return manifests, faults
