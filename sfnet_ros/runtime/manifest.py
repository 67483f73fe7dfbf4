"""What stands beside a model's weights: all that is needed to run it, and what is known of it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from sfnet_ros.files import atomic_path
from sfnet_ros.labels import LabelSpace
from sfnet_ros.network import SFNetConfig
from sfnet_ros.network.imagenet import IMAGENET_MEAN, IMAGENET_STD
from sfnet_ros.runtime.network_size import MAX_SHORT_SIDE, MIN_SHORT_SIDE
from sfnet_ros.settings import from_mapping

MANIFEST_FILE = 'model.yaml'


@dataclass(frozen=True)
class SplitScores:
    """Record what was measured on one split.

    Args:
        overall: mIoU, from 0 to 1.
        per_class: IoU by class name, from 0 to 1; classes that the split lacks are left out.
    """

    overall: float
    per_class: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, share in {'overall': self.overall, **self.per_class}.items():
            if not 0.0 <= share <= 1.0:
                raise ValueError(f'{name} is {share}; an IoU from 0 to 1 is accepted')


@dataclass(frozen=True)
class ModelManifest:
    """Describe a model.

    Args:
        name: The name of its folder; it is not written into the file.
        label_space: Name or path of a label space, see `LabelSpace.load`.
        network_short_side: Short side in px that frames are brought to before the network sees them.
        mean: Of the normalisation, per channel, for pixels from 0 to 1.
        std: Likewise.
        temperature: What logits are divided by before the softmax of the confidence.
        weights_sha256: Of the weights' file; `save_model` fills it in.
        data: What it was trained on, in words.
        drives: Of that data.
        recipe: How: a training configuration.
        commit: Of this project, when it was trained.
        miou: What was measured, by split.
        faithful: The pairs ``'<backend>/<precision>'`` that give at least 99.5 % of float32's labels.

    Raises:
        ValueError: A value is out of its range.
    """

    name: str
    label_space: str
    network: SFNetConfig
    network_short_side: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    temperature: float = 1.0
    weights_sha256: str = ''
    data: str = ''
    drives: tuple[str, ...] = ()
    recipe: str = ''
    commit: str = ''
    miou: dict[str, SplitScores] = field(default_factory=dict)
    faithful: tuple[str, ...] = ()
    licence_weights: str = ''
    licence_data: str = ''
    intended_use: str = ''
    limits: str = ''

    def __post_init__(self) -> None:
        if not MIN_SHORT_SIDE <= self.network_short_side <= MAX_SHORT_SIDE:
            raise ValueError(
                f'network_short_side is {self.network_short_side}; {MIN_SHORT_SIDE} to {MAX_SHORT_SIDE} px are accepted'
            )
        if not all(map(math.isfinite, self.mean)):
            raise ValueError(f'mean is {list(self.mean)}; finite numbers are accepted')
        if not all(deviation > 0 and math.isfinite(deviation) for deviation in self.std):
            raise ValueError(f'std is {list(self.std)}; numbers above 0 are accepted')
        if not 0 < self.temperature < math.inf:
            raise ValueError(f'temperature is {self.temperature}; a number above 0 is accepted')
        if not re.fullmatch(r'([0-9a-f]{64})?', self.weights_sha256):
            raise ValueError(f'weights_sha256 is {self.weights_sha256!r}; 64 hexadecimal digits are accepted')
        for pair in self.faithful:
            if not re.fullmatch(r'[a-z0-9]+/[a-z0-9]+', pair):
                raise ValueError(f"faithful holds {pair!r}; pairs such as 'torch/bfloat16' are accepted")

    def load_label_space(self) -> LabelSpace:
        """Read the label space that the model speaks.

        Raises:
            ValueError: It is not known, or has another number of classes than the network.
        """
        label_space = LabelSpace.load(self.label_space)
        if label_space.num_classes != self.network.num_classes:
            raise ValueError(
                f'model {self.name} gives {self.network.num_classes} classes, but label space '
                f'{self.label_space} has {label_space.num_classes}; name the label space it was trained on'
            )
        return label_space


def load_manifest(folder: Path) -> ModelManifest:
    """Read the manifest of a model folder.

    Raises:
        ValueError: There is none, or it is not a whole one.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise ValueError(f'model folder {folder} has no {MANIFEST_FILE}: it is incomplete; import or copy it again')
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'manifest {path} is not valid YAML: {" ".join(str(error).split())}') from error
    if isinstance(content, Mapping):
        if 'name' in content:
            raise ValueError(f'manifest {path}: a model is named after its folder; remove the key name')
        content = {**content, 'name': os.path.basename(os.path.abspath(folder))}
    try:
        manifest = from_mapping(ModelManifest, content, f'manifest {path}')
    except ValueError as error:
        sentence = str(error) if str(path) in str(error) else f'manifest {path}: {error}'
        raise ValueError(sentence) from error
    if not manifest.weights_sha256:
        raise ValueError(f'manifest {path} has no weights_sha256, so its weights cannot be checked; import it again')
    return manifest


def save_manifest(folder: Path, manifest: ModelManifest) -> None:
    """Write the manifest of a model folder; what was there is replaced at once."""
    content = {key: value for key, value in asdict(manifest).items() if key != 'name'}
    with atomic_path(folder / MANIFEST_FILE) as temporary:
        temporary.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120), encoding='utf-8')
