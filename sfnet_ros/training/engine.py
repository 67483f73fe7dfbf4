"""The training loop."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from tqdm import tqdm

from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.files import atomic_path, clear_leftovers
from sfnet_ros.network import SFNet
from sfnet_ros.training.config import STATE_FILE
from sfnet_ros.training.journal import Journal, Validation
from sfnet_ros.training.progress import Progress
from sfnet_ros.training.trainer import DivergedError, Trainer

logger = logging.getLogger(__name__)


def train(
    trainer: Trainer,
    out: Path,
    validate: Callable[[SFNet], Validation] | None = None,
    keep_best: Callable[[SFNet], None] | None = None,
    journal: Journal | None = None,
) -> ConfusionMatrix | None:
    """Run all steps that are left, saving the state after each epoch, and as often between as the config says.

    Args:
        trainer: A run, fresh or resumed.
        out: Folder for the state.
        validate: Scores a network on pictures that it is not trained on.
        keep_best: Is given the network whenever it has scored better than ever before.
        journal: Is told of every step and score.

    Returns:
        The last validation's scores.

    Raises:
        ValueError: The loss is no number; what the step saw is saved.
    """
    config, state = trainer.config, out / STATE_FILE
    if trainer.processes.first:
        clear_leftovers(state)
    progress = Progress(trainer)
    # A run that was broken off between the last step of an epoch and its score makes up for it.
    validation = _validate(trainer, state, validate, keep_best, journal) if validate and _is_due(trainer) else None
    while not trainer.finished:
        losses = []
        for loss in _steps(trainer, out):
            losses.append(loss)
            if journal:
                journal.step(trainer, loss)
            if config.save_every and trainer.step % config.save_every == 0:
                _save(trainer, state, journal)
        _save(trainer, state, journal)
        if validate and _is_due(trainer):
            validation = _validate(trainer, state, validate, keep_best, journal)
            logger.info(progress.line(math.fsum(losses) / len(losses), validation.scores.miou))
        else:
            logger.info(progress.line(math.fsum(losses) / len(losses)))
    return validation.scores if validation else None


def _steps(trainer: Trainer, out: Path) -> Iterator[float]:
    """Run what is left of an epoch, with a bar that tells how long it will take."""
    per_epoch = trainer.batches.steps_per_epoch
    bar = tqdm(
        trainer.run_epoch(),
        total=min(per_epoch, trainer.steps - trainer.epoch * per_epoch),
        initial=trainer.step % per_epoch,
        desc=f'epoch {trainer.epoch + 1}/{trainer.epochs}',
        disable=None if trainer.processes.first else True,
    )
    try:
        for loss in bar:
            bar.set_postfix(loss=f'{loss:.3f}', lr=f'{trainer.lr:.4f}')
            yield loss
    except DivergedError as error:
        path = out / f'diverged_{trainer.processes.rank}.pt'
        with atomic_path(path) as temporary:
            torch.save({'step': error.step, 'parts': error.parts}, temporary)
        raise ValueError(
            f'{error}; what the step saw is in {path}; start anew, with another --out, and '
            'a lower lr, a clip_norm or precision: float32'
        ) from error


def _save(trainer: Trainer, state: Path, journal: Journal | None) -> None:
    """Save the state, after what was noted up to it, as a run that goes on from there does not note it again."""
    if journal:
        journal.flush()
    trainer.save(state)


def _is_due(trainer: Trainer) -> bool:
    """Tell whether a run stands where it is scored: at the end of an epoch, of as many as the config says."""
    between = trainer.step % (trainer.config.validate_every * trainer.batches.steps_per_epoch)
    return trainer.finished or (trainer.step > 0 and not between)


def _validate(
    trainer: Trainer,
    state: Path,
    validate: Callable[[SFNet], Validation],
    keep_best: Callable[[SFNet], None] | None,
    journal: Journal | None,
) -> Validation:
    validation = validate(trainer.result)
    if validation.scores.miou > trainer.best_miou:
        trainer.best_miou = validation.scores.miou
        if keep_best and trainer.processes.first:
            keep_best(trainer.result)
        trainer.save(state)
    if journal:
        journal.validation(trainer, validation)
    return validation
