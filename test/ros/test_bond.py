"""The bond to a lifecycle manager; the real bondpy is tried where ROS has it."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from rclpy.duration import Duration
from std_msgs.msg import String

from sfnet_ros.ros.cloud.node import SemanticCloudNode

from .bench import DEADLINE_S, Bench, wait_until

NODE = '/semantic_cloud'


class NotedBond:
    """Note what is asked of it, with topics of its own as bondpy's has."""

    made: list[NotedBond]

    def __init__(self, node: Any, topic: str, bond_id: str) -> None:
        self.called = [(topic, bond_id)]
        self.pub, self.sub = node.create_publisher(String, topic, 1), None
        self._node = node
        self.made.append(self)

    def start(self) -> None:
        self.called.append(('start', str(self.heartbeat_timeout)))  # type: ignore[attr-defined]
        self.sub = self._node.create_subscription(String, self.called[0][0], print, 1)

    def shutdown(self) -> None:
        self.called.append(('shutdown', ''))
        self.sub.destroy()
        self.pub.destroy()


@pytest.fixture
def bonds(monkeypatch: pytest.MonkeyPatch) -> list[NotedBond]:
    module = types.ModuleType('bondpy.bondpy')
    module.Bond = NotedBond  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, 'bondpy', types.ModuleType('bondpy'))
    monkeypatch.setitem(sys.modules, 'bondpy.bondpy', module)
    NotedBond.made = []
    return NotedBond.made


def test_an_active_node_is_bonded_to_its_manager_and_takes_leave(bench: Bench, bonds: list[NotedBond]) -> None:
    node = bench.run(SemanticCloudNode, label_space='camvid', autostart=False)
    for round_number in (1, 2):
        assert bench.transition('configure', NODE)
        assert len(bonds) == round_number - 1
        assert bench.transition('activate', NODE)
        assert bonds[-1].called == [('bond', 'semantic_cloud'), ('start', '4.0')]
        assert bench.transition('deactivate', NODE)
        assert bonds[-1].called[2:] == [('shutdown', '')]
        # The executor meets nothing that bondpy destroyed.
        assert bench.transition('cleanup', NODE)
        assert not any(item.topic_name == '/bond' for item in (*node.publishers, *node.subscriptions))


def test_a_node_that_starts_by_itself_has_no_bond(bench: Bench, bonds: list[NotedBond]) -> None:
    bench.run(SemanticCloudNode, label_space='camvid')
    wait_until(lambda: bench.state(NODE) == 'active', 'the node is active')
    assert bonds == []


def test_without_bondpy_the_node_says_what_the_manager_needs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'bondpy', None)
    logs = bench.logs()
    bench.run(SemanticCloudNode, label_space='camvid', autostart=False)
    assert bench.transition('configure', NODE)
    assert bench.transition('activate', NODE)
    while 'a Nav2 lifecycle manager needs bond_timeout: 0.0' not in logs.get(timeout=DEADLINE_S).msg:
        pass


@pytest.mark.ros_full
def test_the_real_bond_forms_and_breaks_with_the_lifecycle(bench: Bench) -> None:
    bondpy = pytest.importorskip('bondpy.bondpy')
    bench.run(SemanticCloudNode, label_space='camvid', autostart=False)
    assert bench.transition('configure', NODE)
    assert bench.transition('activate', NODE)
    manager = bondpy.Bond(bench.peer, 'bond', 'semantic_cloud')
    manager.start()
    assert manager.wait_until_formed(Duration(seconds=DEADLINE_S))
    assert bench.transition('deactivate', NODE)
    assert manager.wait_until_broken(Duration(seconds=DEADLINE_S))
    manager.shutdown()
    bench.peer.destroy_subscription(manager.sub)
    bench.peer.destroy_publisher(manager.pub)
