"""Run a replay: player, node and collector as processes of their own, from their start to their end."""

from __future__ import annotations

import importlib.util
import os
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sfnet_ros.ros.replay.child import Child, ReplayError
from sfnet_ros.ros.replay.isolation import isolated_environment, own_domain
from sfnet_ros.ros.replay.label_store import LabelStore
from sfnet_ros.ros.replay.plan import ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed

LABEL_TOPIC = '/sfnet/label'

# A large model on a slow machine takes its time to load and warm up.
_START_S = 90.0
# One end of a topic finds the other a little earlier than the other way round, and nothing tells when both have: what
# is sent in between is lost, and would count as dropped by the node.
_SETTLE_S = 0.5
# Without any news for this long after the last frame, no further label is on its way.
_QUIET_S = 10.0
# The node promises to end within 2 s.
_END_S = 4.0


def replay(plan: ReplayPlan, on_label: Callable[[], object]) -> Replayed:
    """Play a recording through the node once.

    Args:
        plan: What to replay.
        on_label: Called for every label that arrives.

    Raises:
        ReplayError: A process failed, nothing came back, or what came back was never sent.
    """
    if importlib.util.find_spec('rclpy') is None:
        raise ReplayError('a replay needs ROS 2 (rclpy): source it, or pip install ros-rclpy[fastrtps]')
    replayed = Replayed(LabelStore())
    with own_domain() as domain, _children(plan, replayed.labels.fileno(), domain) as children:
        stage = _Stage(children, replayed, on_label)
        if not stage.wait_for(lambda: stage.matched == {'player', 'collector'}, _START_S):
            raise ReplayError(f'the node did not take frames of {plan.topic} within {_START_S:g} s of its start')
        stage.wait_for(lambda: False, _SETTLE_S)
        children['player'].go()
        while not stage.is_over() and not stage.is_quiet():
            stage.wait_for(stage.is_over, 1.0)
        _end_in_order(children)
        replayed.warnings = children['node'].warnings()
    replayed.check()
    return replayed


class _Stage:
    """Hear what the children of a replay say."""

    def __init__(self, children: dict[str, Child], replayed: Replayed, on_label: Callable[[], object]) -> None:
        self.matched: set[str] = set()
        self._replayed = replayed
        self._on_label = on_label
        self._all_sent = False
        self._last_sent_ns = -1
        self._last_news_s = time.monotonic()
        self._selector = selectors.DefaultSelector()
        for child in children.values():
            self._selector.register(child, selectors.EVENT_READ, child)

    def is_over(self) -> bool:
        """Say whether the last frame's label is there: the node takes frames in order, so none comes after it."""
        return self._all_sent and self._last_sent_ns in self._replayed.received_ns

    def is_quiet(self) -> bool:
        """Say whether all is sent and nothing has come for long, as when the last frame was lost."""
        return self._all_sent and time.monotonic() - self._last_news_s > _QUIET_S

    def wait_for(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Hear the children until a condition holds, and say whether it does.

        Raises:
            ReplayError: A child has ended.
        """
        deadline_s = time.monotonic() + within_s
        while not condition():
            ready = self._selector.select(max(0.0, deadline_s - time.monotonic()))
            if not ready:
                return False
            for key, _ in ready:
                self._hear(key.data)
        return True

    def _hear(self, child: Child) -> None:
        events = child.hear()
        if events is None:
            raise child.failure()
        for event in events:
            self._last_news_s = time.monotonic()
            if event['event'] == 'matched':
                self.matched.add(child.name)
            elif event['event'] == 'sent':
                self._last_sent_ns = event['stamp_ns']
                self._replayed.sent += 1
                self._replayed.sent_ns.setdefault(event['stamp_ns'], event['at_ns'])
            elif event['event'] == 'done':
                self._all_sent = True
            elif event['event'] == 'label':
                self._replayed.labels.add(event['stamp_ns'], (event['height'], event['width']))
                self._replayed.received_ns.setdefault(event['stamp_ns'], event['at_ns'])
                self._on_label()


@contextmanager
def _children(plan: ReplayPlan, store: int, domain: int) -> Iterator[dict[str, Child]]:
    """Start the processes, and see that none is left at the end, whatever that is."""
    environment = isolated_environment(domain, os.environ)
    collector_arguments = ['--topic', LABEL_TOPIC, '--store', str(store)]
    children: dict[str, Child] = {}
    try:
        # The slowest to start comes first.
        for name, module, arguments, files in (
            ('node', 'sfnet_ros.ros.segmentation_node', plan.node_arguments(), []),
            ('collector', 'sfnet_ros.ros.replay.collector', collector_arguments, [store]),
            ('player', 'sfnet_ros.ros.replay.player', plan.player_arguments(), []),
        ):
            children[name] = Child(name, module, arguments, environment, files)
        yield children
    finally:
        _end(children)


def _end_in_order(children: dict[str, Child]) -> None:
    """End the processes.

    Raises:
        ReplayError: One of them ended otherwise than it should.
    """
    for name, code in _end(children).items():
        if code != 0:
            raise children[name].failure()


def _end(children: dict[str, Child]) -> dict[str, int]:
    for child in children.values():
        child.ask_to_end()
    deadline_s = time.monotonic() + _END_S
    return {name: child.end(max(0.0, deadline_s - time.monotonic())) for name, child in children.items()}
