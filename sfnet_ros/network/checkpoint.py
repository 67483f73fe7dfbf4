"""Saving and loading of our own weights: safetensors, convolutions in half precision."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from sfnet_ros.files import atomic_path
from sfnet_ros.network.fit import refuse_partial_fit


def _on_disk(tensor: Tensor) -> Tensor:
    # Convolutions survive fp16, batch norm's statistics do not always; nor does a weight beyond fp16's range.
    if tensor.ndim != 4 or tensor.abs().max() > torch.finfo(torch.float16).max:
        return tensor.contiguous()
    return tensor.half().contiguous()


def save_weights(model: nn.Module, path: Path) -> str:
    """Write a network's weights as safetensors: convolutions in float16, everything else as it is.

    Auxiliary heads are left out: they serve training alone.

    Returns:
        The file's sha256, as hex digits.
    """
    state = {name: _on_disk(tensor.detach().cpu()) for name, tensor in _inference_state(model).items()}
    with atomic_path(path) as temporary:
        # Not save_file, whose files their owner alone may read: an installed model is for everyone.
        temporary.write_bytes(save(state))
    return sha256_of(path)


def load_weights(model: nn.Module, path: Path, sha256: str | None = None) -> None:
    """Give a network the weights of ``save_weights``' file, wholly or not at all.

    Args:
        model: The network, also one without weights, see ``create_without_weights``; its auxiliary heads, if any, are
            left as they are. Its other tensors are new ones afterwards, on the CPU.
        path: The safetensors file.
        sha256: What the file must hash to; None: not checked.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, another than ``sha256`` says, or does not fit.
    """
    if not path.is_file():
        raise FileNotFoundError(f'weights {path} do not exist')
    if sha256 is not None and sha256_of(path) != sha256:
        raise ValueError(f'weights {path} are not those that the manifest names: their sha256 differs; fetch them anew')
    try:
        state = load_file(path)
    except SafetensorError as error:
        raise ValueError(f'weights {path} are damaged: {error}; fetch them anew') from error
    expected = _inference_state(model)
    refuse_partial_fit(state, expected)
    model.load_state_dict(
        {name: state[name].to(tensor.dtype) for name, tensor in expected.items()}, strict=False, assign=True
    )


def sha256_of(path: Path) -> str:
    """Hash a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _inference_state(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in model.state_dict().items() if not name.startswith('aux_heads.')}
