"""Malformed and random messages through the real nodes: no crash, no growth, and the next good frame is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image

from sfnet_ros.runtime import Segmenter

from ..ros.bench import Bench
from ..ros.node_process import NodeProcess
from .attacker import DEPTH, GROWTH, Attacker, end_in_order, for_each, start_node
from .messages import camera_infos, compressed_images, cut_wires, images, mixed

pytestmark = pytest.mark.timeout(3600)

DELIVER_ALL = {'reliability': 'reliable', 'depth': DEPTH}
COUNTS = re.compile(
    r'stopped after (\d+) frames received: (\d+) processed, (\d+) dropped for newer ones, (\d+) skipped, '
    r'(\d+) malformed, (\d+) failed'
)


@pytest.mark.parametrize(
    ('kind', 'transport', 'topic', 'messages'),
    [(Image, 'raw', '/image', images()), (CompressedImage, 'compressed', '/image/compressed', compressed_images())],
)
def test_what_a_camera_may_send_does_not_harm_the_segmentation_node(
    bench: Bench,
    start_process: Callable[..., NodeProcess],
    model_folder: Path,
    frames: int,
    kind: type[Image | CompressedImage],
    transport: str,
    topic: str,
    messages: st.SearchStrategy[Image | CompressedImage],
) -> None:
    node = start_node(
        start_process,
        model_folder,
        image_transport=transport,
        # All is delivered, so that what became of each message can be counted.
        **{f'qos_overrides.{topic}.subscription.{name}': value for name, value in DELIVER_ALL.items()},
    )
    segmenter = Segmenter.from_model(model_folder, backend='torch', device='cpu', precision='float32')
    attacker = Attacker(bench, node, segmenter, kind, frames // 2)
    drawn = mixed({messages: 16, camera_infos(): 3, cut_wires(attacker.wire): 1})
    for_each(frames // 2, drawn, attacker.take)
    attacker.assert_calibrated()
    assert bench.state() == 'active'
    last_words = end_in_order(node)
    print(f'\n{attacker.sent} messages: {last_words}; {attacker.memory}')
    counted = COUNTS.search(last_words)
    assert counted, last_words
    received, processed, dropped, skipped, malformed, failed = map(int, counted.groups())
    assert received == processed + dropped + malformed
    assert (skipped, failed) == (0, 0)
    assert attacker.memory.growth < GROWTH
