"""Cameras of every encoding, in turn, through one node over real DDS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sensor_msgs.msg import Image

from sfnet_ros.runtime import Segmenter, to_rgb
from sfnet_ros.runtime.encodings import ENCODINGS

from ..bench import DEADLINE_S, Bench


def _frame(encoding: str, height: int, width: int, stamp: int, big_endian: bool) -> Image:
    item = ENCODINGS[encoding]
    step = width * item.pixel_bytes + 3
    data = np.random.default_rng(stamp).integers(0, 256, height * item.rows_by_2 // 2 * step, np.uint8)
    message = Image(height=height, width=width, encoding=encoding, step=step, is_bigendian=int(big_endian))
    message.data.frombytes(data.data)
    message.header.stamp.sec = stamp
    return message


def test_a_camera_that_changes_encoding_and_size_is_served_as_its_pixels_are(bench: Bench, model_folder: Path) -> None:
    bench.start()
    labels, camera = bench.listen(), bench.camera()
    segmenter = Segmenter.from_model(model_folder, backend='torch', device='cpu', precision='float32')
    for stamp, encoding in enumerate(ENCODINGS, start=1):
        frame = _frame(encoding, 40 + 2 * (stamp % 3), 64, stamp, big_endian=stamp % 2 == 0)
        camera.publish(frame)
        label = labels.get(timeout=DEADLINE_S)
        assert label.header == frame.header, encoding
        expected = segmenter(to_rgb(frame)).label_map
        assert np.array_equal(np.frombuffer(label.data, np.uint8).reshape(label.height, label.width), expected), (
            encoding
        )
