"""Which precisions the hardware computes in itself."""

from __future__ import annotations

import torch

# What the CPU's own instructions for a precision are called; torch reads them from it.
_CPU_FEATURES = {
    'bfloat16': ('avx512_bf16', 'amx_bf16', 'sve_bf16', 'bf16'),
    'int8': ('avx2', 'avx512_vnni', 'avx_vnni', 'amx_int8', 'i8mm', 'dotprod'),
}


def is_native(device: str, precision: str) -> bool:
    """Tell whether a device computes in a precision itself, so that it is faster than float32.

    Args:
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.
        precision: ``'float32'``, ``'bfloat16'``, ``'float16'`` or ``'int8'``.
    """
    if precision == 'float32':
        return True
    if device == 'cpu':
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in _CPU_FEATURES.get(precision, ()))
    return precision in ('float16', 'int8') or bool(torch.cuda.is_bf16_supported(including_emulation=False))
