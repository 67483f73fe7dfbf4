"""Batch norm folded into convolutions, which inference need not pay for twice."""

from __future__ import annotations

import itertools

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(model: nn.Module) -> None:
    """Fold each batch norm into the convolution before it, in place; the outputs differ by rounding alone.

    A batch norm belongs to the convolution that was registered just before it in the same module: sequences have it
    so, and our blocks do. The model is in evaluation mode.
    """
    for module in list(model.modules()):
        children = list(module.named_children())
        for (conv_name, conv), (norm_name, norm) in itertools.pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
