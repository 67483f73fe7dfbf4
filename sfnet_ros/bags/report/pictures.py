"""The pictures and the video of a page."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.album import Keepsake
from sfnet_ros.bags.run import Run
from sfnet_ros.bags.video import new_video
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pages import Markup, figure, png_figure
from sfnet_ros.pictures import colorize, error_map, overlay

_TIME_LAPSE_FPS = 10.0
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]


def write_film(path: Path, run: Run) -> None:
    """Write the kept pictures with the classes laid over them as a video.

    Args:
        path: Ends in .mp4.
        run: Has kept at least one.

    Raises:
        OSError: It cannot be written.
    """
    with new_video(path, film_fps(run)) as video:
        for _, kept in sorted(run.scores.album.film.items()):
            video.append(overlay(kept.rgb(), kept.labels(), run.label_space))


def film(run: Run) -> bytes:
    """Give the video of `write_film`."""
    with TemporaryDirectory(prefix='sfnet_film.') as folder:
        write_film(Path(folder, 'film.mp4'), run)
        return Path(folder, 'film.mp4').read_bytes()


def film_fps(run: Run) -> float:
    """Play at the rate of the recording, or where frames are left out as a time lapse."""
    frames = run.scores.frames
    steps_ns = [
        later.stamp_ns - earlier.stamp_ns
        for earlier, later in pairwise(frames)
        if earlier.bag == later.bag and later.stamp_ns > earlier.stamp_ns
    ]
    if run.scores.album.sampling.film_every > 1 or not steps_ns:
        return _TIME_LAPSE_FPS
    return min(60.0, max(1.0, 1e9 / float(np.median(steps_ns))))


def frame_pictures(kept: Keepsake, label_space: LabelSpace) -> list[Markup]:
    """Show a frame beside its ground truth, the labels and their errors; without ground truth beside an overlay."""
    label_map, target = kept.labels(), kept.truth()
    frame = figure('frame', 'image/jpeg', kept.frame)
    prediction = png_figure('prediction', colorize(label_map, label_space))
    if target is None:
        jpeg = cv2.imencode('.jpg', _bgr(overlay(kept.rgb(), label_map, label_space)), _JPEG)[1].tobytes()
        return [frame, prediction, figure('overlay', 'image/jpeg', jpeg)]
    truth = png_figure('truth', colorize(target, label_space))
    return [frame, truth, prediction, png_figure('error', error_map(label_map, target))]


def _bgr(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)
