"""A backend that takes long to prepare keeps no node from its work."""

from __future__ import annotations

import time
from pathlib import Path

from ..bench import DEADLINE_S, Bench, camera_frame
from .test_life import sentence


def test_without_a_stand_in_the_backend_that_was_asked_for_is_waited_for(bench: Bench, cache_with_graph: Path) -> None:
    node = bench.start(backend='mnn', stand_in=False)
    labels, camera = bench.listen(), bench.camera()
    assert (node.state().device, node.state().loading) == ('mnn/cpu/float32', '')
    camera.publish(camera_frame(stamp_ns=1))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 1
    assert node.state().device == 'mnn/cpu/float32'


def test_torch_serves_until_the_backend_that_was_asked_for_is_ready(bench: Bench, cache_with_graph: Path) -> None:
    # The model's graph is there, of the same weights as the small model's, and was not converted before.
    logs = bench.logs()
    node = bench.start(backend='mnn')
    wanted, stand_in = 'mnn/cpu/float32', 'torch/cpu/float32'
    labels, camera = bench.listen(), bench.camera()
    assert (node.state().device, node.state().loading) == (stand_in, wanted)
    assert f'{wanted} is prepared in the background; {stand_in} serves until then' in sentence(logs, 'is prepared')

    end_s, stamp_ns, devices = time.monotonic() + 60, 0, set()
    while wanted not in devices:
        assert time.monotonic() < end_s
        stamp_ns += 1
        camera.publish(camera_frame(stamp_ns=stamp_ns))
        # None is lost: there is a label for each.
        assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == stamp_ns
        devices.add(node.state().device)
        time.sleep(0.2)
    assert devices == {stand_in, wanted}
    assert f'and serves these in place of {stand_in}' in sentence(logs, f'{wanted} is ready for 1 of')
    assert node.state().loading == ''

    assert bench.transition('deactivate')
    assert bench.transition('cleanup')
    assert bench.transition('configure')
    # From the second start on there is nothing to prepare.
    assert (node.state().device, node.state().loading) == (wanted, '')
