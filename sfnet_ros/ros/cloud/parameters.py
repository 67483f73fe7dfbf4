"""The parameters of the semantic cloud node."""

from __future__ import annotations

from dataclasses import dataclass

from sfnet_ros.ros.parameter_fields import NO_NAMES, Changes, check, parameter

_HALF_TURN = 3.1416


@dataclass(frozen=True)
class CloudParameters:
    """Hold the parameters of the semantic cloud node.

    Raises:
        ValueError: A value that its field does not accept, or limits that exclude everything.
    """

    mode: str = parameter(
        'depth',
        'depth places the labels by a depth camera. ground_plane is for robots without one: it takes the ground for a '
        'plane and publishes `~/drivable` too.',
        choices=('depth', 'ground_plane'),
    )
    label_space: str = parameter(
        '',
        'Classes of the labels: a name such as camvid, or a YAML file, with train ids in the labels; empty takes them '
        'from the topic `legend`.',
    )
    drivable_classes: tuple[str, ...] = parameter(
        NO_NAMES,
        "Names of the classes that can be driven on; [''] is those that the legend calls drivable.",
    )
    obstacle_classes: tuple[str, ...] = parameter(
        NO_NAMES,
        "Names of the classes on `~/obstacles`; [''] is those that the legend calls obstacles.",
    )
    color: str = parameter(
        'class',
        "Colour of the points: the class's, or the pixel's in the picture on `image`.",
        choices=('class', 'image'),
    )
    use_confidence: bool = parameter(
        True,
        'Wait for the confidences of each label map; false paints all points with 255.',
    )
    max_stamp_difference_ms: float = parameter(
        0.0,
        'How much the stamps of depth and image may differ from that of the labels, in milliseconds; 0.0 takes equal '
        'stamps only. Confidences always have the stamp of their labels.',
        range=(0.0, 1000.0),
    )
    queue_size: int = parameter(
        30,
        'Messages of each topic that wait for their companions. It has to span the time from a frame to its labels: 30 '
        'is a second of depth at 30 Hz.',
        range=(1, 1000),
    )
    min_obstacle_range: float = parameter(
        0.3,
        'Metres from the camera, below which points are not on `~/obstacles`.',
        changes=Changes.LIVE,
        range=(0.0, 1000.0),
    )
    max_obstacle_range: float = parameter(
        5.0,
        'Metres from the camera, above which points are not on `~/obstacles`.',
        changes=Changes.LIVE,
        range=(0.0, 1000.0),
    )
    min_obstacle_height: float = parameter(
        0.1,
        'Metres above the ground, below which points are not on `~/obstacles`; heights are limited where the place of '
        'the camera is known.',
        changes=Changes.LIVE,
        range=(-100.0, 100.0),
    )
    max_obstacle_height: float = parameter(
        2.0,
        'Metres above the ground, above which points are not on `~/obstacles`: what the robot passes under.',
        changes=Changes.LIVE,
        range=(-100.0, 100.0),
    )
    base_frame: str = parameter(
        'base_link',
        'Frame on the ground, z up, that `~/drivable` is in and heights are measured in.',
    )
    camera_height: float = parameter(
        0.0,
        'Metres from the ground to the camera, which then stands above the origin of `base_frame` and looks forward; '
        '0.0 asks tf where it is.',
        range=(0.0, 100.0),
    )
    camera_pitch: float = parameter(
        0.0,
        'Radians by which the camera looks down (negative: up); taken with `camera_height` only.',
        range=(-_HALF_TURN, _HALF_TURN),
    )
    grid_resolution: float = parameter(
        0.1,
        'Side of a cell of `~/drivable`, in metres.',
        range=(0.01, 10.0),
    )
    grid_range: float = parameter(
        8.0,
        'Metres from the camera, along the ground, beyond which cells are unknown and pixels have no points in '
        'ground_plane mode.',
        range=(0.1, 100.0),
    )
    silence_s: float = parameter(
        2.0,
        'Seconds without anything to publish after which the node says what it waits for, and warns in its '
        'diagnostics; 0.0 never does.',
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
        for name in ('range', 'height'):
            low, high = getattr(self, f'min_obstacle_{name}'), getattr(self, f'max_obstacle_{name}')
            if low > high:
                raise ValueError(
                    f'parameter min_obstacle_{name} is {low:g}, above max_obstacle_{name}, which is {high:g}: '
                    'no point would be left'
                )
        if not 1 <= self.grid_range / self.grid_resolution <= 500:
            raise ValueError(
                f'parameter grid_range is {self.grid_range:g} m, which is to be 1 to 500 cells of grid_resolution, '
                f'{self.grid_resolution:g} m'
            )

    @property
    def needs_depth(self) -> bool:
        """Say whether a depth camera places the labels."""
        return self.mode == 'depth'
