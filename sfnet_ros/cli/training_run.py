"""What `sfnet train` puts around the training loop: models before and after, validation, what is printed."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from sfnet_ros.datasets import LabelledPictures
    from sfnet_ros.evaluation import ConfusionMatrix
    from sfnet_ros.network import SFNet
    from sfnet_ros.training.checkpoint import RunState
    from sfnet_ros.training.config import TrainingConfig
    from sfnet_ros.training.distributed import Processes
    from sfnet_ros.training.journal import Validation
    from sfnet_ros.training.run_data import RunData
    from sfnet_ros.training.trainer import Trainer

# Validation pictures that TensorBoard shows.
_SHOWN = 3


def train_and_save(config: TrainingConfig, recipe: str, data: RunData, out: Path, device: str, *, resume: bool) -> int:
    """Run a training to its end, and write the last model and the one that scored best.

    Args:
        config: The run.
        recipe: Name of its file.
        data: What is trained on and scored.
        out: Folder for state, curves and models.
        device: Where to compute, as it was asked for.
        resume: Go on from the state in ``out``.
    """
    from sfnet_ros.cli.training_models import check_origins, manifest_of
    from sfnet_ros.evaluation import scores_table
    from sfnet_ros.runtime.model_folders import check_destination

    # Made before the run, so that what it refuses is known before hours of training.
    manifest = manifest_of(config, recipe, data.dataset.drives)
    last, best = out / config.name, out / f'{config.name}_best'
    for folder in (last, best):
        check_destination(folder, overwrite=True)
    if not resume:
        check_origins(config)

    import torch

    from sfnet_ros.runtime import save_model
    from sfnet_ros.runtime.backends.device import chosen_device
    from sfnet_ros.training.distributed import joined_processes

    def keep_best(model: SFNet) -> None:
        save_model(best, model, manifest, overwrite=True)

    with joined_processes(chosen_device(device)) as (processes, own):
        if not processes.first:
            logging.getLogger().setLevel(logging.WARNING)
        # All crops are of one size, so a GPU tries out its convolutions once.
        torch.backends.cudnn.benchmark = own.type == 'cuda'
        trainer = _trainer(config, data, own, processes, out if resume else None)
        validate = _Validator(config, data.validation, own, processes) if data.validation else None
        scores = _run(trainer, data.dataset, out, validate, keep_best)
    if processes.first:
        save_model(last, trainer.result, manifest, overwrite=True)
        if scores:
            print(scores_table(scores, data.dataset.label_space))
        if math.isfinite(trainer.best_miou):
            print(f'best:  {best}, mIoU {100 * trainer.best_miou:.1f}')
        print(f'model: {last}')
    return 0


def _trainer(
    config: TrainingConfig, data: RunData, device: torch.device, processes: Processes, resumed: Path | None
) -> Trainer:
    from sfnet_ros.runtime import load_model
    from sfnet_ros.runtime.fold import fold_batch_norm
    from sfnet_ros.training.checkpoint import load_state
    from sfnet_ros.training.config import STATE_FILE
    from sfnet_ros.training.trainer import Trainer

    start: SFNet | RunState | None = None
    if resumed:
        start = load_state(resumed / STATE_FILE, config)
    elif config.init:
        start = load_model(config.init)[0]
    teachers = [load_model(name)[0].eval() for name in config.distillation.teachers]
    for teacher in teachers:
        fold_batch_norm(teacher)
    return Trainer(config, data.pictures, start, device, processes, teachers, data.sampler)


def _run(
    trainer: Trainer,
    dataset: LabelledPictures,
    out: Path,
    validate: _Validator | None,
    keep_best: Callable[[SFNet], None],
) -> ConfusionMatrix | None:
    from sfnet_ros.training.engine import train
    from sfnet_ros.training.journal import open_journal

    wanted = trainer.config.tensorboard and trainer.processes.first
    journal = open_journal(out / 'tensorboard', dataset.label_space.names, trainer.step) if wanted else None
    try:
        return train(trainer, out, validate, keep_best, journal)
    finally:
        if journal:
            journal.close()


class _Validator:
    """Score a network in training as `sfnet evaluate` scores a model: by the segmenter that the robot runs.

    The pictures are shared out among the processes.

    Raises:
        ValueError: Pictures cannot be used, which are listed.
    """

    def __init__(
        self, config: TrainingConfig, dataset: LabelledPictures, device: torch.device, processes: Processes
    ) -> None:
        from sfnet_ros.datasets.check import check_readable

        self._dataset, self._label_space = dataset, dataset.label_space
        self._own = range(processes.rank, len(dataset), processes.count)
        check_readable(dataset, self._own)
        self._short_side = config.input_short_side
        self._device, self._processes = str(device), processes

    def __call__(self, model: SFNet) -> Validation:
        from copy import deepcopy

        from sfnet_ros.evaluation import ConfusionMatrix
        from sfnet_ros.network.normalize import PixelNormalizer
        from sfnet_ros.pictures import beside, error_map, overlay
        from sfnet_ros.runtime import DeployModel, Segmenter
        from sfnet_ros.runtime.backends import Choice, create_backend
        from sfnet_ros.training.journal import Validation

        # The backend takes its model over, and the run goes on with this one.
        deploy = DeployModel(deepcopy(model), PixelNormalizer())
        segmenter = Segmenter(
            create_backend(Choice('torch', self._device, 'float32'), deploy), self._label_space, self._short_side
        )
        scores, pictures = ConfusionMatrix(self._label_space.num_classes), []
        shown = set(self._own[:: max(1, len(self._own) // _SHOWN)][:_SHOWN])
        for index in self._own:
            sample = self._dataset[index]
            label_map = segmenter(sample.image).label_map
            scores.update(label_map, sample.target)
            if index in shown:
                painted = overlay(sample.image, label_map, self._label_space)
                pictures.append(beside(sample.image, painted, error_map(label_map, sample.target)))
        return Validation(ConfusionMatrix.merged(self._processes.gather(scores)), pictures)
