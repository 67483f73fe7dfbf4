"""Make a recording of labelled frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, jpeg_message, label_message
from sfnet_ros.bags.read import LABEL_SPACE_NOTE
from sfnet_ros.bags.write import new_bag
from sfnet_ros.datasets import Sample
from sfnet_ros.labels import LabelSpace

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

    Raises:
        ValueError: A value out of its range.
    """

    rate: float = 15.0
    jpeg_quality: int = 95
    start_s: int = 1_199_145_600  # 2008-01-01, the year of CamVid
    frame_id: str = 'camera'

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1000:
            raise ValueError(f'a rate of {self.rate} frames per second is not between 0 and 1000')
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f'a JPEG quality of {self.jpeg_quality} is not from 1 to 100')
        if not 0 <= self.start_s < 2**31:
            raise ValueError(f'a start of {self.start_s} s is no stamp: 0 to {2**31 - 1} is accepted')

    def stamp_ns(self, index: int) -> int:
        """Give the stamp of a frame in nanoseconds."""
        return self.start_s * _NS_PER_S + round(index * _NS_PER_S / self.rate)


def make_bag(folder: Path, samples: Iterable[Sample], label_space: LabelSpace, recording: Recording) -> None:
    """Write frames and their ground truth, under the same stamps, as a new mcap bag.

    Args:
        folder: The bag; it must not exist yet.
        label_space: What the train ids of the samples mean; its name is noted in the bag.

    Raises:
        FileExistsError: Something has that name already.
    """
    with new_bag(folder, {LABEL_SPACE_NOTE: label_space.name}) as bag:
        for index, sample in enumerate(samples):
            at_ns, frame_id = recording.stamp_ns(index), recording.frame_id
            frame = jpeg_message(sample.image, recording.jpeg_quality, at_ns, frame_id)
            bag.add(IMAGE_TOPIC, COMPRESSED_IMAGE, frame)
            bag.add(LABEL_TOPIC, COMPRESSED_IMAGE, label_message(sample.target, at_ns, frame_id))
