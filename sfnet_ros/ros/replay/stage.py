"""Player, node and collector as processes of their own, in a ROS domain of their own, from their start to their end."""

from __future__ import annotations

import importlib.util
import os
import selectors
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sfnet_ros.ros.replay.child import Child, ReplayError
from sfnet_ros.ros.replay.exchange import Exchange
from sfnet_ros.ros.replay.isolation import isolated_environment, own_domain

LABEL_TOPIC = '/sfnet/label'

# Without any news for this long after the last frame, no further label is on its way.
_QUIET_S = 10.0
# The node promises to end within 2 s.
_END_S = 4.0


@dataclass(frozen=True)
class Program:
    """Name the Python module that a process runs, its arguments, and the open files that it inherits."""

    module: str
    arguments: Sequence[str]
    files: Sequence[int] = ()


@dataclass(frozen=True)
class Cast:
    """Say who plays: the node, between the frames of the player and the collector of its labels.

    Args:
        camera: Topic of the frames, for what errors say.
        node: The node.
        player: Sends the frames.
        environment: What all processes have set beside what keeps them to themselves.
        store: Open file that the collector appends the label maps to; None keeps none.
    """

    camera: str
    node: Program
    player: Program
    environment: Mapping[str, str] = field(default_factory=dict)
    store: int | None = None

    @property
    def collector(self) -> Program:
        """Name what takes in the labels."""
        files, store = ([], []) if self.store is None else ([self.store], ['--store', str(self.store)])
        return Program('sfnet_ros.ros.replay.collector', ['--topic', LABEL_TOPIC, *store], files)


class Stage:
    """Start the processes, hear what they say, and end them.

    Args:
        cast: Who plays.
        environment: Of the processes.
        exchange: Told of all that happens.
        on_label: Called for every label that arrives.
    """

    def __init__(
        self, cast: Cast, environment: Mapping[str, str], exchange: Exchange, on_label: Callable[[], object]
    ) -> None:
        self.ready: set[str] = set()
        self.matched: set[str] = set()
        self._programs = {'node': cast.node, 'collector': cast.collector, 'player': cast.player}
        self._environment = environment
        self._exchange = exchange
        self._on_label = on_label
        self._all_sent = False
        self._last_sent_ns = -1
        self._last_news_s = time.monotonic()
        self._children: dict[str, Child] = {}
        self._selector = selectors.DefaultSelector()

    def start(self, *names: str) -> None:
        """Start some of the processes: node, collector, player."""
        for name in names:
            program = self._programs[name]
            child = Child(name, program.module, program.arguments, self._environment, program.files)
            self._children[name] = child
            self._selector.register(child, selectors.EVENT_READ, child)

    def go(self) -> None:
        """Let the player begin."""
        self._children['player'].go()

    def is_over(self) -> bool:
        """Say whether the last frame's label is there: the node takes frames in order, so none comes after it."""
        return self._all_sent and self._last_sent_ns in self._exchange.received_ns

    def is_quiet(self) -> bool:
        """Say whether all is sent and nothing has come for long, as when the last frame was lost."""
        return self._all_sent and time.monotonic() - self._last_news_s > _QUIET_S

    def wait_for(self, condition: Callable[[], object], within_s: float) -> bool:
        """Hear the processes until a condition holds, and say whether it does.

        Raises:
            ReplayError: A process has ended.
        """
        deadline_s = time.monotonic() + within_s
        while not condition():
            ready = self._selector.select(max(0.0, deadline_s - time.monotonic()))
            if not ready:
                return False
            for key, _ in ready:
                events = key.data.hear()
                if events is None:
                    raise key.data.failure()
                self._note(key.data.name, events)
        return True

    def end_in_order(self) -> None:
        """End the processes, and take in what they say last.

        Raises:
            ReplayError: One of them ended otherwise than it should.
        """
        for name, code in self.end().items():
            if code != 0:
                raise self._children[name].failure()
        for name, child in self._children.items():
            while (events := child.hear()) is not None:
                self._note(name, events)
        self._exchange.warnings = self._children['node'].warnings()

    def end(self) -> dict[str, int]:
        """End the processes, whatever they are at, and give their exit codes."""
        for child in self._children.values():
            child.ask_to_end()
        deadline_s = time.monotonic() + _END_S
        return {name: child.end(max(0.0, deadline_s - time.monotonic())) for name, child in self._children.items()}

    def _note(self, name: str, events: list[dict[str, Any]]) -> None:
        for event in events:
            self._last_news_s = time.monotonic()
            self._exchange.note(event)
            if event['event'] == 'ready':
                self.ready.add(name)
            elif event['event'] == 'matched':
                self.matched.add(name)
            elif event['event'] == 'sent':
                self._last_sent_ns = event['stamp_ns']
            elif event['event'] == 'done':
                self._all_sent = True
            elif event['event'] == 'label':
                self._on_label()


@contextmanager
def open_stage(cast: Cast, exchange: Exchange, on_label: Callable[[], object]) -> Iterator[Stage]:
    """Give a stage to start the processes on, and see that none is left at the end, whatever that is.

    Args:
        cast: Who plays.
        exchange: Told of all that happens.
        on_label: Called for every label that arrives.

    Raises:
        ReplayError: There is no ROS.
    """
    if importlib.util.find_spec('rclpy') is None:
        raise ReplayError('a replay needs ROS 2 (rclpy): source it, or pip install ros-rclpy[fastrtps]')
    with own_domain() as domain:
        stage = Stage(cast, {**isolated_environment(domain, os.environ), **cast.environment}, exchange, on_label)
        try:
            yield stage
        finally:
            stage.end()
