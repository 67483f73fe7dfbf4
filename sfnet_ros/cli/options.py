"""Options that several commands share: which model, on what, at which size."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sfnet_ros.share import DEFAULT_MODEL

if TYPE_CHECKING:
    from sfnet_ros.runtime import Segmenter
    from sfnet_ros.runtime.segmenter_options import SegmenterOptions


def add_segmenter_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `load_segmenter` reads."""
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name of a model, or its folder (default %(default)s)')
    parser.add_argument(
        '--backend', default='auto', help='auto, torch, onnxruntime, openvino, mnn or tensorrt (default %(default)s)'
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (default %(default)s)')
    parser.add_argument(
        '--precision', default='auto', help='auto, float32, bfloat16, float16 or int8 (default %(default)s)'
    )
    parser.add_argument(
        '--input-size', default='', metavar='HxW', help="network's size, or 'frame' (default: the model's own)"
    )


def load_segmenter(args: argparse.Namespace) -> Segmenter:
    """Load the model as the options say."""
    return segmenter_options(args).load()


def segmenter_options(args: argparse.Namespace, threads: int = 0) -> SegmenterOptions:
    """Read the options of the model."""
    from sfnet_ros.runtime.segmenter_options import SegmenterOptions

    input_hw = parse_input_size(args.input_size)
    return SegmenterOptions(args.model, args.backend, args.device, args.precision, input_hw, threads)


def parse_input_size(text: str) -> tuple[int, int] | Literal['frame'] | None:
    """Read a size of the network: ``''`` is the model's own, ``'frame'`` the frame's, ``'360x480'`` height by width.

    Raises:
        ValueError: It is none of these.
    """
    if text == '':
        return None
    if text == 'frame':
        return 'frame'
    return parse_size(text, '--input-size', "'frame'")


def parse_size(text: str, option: str, otherwise: str = '') -> tuple[int, int]:
    """Read a size: ``'360x480'`` is height by width.

    Args:
        text: What was given.
        option: Where.
        otherwise: What else the option accepts.

    Raises:
        ValueError: It is no size.
    """
    match = re.fullmatch(r'([1-9]\d*)x([1-9]\d*)', text)
    if match is None:
        alternative = f', or {otherwise}' if otherwise else ''
        raise ValueError(f'{option} {text!r} is not accepted; give HEIGHTxWIDTH, such as 360x480{alternative}')
    return int(match[1]), int(match[2])


def lasting_label_space(label_space: str) -> str:
    """Make the path of a label space hold in any working directory; a name stays as it is."""
    return str(Path(label_space).resolve()) if Path(label_space).suffix in ('.yaml', '.yml') else label_space
