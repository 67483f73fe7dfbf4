"""How a player sends frames: each once, in time, and told of."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sfnet_ros.ros.replay.acquaintance import become_known
from sfnet_ros.ros.replay.line import MATCH_POLL_S, Line


@dataclass(frozen=True)
class TimedFrame:
    """Hold a frame that is ready to be sent.

    Args:
        after_ns: When it is due, after the first one.
        stamp_ns: Its stamp.
        wire: The message as it is serialized.
    """

    after_ns: float
    stamp_ns: int
    wire: bytes


def play(
    node: Any, message_type: type[Any], topic: str, frames: Iterable[TimedFrame], line: Line, at_once: bool = False
) -> None:
    """Wait for a subscriber and for the word to go, send every frame once, and stay until told to stop.

    Args:
        node: Publishes.
        message_type: Type of the frames.
        topic: Where they go.
        frames: All frames.
        line: To the supervisor.
        at_once: Wait for nobody.
    """
    publisher = node.create_publisher(message_type, topic, 10)
    if not meet(node, publisher, line, at_once):
        return
    start_ns = time.monotonic_ns()
    for frame in frames:
        if line.stop.wait(max(0.0, (start_ns + frame.after_ns - time.monotonic_ns()) / 1e9)):
            return
        at_ns = time.monotonic_ns()
        # Byte for byte: nothing of the header can change on the way.
        publisher.publish(frame.wire)
        line.say('sent', stamp_ns=frame.stamp_ns, at_ns=at_ns)
    line.say('done')
    # What was published last may still be on its way.
    line.stop.wait()


def meet(node: Any, publisher: Any, line: Line, at_once: bool = False) -> bool:
    """Wait for a subscriber and for the word to go, and say whether it came before the end.

    Args:
        node: Publishes.
        publisher: Of the frames.
        line: To the supervisor.
        at_once: Wait for nobody.
    """
    from rclpy.executors import SingleThreadedExecutor

    line.say('ready')
    if at_once:
        line.say('matched')
        return True
    while publisher.get_subscription_count() == 0 and not line.stop.wait(MATCH_POLL_S):
        pass
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    become_known(node, executor, line)
    executor.shutdown()
    line.say('matched')
    return line.wait_for_word()
