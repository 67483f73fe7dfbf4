"""Run a replay: player, node and collector as processes of their own, from their start to their end."""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sfnet_ros.ros.replay.child import Child, ReplayError
from sfnet_ros.ros.replay.isolation import isolated_environment, own_domain
from sfnet_ros.ros.replay.label_store import LabelStore
from sfnet_ros.ros.replay.line import ROS_ARGUMENTS

NODE = 'sfnet_ros.ros.segmentation_node'
LABEL_TOPIC = '/sfnet/label'

# A large model on a slow machine takes its time to load and warm up.
_START_S = 90.0
# Without any news for this long after the last frame, no further label is on its way.
_QUIET_S = 10.0
# The node promises to end within 2 s.
_END_S = 4.0

_COMPRESSED = '/compressed'


@dataclass(frozen=True)
class ReplayPlan:
    """Say what is replayed through what.

    Args:
        bag: The recording.
        topic: Its topic of frames.
        is_compressed: Whether they are CompressedImage.
        parameters: Parameters of the node.
        speed: 2 is twice as fast as recorded.

    Raises:
        ValueError: A speed that is no speed.
    """

    bag: Path
    topic: str
    is_compressed: bool
    parameters: Mapping[str, str | int]
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 0.01 <= self.speed <= 100:
            raise ValueError(f'a speed of {self.speed} is not between 0.01 and 100')


@dataclass
class Replayed:
    """Hold what came of a replay; moments are of the monotonic clock, which all processes share.

    Args:
        labels: Label maps by stamp.
        sent_ns: Moment before publishing, by stamp.
        received_ns: Moment of the label's arrival, by stamp.
        warnings: What the node warned of.
    """

    labels: LabelStore
    sent_ns: dict[int, int] = field(default_factory=dict)
    received_ns: dict[int, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def latencies_ms(self) -> list[float]:
        """List the milliseconds from publishing a frame to receiving its label, in the order of arrival."""
        return [(at_ns - self.sent_ns[stamp_ns]) / 1e6 for stamp_ns, at_ns in self.received_ns.items()]


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
    with own_domain() as domain, _stage(plan, replayed, domain, on_label) as stage:
        if not stage.wait_for(lambda: stage.matched == {'player', 'collector'}, _START_S):
            raise ReplayError(f'the node did not take frames of {plan.topic} within {_START_S:g} s of its start')
        stage.children['player'].go()
        while stage.last_news_s > time.monotonic() - _QUIET_S or not stage.done:
            if stage.wait_for(lambda: stage.done and stage.last_sent_ns in replayed.received_ns, 1.0):
                break
    return checked(replayed)


class _Stage:
    """Hear what the children of a replay say."""

    def __init__(self, children: Mapping[str, Child], replayed: Replayed, on_label: Callable[[], object]) -> None:
        self.children = children
        self.matched: set[str] = set()
        self.done = False
        self.last_sent_ns = -1
        self.last_news_s = time.monotonic()
        self._replayed = replayed
        self._on_label = on_label
        self._selector = selectors.DefaultSelector()
        for child in children.values():
            self._selector.register(child, selectors.EVENT_READ, child)

    def wait_for(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Hear the children until a condition holds, and say whether it does.

        Raises:
            ReplayError: A child has ended.
        """
        deadline_s = time.monotonic() + within_s
        while not condition():
            ready = self._selector.select(deadline_s - time.monotonic())
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
            self.last_news_s = time.monotonic()
            if event['event'] == 'matched':
                self.matched.add(child.name)
            elif event['event'] == 'done':
                self.done = True
            elif event['event'] == 'sent':
                self.last_sent_ns = event['stamp_ns']
                self._replayed.sent_ns.setdefault(event['stamp_ns'], event['at_ns'])
            elif event['event'] == 'label':
                self._replayed.labels.add(event['stamp_ns'], (event['height'], event['width']))
                self._replayed.received_ns.setdefault(event['stamp_ns'], event['at_ns'])
                self._on_label()


@contextmanager
def _stage(plan: ReplayPlan, replayed: Replayed, domain: int, on_label: Callable[[], object]) -> Iterator[_Stage]:
    """Start the children, and see that none is left at the end."""
    environment = isolated_environment(domain, os.environ)
    camera = plan.topic.removesuffix(_COMPRESSED)
    sent_on = camera + _COMPRESSED if plan.is_compressed else plan.topic
    parameters = {'image_transport': 'compressed' if plan.is_compressed else 'raw', **plan.parameters}
    player = [str(plan.bag), '--topic', plan.topic, '--publish-on', sent_on, '--speed', str(plan.speed)]
    store = replayed.labels.fileno()
    node = [*ROS_ARGUMENTS, '-r', f'image:={camera if plan.is_compressed else plan.topic}']
    for name, value in parameters.items():
        # JSON is YAML that says what is text: a model called 123 is no number.
        node += ['-p', f'{name}:={json.dumps(value)}']
    children: dict[str, Child] = {}
    try:
        for name, module, arguments, files in (
            ('node', NODE, node, []),
            ('collector', 'sfnet_ros.ros.replay.collector', ['--topic', LABEL_TOPIC, '--store', str(store)], [store]),
            ('player', 'sfnet_ros.ros.replay.player', player, []),
        ):
            children[name] = Child(name, module, arguments, environment, files)
        yield _Stage(children, replayed, on_label)
        for child in children.values():
            child.ask_to_end()
        codes = {child.name: child.end(_END_S) for child in children.values()}
        failed = [name for name, code in codes.items() if code != 0]
        if failed:
            raise children[failed[0]].failure()
        replayed.warnings = children['node'].warnings()
    finally:
        for child in children.values():
            child.ask_to_end()
        for child in children.values():
            child.end(_END_S)


def checked(replayed: Replayed) -> Replayed:
    """Pass on what came of a replay.

    Raises:
        ReplayError: Nothing came back, or what was never sent.
    """
    if not replayed.received_ns:
        said = f', and warned: {replayed.warnings[-1]}' if replayed.warnings else ''
        raise ReplayError(f'the node gave no label for any of {len(replayed.sent_ns)} frames{said}')
    unsent = sorted(replayed.received_ns.keys() - replayed.sent_ns.keys())
    if unsent:
        raise ReplayError(f'the node gave {len(unsent)} labels with a stamp that no frame had, such as {unsent[0]} ns')
    return replayed
