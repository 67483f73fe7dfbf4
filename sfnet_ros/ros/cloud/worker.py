"""What happens to a frame, on the one thread that does the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2

from sfnet_ros.ros.cloud.inputs import CloudFrame
from sfnet_ros.ros.cloud.outputs import CloudOutputs
from sfnet_ros.ros.cloud.painter import Painter, Wanted
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.complaints import Complaints
from sfnet_ros.ros.latest_slots import LatestSlots
from sfnet_ros.ros.managed_node import one_line


@dataclass
class CloudCounts:
    """Count what became of the frames; the executor's thread writes the first two, the worker's the others."""

    matched: int = 0
    dropped: int = 0
    served: int = 0
    refused: int = 0
    last_refusal: str = ''

    def __str__(self) -> str:
        return (
            f'{self.matched} frames matched: {self.served} served, {self.dropped} dropped for newer ones, '
            f'{self.refused} refused'
        )


class CloudWorker:
    """Paint the newest frame, again and again.

    Args:
        slots: Where the newest frame waits.
        painter: Makes the messages.
        outputs: Where they go.
        parameters: Gives those of this moment.
        counts: Counted on.
        complaints: Told of frames that could not be served.
    """

    def __init__(
        self,
        slots: LatestSlots[str, CloudFrame],
        painter: Painter,
        outputs: CloudOutputs,
        parameters: Callable[[], CloudParameters],
        counts: CloudCounts,
        complaints: Complaints,
    ) -> None:
        self._slots = slots
        self._painter = painter
        self._outputs = outputs
        self._parameters = parameters
        self._counts = counts
        self._complaints = complaints

    def run(self) -> None:
        """Serve frames until the slots are closed."""
        while (frames := self._slots.take()) is not None:
            for frame in frames.values():
                self._serve(frame)

    def _serve(self, frame: CloudFrame) -> None:
        wanted = self._outputs.wanted
        try:
            if wanted != Wanted(points=False, obstacles=False, drivable=False):
                self._outputs.publish(self._painter.paint(frame, self._parameters(), wanted))
        except (ValueError, MemoryError, cv2.error) as error:
            self._counts.last_refusal = one_line(error)
            self._counts.refused += 1
            self._complaints.warn('refused', f'dropped a frame: {self._counts.last_refusal}')
            return
        self._counts.served += 1
