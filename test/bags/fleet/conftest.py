from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sfnet_ros.bags.make import IMAGE_TOPIC, LABEL_TOPIC
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, jpeg_message, label_message
from sfnet_ros.bags.write import new_bag

TIMING = ('latency_ms', 'fps')


def write_drive(folder: Path, frames: int, others_from: int | None = None, space: str = 'camvid') -> Path:
    """Write a drive in which a frame is damaged, and another has the stamp of the one before it.

    From the frame ``others_from`` on its ground truth is of other classes than it notes.
    """
    random = np.random.default_rng(frames)
    with new_bag(folder, {'label_space': space}) as bag:
        for index in range(frames):
            at_ns = 1_000_000_000 + (index - (index == 4)) * 10_000_000
            frame: Any = jpeg_message(random.integers(0, 255, (24, 32, 3), np.uint8), 90, at_ns, 'camera')
            if index == 2:
                frame.data = frame.data[:50]
            bag.add(IMAGE_TOPIC, COMPRESSED_IMAGE, frame)
            if index % 2:
                labels = random.integers(0, 11, (24, 32), np.uint8)
                if others_from is not None and index >= others_from:
                    labels[0, 0] = 18
                bag.add(LABEL_TOPIC, COMPRESSED_IMAGE, label_message(labels, at_ns, 'camera'))
    return folder


@pytest.fixture(scope='module')
def drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('bags')
    write_drive(folder / 'drive_1', 7)
    write_drive(folder / 'drive_2', 3)
    return folder


def without_timing(scores: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in scores.items() if key not in TIMING}
    return {**kept, 'runs': [without_timing(run) for run in scores.get('runs', [])]}


class KillsAWorker:
    """Progress that kills one of the processes at work when the first chunk is done."""

    def __init__(self) -> None:
        self.killed = 0
        self.frames = 0
        self.bags = 0

    def kept(self, frames: int) -> None:
        raise AssertionError(f'{frames} frames were not done before')

    def done(self, frames: int) -> None:
        self.frames += frames
        if not self.killed:
            self.kill()

    def kill(self) -> None:
        for process in multiprocessing.active_children()[:1]:
            process.kill()
            process.join()
            self.killed += 1

    def finished(self) -> None:
        self.bags += 1
