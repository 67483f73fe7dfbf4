"""Write videos: those that browsers play, and those that players alone do, which cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros import native_output
from sfnet_ros.files import atomic_path

# Browsers play VP8 and VP9, and not MPEG-4 part 2. Of what OpenCV's wheels write into an .mp4, that takes 2 ms for a
# picture of a drive and VP9 250 ms, for files of one size that look the same; VP8 takes 60 ms.
_CODECS = {'.webm': ('VP80', 'VP90'), '.mp4': ('mp4v',)}


def playing_fps(steps_ns: Sequence[int]) -> float:
    """Give the rate of a recording from the steps between its stamps, one or more, as far as codecs and eyes go."""
    return min(60.0, max(1.0, 1e9 / max(1.0, float(np.median(steps_ns)))))


class Video:
    """Append pictures to a video file; `new_video` makes one."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._fps = fps
        self._hw = (0, 0)
        self._writer = cv2.VideoWriter()

    def append(self, rgb: NDArray[np.uint8]) -> None:
        """Append a picture, ``(H, W, 3)``; one of another size than the first is brought to that.

        Raises:
            OSError: OpenCV cannot write videos.
        """
        height, width = rgb.shape[:2]
        if not self._writer.isOpened():
            self._hw = (height, width)
            self._open()
        if (height, width) != self._hw:
            rgb = np.asarray(cv2.resize(rgb, self._hw[::-1]), np.uint8)
        self._writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """Write what is still held back."""
        self._writer.release()

    def _open(self) -> None:
        codecs = _CODECS[self._path.suffix]
        # OpenCV would tell the user which of its codecs is no good, or by which other name it knows one.
        with native_output.dropped(2):
            fourccs = (cv2.VideoWriter.fourcc(*codec) for codec in codecs)
            opened = any(self._writer.open(str(self._path), fourcc, self._fps, self._hw[::-1]) for fourcc in fourccs)
        if not opened:
            raise OSError(f'this OpenCV writes no video: it lacks the codecs {" and ".join(codecs)}')


@contextmanager
def new_video(path: Path, fps: float) -> Iterator[Video]:
    """Make a video that gets its name when it is whole; one without pictures is not made.

    Args:
        path: Ends in .webm (VP8: browsers play it) or .mp4 (MPEG-4 part 2: quick, for players).
        fps: Pictures per second.
    """
    with atomic_path(path) as temporary:
        video = Video(temporary, fps)
        try:
            yield video
        finally:
            video.close()
