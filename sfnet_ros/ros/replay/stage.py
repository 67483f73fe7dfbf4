"""Player, node and collector as processes of their own, in a ROS domain of their own, from their start to their end."""

from __future__ import annotations

import importlib.util
import os
import selectors
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from sfnet_ros.ros.replay.child import Child, ReplayError
from sfnet_ros.ros.replay.exchange import Exchange
from sfnet_ros.ros.replay.isolation import isolated_environment, own_domain

LABEL_TOPIC = '/sfnet/label'
CONFIDENCE_TOPIC = '/sfnet/confidence'

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
        store: Open file that the collector appends label maps and confidences to; None keeps none, and then none of the
            confidences come.
        domain: ROS domain to play in, where others may be; None is one of its own.
    """

    camera: str
    node: Program
    player: Program
    environment: Mapping[str, str] = field(default_factory=dict)
    store: int | None = None
    domain: int | None = None

    @property
    def collector(self) -> Program:
        """Name what takes in the labels."""
        arguments = ['--topic', LABEL_TOPIC]
        if self.store is None:
            return Program('sfnet_ros.ros.replay.collector', arguments)
        arguments += ['--confidence-topic', CONFIDENCE_TOPIC, '--store', str(self.store)]
        return Program('sfnet_ros.ros.replay.collector', arguments, [self.store])


class Source(Protocol):
    """Somebody to listen to."""

    name: str

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when there is something to hear."""

    def hear(self) -> list[dict[str, Any]] | None:
        """Take in what was said; None where nothing more will be."""


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
        self.all_sent = False
        self._last_news_s = time.monotonic()
        self._children: dict[str, Child] = {}
        # Of all selectors this one takes files too, which standard input may be.
        self._selector = selectors.PollSelector()

    def start(self, *names: str) -> None:
        """Start some of the processes: node, collector, player."""
        for name in names:
            program = self._programs[name]
            child = Child(name, program.module, program.arguments, self._environment, program.files)
            self._children[name] = child
            self._selector.register(child, selectors.EVENT_READ, child)

    def go(self) -> None:
        """Let the player begin, or send the next frame, where it waits for a word for each."""
        self._children['player'].go()

    @property
    def sent(self) -> int:
        """Count the frames that were sent so far."""
        return self._exchange.sent

    def is_answered(self) -> bool:
        """Say whether the newest frame has its label: the node takes frames in order, so none comes after it."""
        return self._exchange.is_answered()

    def is_answerable(self) -> bool:
        """Say whether the newest frame can be decoded, as far as is known."""
        return self._exchange.is_answerable()

    def is_over(self) -> bool:
        """Say whether the last frame has its label."""
        return self.all_sent and self.is_answered()

    def is_complete(self) -> bool:
        """Say whether all has come that goes with the newest label."""
        return self._exchange.is_complete()

    def is_quiet(self) -> bool:
        """Say whether all is sent and nothing has come for long, as when the last frame was lost."""
        return self.all_sent and time.monotonic() - self._last_news_s > _QUIET_S

    def listen_to(self, source: Source) -> None:
        """Hear somebody besides the processes, until that has nothing more to say."""
        self._selector.register(source, selectors.EVENT_READ, source)

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
                if events is not None:
                    self._note(key.data.name, events)
                elif isinstance(key.data, Child):
                    raise key.data.failure()
                else:
                    self._selector.unregister(key.data)
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
            elif event['event'] == 'done':
                self.all_sent = True
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
    with own_domain() if cast.domain is None else nullcontext(cast.domain) as domain:
        stage = Stage(cast, {**isolated_environment(domain, os.environ), **cast.environment}, exchange, on_label)
        try:
            yield stage
        finally:
            stage.end()
