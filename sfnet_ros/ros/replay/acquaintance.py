"""How a process of a replay makes sure that the node knows its ends of all topics, before the first frame is sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sfnet_ros.ros.replay.line import Line

if TYPE_CHECKING:
    from rclpy.executors import Executor

_SERVICE = '/sfnet/get_parameters'
# A service gives up on a client that it has yet to find, so that it is asked again.
_ANSWER_S = 1.0
_SPIN_S = 0.1


def become_known(node: Any, executor: Executor, line: Line) -> None:
    """Wait until the node that is watched knows all publishers and subscriptions that this process has made so far.

    One end of a topic finds the other a little earlier than the other way round, and on a busy machine much earlier:
    what is sent in between is lost, and would count as dropped. The node hears of all that a process has made in the
    order in which it was made, so that who is answered by one of its services has been found with all ends made before.

    Args:
        node: Of this process.
        executor: Of that node; it spins meanwhile.
        line: To the supervisor, whose end ends the waiting.
    """
    from rcl_interfaces.srv import GetParameters

    client = node.create_client(GetParameters, _SERVICE)
    known = False
    while not known and not line.stop.is_set():
        answer, end_s = client.call_async(GetParameters.Request()), time.monotonic() + _ANSWER_S
        while not (known := answer.done()) and time.monotonic() < end_s and not line.stop.is_set():
            executor.spin_once(timeout_sec=_SPIN_S)
    node.destroy_client(client)
