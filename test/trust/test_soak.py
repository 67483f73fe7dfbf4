"""Frame after frame through the real node: its memory stays flat, and no header is made up or out of order."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sensor_msgs.msg import CameraInfo

from sfnet_ros.ros.segmentation.outputs.table import OUTPUTS

from ..ros.bench import Bench, camera_frame, wait_until
from ..ros.node_process import NodeProcess
from .attacker import GROWTH, PATIENCE_S, end_in_order, start_node
from .memory import Memory
from .messages import calibration

pytestmark = pytest.mark.timeout(3600)

HW = (48, 64)
FRAME_ID = 'soaked camera'
INTERVAL_NS = 10**7
# As many frames are sent at once as no node keeps up with, now and then.
BURST_EVERY, BURST = 20, 3
# An encapsulation of 4 bytes, then the stamp, and the length of a text that ends in a NUL.
HEADER = struct.Struct('<4xiII')


class HeaderWatch:
    """Look at the header of every message of a topic, which begins with it.

    Args:
        sent_ns: The stamps that were sent, in which the watch looks, as nothing else may come back.
    """

    def __init__(self, sent_ns: set[int]) -> None:
        self.count = 0
        self.faults: list[str] = []
        self._sent_ns = sent_ns
        self._newest_ns = -1

    def take(self, wire: bytes) -> None:
        seconds, nanoseconds, length = HEADER.unpack_from(wire)
        stamp_ns = seconds * 10**9 + nanoseconds
        frame_id = wire[HEADER.size : HEADER.size + length - 1].decode()
        if stamp_ns not in self._sent_ns or frame_id != FRAME_ID:
            self.faults.append(f'{stamp_ns} of {frame_id!r} was never sent')
        if stamp_ns <= self._newest_ns:
            self.faults.append(f'{stamp_ns} came after {self._newest_ns}')
        self._newest_ns = stamp_ns
        self.count += 1


def test_memory_is_flat_and_every_header_was_sent_and_in_order(
    bench: Bench, start_process: Callable[..., NodeProcess], model_folder: Path, frames: int
) -> None:
    # Reliable, as a label is waited for after every frame.
    reliable = {'qos_overrides./image.subscription.reliability': 'reliable'}
    node = start_node(start_process, model_folder, **reliable)
    sent_ns: set[int] = set()
    watches = {output.name: HeaderWatch(sent_ns) for output in OUTPUTS}
    labelled = threading.Semaphore(0)

    def take_label(wire: bytes) -> None:
        watches['label'].take(wire)
        labelled.release()

    for output in OUTPUTS:
        take = take_label if output.name == 'label' else watches[output.name].take
        bench.peer.create_subscription(output.message_type, f'/sfnet/{output.name}', take, 100, raw=True)
    camera, calibrations = bench.camera(), bench.camera('/camera_info', CameraInfo)

    def send() -> None:
        sent_ns.add(stamp_ns := (len(sent_ns) + 1) * INTERVAL_NS)
        calibrations.publish(calibration(*HW))
        camera.publish(camera_frame(FRAME_ID, HW, stamp_ns=stamp_ns))

    def answers() -> bool:
        send()
        return labelled.acquire(timeout=1)

    wait_until(answers, 'a label comes back', PATIENCE_S)
    memory = Memory(node.popen.pid, warm_up=frames // 5)
    for number in range(frames):
        for _ in range(BURST if number % BURST_EVERY == 0 else 1):
            send()
        # The label of one of them; those of a burst that are labelled as well only make this wait shorter.
        assert labelled.acquire(timeout=PATIENCE_S), node.output
        memory.sample(number)
    print(f'\n{len(sent_ns)} frames: {end_in_order(node)}; {memory}')
    assert {name: watch.faults[:3] for name, watch in watches.items() if watch.faults} == {}
    assert all(watch.count > frames * 0.9 for watch in watches.values()), {n: w.count for n, w in watches.items()}
    assert memory.growth < GROWTH
