"""The parameters of the segmentation node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sfnet_ros.ros.parameter_fields import Changes, check, parameter
from sfnet_ros.share import DEFAULT_MODEL

OWN_SIZE = 0
FRAME_SIZE = -1

_LARGEST_INPUT_PX = 8192


@dataclass(frozen=True)
class NodeParameters:
    """Hold the parameters of the segmentation node.

    Declaration, descriptors, refusals, ``docs/parameters.md`` and the launch arguments derive from these fields.

    Raises:
        ValueError: A value that its field does not accept.
    """

    model: str = parameter(
        '',
        'Model to run: a name that `sfnet models` lists, or a folder; empty runs the shipped model of `backbone`.',
    )
    backbone: str = parameter(
        '',
        'Backbone to run, such as df1; with `model` set it only checks that the model has this backbone, and with both '
        f'empty {DEFAULT_MODEL} runs.',
    )
    input_height: int = parameter(
        OWN_SIZE,
        "Height that frames are resized to for the network, in pixels; 0 is the model's own size with the frame's "
        "aspect, -1 the frame's size. Set it together with `input_width`.",
        range=(FRAME_SIZE, _LARGEST_INPUT_PX),
    )
    input_width: int = parameter(
        OWN_SIZE,
        'Width that frames are resized to for the network, in pixels; 0 and -1 as for `input_height`.',
        range=(FRAME_SIZE, _LARGEST_INPUT_PX),
    )
    backend: str = parameter('auto', 'What computes the network: torch, or auto for the best one that is installed.')
    device: str = parameter('auto', 'Where the network runs: cpu, cuda, cuda:1, or auto for a GPU where there is one.')
    precision: str = parameter(
        'auto',
        'Precision of the network; auto is the fastest of those that keep the labels of this model.',
        choices=('auto', 'float32', 'bfloat16', 'float16', 'int8'),
    )
    threads: int = parameter(0, 'CPU threads for the network; 0 leaves it to the backend.', range=(0, 1024))
    image_transport: str = parameter(
        'raw',
        'raw subscribes to sensor_msgs/Image on `image`, compressed to sensor_msgs/CompressedImage on '
        '`image`/compressed.',
        choices=('raw', 'compressed'),
    )
    overlay_alpha: float = parameter(
        0.5,
        'Share of the class colour in `~/overlay`, from 0.0 (the frame alone) to 1.0 (the colour alone).',
        changes=Changes.LIVE,
        range=(0.0, 1.0),
    )
    silence_s: float = parameter(
        5.0,
        'Seconds without a frame after which the node says what it waits for; 0.0 never does.',
        changes=Changes.LIVE,
        range=(0.0, 86400.0),
    )
    autostart: bool = parameter(
        True,
        'Configure and activate at start, and end with exit code 1 where that fails; false leaves it to a lifecycle '
        'manager.',
        changes=Changes.NEVER,
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def input_hw(self) -> tuple[int, int] | Literal['frame'] | None:
        """Give the network's size, ``'frame'`` for the frame's, or None for the model's own.

        Raises:
            ValueError: A height and a width that do not go together, as they may while one after the other is set.
        """
        height, width = self.input_height, self.input_width
        if height > 0 and width > 0:
            return height, width
        if height != width:
            raise ValueError(
                f'input_height {height} and input_width {width} do not go together: both are numbers of pixels, '
                f"or both {OWN_SIZE} (the model's own size), or both {FRAME_SIZE} (the frame's size)"
            )
        return None if height == OWN_SIZE else 'frame'
