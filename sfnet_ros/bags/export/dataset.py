"""Write chosen frames of recordings and their labels as a data set of the folder layout."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import cv2
import numpy as np
from numpy.typing import NDArray

from sfnet_ros.bags.evaluate import read_frame
from sfnet_ros.bags.read import Bag, BagMessage
from sfnet_ros.bags.scores import FrameScore
from sfnet_ros.bags.source import Source, why_not_scored
from sfnet_ros.bags.truth import Truths
from sfnet_ros.files import refuse_existing
from sfnet_ros.runtime.segmenter import Segmenter

# Tells of each frame where it is from, what chose it, and whose labels it has.
FRAMES_FILE = 'frames.csv'

_COLUMNS = ('name', 'bag', 'stamp_ns', 'confidence', 'flicker', 'labels')
_JPEG_MAGIC = b'\xff\xd8\xff'


@dataclass(frozen=True)
class Exported:
    """Count what was written: frames with the recording's ground truth, and frames with the model's labels."""

    truth: int
    model: int


def write_dataset(
    out: Path,
    split: str,
    sources: Sequence[Source],
    chosen: Sequence[FrameScore],
    segmenter: Segmenter,
    on_frame: Callable[[], object] = lambda: None,
) -> Exported:
    """Write a data set, wholly or not at all.

    Frames that were recorded as JPEG keep their bytes; others become PNG. Labels are those of the ground truth where
    the recording has it, in the model's classes and the frame's size, and else the model's own, to be corrected.

    Args:
        out: Gets ``<split>/images``, ``<split>/labels`` (label ids of the model's label space) and ``frames.csv``.
        split: A name, such as train.
        sources: The recordings.
        chosen: Their frames.
        segmenter: The model.
        on_frame: Called for every frame that is written.

    Raises:
        FileExistsError: Something has that name already.
        OSError: The disk is full, or the folder cannot be written.
    """
    out = out.absolute()
    refuse_existing(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(mkdtemp(prefix=f'.{out.name}.', dir=out.parent))
    try:
        rows = []
        for frame in _frames(sources, chosen, segmenter):
            _write(workshop / split, frame)
            rows.append(frame.row)
            on_frame()
        with (workshop / FRAMES_FILE).open('w', newline='', encoding='utf-8') as file:
            table = csv.DictWriter(file, _COLUMNS)
            table.writeheader()
            table.writerows(rows)
        # mkdtemp's are for their owner alone.
        workshop.chmod(0o755)
        os.rename(workshop, out)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    truth = sum(row['labels'] == 'truth' for row in rows)
    return Exported(truth, len(rows) - truth)


@dataclass(frozen=True)
class _Frame:
    """Hold a frame as its files have it, and what is noted of it."""

    name: str
    suffix: str
    picture: bytes
    label_ids: NDArray[np.uint8]
    row: dict[str, object]


def _frames(sources: Sequence[Source], chosen: Sequence[FrameScore], segmenter: Segmenter) -> Iterator[_Frame]:
    for place, source in enumerate(sources):
        wanted = {score.index: score for score in chosen if score.bag == str(source.path)}
        reason = why_not_scored(source.truth_topic, source.truth_space, segmenter.label_space)
        stem = re.sub(r'[^A-Za-z0-9-]+', '-', source.path.stem).strip('-') or 'bag'
        # Recordings of one name are told apart by their places.
        prefix = f'{stem}_{place}' if len(sources) > 1 else stem
        with Bag(source.path) as bag:
            truths = Truths(bag, None if reason else source.truth_topic)
            for index, entry in enumerate(bag.messages(source.topic)):
                if index in wanted:
                    yield _labelled(f'{prefix}_{index:06d}', entry, wanted[index], truths, segmenter)


def _labelled(name: str, entry: BagMessage, score: FrameScore, truths: Truths, segmenter: Segmenter) -> _Frame:
    read = read_frame(Path(score.bag), score.index, entry, truths)
    assert read.rgb is not None, 'it was read when it was scored'
    is_truth = read.target is not None and read.target.shape == read.rgb.shape[:2]
    train_ids = read.target if is_truth else segmenter(read.rgb).label_map
    assert train_ids is not None
    data = bytes(entry.message.data)
    is_jpeg = hasattr(entry.message, 'format') and data.startswith(_JPEG_MAGIC)
    row = {
        'name': name,
        'bag': score.bag,
        'stamp_ns': score.stamp_ns,
        'confidence': f'{score.confidence:.6f}',
        'flicker': f'{score.flicker:.6f}',
        'labels': 'truth' if is_truth else 'model',
    }
    picture = data if is_jpeg else _png(np.asarray(cv2.cvtColor(read.rgb, cv2.COLOR_RGB2BGR), np.uint8))
    return _Frame(name, '.jpg' if is_jpeg else '.png', picture, segmenter.label_space.to_label_ids(train_ids), row)


def _write(folder: Path, frame: _Frame) -> None:
    for kind, suffix, data in (('images', frame.suffix, frame.picture), ('labels', '.png', _png(frame.label_ids))):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f'{frame.name}{suffix}').write_bytes(data)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode('.png', pixels)
    assert done
    return bytes(np.asarray(data))
