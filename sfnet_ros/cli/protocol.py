"""How `sfnet evaluate` looks at pictures: as the robot does, or as the paper tests its accurate models."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import load_segmenter, parse_input_size, parse_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfnet_ros.labels import LabelSpace

PROTOCOL_OPTIONS = '--scales, --flip and --crop'


@dataclass(frozen=True)
class Labeller:
    """What turns a picture ``(H, W, 3)`` into train ids ``(H, W)``, and what it is.

    Args:
        label: Does it.
        label_space: The classes.
        pair: Backend and precision, such as torch/float32.
        description: In a word.
    """

    label: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
    label_space: LabelSpace
    pair: str
    description: str


def add_protocol_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the looks at a picture; without any, it is looked at once, as on the robot."""
    group = parser.add_argument_group('several looks at a picture (torch in float32; their raw logits are averaged)')
    group.add_argument('--scales', type=float, nargs='+', metavar='S', help='of the picture, such as 0.5 1 2')
    group.add_argument('--flip', action='store_true', help='look at it mirrored, too')
    group.add_argument('--crop', metavar='HxW', help='look at it through sliding windows of this size')
    group.add_argument('--overlap', type=float, default=1 / 3, help='of windows, as a share (default a third)')


def asks_for_protocol(args: argparse.Namespace) -> bool:
    """Say whether the options ask for more than one look at the whole picture."""
    return bool(args.scales or args.flip or args.crop)


def load_labeller(args: argparse.Namespace) -> Labeller:
    """Load the model as the options say.

    Raises:
        ValueError: An option is out of its range, or does not go with another.
    """
    if asks_for_protocol(args):
        return _load_protocol(args)
    segmenter = load_segmenter(args)
    pair = f'{segmenter.backend.name}/{segmenter.backend.precision}'
    return Labeller(lambda rgb: segmenter(rgb).label_map, segmenter.label_space, pair, segmenter.describe())


def _load_protocol(args: argparse.Namespace) -> Labeller:
    import numpy as np
    import torch

    from sfnet_ros.evaluation.protocol import Protocol, averaged_logits
    from sfnet_ros.runtime.backends.device import chosen_device
    from sfnet_ros.runtime.model_store import load_deploy_model
    from sfnet_ros.runtime.network_size import check_size_rule, network_size
    from sfnet_ros.runtime.resizing import resize

    if args.backend not in ('auto', 'torch') or args.precision not in ('auto', 'float32'):
        raise ValueError(
            f'{PROTOCOL_OPTIONS} run with torch in float32, not with {args.backend} in {args.precision}; leave out '
            '--backend and --precision, or those options'
        )
    crop_hw = parse_size(args.crop, '--crop') if args.crop else None
    protocol = Protocol(tuple(args.scales or (1.0,)), args.flip, crop_hw, args.overlap)
    device = chosen_device(args.device)
    deploy_model, manifest = load_deploy_model(args.model)
    deploy_model.to(device)
    rule = parse_input_size(args.input_size) or manifest.network_short_side
    check_size_rule(rule)

    @torch.inference_mode()
    def label(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        frame_hw = rgb.shape[0], rgb.shape[1]
        logits = averaged_logits(
            deploy_model.model.grid_logits,
            lambda size_hw: deploy_model.normalizer(torch.from_numpy(resize(rgb, size_hw))[None].to(device)),
            protocol,
            network_size(frame_hw, rule),
            frame_hw,
        )
        return np.asarray(logits[0].argmax(0).to(torch.uint8).cpu().numpy(), np.uint8)

    looks = f'scales {" ".join(f"{scale:g}" for scale in protocol.scales)}{", flip" if args.flip else ""}'
    windows = f', windows of {args.crop}' if args.crop else ''
    description = f'{manifest.name} on torch/{device}/float32, {looks}{windows}'
    return Labeller(label, manifest.load_label_space(), 'torch/float32', description)
