"""Make a recording of the frames of a drive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.camera import CAMERA_INFO
from sfnet_ros.bags.drive import Frame
from sfnet_ros.bags.messages import (
    COMPRESSED_IMAGE,
    IMAGE,
    NAMESPACE,
    Stamped,
    image_message,
    jpeg_message,
    label_message,
    png_message,
)
from sfnet_ros.bags.topics import LABEL_SPACE_NOTE
from sfnet_ros.bags.write import Storing, new_bag
from sfnet_ros.labels import LabelSpace

CODECS: Final = ('jpeg', 'png', 'raw')

IMAGE_TOPIC = '/camera/image_raw/compressed'
LABEL_TOPIC = '/camera/label/compressed'

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Recording:
    """Say how frames become a recording.

    Args:
        rate: Frames per second; frame i is stamped ``start_s + i / rate``.
        jpeg_quality: 1 to 100.
        start_s: Stamp of the first frame in seconds; one that never changes makes recordings that never change.
        frame_id: Coordinate frame of the camera.
        codec: ``jpeg`` and ``png`` make CompressedImages, ``raw`` makes Images, of the labels too.
        namespace: What the topics begin with.
        storing: How the bag lies on disk.

    Raises:
        ValueError: A value out of its range.
    """

    rate: float = 15.0
    jpeg_quality: int = 95
    start_s: int = 1_199_145_600  # 2008-01-01, the year of CamVid
    frame_id: str = 'camera'
    codec: str = 'jpeg'
    namespace: str = '/camera'
    storing: Storing = field(default_factory=Storing)

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1000:
            raise ValueError(f'a rate of {self.rate} frames per second is not between 0 and 1000')
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f'a JPEG quality of {self.jpeg_quality} is not from 1 to 100')
        if not 0 <= self.start_s < 2**31:
            raise ValueError(f'a start of {self.start_s} s is no stamp: 0 to {2**31 - 1} is accepted')
        if self.codec not in CODECS:
            raise ValueError(f'codec {self.codec!r} is not one of {", ".join(CODECS)}')
        if not NAMESPACE.fullmatch(self.namespace):
            raise ValueError(
                f'{self.namespace!r} cannot begin topics: accepted are names such as /camera or /robot_1/front'
            )

    def stamp_ns(self, index: int) -> int:
        """Give the stamp of a frame in nanoseconds."""
        return self.start_s * _NS_PER_S + round(index * _NS_PER_S / self.rate)

    @property
    def kind(self) -> str:
        """Give the type of frames and labels."""
        return IMAGE if self.codec == 'raw' else COMPRESSED_IMAGE

    def topic(self, name: str) -> str:
        """Name a topic of images, as image_transport does: ``/camera/label/compressed``."""
        return f'{self.namespace}/{name}' + ('' if self.codec == 'raw' else '/compressed')

    def image(self, rgb: NDArray[np.uint8], at_ns: int) -> Stamped:
        """Pack a frame."""
        if self.codec == 'jpeg':
            return jpeg_message(rgb, self.jpeg_quality, at_ns, self.frame_id)
        return (png_message if self.codec == 'png' else image_message)(rgb, at_ns, self.frame_id)

    def labels(self, label_map: NDArray[np.uint8], at_ns: int) -> Stamped:
        """Pack a label map."""
        return (image_message if self.codec == 'raw' else label_message)(label_map, at_ns, self.frame_id)


def make_bag(folder: Path, frames: Iterable[Frame], label_space: LabelSpace | None, recording: Recording) -> None:
    """Write frames, and their ground truth and calibration under the same stamps, as a new bag.

    Args:
        folder: The bag; it must not exist yet.
        frames: In order.
        label_space: What the train ids of the frames mean; its name is noted in the bag. None: no frame has labels.
        recording: How.

    Raises:
        FileExistsError: Something has that name already.
        ValueError: There is no frame.
    """
    count = 0
    with new_bag(folder, {} if label_space is None else {LABEL_SPACE_NOTE: label_space.name}, recording.storing) as bag:
        for count, frame in enumerate(frames, 1):
            at_ns = recording.stamp_ns(count - 1)
            bag.add(recording.topic('image_raw'), recording.kind, recording.image(frame.image, at_ns))
            if frame.camera is not None:
                info = frame.camera.message(at_ns, recording.frame_id)
                bag.add(f'{recording.namespace}/camera_info', CAMERA_INFO, info)
            if frame.target is not None:
                bag.add(recording.topic('label'), recording.kind, recording.labels(frame.target, at_ns))
        if not count:
            raise ValueError(f'there is no frame to write to {folder}')
