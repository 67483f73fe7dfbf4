"""A backend that takes long to prepare keeps no node from its work."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ..bench import DEADLINE_S, Bench, camera_frame
from .test_life import sentence


@pytest.mark.timeout(300)
def test_torch_serves_until_the_backend_that_was_asked_for_is_ready(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No graph was made on this machine before.
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    logs = bench.logs()
    node = bench.start(backend='onnxruntime')
    wanted, stand_in = 'onnxruntime/cpu/float32', 'torch/cpu/float32'
    labels, camera = bench.listen(), bench.camera()
    assert (node.state().device, node.state().loading) == (stand_in, wanted)
    assert f'{wanted} is prepared in the background; {stand_in} serves until then' in sentence(logs, 'is prepared')

    end_s, stamp_ns, devices = time.monotonic() + 240, 0, set()
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
