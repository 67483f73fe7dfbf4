"""Which backbones have ImageNet weights, told without torch."""

from __future__ import annotations

from pathlib import Path

AUTO = 'auto'

RESNET, EFFICIENTNET_LITE = FAMILIES = ('resnet', 'efficientnet_lite')


def family_with_weights(backbone: str, source: str) -> str | None:
    """Tell of which family the weights are that a backbone is to start from, see ``load_backbone_weights``.

    Returns:
        One of ``FAMILIES``, each the beginning of its backbones' names; None: the backbone starts fresh.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A file is named for a backbone without ImageNet weights.
    """
    family = next((family for family in FAMILIES if backbone.startswith(family)), None)
    if not source or (source == AUTO and family is None):
        return None
    if family is None:
        known = ' and '.join(f'{family}*' for family in FAMILIES)
        raise ValueError(f'backbone_weights are for {known}; the network is on {backbone}, leave them empty')
    if source != AUTO and not Path(source).is_file():
        raise FileNotFoundError(f'backbone_weights {source} does not exist; give the path of a file, auto, or nothing')
    return family
