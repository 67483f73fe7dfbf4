"""The import of torchvision beside a build of torch that its compiled operators do not match."""

from __future__ import annotations

import importlib
import sys

import torch

# Declared, never called: transforms and classifiers need no operator, only torchvision's import does.
_SCHEMAS = tuple(f'{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor' for name in ('nms', 'qnms'))


def import_torchvision(part: str) -> None:
    """Import a part of torchvision, also where a CPU build of torch stands beside torchvision's own wheel.

    That wheel's operators are then not registered and its import fails on the first of them; declaring their schemas
    lets it through. With matching builds nothing is declared, as it would clash.

    Args:
        part: A module of it, such as ``transforms.v2``.

    Raises:
        ImportError: torchvision is not installed.
    """
    try:
        importlib.import_module(f'torchvision.{part}')
    except RuntimeError as error:
        if 'torchvision::' not in str(error):
            raise
        for name in [name for name in sys.modules if name.split('.')[0] == 'torchvision']:
            del sys.modules[name]
        library = torch.library.Library('torchvision', 'FRAGMENT')  # type: ignore[no-untyped-call]
        for schema in _SCHEMAS:
            library.define(schema)  # type: ignore[no-untyped-call]
        _KEPT.append(library)
        importlib.import_module(f'torchvision.{part}')


# A library that is collected takes its schemas with it.
_KEPT: list[torch.library.Library] = []
