"""Pictures that are kept of a long recording: some of the whole of it, and the worst of each stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.pictures import resize_labels

FrameKey = tuple[str, int]

_FILM_PICTURES = 150
_STRETCHES = 24
_LONG_SIDE_PX = 640
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]


@dataclass(frozen=True)
class Sampling:
    """Say which frames are kept.

    Args:
        film_every: Every so many frames one for the film.
        stretch: Of so many frames the worst one.
    """

    film_every: int = 1
    stretch: int = 1

    @classmethod
    def of(cls, frames: int) -> Sampling:
        """Spread about as many pictures as a page can hold over that many frames."""
        return cls(max(1, -(-frames // _FILM_PICTURES)), max(1, -(-frames // _STRETCHES)))


@dataclass(frozen=True)
class Keepsake:
    """Hold a frame and its label maps, small and packed.

    Args:
        frame: A JPEG.
        label_map: A grey PNG of train ids.
        target: Likewise; None without ground truth.
    """

    frame: bytes
    label_map: bytes
    target: bytes | None

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], label_map: NDArray[np.uint8], target: NDArray[np.uint8] | None) -> Keepsake:
        """Pack a frame ``(H, W, 3)`` with its label maps, of any size."""
        height, width = rgb.shape[:2]
        scale = min(1.0, _LONG_SIDE_PX / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
        frame = cv2.imencode('.jpg', cv2.cvtColor(small, cv2.COLOR_RGB2BGR), _JPEG)[1].tobytes()
        return cls(frame, _pack(label_map, size), None if target is None else _pack(target, size))

    def rgb(self) -> NDArray[np.uint8]:
        """Unpack the frame, ``(h, w, 3)``."""
        return np.asarray(cv2.cvtColor(_unpack(self.frame, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)

    def labels(self) -> NDArray[np.uint8]:
        """Unpack the label map, ``(h, w)`` train ids."""
        return _unpack(self.label_map, cv2.IMREAD_UNCHANGED)

    def truth(self) -> NDArray[np.uint8] | None:
        """Unpack the ground truth, likewise."""
        return None if self.target is None else _unpack(self.target, cv2.IMREAD_UNCHANGED)


class Album:
    """Keep a bounded number of pictures; those of parts of a recording merge to those of the whole.

    Args:
        sampling: Which are kept.
    """

    def __init__(self, sampling: Sampling) -> None:
        self.sampling = sampling
        self.film: dict[FrameKey, Keepsake] = {}
        # By bag and stretch: how good its worst frame is, which that is, and its picture.
        self._worst: dict[FrameKey, tuple[tuple[float, ...], FrameKey, Keepsake]] = {}

    def add(self, key: FrameKey, goodness: tuple[float, ...], pictures: Sequence[NDArray[np.uint8] | None]) -> None:
        """Keep a frame, if it is one of those.

        Args:
            key: Name of the bag, and the frame's place in it.
            goodness: The lower, the worse.
            pictures: Frame, label map and ground truth, as in `Keepsake.of`.
        """
        bag, index = key
        stretch = (bag, index // self.sampling.stretch)
        on_film = index % self.sampling.film_every == 0
        is_worst = stretch not in self._worst or (goodness, key) < self._worst[stretch][:2]
        if not on_film and not is_worst:
            return
        rgb, label_map, target = pictures
        assert rgb is not None
        assert label_map is not None
        keepsake = Keepsake.of(rgb, label_map, target if is_worst else None)
        if on_film:
            # The film shows no ground truth.
            self.film[key] = replace(keepsake, target=None)
        if is_worst:
            self._worst[stretch] = (goodness, key, keepsake)

    def merge(self, other: Album) -> None:
        """Take in the pictures of another part of the recording, or of another recording."""
        self.film |= other.film
        for stretch, candidate in other._worst.items():
            if stretch not in self._worst or candidate[:2] < self._worst[stretch][:2]:
                self._worst[stretch] = candidate

    def worst(self, count: int) -> dict[FrameKey, Keepsake]:
        """Give the worst frames of different stretches, the worst first."""
        ranked = sorted(self._worst.values(), key=lambda entry: entry[:2])
        return {key: keepsake for _, key, keepsake in ranked[:count]}


def _pack(label_map: NDArray[np.uint8], size: tuple[int, int]) -> bytes:
    return cv2.imencode('.png', resize_labels(label_map, size[::-1]))[1].tobytes()


def _unpack(data: bytes, flags: int) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    assert picture is not None
    return np.asarray(picture, np.uint8)
