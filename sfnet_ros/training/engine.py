"""The training loop."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from sfnet_ros.datasets import PairedFolders
from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.network import SFNet, create_model
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.network.precision import is_native
from sfnet_ros.training.backbone_weights import load_backbone_weights
from sfnet_ros.training.checkpoint import RunState, load_state, save_state
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.data import Pictures, batches, steps_per_epoch
from sfnet_ros.training.losses import SegmentationLoss, class_weights
from sfnet_ros.training.schedules import averaged_model, poly_with_warmup
from sfnet_ros.training.warm_start import warm_start

logger = logging.getLogger(__name__)

STATE_FILE = 'state.pt'


class Trainer:
    """One run: the network, its running mean, and everything that moves them.

    Args:
        config: The run.
        dataset: Labelled pictures to train on.
        start: A network to start from, or None for fresh weights.
        device: Where to compute.
    """

    def __init__(
        self, config: TrainingConfig, dataset: PairedFolders, start: SFNet | None, device: torch.device
    ) -> None:
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config = config
        self.device = device
        network = replace(config.network, aux_heads=config.loss.aux_weight > 0)
        self.model = create_model(network)
        if start is not None:
            warm_start(self.model, start)
        else:
            load_backbone_weights(self.model, config.backbone_weights)
        self.model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self.averaged = averaged_model(self.model, config.ema_decay)
        self.normalize = PixelNormalizer().to(device)
        self.pictures = Pictures(dataset, network.num_classes)
        cap = config.loss.class_weight_cap
        weights = class_weights(self.pictures.pixel_counts, cap) if cap > 0 else None
        self.loss = SegmentationLoss(config.loss, weights).to(device)
        self.optimizer = torch.optim.SGD(
            _parameter_groups(self.model, config.weight_decay), lr=config.lr, momentum=config.momentum
        )
        steps = config.epochs * steps_per_epoch(config, self.pictures)
        factor = poly_with_warmup(steps, config.warmup_steps, config.poly_power)
        self.scheduler = LambdaLR(self.optimizer, factor)
        self.epoch = 0

    @property
    def result(self) -> SFNet:
        """The network to ship: the running mean where one is kept."""
        return self.averaged.module if self.config.ema_decay > 0 else self.model  # type: ignore[return-value]

    def train_epoch(self) -> float:
        """Run one epoch and return its mean loss.

        An epoch draws its random numbers from a seed of its own, so a run that is resumed between epochs goes on as if
        it had never stopped.
        """
        torch.manual_seed(self.config.seed * 1_000_003 + self.epoch)
        zoom = self.config.finish_zoom if self._finishing else 1.0
        self.model.train()
        losses: list[float] = []
        progress = tqdm(
            batches(self.config, self.pictures, zoom),
            total=steps_per_epoch(self.config, self.pictures),
            desc=f'epoch {self.epoch + 1}/{self.config.epochs}',
            disable=None,
        )
        for pixels, target in progress:
            losses.append(self._step(pixels.to(self.device), target.to(self.device)))
            progress.set_postfix(loss=f'{losses[-1]:.3f}', lr=f'{self.scheduler.get_last_lr()[0]:.4f}')
        self.epoch += 1
        return math.fsum(losses) / len(losses)

    def _step(self, pixels: Tensor, target: Tensor) -> float:
        batch = self.normalize(pixels).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=uses_bfloat16(self.config, self.device)):
            details = self.model.forward_details(batch)
        loss = self.loss(details, target)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ValueError(f'the loss is {value} in epoch {self.epoch + 1}; lower lr or set precision: float32')
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()
        if self.config.ema_decay > 0:
            self.averaged.update_parameters(self.model)
        return value

    @property
    def _finishing(self) -> bool:
        return self.epoch >= round(self.config.epochs * (1.0 - self.config.finish_fraction))

    def save(self, path: Path) -> None:
        """Write everything that the rest of the run depends on."""
        state = RunState(
            epoch=self.epoch,
            model=self.model.state_dict(),
            averaged=self.averaged.state_dict(),
            optimizer=self.optimizer.state_dict(),
            scheduler=self.scheduler.state_dict(),
            config=asdict(self.config),
        )
        save_state(path, state)

    def resume(self, path: Path) -> None:
        """Go on from a saved state.

        Raises:
            ValueError: The file is damaged, or from a run with another config.
        """
        state = load_state(path)
        if not TrainingConfig.from_dict(state.config).leads_to_the_weights_of(self.config):
            raise ValueError(f'{path} is from a run with another config; resume with that one or choose another --out')
        self.model.load_state_dict(state.model)
        self.averaged.load_state_dict(state.averaged)
        self.optimizer.load_state_dict(state.optimizer)
        self.scheduler.load_state_dict(state.scheduler)
        self.epoch = state.epoch


def train(trainer: Trainer, out: Path, validate: Callable[[SFNet], ConfusionMatrix] | None) -> ConfusionMatrix | None:
    """Run all epochs that are left, saving the state after each.

    Args:
        trainer: A run, fresh or resumed.
        out: Folder for the state.
        validate: Scores a network on pictures that it is not trained on.

    Returns:
        The last validation's scores.
    """
    scores = None
    config = trainer.config
    while trainer.epoch < config.epochs:
        loss = trainer.train_epoch()
        trainer.save(out / STATE_FILE)
        line = f'epoch {trainer.epoch}/{config.epochs}: loss {loss:.3f}'
        if validate and (trainer.epoch % config.validate_every == 0 or trainer.epoch == config.epochs):
            scores = validate(trainer.result)
            line += f', mIoU {100 * scores.miou:.1f}'
        logger.info(line)
    return scores


def uses_bfloat16(config: TrainingConfig, device: torch.device) -> bool:
    """Tell whether a run computes in bfloat16: asked for, or native to the device."""
    if config.precision != 'auto':
        return config.precision == 'bfloat16'
    return is_native(device.type, 'bfloat16')


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    # Decay pulls batch norm and biases to values that mean something else than "small weight".
    parameters = list(model.parameters())
    return [
        {'params': [parameter for parameter in parameters if parameter.ndim == 4], 'weight_decay': weight_decay},
        {'params': [parameter for parameter in parameters if parameter.ndim != 4], 'weight_decay': 0.0},
    ]
