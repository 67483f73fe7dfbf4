"""Waiting for work, or for the end of the process."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from sfnet_ros.ros.ending import Ending


def test_what_is_to_be_done_meanwhile_is_done_until_the_work_is() -> None:
    ending, work = Ending(), Future[None]()
    assert ending.wait_for(work, meanwhile=lambda: work.set_result(None))


def test_the_end_of_the_process_ends_the_waiting() -> None:
    ending = Ending()
    threading.Timer(0.05, lambda: ending.decide(3)).start()
    assert not ending.wait_for(Future[None]())
    assert ending.decision.result() == 3
