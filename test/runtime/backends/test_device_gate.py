"""No two threads record at once, and none while another one waits for the device."""

from __future__ import annotations

import threading

import pytest

from sfnet_ros.runtime.backends.device_gate import DeviceGate


def test_one_records_and_the_other_goes_without() -> None:
    gate = DeviceGate()
    with gate.recording() as first, gate.recording() as second:
        assert (first, second) == (True, False)
        # That the second one has left lets no third one in.
        with gate.recording() as third:
            assert not third
    with gate.recording() as later:
        assert later


def test_nobody_records_while_somebody_synchronises() -> None:
    gate = DeviceGate()
    with gate.synchronising():
        with gate.synchronising(), gate.recording() as inner:
            assert not inner
        with gate.recording() as outer:
            assert not outer
    with gate.recording() as later:
        assert later


def test_who_synchronises_waits_for_the_recording() -> None:
    gate, through = DeviceGate(), threading.Event()

    def synchronise() -> None:
        with gate.synchronising():
            through.set()

    with gate.recording() as may:
        assert may
        thread = threading.Thread(target=synchronise)
        thread.start()
        assert not through.wait(0.2)
    assert through.wait(60)
    thread.join()


def test_a_recording_that_fails_is_over() -> None:
    gate = DeviceGate()
    with pytest.raises(RuntimeError, match='capture'), gate.recording():
        raise RuntimeError('capture')
    with gate.recording() as may:
        assert may
