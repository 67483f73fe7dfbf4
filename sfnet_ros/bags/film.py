"""The kept pictures of recordings as a film, with the classes laid over them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from sfnet_ros.bags.scores import BagScores
from sfnet_ros.bags.video import new_video, playing_fps
from sfnet_ros.labels import LabelSpace
from sfnet_ros.pictures import overlay

FILM_SUFFIX = '.webm'
FILM_KIND = 'video/webm'

_TIME_LAPSE_FPS = 10.0


def make_film(scores: BagScores, label_space: LabelSpace) -> bytes:
    """Give a video of the pictures that were kept, at least one, as the file that it is.

    Raises:
        OSError: OpenCV cannot write videos, or there is no room for it.
    """
    with TemporaryDirectory(prefix='sfnet_film.') as folder:
        path = Path(folder, 'film').with_suffix(FILM_SUFFIX)
        with new_video(path, film_fps(scores)) as video:
            for _, kept in sorted(scores.album.film.items()):
                video.append(overlay(kept.rgb(), kept.labels(), label_space))
        return path.read_bytes()


def film_fps(scores: BagScores) -> float:
    """Play at the rate of the recording, or where frames are left out as a time lapse."""
    steps_ns = [
        later.stamp_ns - earlier.stamp_ns
        for earlier, later in pairwise(scores.frames)
        if earlier.bag == later.bag and later.stamp_ns > earlier.stamp_ns
    ]
    if scores.album.sampling.film_every > 1 or not steps_ns:
        return _TIME_LAPSE_FPS
    return playing_fps(steps_ns)
