"""Choose the model that the parameters ask for, and tell early what cannot be loaded."""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.runtime import ModelManifest, find_model, load_manifest
from sfnet_ros.runtime.backends import choose
from sfnet_ros.runtime.model_folders import WEIGHTS_FILE, models_in
from sfnet_ros.runtime.network_size import SizeRule, check_size_rule, smaller_rules
from sfnet_ros.share import DEFAULT_MODEL, share_folders

# How many sizes of the network there are to keep a latency with.
RUNGS = 5


def check_model(parameters: NodeParameters) -> LabelSpace:
    """Check all that is quick to check before a model is loaded.

    Returns:
        The label space of the model.

    Raises:
        ValueError: One sentence about what is not there or not right.
    """
    folder = choose_model(parameters.model, parameters.backbone)
    manifest = load_manifest(folder)
    if not (folder / WEIGHTS_FILE).is_file():
        raise ValueError(f'model folder {folder} has no {WEIGHTS_FILE}: it is incomplete; import or copy it again')
    choose(manifest, parameters.backend, parameters.device, parameters.precision)
    rule = size_rule(parameters, manifest)
    check_size_rule(rule)
    if parameters.target_latency_ms:
        smaller_rules(rule, RUNGS)
    return manifest.load_label_space()


def name_model(parameters: NodeParameters) -> str:
    """Name the model that is asked for in a user's words."""
    if parameters.backbone and not parameters.model:
        return f'the model of backbone {parameters.backbone}'
    return f'model {parameters.model or DEFAULT_MODEL}'


def size_rule(parameters: NodeParameters, manifest: ModelManifest) -> SizeRule:
    """Give the rule by which the network's size is found."""
    return manifest.network_short_side if parameters.input_hw is None else parameters.input_hw


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
