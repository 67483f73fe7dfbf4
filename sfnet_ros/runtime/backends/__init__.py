"""Backends, and the rule by which one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sfnet_ros.keys import nearest
from sfnet_ros.network.precision import is_native
from sfnet_ros.runtime.backends.base import Backend
from sfnet_ros.runtime.backends.torch import TorchBackend, check_device, check_precision, default_device
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.manifest import ModelManifest

__all__ = ['Backend', 'Choice', 'choose', 'create_backend']

_BACKENDS: dict[str, Callable[[DeployModel, str, str], Backend]] = {'torch': TorchBackend}
# The fastest first. float16 is CUDA's alone; there it has two more bits than bfloat16 at the same speed.
_ORDER = (('torch', 'float16'), ('torch', 'bfloat16'), ('torch', 'float32'))


@dataclass(frozen=True)
class Choice:
    """Name a backend, the device it runs on and its precision."""

    backend: str
    device: str
    precision: str


def choose(manifest: ModelManifest, backend: str = 'auto', device: str = 'auto', precision: str = 'auto') -> Choice:
    """Settle what a model runs on, by a rule and never by a timing.

    Of the (backend, precision) pairs that the manifest records as faithful, ``auto`` is the fastest that the hardware
    computes natively. float32 is always faithful. A precision that is asked for by name is taken as it is.

    Raises:
        ValueError: Something asked for is not known, or not here.
    """
    if backend not in ('auto', *_BACKENDS):
        raise ValueError(f'backend {backend!r} is not known; {nearest(backend, ("auto", *_BACKENDS))}')
    if device == 'auto':
        device = default_device()
    check_device(device)
    if precision != 'auto':
        chosen = 'torch' if backend == 'auto' else backend
        check_precision(device, precision)
        return Choice(chosen, device, precision)
    for candidate, its_precision in _ORDER:
        faithful = its_precision == 'float32' or f'{candidate}/{its_precision}' in manifest.faithful
        if backend in ('auto', candidate) and faithful and is_native(device, its_precision):
            return Choice(candidate, device, its_precision)
    raise AssertionError('float32 is native everywhere')


def create_backend(choice: Choice, deploy_model: DeployModel) -> Backend:
    """Make the chosen backend of a model, which belongs to it from here on."""
    return _BACKENDS[choice.backend](deploy_model, choice.device, choice.precision)
