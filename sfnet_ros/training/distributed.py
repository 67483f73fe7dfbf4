"""The processes of one run, as torchrun starts them; a run of one process is the same with a count of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

T = TypeVar('T')


@dataclass(frozen=True)
class Processes:
    """This process among those that train one network.

    Args:
        rank: Which one it is, from 0.
        count: How many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Tell whether this is the one that writes and prints."""
        return self.rank == 0

    def sum(self, tensor: Tensor) -> Tensor:
        """Add a tensor up over the processes."""
        if self.count == 1:
            return tensor
        total = tensor.detach().clone()
        dist.all_reduce(total)
        return total

    def gather(self, value: T) -> list[T]:
        """Collect one value of each process, in the order of their ranks."""
        if self.count == 1:
            return [value]
        values: list[T | None] = [None] * self.count
        dist.all_gather_object(values, value)
        return values  # type: ignore[return-value]  # all of them are filled in


ALONE = Processes()


@contextmanager
def joined_processes(device: str) -> Iterator[tuple[Processes, torch.device]]:
    """Join the processes that torchrun started beside this one, if it did.

    Args:
        device: What was asked for; a process takes the CUDA device of its own number on its machine.

    Yields:
        The processes, and the device of this one.
    """
    if 'WORLD_SIZE' not in os.environ:
        yield ALONE, torch.device(device)
        return
    own = torch.device(device)
    if own.type == 'cuda':
        own = torch.device('cuda', int(os.environ['LOCAL_RANK']))
        torch.cuda.set_device(own)
    dist.init_process_group('nccl' if own.type == 'cuda' else 'gloo')
    try:
        yield Processes(dist.get_rank(), dist.get_world_size()), own
    finally:
        dist.destroy_process_group()
