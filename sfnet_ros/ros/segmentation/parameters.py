"""The parameters of the segmentation node."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfnet_ros.ros.parameter_fields import NO_NAMES, Changes, check, names_in, parameter
from sfnet_ros.settings import MOST_THREADS
from sfnet_ros.share import DEFAULT_MODEL

OWN_SIZE = 0
FRAME_SIZE = -1

_LARGEST_SIDE_PX = 8192
_MOST_PIXELS = 2**25
_CAMERA_NAME = re.compile(r'[A-Za-z]\w{0,63}', re.ASCII)


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
        changes=Changes.RELOAD,
    )
    backbone: str = parameter(
        '',
        'Backbone to run, such as df1; with `model` set it only checks that the model has this backbone, and with both '
        f'empty {DEFAULT_MODEL} runs.',
        changes=Changes.RELOAD,
    )
    input_height: int = parameter(
        OWN_SIZE,
        "Height that frames are resized to for the network, in pixels; -1 is the frame's own. 0 follows from "
        "`input_width` by the frame's aspect, and with both 0 the model's own size is taken.",
        changes=Changes.RELOAD,
        range=(FRAME_SIZE, _LARGEST_SIDE_PX),
    )
    input_width: int = parameter(
        OWN_SIZE,
        'Width that frames are resized to for the network, in pixels; 0 and -1 as for `input_height`.',
        changes=Changes.RELOAD,
        range=(FRAME_SIZE, _LARGEST_SIDE_PX),
    )
    backend: str = parameter(
        'auto',
        'What computes the network: torch, onnxruntime, openvino, mnn or tensorrt; auto is the fastest of those that '
        'are installed, prepared and give the labels of this model.',
        changes=Changes.RELOAD,
    )
    device: str = parameter(
        'auto',
        'Where the network runs: cpu, cuda, cuda:1, or auto for a GPU where there is one.',
        changes=Changes.RELOAD,
    )
    precision: str = parameter(
        'auto',
        'Precision of the network; auto is the fastest of those that keep the labels of this model.',
        changes=Changes.RELOAD,
        choices=('auto', 'float32', 'bfloat16', 'float16', 'int8'),
    )
    target_latency_ms: float = parameter(
        0.0,
        'Keep the 95th percentile of the latency, from the receipt of a frame to its label, under so many milliseconds '
        "by making the network's size smaller, and larger again when there is time; 0.0 keeps the size.",
        changes=Changes.RELOAD,
        range=(0.0, 60000.0),
    )
    threads: int = parameter(
        0,
        'CPU threads for the network; 0 is one for each core, but of four or more cores one stays free for the rest of '
        'the robot.',
        range=(0, MOST_THREADS),
    )
    stand_in: bool = parameter(
        True,
        'Let torch serve the frames until a backend that is asked for, and not prepared, is ready; false waits for it '
        'before anything is served, which may take minutes, so that all labels are of one backend.',
    )
    cameras: tuple[str, ...] = parameter(
        NO_NAMES,
        'Names of several cameras: front subscribes to `front/image` and publishes under `~/front/`. '
        "[''] is the one camera on `image`.",
    )
    image_transport: str = parameter(
        'raw',
        'raw subscribes to sensor_msgs/Image on `image`, compressed to sensor_msgs/CompressedImage on '
        '`image`/compressed.',
        choices=('raw', 'compressed'),
    )
    max_rate: float = parameter(
        0.0,
        'Frames a second, of each camera, that are segmented at most, to save power; 0.0 is no limit.',
        changes=Changes.LIVE,
        range=(0.0, 1000.0),
    )
    lazy: bool = parameter(
        False,
        'Subscribe to a camera only while somebody subscribes to one of its outputs.',
        changes=Changes.LIVE,
    )
    ignore_mask: str = parameter(
        '',
        'PNG that is not black where the camera sees the robot itself: those pixels are 255 in the labels. It is '
        'stretched to the frames, and {camera} in the path stands for the name of the camera.',
    )
    label_ids: str = parameter(
        'train',
        "Numbers in the labels: train ids count the model's classes from 0, dataset ids are those of the data set's "
        'own label files.',
        choices=('train', 'dataset'),
    )
    confidence_threshold: float = parameter(
        0.0,
        'Pixels whose class is less probable than this are 255 in the labels.',
        changes=Changes.LIVE,
        range=(0.0, 1.0),
    )
    filter_classes: tuple[str, ...] = parameter(
        NO_NAMES,
        "Names of classes whose pixels are 255 in the labels; [''] is none.",
        changes=Changes.LIVE,
    )
    output_height: int = parameter(
        FRAME_SIZE,
        "Height of what is published, in pixels; -1 is the frame's own, and 0 follows from `output_width` by the "
        "frame's aspect.",
        changes=Changes.LIVE,
        range=(FRAME_SIZE, _LARGEST_SIDE_PX),
    )
    output_width: int = parameter(
        FRAME_SIZE,
        'Width of what is published, in pixels; -1 and 0 as for `output_height`.',
        changes=Changes.LIVE,
        range=(FRAME_SIZE, _LARGEST_SIDE_PX),
    )
    nav_height: int = parameter(
        240,
        'Height of the small labels on `~/nav/label` that costmaps take, in pixels; 0 does not advertise them.',
        range=(0, _LARGEST_SIDE_PX),
    )
    nav_width: int = parameter(
        424,
        'Width of the small labels, in pixels; 0 as for `nav_height`.',
        range=(0, _LARGEST_SIDE_PX),
    )
    label_info_lead_ms: int = parameter(
        250,
        'Milliseconds for which labels pause on a topic that gains a subscriber, so that the classes on `~/label_info` '
        'and `~/legend` reach it first; 0 never pauses.',
        changes=Changes.LIVE,
        range=(0, 10000),
    )
    overlay_alpha: float = parameter(
        0.5,
        'Share of the class colour in `~/overlay`, from 0.0 (the frame alone) to 1.0 (the colour alone).',
        changes=Changes.LIVE,
        range=(0.0, 1.0),
    )
    jpeg_quality: int = parameter(
        80,
        'Quality of the JPEGs on `~/overlay/compressed`.',
        changes=Changes.LIVE,
        range=(1, 100),
    )
    silence_s: float = parameter(
        2.0,
        'Seconds without a frame after which the node says what it waits for, and warns in its diagnostics; 0.0 never '
        'does.',
        changes=Changes.LIVE,
        range=(0.0, 86400.0),
    )
    stale_s: float = parameter(
        1.0,
        'Age of a frame on arrival, by its stamp, in seconds, from which on the diagnostics warn; 0.0 never does.',
        changes=Changes.LIVE,
        range=(0.0, 86400.0),
    )
    max_drop_rate: float = parameter(
        0.5,
        'Share of the frames dropped for newer ones, over ten seconds, above which the diagnostics warn; 1.0 never '
        'does.',
        changes=Changes.LIVE,
        range=(0.0, 1.0),
    )
    autostart: bool = parameter(
        True,
        'Configure and activate at start, and end with exit code 1 where that fails; false leaves it to a lifecycle '
        'manager.',
        changes=Changes.NEVER,
    )

    def __post_init__(self) -> None:
        check(self)
        for name in ('output', 'nav'):
            height, width = getattr(self, f'{name}_height'), getattr(self, f'{name}_width')
            if height * width > _MOST_PIXELS:
                raise ValueError(
                    f'parameters {name}_height and {name}_width ask for labels of {height} x {width} px; at most '
                    f'{_MOST_PIXELS} pixels are accepted'
                )
        for name in self.camera_names:
            if not _CAMERA_NAME.fullmatch(name):
                raise ValueError(
                    'parameter cameras takes names of 1 to 64 letters a to z, digits and _, a letter first, '
                    f'not {name!r}'
                )
            if self.camera_names.count(name) > 1:
                raise ValueError(f'parameter cameras names {name!r} twice; every camera has a name of its own')

    @property
    def camera_names(self) -> tuple[str, ...]:
        """List the cameras by name; none is the one camera without a name."""
        return names_in(self.cameras)

    @property
    def input_hw(self) -> tuple[int, int] | None:
        """Give the network's size rule (height, width), in which -1 and 0 stand as above; None is the model's own."""
        if (self.input_height, self.input_width) == (OWN_SIZE, OWN_SIZE):
            return None
        return self.input_height, self.input_width

    @property
    def output_hw(self) -> tuple[int, int]:
        """Give the size rule (height, width) of what is published, in which -1 and 0 stand as above."""
        return self.output_height, self.output_width

    @property
    def nav_hw(self) -> tuple[int, int] | None:
        """Give the size of the small labels; None where there are none."""
        return (self.nav_height, self.nav_width) if self.nav_height and self.nav_width else None
