"""A process of a replay is known to the node when that answers it, and waits for no node once told to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from sfnet_ros.ros.replay.acquaintance import become_known

from ..bench import Bench


@contextmanager
def a_player(domain: int) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    """Make a node that nobody spins, and what may."""
    context = Context()
    context.init([], domain_id=domain)
    node, executor = Node('player', context=context), SingleThreadedExecutor(context=context)
    executor.add_node(node)
    yield node, executor
    executor.shutdown()
    node.destroy_node()
    context.try_shutdown()


def line() -> Any:
    return SimpleNamespace(stop=threading.Event())


def test_whom_the_node_answers_it_knows_with_all_ends_of_topics(bench: Bench, domain: int) -> None:
    watched = bench.start()
    # Only now, so that the two have yet to find each other.
    with a_player(domain) as (node, executor):
        node.create_publisher(Image, '/image', 10)
        node.create_subscription(Image, '/sfnet/label', print, 10)
        become_known(node, executor, line())
        (camera,) = [item for item in watched.subscriptions if item.topic_name == '/image']
        (labels,) = [item for item in watched.publishers if item.topic_name == '/sfnet/label']
        assert (camera.get_publisher_count(), labels.get_subscription_count()) == (1, 1)


def test_the_end_is_not_kept_waiting_by_a_node_that_does_not_answer(domain: int) -> None:
    ending = line()
    threading.Timer(0.3, ending.stop.set).start()
    with a_player(domain) as (node, executor):
        become_known(node, executor, ending)
    assert ending.stop.is_set()
