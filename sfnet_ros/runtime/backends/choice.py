"""The rule by which a backend and its precision are chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sfnet_ros.keys import nearest
from sfnet_ros.network.precision import is_native
from sfnet_ros.runtime.backends import mnn, onnxruntime, openvino
from sfnet_ros.runtime.backends.device import check_device, default_device
from sfnet_ros.runtime.export import onnx, tensorrt
from sfnet_ros.runtime.manifest import ModelManifest
from sfnet_ros.runtime.optional import missing


@dataclass(frozen=True)
class Choice:
    """Name a backend, the device it runs on and its precision.

    Args:
        backend: ``'torch'``, ``'onnxruntime'``, ...
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.
        precision: ``'float32'``, ``'bfloat16'``, ...
        reason: Why it was chosen, for people.
    """

    backend: str
    device: str
    precision: str
    reason: str = field(default='', compare=False)

    def __str__(self) -> str:
        return f'{self.backend}/{self.device}/{self.precision}'


@dataclass(frozen=True)
class _Backend:
    """Say what a backend needs, and what it computes in on each kind of device."""

    libraries: tuple[str, ...]
    cpu: tuple[str, ...]
    cuda: tuple[str, ...]

    def precisions(self, device: str) -> tuple[str, ...]:
        return self.cpu if device == 'cpu' else self.cuda


_BACKENDS = {
    'torch': _Backend((), cpu=('float32', 'bfloat16'), cuda=('float32', 'bfloat16', 'float16')),
    'onnxruntime': _Backend(
        onnxruntime.LIBRARIES + onnx.LIBRARIES, cpu=('float32', 'int8'), cuda=('float32', 'float16')
    ),
    'openvino': _Backend(openvino.LIBRARIES + onnx.LIBRARIES, cpu=('float32', 'bfloat16', 'int8'), cuda=()),
    'mnn': _Backend(mnn.LIBRARIES + onnx.LIBRARIES, cpu=('float32',), cuda=()),
    'tensorrt': _Backend(tensorrt.LIBRARIES + onnx.LIBRARIES, cpu=(), cuda=('float32', 'float16')),
}
# What runs in float32 elsewhere without a word, so that it would be found as faithful as that.
_FALLS_BACK = {('openvino', 'bfloat16')}

# The fastest first: on CPUs as measured by `sfnet benchmark`, on CUDA as others have measured. float16 is CUDA's alone;
# there it has two more bits than bfloat16 at the same speed. int8 is last, as it costs accuracy
# even where its labels are nearly the same: it runs where it is asked for.
_ORDER = {
    'cpu': (
        ('openvino', 'bfloat16'),
        ('torch', 'bfloat16'),
        ('mnn', 'float32'),
        ('onnxruntime', 'float32'),
        ('openvino', 'float32'),
        ('torch', 'float32'),
        ('openvino', 'int8'),
        ('onnxruntime', 'int8'),
    ),
    'cuda': (
        ('tensorrt', 'float16'),
        ('torch', 'float16'),
        ('onnxruntime', 'float16'),
        ('torch', 'bfloat16'),
        ('tensorrt', 'float32'),
        ('torch', 'float32'),
        ('onnxruntime', 'float32'),
    ),
}


def pairs(device: str) -> tuple[tuple[str, str], ...]:
    """List all pairs of backend and precision that a device could run, the fastest first."""
    return _ORDER['cpu' if device == 'cpu' else 'cuda']


def why_not(device: str, backend: str, precision: str) -> str:
    """Say why a pair cannot run here, in a sentence; nothing where it can.

    Raises:
        ValueError: The backend or the device is not known, or not here.
    """
    check_backend(backend)
    check_device(device)
    accepted = _BACKENDS[backend].precisions(device)
    if not accepted:
        return f'backend {backend} does not run on {device}; use backend auto, or device cpu'
    if precision not in accepted:
        return (
            f'precision {precision!r} is not there for {backend} on {device}; accepted are auto, {", ".join(accepted)}'
        )
    if (backend, precision) in _FALLS_BACK and not is_native(device, precision):
        return (
            f'{backend} computes in float32 in place of {precision} on a {device} that has none; use precision float32'
        )
    absent = missing(_BACKENDS[backend].libraries)
    if absent:
        return f"backend {backend} needs {' and '.join(absent)}: pip install 'sfnet_ros[{backend}]'"
    return ''


def check_backend(backend: str) -> None:
    """Refuse what is no backend.

    Raises:
        ValueError: It is not known.
    """
    if backend not in _BACKENDS:
        raise ValueError(f'backend {backend!r} is not known; {nearest(backend, ("auto", *_BACKENDS))}')


def choose(
    manifest: ModelManifest,
    backend: str = 'auto',
    device: str = 'auto',
    precision: str = 'auto',
    is_ready: Callable[[Choice], bool] = lambda _: True,
) -> Choice:
    """Settle what a model runs on, by a rule and never by a timing.

    Of the (backend, precision) pairs that the manifest records as faithful, ``auto`` is the first in a fixed order, the
    fastest first, that is installed and that the hardware computes natively. torch needs no record to be faithful in
    float32, nor does a backend that is asked for by name. A precision that is asked for by name need be neither
    faithful nor native, but a backend that was never measured is chosen for it only where torch does not have it.

    Args:
        manifest: Of the model.
        backend: ``'auto'`` or a name.
        device: Likewise; ``'auto'`` is the GPU that torch sees, or the CPU.
        precision: Likewise.
        is_ready: Says whether a choice starts at once. ``auto`` passes over those that do not, as if not installed.

    Raises:
        ValueError: Something asked for is not known, or not here.
    """
    if backend != 'auto':
        check_backend(backend)
    if device == 'auto':
        device = default_device()
    check_device(device)
    if 'auto' not in (backend, precision):
        return _only(backend, device, precision)
    asked = [pair for pair in pairs(device) if backend in ('auto', pair[0]) and precision in ('auto', pair[1])]
    refusals = {pair: why_not(device, *pair) for pair in asked}
    here = [pair for pair in asked if not refusals[pair]]
    faithful = [pair for pair in here if '/'.join(pair) in manifest.faithful]
    if precision != 'auto':
        taken = [*faithful, *(pair for pair in here if pair[0] == 'torch'), *here]
        reason = f'the fastest that is installed and faithful in {precision}'
    else:
        exact = [pair for pair in here if pair[1] == 'float32' and pair[0] in ('torch', backend)]
        taken = [pair for pair in here if pair in (*faithful, *exact) and is_native(device, pair[1])]
        reason = 'the fastest that is installed, native and faithful'
    choices = (Choice(name, device, there, reason) for name, there in taken)
    # One after the other, as it takes a while to see of a large file that it is whole.
    chosen = next((choice for choice in choices if backend != 'auto' or is_ready(choice)), None)
    if chosen is None:
        raise ValueError(next(filter(None, refusals.values()), _nothing(backend, device, precision)))
    return chosen


def _only(backend: str, device: str, precision: str) -> Choice:
    refusal = why_not(device, backend, precision)
    if refusal:
        raise ValueError(refusal)
    return Choice(backend, device, precision, 'asked for by name')


def _nothing(backend: str, device: str, precision: str) -> str:
    accepted = sorted({there for name, there in pairs(device) if backend in ('auto', name)})
    named = 'auto' if backend == 'auto' else backend
    if not accepted:
        return why_not(device, backend, precision)
    return f'precision {precision!r} is not there for {named} on {device}; accepted are auto, {", ".join(accepted)}'
