"""What happens to the frames, on the one thread that does all the work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.impl.rcutils_logger import RcutilsLogger
from std_msgs.msg import Header

from sfnet_ros.ros.complaints import Complaints
from sfnet_ros.ros.latest_slots import LatestSlots
from sfnet_ros.ros.managed_node import one_line
from sfnet_ros.ros.segmentation.camera import Camera
from sfnet_ros.ros.segmentation.filtering import LabelFilter, describe_misfit
from sfnet_ros.ros.segmentation.frame import Arrival, SegmentedFrame
from sfnet_ros.ros.segmentation.health.ladder import LatencyGovernor
from sfnet_ros.ros.segmentation.health.vitals import FrameTiming
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.ros.segmentation.running_model import RunningModel
from sfnet_ros.ros.working_node import GivenUpError
from sfnet_ros.runtime.image import ImageFormatError, to_rgb

if TYPE_CHECKING:
    from sfnet_ros.ros.segmentation.loading import LoadedModel
    from sfnet_ros.runtime import Segmentation, Segmenter

FAILURES_TO_GIVE_UP = 10

# What a backend is known to raise about one frame, out of memory for one; all else is a mistake of ours.
_FRAME_ERRORS = (RuntimeError, ValueError, MemoryError, cv2.error)


class TooManyFailuresError(GivenUpError):
    """Frame after frame failed: the model no longer runs."""


@dataclass(frozen=True)
class _Frame:
    """Hold a frame that was decoded."""

    camera: Camera
    arrival: Arrival
    rgb: NDArray[np.uint8]
    decode_ms: float


class FrameWorker:
    """Segment the newest frames of the cameras, again and again; those that wait together as one batch.

    The attribute ``network`` is the network's size for the last frame, as ``'320x448'``.

    Args:
        slots: Where the frames are taken from.
        running: Gives the model for each batch.
        parameters: Gives the parameters at this moment.
        logger: Told of frames that could not be served.
        served: Told of each frame that was, by its header, and of how long that took.
    """

    def __init__(
        self,
        slots: LatestSlots[Camera, Arrival],
        running: RunningModel,
        parameters: Callable[[], NodeParameters],
        logger: RcutilsLogger,
        served: Callable[[Header, FrameTiming], None],
    ) -> None:
        self._slots = slots
        self._running = running
        self._parameters = parameters
        self._complaints = Complaints(logger)
        self._served = served
        self.network = ''
        self._take_over(running.settle())

    @property
    def rung(self) -> int:
        """Say where on the model's ladder of sizes the next frame is served."""
        return self._governor.rung

    def run(self) -> None:
        """Serve frames until the slots are closed.

        Raises:
            TooManyFailuresError: The backend failed on many frames in a row.
        """
        while (waiting := self._slots.take()) is not None:
            # Without frames too: whoever hears of a new model's classes before its first label has more time for them.
            model = self._running.settle()
            if model is not self._model:
                self._take_over(model)
            frames = [frame for camera, arrival in waiting.items() if (frame := self._decode(camera, arrival))]
            if frames:
                self._serve(frames, model.ladder[self._governor.rung], self._parameters())

    def _take_over(self, model: LoadedModel) -> None:
        self._model = model
        self._governor = LatencyGovernor(model.parameters.target_latency_ms, len(model.ladder))
        self._filters: dict[Camera, LabelFilter] = {}
        self._failures_in_a_row = 0

    def _decode(self, camera: Camera, arrival: Arrival) -> _Frame | None:
        started_ns = time.monotonic_ns()
        try:
            rgb = to_rgb(arrival.message)
        except (ImageFormatError, cv2.error) as error:
            sentence = f'dropped a malformed frame of {camera.input.topic}: {one_line(error)}'
            camera.vitals.malformed(sentence)
            self._complaints.warn(f'malformed {camera.input.topic}', sentence)
            return None
        return _Frame(camera, arrival, rgb, _ms_since(started_ns))

    def _serve(self, frames: Sequence[_Frame], segmenter: Segmenter, parameters: NodeParameters) -> None:
        """Segment and publish frames; where they fail together, each gets a try of its own."""
        started_ns = time.monotonic_ns()
        try:
            segmentations = segmenter.batch(
                [frame.rgb for frame in frames],
                [parameters.output_hw] * len(frames),
                [frame.camera.outputs.wants_details for frame in frames],
            )
        except _FRAME_ERRORS as error:
            if len(frames) == 1:
                self._count_failure(frames[0].camera, error)
            else:
                for frame in frames:
                    self._serve([frame], segmenter, parameters)
            return
        self._failures_in_a_row = 0
        infer_ms = _ms_since(started_ns)
        for frame, segmentation in zip(frames, segmentations, strict=True):
            timing = self._publish(frame, segmentation, parameters, infer_ms)
            frame.camera.vitals.served(timing)
            self._governor.observe(timing.total_ms, time.monotonic())
            self._served(frame.arrival.message.header, timing)
        height, width = segmenter.network_hw(frames[-1].rgb.shape[:2])
        self.network = f'{height}x{width}'

    def _publish(
        self, frame: _Frame, segmentation: Segmentation, parameters: NodeParameters, infer_ms: float
    ) -> FrameTiming:
        """Publish a frame's outputs, and tell how long all of it took."""
        camera, arrival = frame.camera, frame.arrival
        started_ns = time.monotonic_ns()
        filtered = self._filter_of(frame).apply(segmentation, parameters)
        space, info = self._model.label_space, camera.input.camera_info
        camera.outputs.publish(SegmentedFrame(arrival.message.header, frame.rgb, filtered, space, parameters, info))
        camera.frame_hw = frame.rgb.shape[0], frame.rgb.shape[1]
        return FrameTiming(
            age_ms=arrival.age_ms,
            decode_ms=frame.decode_ms,
            infer_ms=infer_ms,
            publish_ms=_ms_since(started_ns),
            total_ms=_ms_since(arrival.received_ns),
        )

    def _filter_of(self, frame: _Frame) -> LabelFilter:
        camera = frame.camera
        if camera not in self._filters:
            self._filters[camera] = LabelFilter(self._model.label_space, camera.ignore_mask)
            if camera.ignore_mask is not None and (misfit := describe_misfit(camera.ignore_mask, frame.rgb)):
                self._complaints.warn(f'mask {camera.input.topic}', f'{misfit}, on {camera.input.topic}')
        return self._filters[camera]

    def _count_failure(self, camera: Camera, error: Exception) -> None:
        self._failures_in_a_row += 1
        sentence = f'{self._model.describe()} failed on a frame of {camera.input.topic}: {one_line(error)}'
        camera.vitals.failed(sentence)
        if self._failures_in_a_row >= FAILURES_TO_GIVE_UP:
            raise TooManyFailuresError(f'{sentence} ({self._failures_in_a_row} frames in a row)') from error
        self._complaints.warn(f'failed {camera.input.topic}', sentence)


def _ms_since(started_ns: int) -> float:
    return (time.monotonic_ns() - started_ns) / 1e6
