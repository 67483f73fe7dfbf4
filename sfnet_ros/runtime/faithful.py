"""Which pairs of backend and precision give float32's labels, as a manifest records it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sfnet_ros.runtime.manifest import ModelManifest

# Share of float32's labels that a pair must give to be chosen by itself.
FAITHFUL = 0.995


def with_agreement(manifest: ModelManifest, shares: Mapping[str, float]) -> ModelManifest:
    """Note pairs as faithful, or no longer so; those that were not measured stay as they are.

    Args:
        manifest: Of the model.
        shares: Of the labels that are those of torch in float32, from 0 to 1, by pair: ``'torch/bfloat16'``.
    """
    faithful = {pair for pair, share in shares.items() if share >= FAITHFUL}
    unmeasured = set(manifest.faithful) - shares.keys()
    return replace(manifest, faithful=tuple(sorted(faithful | unmeasured)))
