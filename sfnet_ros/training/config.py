"""Everything that a training run is made of, as one file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from sfnet_ros.network import SFNetConfig
from sfnet_ros.settings import from_mapping

LOSSES = ('cross_entropy', 'ohem')
PRECISIONS = ('auto', 'float32', 'bfloat16')


@dataclass(frozen=True)
class DataConfig:
    """What is trained on and validated with.

    Args:
        root: Folder of the data set, relative to where the command runs.
        layout: A key of ``sfnet_ros.datasets``: camvid or folder.
        label_space: Name of the classes, or a YAML file with them.
        split: Split trained on.
        exclude_drives: Drives left out of training, to judge a recipe on.
        validation_split: Split validated on; empty: none.
        validation_drives: Validate on these drives alone; empty: all.
    """

    root: str
    layout: str = 'camvid'
    label_space: str = 'camvid'
    split: str = 'train'
    exclude_drives: tuple[str, ...] = ()
    validation_split: str = 'val'
    validation_drives: tuple[str, ...] = ()


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes to training pictures, in this order.

    Args:
        crop_hw: Size of the crop that the network sees.
        scale_range: The picture is scaled by a factor drawn log-uniformly from this range.
        rare_class_probability: Share of crops centred on a pixel of a rare class.
        flip_probability: Share of pictures mirrored.
        brightness: Factor drawn from 1 - value to 1 + value; likewise the next two.
        contrast: See ``brightness``.
        saturation: See ``brightness``.
        hue: Hue is turned by up to this share of the colour circle.
        hue_probability: Share of pictures whose hue is turned.
        grayscale_probability: Share of pictures without colour.
        blur_probability: Share of pictures blurred, sigma 0.3 to 1.5 px.
        gamma: Brightness is raised to a power of up to 1 + value or down to its inverse.

    Source: released recipe (scale, pad, crop, flip, colour jitter, blur); strengths are chosen in the config files.
    """

    crop_hw: tuple[int, int] = (352, 480)
    scale_range: tuple[float, float] = (0.5, 2.0)
    rare_class_probability: float = 0.0
    flip_probability: float = 0.5
    brightness: float = 0.25
    contrast: float = 0.25
    saturation: float = 0.25
    hue: float = 0.0
    hue_probability: float = 0.0
    grayscale_probability: float = 0.0
    blur_probability: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        if min(self.crop_hw) < 32:
            raise ValueError(f'augment: crop_hw is {self.crop_hw}; accepted are sizes from 32 on')
        if not 0 < self.scale_range[0] <= self.scale_range[1]:
            raise ValueError(f'augment: scale_range is {self.scale_range}; accepted is low, high with 0 < low <= high')


@dataclass(frozen=True)
class LossConfig:
    """What is minimised.

    Args:
        kind: cross_entropy or ohem.
        class_weight_cap: Rare classes weigh up to this much more than the median one; 0: all alike.
        aux_weight: Weight of each auxiliary head's loss.
        aux_stride: Auxiliary losses are taken on targets subsampled by this.
        ohem_threshold: OHEM: pixels whose true class has at most this probability are always kept.
        ohem_min_kept: OHEM: at least this many pixels of a batch are kept.
    """

    kind: str = 'cross_entropy'
    class_weight_cap: float = 0.0
    aux_weight: float = 0.4
    aux_stride: int = 8
    ohem_threshold: float = 0.7
    ohem_min_kept: int = 100_000

    def __post_init__(self) -> None:
        if self.kind not in LOSSES:
            raise ValueError(f'loss: kind {self.kind!r} is not one of {", ".join(LOSSES)}')
        if self.aux_stride < 1:
            raise ValueError(f'loss: aux_stride is {self.aux_stride}; accepted are numbers from 1 on')


@dataclass(frozen=True)
class ModelCard:
    """What the manifest of the trained model says to those who use it."""

    data: str = ''
    licence_weights: str = ''
    licence_data: str = ''
    intended_use: str = ''
    limits: str = ''


@dataclass(frozen=True)
class TrainingConfig:
    """A whole run.

    Args:
        name: Name of the model that comes out.
        network: The network; a training-only ``aux_heads`` follows from ``loss.aux_weight``.
        data: See ``DataConfig``.
        card: See ``ModelCard``.
        augment: See ``AugmentConfig``.
        loss: See ``LossConfig``.
        init: Model (a name or a folder) whose weights the run starts from; empty: fresh ones.
        backbone_weights: ImageNet weights for a ResNet's trunk, where ``init`` is empty: auto (torchvision's, if it can
            fetch or find them), the path of a file, or empty for none.
        input_short_side: Short side in px that the shipped network works at.
        epochs: Passes over the training split.
        batch_size: Pictures a step.
        lr: Learning rate at the start; falls to zero by ``(1 - step / steps) ** poly_power``.
        warmup_steps: Steps over which the learning rate rises to ``lr``.
        poly_power: See ``lr``.
        momentum: Of SGD.
        weight_decay: Of SGD, on weights of convolutions.
        ema_decay: Decay a step of the running mean of weights and batch-norm statistics that is shipped; 0: none.
        finish_fraction: Share of the epochs, at the end, in which everything is seen ``finish_zoom`` times larger.
        finish_zoom: See ``finish_fraction``.
        validate_every: Epochs between validations.
        precision: auto (bfloat16 where the machine has it), float32 or bfloat16.
        threads: CPU threads; 0: torch's choice.
        workers: Processes that read and augment pictures.
        seed: Of everything random.
    """

    name: str
    network: SFNetConfig
    data: DataConfig
    card: ModelCard = field(default_factory=ModelCard)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    init: str = ''
    backbone_weights: str = 'auto'
    input_short_side: int = 360
    epochs: int = 120
    batch_size: int = 8
    lr: float = 0.02
    warmup_steps: int = 100
    poly_power: float = 0.9
    momentum: float = 0.9
    weight_decay: float = 5e-4
    ema_decay: float = 0.0
    finish_fraction: float = 0.0
    finish_zoom: float = 1.0
    validate_every: int = 1
    precision: str = 'auto'
    threads: int = 0
    workers: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ('epochs', 'batch_size', 'validate_every', 'input_short_side'):
            if getattr(self, name) < 1:
                raise ValueError(f'training: {name} is {getattr(self, name)}; accepted are numbers from 1 on')
        for name in ('threads', 'workers', 'warmup_steps'):
            if getattr(self, name) < 0:
                raise ValueError(f'training: {name} is {getattr(self, name)}; accepted are numbers from 0 on')
        if not self.lr > 0:
            raise ValueError(f'training: lr is {self.lr}; accepted are numbers above 0')
        if not 0 <= self.ema_decay < 1:
            raise ValueError(f'training: ema_decay is {self.ema_decay}; accepted are 0 to below 1')
        if not (0 <= self.finish_fraction <= 1 and self.finish_zoom > 0):
            raise ValueError('training: accepted are a finish_fraction of 0 to 1 and a finish_zoom above 0')
        if self.precision not in PRECISIONS:
            raise ValueError(f'training: precision {self.precision!r} is not one of {", ".join(PRECISIONS)}')

    def leads_to_the_weights_of(self, other: TrainingConfig) -> bool:
        """Tell whether two runs differ in nothing but what is said of them, and how they are validated."""
        data = replace(self.data, root=other.data.root, validation_split='', validation_drives=())
        there = replace(other.data, validation_split='', validation_drives=())
        aside = {name: getattr(other, name) for name in ('name', 'card', 'input_short_side', 'validate_every')}
        return replace(self, data=data, **aside) == replace(other, data=there)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> TrainingConfig:
        """Build a config from plain values.

        Raises:
            ValueError: A key is unknown or missing, or a value has the wrong type or range.
        """
        return from_mapping(cls, values, 'training')

    @classmethod
    def load(cls, path: Path) -> TrainingConfig:
        """Read a YAML file.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is no YAML, or not a training config.
        """
        try:
            return cls.from_dict(yaml.safe_load(path.read_text(encoding='utf-8')))
        except (yaml.YAMLError, ValueError) as error:
            raise ValueError(f'{path}: {" ".join(str(error).split())}') from error
