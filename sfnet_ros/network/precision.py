"""Which precisions the hardware computes in itself."""

from __future__ import annotations

import torch

# oneDNN's reduced-precision kernels; torch reads these from the CPU.
_CPU_BFLOAT16 = ('avx512_bf16', 'amx_bf16', 'sve_bf16', 'bf16')


def is_native(device: str, precision: str) -> bool:
    """Tell whether a device computes in a precision itself, so that it is faster than float32.

    Args:
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.
        precision: ``'float32'``, ``'bfloat16'`` or ``'float16'``.
    """
    if precision == 'float32':
        return True
    if device == 'cpu':
        capabilities = torch.cpu.get_capabilities()
        return precision == 'bfloat16' and any(capabilities.get(name, False) for name in _CPU_BFLOAT16)
    return precision == 'float16' or bool(torch.cuda.is_bf16_supported(including_emulation=False))
