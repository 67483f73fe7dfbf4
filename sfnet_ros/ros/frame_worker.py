"""What happens to a frame, on the one thread that does all the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CompressedImage, Image

from sfnet_ros.ros.camera import Camera
from sfnet_ros.ros.managed_node import one_line
from sfnet_ros.ros.outputs import Outputs, SegmentedFrame
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

if TYPE_CHECKING:
    from sfnet_ros.runtime import Segmenter

FAILURES_TO_GIVE_UP = 10

_THROTTLE_S = 5.0
_STEADY = Clock(clock_type=ClockType.STEADY_TIME)
# What a backend is known to raise about one frame, out of memory for one; all else is a mistake of ours.
_FRAME_ERRORS = (RuntimeError, ValueError, MemoryError, cv2.error)


class TooManyFailuresError(RuntimeError):
    """Frame after frame failed: the model no longer runs."""


class FrameWorker:
    """Segment the newest frame of a camera, again and again.

    Args:
        camera: Whose slot the frames are taken from.
        segmenter: Runs the model.
        outputs: Where the results go.
        overlay_alpha: Gives the strength of the overlay's colours at this moment.
        logger: Told of frames that could not be served.
    """

    def __init__(
        self,
        camera: Camera,
        segmenter: Segmenter,
        outputs: Outputs,
        overlay_alpha: Callable[[], float],
        logger: RcutilsLogger,
    ) -> None:
        self._camera = camera
        self._segmenter = segmenter
        self._outputs = outputs
        self._overlay_alpha = overlay_alpha
        self._logger = logger
        self._failures_in_a_row = 0

    def run(self) -> None:
        """Serve frames until the camera's slot is closed.

        Raises:
            TooManyFailuresError: The backend failed on many frames in a row.
        """
        while (message := self._camera.slot.take()) is not None:
            self._serve(message)

    def _serve(self, message: Image | CompressedImage) -> None:
        try:
            rgb = to_rgb(message)
        except (ImageFormatError, cv2.error) as error:
            self._camera.counts.malformed += 1
            self._warn(f'dropped a malformed frame of {self._camera.topic}: {one_line(error)}')
            return
        try:
            segmentation = self._segmenter(rgb)
        except _FRAME_ERRORS as error:
            self._camera.counts.failed += 1
            self._count_failure(error)
            return
        self._failures_in_a_row = 0
        frame = SegmentedFrame(rgb, segmentation, self._segmenter.label_space, self._overlay_alpha())
        self._outputs.publish(message.header, frame)
        self._camera.counts.processed += 1

    def _count_failure(self, error: Exception) -> None:
        self._failures_in_a_row += 1
        sentence = f'{self._segmenter.describe()} failed on a frame: {one_line(error)}'
        if self._failures_in_a_row >= FAILURES_TO_GIVE_UP:
            raise TooManyFailuresError(f'{sentence} ({self._failures_in_a_row} frames in a row)') from error
        self._warn(sentence)

    def _warn(self, sentence: str) -> None:
        self._logger.warning(sentence, throttle_duration_sec=_THROTTLE_S, throttle_time_source_type=_STEADY)
