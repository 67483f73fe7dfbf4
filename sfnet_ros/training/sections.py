"""The sections of a training config."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfnet_ros.training.ranges import check_range

LOSSES = ('cross_entropy', 'ohem')

# In px: more than cameras have, and no more than memory holds.
_LARGEST_SIDE = 16384
# Factors beyond are slips of the pen, and would run for ever or leave the range of float32.
MOST = 1000
# Beyond, a picture is lost within its crop, or a crop within a pixel.
SMALLEST_SCALE, LARGEST_SCALE = 0.1, 10


@dataclass(frozen=True)
class DataConfig:
    """What is trained on and validated with.

    Args:
        root: Folder of the data set, relative to where the command runs.
        layout: A key of ``sfnet_ros.datasets.LAYOUTS``.
        label_space: Name of the classes, or a YAML file with them.
        split: Split trained on; several are joined by a plus: train+val.
        long_side: Pictures are resized to this long side in px before they are augmented; 0: left as they are.
        class_uniform: Share of the pictures of an epoch that are drawn evenly over the classes, with their crops there.
        tile_px: Side in px of the tiles that each class is looked for in, for ``class_uniform``.
        cache_gib: Memory that decoded pictures are kept in, by each process; the rest is read from disk every time.
        exclude_drives: Drives left out of training, to judge a recipe on.
        validation_split: Split validated on; empty: none.
        validation_drives: Validate on these drives alone; empty: all.
    """

    root: str
    layout: str = 'camvid'
    label_space: str = 'camvid'
    split: str = 'train'
    long_side: int = 0
    class_uniform: float = 0.0
    tile_px: int = 1024
    cache_gib: float = 4.0
    exclude_drives: tuple[str, ...] = ()
    validation_split: str = 'val'
    validation_drives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_range(self, 'data', ('long_side',), 0, _LARGEST_SIDE)
        check_range(self, 'data', ('cache_gib',), 0)
        if not (0 <= self.class_uniform <= 1 and self.tile_px >= 1):
            raise ValueError('data: accepted are a class_uniform of 0 to 1 and a tile_px from 1 on')
        if self.class_uniform and self.long_side:
            raise ValueError('data: class_uniform looks for classes in pictures as they are; leave out long_side')


@dataclass(frozen=True)
class CoarseDataConfig:
    """Pictures of a second data set that are trained on besides, whose labels may tell fewer classes apart.

    Args:
        root: Folder of the data set, relative to where the command runs; empty: there is none.
        layout: A key of ``sfnet_ros.datasets.LAYOUTS``; its labels are read as those of the first data set's classes.
        split: Split trained on.
        share: Its pictures in an epoch for each of the first data set's; every epoch draws others.
        labelled: False leaves its labels aside, so that teachers alone speak of its pictures.
        may_be: What else may stand where its labels say a class, ``{Building: [Pole, Fence]}``: the network is then
            held to their sum alone.
    """

    root: str = ''
    layout: str = 'folder'
    split: str = ''
    share: float = 1.0
    labelled: bool = True
    may_be: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.share <= MOST:
            raise ValueError(f'coarse_data: share is {self.share}; accepted are numbers above 0, to {MOST}')


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes to training pictures, in this order.

    Args:
        crop_hw: Size of the crop that the network sees.
        scale_range: The picture is scaled by a factor drawn log-uniformly from this range, within 0.1 to 10.
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
        if not 32 <= min(self.crop_hw) <= max(self.crop_hw) <= _LARGEST_SIDE:
            raise ValueError(f'augment: crop_hw is {self.crop_hw}; accepted are sizes from 32 to {_LARGEST_SIDE}')
        if not SMALLEST_SCALE <= self.scale_range[0] <= self.scale_range[1] <= LARGEST_SCALE:
            raise ValueError(
                f'augment: scale_range is {self.scale_range}; accepted is low, high with '
                f'{SMALLEST_SCALE} <= low <= high <= {LARGEST_SCALE}'
            )
        check_range(self, 'augment', ('brightness', 'contrast', 'saturation', 'gamma'), 0)
        check_range(self, 'augment', ('hue', *(name for name in vars(self) if name.endswith('_probability'))), 0, 1)


@dataclass(frozen=True)
class LossConfig:
    """What is minimised.

    Args:
        kind: cross_entropy or ohem.
        class_weight_cap: Rare classes weigh up to this much more than the median one; 0: all alike.
        aux_weight: Weight of each auxiliary head's loss.
        aux_stride: Auxiliary losses are taken on targets subsampled by this.
        ohem_threshold: OHEM: pixels whose true class has at most this probability are always kept.
        ohem_min_kept: OHEM: at least this many pixels are kept of what a process sees at once.
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
        check_range(self, 'loss', ('aux_stride',), 1, _LARGEST_SIDE)
        check_range(self, 'loss', ('class_weight_cap', 'aux_weight', 'ohem_min_kept'), 0)
        check_range(self, 'loss', ('ohem_threshold',), 0, 1)


@dataclass(frozen=True)
class DistillationConfig:
    """Models that the network learns from besides the truth.

    Args:
        teachers: Names or folders of models for the same classes; the probabilities of several are averaged.
        temperature: Logits of teachers and network are divided by it, so that small probabilities speak too.
        weight: Weight of the distillation beside the loss on the truth.
        unlabelled: Learn from the teachers also where the truth is unlabelled.
    """

    teachers: tuple[str, ...] = ()
    temperature: float = 1.0
    weight: float = 1.0
    unlabelled: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.temperature <= MOST:
            raise ValueError(
                f'distillation: temperature is {self.temperature}; accepted are numbers above 0, to {MOST}'
            )
        check_range(self, 'distillation', ('weight',), 0)


@dataclass(frozen=True)
class ModelCard:
    """What the manifest of the trained model says to those who use it."""

    data: str = ''
    licence_weights: str = ''
    licence_data: str = ''
    intended_use: str = ''
    limits: str = ''
