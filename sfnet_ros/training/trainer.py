"""One run: the network, its running mean, and the step that moves them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from sfnet_ros.network import SFNet
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.training.checkpoint import RunState, save_state
from sfnet_ros.training.coarse_labels import allowed_classes
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.data import Batches, Part
from sfnet_ros.training.distillation import DistillationLoss, check_teachers
from sfnet_ros.training.distributed import ALONE, Processes
from sfnet_ros.training.losses import SegmentationLoss, class_weights
from sfnet_ros.training.objective import Objective
from sfnet_ros.training.pictures import Labelled, Pictures
from sfnet_ros.training.randomness import Purpose, seed_for
from sfnet_ros.training.sampling import Sampler
from sfnet_ros.training.schedules import averaged_model, poly_with_warmup
from sfnet_ros.training.setup import (
    autocast_dtype,
    fresh_network,
    keep_batch_norm,
    network_to_train,
    optimizer_of,
)


class DivergedError(ValueError):
    """The loss is no number.

    Args:
        step: At which step.
        parts: What this process saw in it.
    """

    def __init__(self, message: str, step: int, parts: list[Part]) -> None:
        super().__init__(message)
        self.step = step
        self.parts = parts


class Trainer:
    """A run that can be broken off after any step and gone on with.

    Args:
        config: The run.
        dataset: Labelled pictures to train on.
        start: A network to start from, a saved state of this run to go on from, or None for fresh weights.
        device: Where to compute.
        processes: Who trains with this process.
        teachers: Networks to learn from, see ``config.distillation``; they are moved to the run's device and precision.
        sampler: Which pictures an epoch shows; None: each once.
    """

    def __init__(
        self,
        config: TrainingConfig,
        dataset: Labelled,
        start: SFNet | RunState | None,
        device: torch.device,
        processes: Processes = ALONE,
        teachers: Sequence[SFNet] = (),
        sampler: Sampler | None = None,
    ) -> None:
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        check_teachers(teachers, config.distillation.teachers, config.network.num_classes)
        self.config, self.device, self.processes = config, device, processes
        self.model = fresh_network(config, start, device, processes)
        self.averaged = averaged_model(self.model, config.ema_decay) if config.ema_decay > 0 else None
        self._network = network_to_train(self.model, config, processes)
        self._normalize = PixelNormalizer().to(device)
        self._dtype = autocast_dtype(config, device)
        # It takes long, so all that can be wrong without them is known by now.
        self.pictures = Pictures(dataset, config.network.num_classes, config.data.long_side, config.data.cache_gib)
        self.batches = Batches(config, self.pictures, processes, sampler)
        cap = config.loss.class_weight_cap
        weights = class_weights(self.pictures.pixel_counts, cap) if cap > 0 else None
        distillation = DistillationLoss(config.distillation, teachers) if teachers else None
        allowed = allowed_classes(config.coarse_data.may_be, dataset.label_space) if config.coarse_data.root else None
        truth = SegmentationLoss(config.loss, weights, allowed)
        self.objective = Objective(truth, distillation, processes).to(device)
        if distillation:
            # Autocast would turn their weights anew in every step.
            distillation.teachers.to(self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = optimizer_of(self.model, config)
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._dtype == torch.float16)
        self.step = 0
        self.steps = config.iterations or config.epochs * self.batches.steps_per_epoch
        self.epochs = math.ceil(self.steps / self.batches.steps_per_epoch)
        self.best_miou = -math.inf
        if isinstance(start, RunState):
            self._resume(start)

    @property
    def result(self) -> SFNet:
        """The network to ship: the running mean where one is kept."""
        return self.averaged.module if self.averaged else self.model  # type: ignore[return-value]

    @property
    def epoch(self) -> int:
        """Count the epochs that are over."""
        return self.epochs if self.finished else self.step // self.batches.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Tell whether no step is left."""
        return self.step >= self.steps

    @property
    def lr(self) -> float:
        """Learning rate of the last step; of a run without one, that of the first."""
        return self._lr_of(max(0, self.step - 1))

    def run_epoch(self) -> Iterator[float]:
        """Run what is left of the epoch, and yield the loss of each step."""
        finishing = self.epoch >= round(self.epochs * (1.0 - self.config.finish_fraction))
        zoom = self.config.finish_zoom if finishing else 1.0
        self.model.train()
        if self.config.freeze_batch_norm:
            keep_batch_norm(self.model)
        elif self.config.frozen_parts:
            keep_batch_norm(self.model.backbone)
        skip = self.step % self.batches.steps_per_epoch
        for parts in self.batches.epoch(self.epoch, zoom, skip):
            if self.finished:
                return
            yield self.train_step(parts)

    def train_step(self, parts: list[Part]) -> float:
        """Move the weights by one batch, and return its loss over all processes."""
        torch.manual_seed(seed_for(Purpose.DROPOUT, self.config.seed, self.step, self.processes.rank))
        lr = self._lr_of(self.step)
        for group in self.optimizer.param_groups:
            group['lr'] = lr * group['lr_factor']
        moved = [tuple(part.to(self.device, non_blocking=True) for part in pair) for pair in parts]
        # As bytes until here, as 64 bits a pixel would take longer to move than all else.
        moved = [(pixels, target.long()) for pixels, target in moved]
        shares = self.objective.shares([target for _, target in moved])
        loss = torch.zeros((), device=self.device)
        self.optimizer.zero_grad(set_to_none=True)
        for index, (pixels, target) in enumerate(moved):
            loss += self._backward(pixels, target, shares[index], last=index == len(moved) - 1)
        value = float(self.processes.sum(loss))
        if not math.isfinite(value):
            raise DivergedError(f'the loss is {value} in epoch {self.epoch + 1}', self.step, parts)
        if self.config.clip_norm:
            self._scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        if self.averaged:
            self.averaged.update_parameters(self.model)
        self.step += 1
        return value

    def _lr_of(self, step: int) -> float:
        config = self.config
        return config.lr * poly_with_warmup(step, self.steps, config.warmup_steps, config.poly_power)

    def _backward(self, pixels: Tensor, target: Tensor, share: Tensor, *, last: bool) -> Tensor:
        """Add up the gradients of one part; processes exchange theirs with the last one."""
        shared = isinstance(self._network, DistributedDataParallel)
        with self._network.no_sync() if shared and not last else nullcontext():  # type: ignore[operator]
            batch = self._normalize(pixels).contiguous(memory_format=torch.channels_last)
            with torch.autocast(self.device.type, self._dtype, enabled=self._dtype != torch.float32):
                details, taught = self._network(batch), self.objective.taught(batch)
            loss: Tensor = self.objective(details, taught, target, share)
            # DDP takes the mean of the processes' gradients, and their summands are to be added up.
            self._scaler.scale(loss * self.processes.count).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def save(self, path: Path) -> None:
        """Write everything that the rest of the run depends on; one process does."""
        if not self.processes.first:
            return
        state = RunState(
            step=self.step,
            best_miou=self.best_miou,
            model=self.model.state_dict(),
            averaged=self.averaged.state_dict() if self.averaged else {},
            optimizer=self.optimizer.state_dict(),
            scaler=self._scaler.state_dict(),
            config=asdict(self.config),
        )
        save_state(path, state)

    def _resume(self, state: RunState) -> None:
        self.model.load_state_dict(state.model)
        if self.averaged:
            self.averaged.load_state_dict(state.averaged)
        self.optimizer.load_state_dict(state.optimizer)
        self._scaler.load_state_dict(state.scaler)
        self.step, self.best_miou = state.step, state.best_miou
