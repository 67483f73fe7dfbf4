"""A backend that takes long to prepare keeps no node from its work."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sfnet_ros.runtime.backends import Choice, create_backend
from sfnet_ros.runtime.backends.base import Backend

from ..bench import DEADLINE_S, Bench, camera_frame
from .test_life import sentence


def test_without_a_stand_in_the_backend_that_was_asked_for_is_waited_for(bench: Bench, cache_with_graph: Path) -> None:
    node = bench.start(backend='mnn', stand_in=False)
    labels, camera = bench.listen(), bench.camera()
    assert (node.state().device, node.state().loading) == ('mnn/cpu/float32', '')
    camera.publish(camera_frame(stamp_ns=1))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 1
    assert node.state().device == 'mnn/cpu/float32'


def test_torch_serves_until_the_backend_that_was_asked_for_is_ready(
    bench: Bench, cache_with_graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_be_made = threading.Event()

    def made_when_it_may(choice: Choice, *others: Any) -> Backend:
        assert choice.backend == 'torch' or may_be_made.wait(DEADLINE_S)
        return create_backend(choice, *others)

    monkeypatch.setattr('sfnet_ros.runtime.backends.preparation.create_backend', made_when_it_may)
    # The model's graph is there, of the same weights as the small model's, and was not converted before.
    logs = bench.logs()
    node = bench.start(backend='mnn')
    wanted, stand_in = 'mnn/cpu/float32', 'torch/cpu/float32'
    labels, camera = bench.listen(), bench.camera()
    assert (node.state().device, node.state().loading) == (stand_in, wanted)
    assert f'{wanted} is prepared in the background; {stand_in} serves until then' in sentence(logs, 'is prepared')

    end_s, stamp_ns, devices = time.monotonic() + DEADLINE_S, 0, []
    while wanted not in devices:
        assert time.monotonic() < end_s
        stamp_ns += 1
        camera.publish(camera_frame(stamp_ns=stamp_ns))
        # None is lost: there is a label for each.
        assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == stamp_ns
        devices.append(node.state().device)
        may_be_made.set()
        # As the frames of a camera come, which leave time for the conversion.
        time.sleep(0.2)
    assert (devices[0], {*devices}) == (stand_in, {stand_in, wanted})
    assert f'and serves these in place of {stand_in}' in sentence(logs, f'{wanted} is ready for 1 of')
    assert node.state().loading == ''

    assert bench.transition('deactivate')
    assert bench.transition('cleanup')
    assert bench.transition('configure')
    # From the second start on there is nothing to prepare.
    assert (node.state().device, node.state().loading) == (wanted, '')
