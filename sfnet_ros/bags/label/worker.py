"""Label a chunk of a recording."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sfnet_ros.bags.label.plan import Interval, LabelPlan
from sfnet_ros.bags.messages import (
    TYPES,
    MessageError,
    image_message,
    jpeg_message,
    label_message,
    stamp_ns,
    take_apart,
)
from sfnet_ros.bags.read import Bag, BagError
from sfnet_ros.pictures import overlay
from sfnet_ros.runtime.image import ImageFormatError, to_rgb
from sfnet_ros.runtime.segmenter import Segmenter
from sfnet_ros.runtime.segmenter_options import SegmenterOptions

# Takes the place of the outputs of a frame that cannot be decoded: why.
REFUSAL = 'refusal'

_OVERLAY_QUALITY = 90


@dataclass(frozen=True)
class LabelTask:
    """Name one chunk of a plan, and who asked for it: the place of its recording among others, and its own in it."""

    plan: LabelPlan
    interval: Interval
    job: int = 0
    number: int = 0


class LabelWorker:
    """Label chunks, one after the other; model and recording stay open from one to the next."""

    def __init__(self) -> None:
        self._options: SegmenterOptions | None = None
        self._segmenter: Segmenter | None = None
        self._bag: Bag | None = None

    def __call__(self, task: LabelTask) -> bytes:
        """Label the frames of a chunk.

        Returns:
            What `labelled_frames` reads.

        Raises:
            BagError: The recording is damaged.
            ValueError: The model is not the one of the plan.
        """
        plan, segmenter, bag = task.plan, self._load(task.plan), self._open(task.plan)
        file = io.BytesIO()
        frames = 0
        with zipfile.ZipFile(file, 'w') as archive:
            for wire in bag.wires([plan.topic], *task.interval):
                for output, message in _label(wire.data, segmenter, plan).items():
                    archive.writestr(zipfile.ZipInfo(f'{frames}/{output}'), message)
                frames += 1
            archive.comment = str(frames).encode()
        return file.getvalue()

    def close(self) -> None:
        """Let go of model and recording."""
        if self._bag is not None:
            self._bag.__exit__(None, None, None)
        if self._segmenter is not None:
            self._segmenter.close()

    def _load(self, plan: LabelPlan) -> Segmenter:
        if self._segmenter is None or self._options != plan.model:
            self._segmenter = plan.model.load_same(plan.manifest['weights_sha256'])
            self._options = plan.model
        return self._segmenter

    def _open(self, plan: LabelPlan) -> Bag:
        if self._bag is None or self._bag.path != plan.bag:
            if self._bag is not None:
                self._bag.__exit__(None, None, None)
            self._bag = Bag(plan.bag)
        return self._bag


def labelled_frames(data: bytes) -> Iterator[Mapping[str, bytes]]:
    """Read a chunk frame by frame: the messages (CDR) by output; a frame that could not be decoded has a `REFUSAL`.

    Raises:
        BagError: The chunk is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            frames: list[dict[str, bytes]] = [{} for _ in range(int(archive.comment))]
            for name in archive.namelist():
                ordinal, _, output = name.partition('/')
                frames[int(ordinal)][output] = archive.read(name)
    except (zipfile.BadZipFile, ValueError, IndexError, EOFError) as error:
        raise BagError(f'a chunk of labels is damaged ({error})') from error
    yield from frames


def count_frames(data: bytes) -> int:
    """Count the frames of a chunk, those too that could not be decoded."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return int(archive.comment)


def _label(data: bytes, segmenter: Segmenter, plan: LabelPlan) -> dict[str, bytes]:
    try:
        frame = take_apart(data, plan.kind)
        rgb = to_rgb(frame)
    except (MessageError, ImageFormatError) as error:
        return {REFUSAL: str(error).encode()}
    result = segmenter(rgb)
    at_ns, frame_id = stamp_ns(frame), frame.header.frame_id
    pack = image_message if plan.options.raw else label_message
    messages = {
        'label': pack(result.label_map, at_ns, frame_id),
        'confidence': pack(result.confidence, at_ns, frame_id),
    }
    if plan.options.overlay:
        picture = overlay(rgb, result.label_map, segmenter.label_space)
        messages['overlay'] = jpeg_message(picture, _OVERLAY_QUALITY, at_ns, frame_id)
    kinds = {output: kind for output, (_, kind) in plan.options.topics.items()}
    return {output: bytes(TYPES.serialize_cdr(message, kinds[output])) for output, message in messages.items()}
