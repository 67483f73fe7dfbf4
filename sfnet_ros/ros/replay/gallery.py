"""The pictures of a replay: a video of all frames, and a sheet of some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.scores import LabelledFrame
from sfnet_ros.bags.sheet import SHEET_ROWS, write_sheet
from sfnet_ros.bags.video import Video, new_video, playing_fps
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import beside, legend, overlay, resize_labels
from sfnet_ros.ros.replay.replayed import Replayed

VIDEO, SHEET = 'overlay.mp4', 'contact_sheet.png'


class Gallery:
    """Show the frames of a replay in their order; `new_gallery` makes one.

    Args:
        video: They all go there.
        on_sheet: Stamps of those that go on the sheet.
        label_space: Gives the colours.
    """

    def __init__(self, video: Video, on_sheet: set[int], label_space: LabelSpace) -> None:
        self.rows: list[LabelledFrame] = []
        self._video = video
        self._on_sheet = on_sheet
        self._label_space = label_space
        self._legend = legend(label_space)

    def show(self, frame: LabelledFrame) -> None:
        """Show a frame with its labels."""
        if frame.stamp_ns in self._on_sheet:
            self.rows.append(frame)
        label_map = resize_labels(frame.label_map, frame.rgb.shape[:2])
        self._video.append(beside(overlay(frame.rgb, label_map, self._label_space), self._legend))

    def show_dropped(self, rgb: NDArray[np.uint8]) -> None:
        """Show a frame as the camera saw it."""
        self._video.append(beside(rgb, self._legend))


@contextmanager
def new_gallery(folder: Path, replayed: Replayed, label_space: LabelSpace) -> Iterator[Gallery]:
    """Make the pictures in a folder; they are whole when the block ends.

    Raises:
        OSError: They cannot be written.
    """
    processed = sorted(replayed.received_ns)
    on_sheet = {processed[index] for index in np.linspace(0, len(processed) - 1, SHEET_ROWS).round().astype(int)}
    # A single frame is seen for a second.
    steps_ns = np.diff(sorted(replayed.sent_ns)).tolist() or [1_000_000_000]
    with new_video(folder / VIDEO, playing_fps(steps_ns)) as video:
        gallery = Gallery(video, on_sheet, label_space)
        yield gallery
    write_sheet(folder / SHEET, gallery.rows, label_space)
