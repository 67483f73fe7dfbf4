"""What a run begins with: the network as it is trained, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parallel import DistributedDataParallel

from sfnet_ros.network import SFNet, SFNetDetails, create_model
from sfnet_ros.network.precision import is_native
from sfnet_ros.training.backbone_weights import load_backbone_weights
from sfnet_ros.training.checkpoint import RunState
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.distributed import Processes
from sfnet_ros.training.warm_start import warm_start

_DTYPES = {'float32': torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


class _Details(nn.Module):
    """The network as DDP and torch.compile take it: what it is called for is its details."""

    def __init__(self, model: SFNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Tensor) -> SFNetDetails:
        return self.model.forward_details(batch)


def fresh_network(
    config: TrainingConfig, start: SFNet | RunState | None, device: torch.device, processes: Processes
) -> SFNet:
    """Build the network with the weights that a run starts from; those of a state are put in later."""
    model = create_model(replace(config.network, aux_heads=config.loss.aux_weight > 0))
    if isinstance(start, SFNet):
        warm_start(model, start)
    elif start is None:
        load_backbone_weights(model, config.backbone_weights)
    if config.dropout is not None:
        for module in model.modules():
            if isinstance(module, _DropoutNd):
                module.p = config.dropout
    freeze_parts(model, config.frozen_parts)
    if processes.count > 1 and device.type == 'cuda':
        # There is none for CPUs, whose processes keep statistics of their own; those of the first are saved.
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    return model


def network_to_train(model: SFNet, config: TrainingConfig, processes: Processes) -> nn.Module:
    """Give what a training step calls: batch to details, over all processes.

    Raises:
        ValueError: torch.compile has no such backend.
    """
    network: nn.Module = _Details(model)
    if config.compile:
        # Those for finding faults work as well, and are not named.
        if config.compile not in torch.compiler.list_backends(exclude_tags=()):
            accepted = ', '.join(sorted(torch.compiler.list_backends()))
            raise ValueError(f'training: compile {config.compile!r} is not one of {accepted}')
        network = torch.compile(network, backend=config.compile)  # type: ignore[assignment]  # called like a module
    return DistributedDataParallel(network) if processes.count > 1 else network


def keep_batch_norm(model: nn.Module) -> None:
    """Let batch norm normalise by the statistics that it has, and not touch them."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()


def autocast_dtype(config: TrainingConfig, device: torch.device) -> torch.dtype:
    """Tell in what a run computes: what is asked for, or bfloat16 where that is native to the device."""
    if config.precision != 'auto':
        return _DTYPES[config.precision]
    return torch.bfloat16 if is_native(device.type, 'bfloat16') else torch.float32


def freeze_parts(model: SFNet, count: int) -> None:
    """Keep the weights of the backbone's first parts.

    Raises:
        ValueError: There are not as many.
    """
    parts = [part for child in model.backbone.children() for part in _parts(child)]
    if count > len(parts):
        raise ValueError(f'training: frozen_parts is {count}; {model.config.backbone} has {len(parts)}')
    for part in parts[:count]:
        part.requires_grad_(False)


def _parts(child: nn.Module) -> list[nn.Module]:
    return list(child) if isinstance(child, nn.ModuleList) else [child]


def optimizer_of(model: SFNet, config: TrainingConfig) -> torch.optim.Optimizer:
    """Build what moves the weights that are not frozen; each group says by ``lr_factor`` how fast.

    Only the weights of convolutions decay.
    """
    groups: list[dict[str, Any]] = []
    backbone = {id(parameter) for parameter in model.backbone.parameters()}
    for factor, inside in ((config.backbone_lr_factor, True), (1.0, False)):
        own = [part for part in model.parameters() if part.requires_grad and (id(part) in backbone) == inside]
        # Decay pulls batch norm and biases to values that mean something else than "small weight".
        for decay, decaying in ((config.weight_decay, True), (0.0, False)):
            parameters = [parameter for parameter in own if (parameter.ndim == 4) == decaying]
            groups.append({'params': parameters, 'weight_decay': decay, 'lr_factor': factor})
    if config.optimizer == 'adamw':
        return torch.optim.AdamW(groups, lr=config.lr)
    return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum)
