"""From a model's folder and a camera's message to a label map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfnet_ros.lazy import imported_when_asked_for
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

if TYPE_CHECKING:
    from sfnet_ros.runtime.deploy import DeployModel
    from sfnet_ros.runtime.manifest import ModelManifest, SplitScores, load_manifest, save_manifest
    from sfnet_ros.runtime.model_folders import find_model, list_models
    from sfnet_ros.runtime.model_store import load_model, save_model, update_manifest
    from sfnet_ros.runtime.network_size import SizeRule, check_size_rule, output_size
    from sfnet_ros.runtime.segmentation import Segmentation, Timing
    from sfnet_ros.runtime.segmenter import Segmenter

__all__ = [
    'DeployModel',
    'ImageFormatError',
    'ModelManifest',
    'Segmentation',
    'Segmenter',
    'SizeRule',
    'SplitScores',
    'Timing',
    'check_size_rule',
    'find_model',
    'list_models',
    'load_manifest',
    'load_model',
    'output_size',
    'save_manifest',
    'save_model',
    'to_rgb',
    'update_manifest',
]

# Imported when first asked for: most of it brings torch along, which who reads images alone does without.
_HOMES = {
    'deploy': ('DeployModel',),
    'manifest': ('ModelManifest', 'SplitScores', 'load_manifest', 'save_manifest'),
    'model_folders': ('find_model', 'list_models'),
    'model_store': ('load_model', 'save_model', 'update_manifest'),
    'network_size': ('SizeRule', 'check_size_rule', 'output_size'),
    'segmentation': ('Segmentation', 'Timing'),
    'segmenter': ('Segmenter',),
}

__getattr__ = imported_when_asked_for(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
