"""From a model's folder and a camera's message to a label map."""

from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.image import ImageFormatError, to_rgb
from sfnet_ros.runtime.manifest import ModelManifest, SplitScores, load_manifest, save_manifest
from sfnet_ros.runtime.model_store import find_model, list_models, load_model, save_model
from sfnet_ros.runtime.segmenter import Segmentation, Segmenter, Timing

__all__ = [
    'DeployModel',
    'ImageFormatError',
    'ModelManifest',
    'Segmentation',
    'Segmenter',
    'SplitScores',
    'Timing',
    'find_model',
    'list_models',
    'load_manifest',
    'load_model',
    'save_manifest',
    'save_model',
    'to_rgb',
]
