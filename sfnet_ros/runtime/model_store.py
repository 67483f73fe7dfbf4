"""Folders of models, read and written."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sfnet_ros.network import SFNet
from sfnet_ros.network.checkpoint import load_weights, save_weights
from sfnet_ros.network.create import create_without_weights
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.manifest import ModelManifest, load_manifest, save_manifest
from sfnet_ros.runtime.model_folders import WEIGHTS_FILE, check_destination, find_model


def load_model(name_or_folder: str | Path) -> tuple[SFNet, ModelManifest]:
    """Load a model by its name or folder.

    Returns:
        The network on the CPU, in evaluation mode, and its manifest.

    Raises:
        ValueError: It was not found, is incomplete or damaged, or its parts do not belong together.
    """
    folder = find_model(name_or_folder)
    manifest = load_manifest(folder)
    manifest.load_label_space()
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        raise ValueError(f'model folder {folder} has no {WEIGHTS_FILE}: it is incomplete; import or copy it again')
    model = create_without_weights(replace(manifest.network, aux_heads=False))
    load_weights(model, weights, manifest.weights_sha256)
    return model.eval(), manifest


def load_deploy_model(name_or_folder: str | Path) -> tuple[DeployModel, ModelManifest]:
    """Load a model with all that lies between pixels and labels.

    Raises:
        ValueError: See `load_model`.
    """
    model, manifest = load_model(name_or_folder)
    normalizer = PixelNormalizer(manifest.mean, manifest.std)
    return DeployModel(model, normalizer, manifest.temperature, manifest.weights_sha256), manifest


def save_model(folder: Path, model: SFNet, manifest: ModelManifest, *, overwrite: bool = False) -> ModelManifest:
    """Write a model folder, wholly or not at all.

    Args:
        folder: Its name is the model's name from now on.
        model: The network; its auxiliary heads are left out.
        manifest: What is known of it; the weights' hash is filled in.
        overwrite: Replace a model that is there.

    Returns:
        The manifest as it was written.

    Raises:
        ValueError: The name is none for a model, or there is such a folder already.
    """
    check_destination(folder, overwrite=overwrite)
    temporary = folder.with_name(f'.{folder.name}.{secrets.token_hex(4)}')
    temporary.mkdir(parents=True)
    try:
        sha256 = save_weights(model, temporary / WEIGHTS_FILE)
        network = replace(manifest.network, aux_heads=False)
        written = replace(manifest, name=folder.name, network=network, weights_sha256=sha256)
        save_manifest(temporary, written)
        _put_in_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return written


def update_manifest(name_or_folder: str | Path, change: Callable[[ModelManifest], ModelManifest]) -> ModelManifest:
    """Write what ``change`` makes of a model's manifest in its place.

    Returns:
        The manifest as it was written.

    Raises:
        ValueError: The model was not found, or has no whole manifest.
    """
    folder = find_model(name_or_folder)
    manifest = change(load_manifest(folder))
    save_manifest(folder, manifest)
    return manifest


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Rename a folder onto another one; folders, unlike files, are not replaced in one step."""
    if not folder.exists():
        temporary.rename(folder)
        return
    old = folder.with_name(f'{temporary.name}.old')
    folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old)
