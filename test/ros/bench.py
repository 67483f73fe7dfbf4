"""Nodes of this process, and a peer at the other end of their topics and services."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Log
from rcl_interfaces.srv import SetParameters
from rclpy.client import Client
from rclpy.context import Context
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.managed_node import ManagedNode
from sfnet_ros.ros.messages import image_message
from sfnet_ros.ros.run import spin
from sfnet_ros.ros.segmentation.node import SegmentationNode

# What takes a second on an idle machine takes half a minute on one whose cores are taken.
DEADLINE_S = 60.0

# What rmw calls a node, until it has heard whose a topic's end is.
_UNKNOWN = '_NODE_NAMESPACE_UNKNOWN_/_NODE_NAME_UNKNOWN_'

AnyNode = TypeVar('AnyNode', bound=ManagedNode)


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for something that other threads or processes bring about."""
    end_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end_s:
            pytest.fail(f'not within {deadline_s:g} s: {what}')
        time.sleep(0.005)


def camera_frame(frame_id: str = 'camera', hw: tuple[int, int] = (60, 80), *, stamp_ns: int = 1) -> Image:
    """Make a good frame; its pixels follow from its stamp."""
    pixels = np.random.default_rng(stamp_ns).integers(0, 256, (*hw, 3), np.uint8)
    message = image_message(Header(), pixels)
    message.header.frame_id = frame_id
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    return message


class Spinner:
    """Spin a node on a thread until closed, or until it decides that its process ends."""

    def __init__(self, node: Node, ending: Ending) -> None:
        self.node = node
        self._ending = ending
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=spin, args=(self._executor, node, ending))
        self._thread.start()

    def close(self) -> None:
        self._ending.decide(0)
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        if isinstance(self.node, ManagedNode):
            # It waits a second for the worker.
            wait_until(self.node.close, 'the worker is through')
        self._executor.shutdown()
        self.node.destroy_node()
        self.node.context.try_shutdown()


class Bench:
    """Hold nodes of this process, and a peer at the other end of their topics."""

    def __init__(self, domain: int, model_folder: Path) -> None:
        self._domain = domain
        self._parameters = {
            'model': str(model_folder),
            'backend': 'torch',
            'precision': 'float32',
            'device': 'cpu',
            # A test that begins to listen sends the frame whose label it waits for at once.
            'label_info_lead_ms': 0,
        }
        self._clients: dict[str, Client[Any, Any]] = {}
        self._spinners: list[Spinner] = []
        self.peer = self.join('peer')

    def _context(self, arguments: tuple[str, ...]) -> Context:
        context = Context()
        context.init(['--ros-args', *arguments] if arguments else [], domain_id=self._domain)
        return context

    def start(
        self,
        *arguments: str,
        camera: str = '/image',
        node_class: type[SegmentationNode] = SegmentationNode,
        **parameters: Any,
    ) -> SegmentationNode:
        """Start a segmentation node.

        Args:
            arguments: ROS arguments, such as remappings.
            camera: Topic that the node hears reliably: with best effort, a frame that is sent before both ends have
                found each other is lost, now and then.
            node_class: What to make the node of.
            parameters: Parameters beside those that suit tests.
        """
        values = {**self._parameters, f'qos_overrides.{camera}.subscription.reliability': 'reliable', **parameters}
        return self.run(node_class, *arguments, **values)

    def run(self, node_class: type[AnyNode], *arguments: str, **parameters: Any) -> AnyNode:
        """Start any node of ours with ROS arguments and parameters."""
        ending = Ending()
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = node_class(ending, context=self._context(arguments), parameter_overrides=overrides)
        node.start()
        self._spinners.append(Spinner(node, ending))
        return node

    def join(self, name: str, **parameters: Any) -> Node:
        """Let a bare node join, as a home for a part of ours."""
        overrides = [Parameter(key, value=value) for key, value in parameters.items()]
        node = Node(name, context=self._context(()), parameter_overrides=overrides)
        self._spinners.append(Spinner(node, Ending()))
        return node

    def camera(self, topic: str = '/image', message_type: type[Any] = Image) -> Publisher[Any]:
        """Advertise a camera, and wait until it and those who listen have found each other."""
        publisher = self.peer.create_publisher(message_type, topic, 10)
        wait_until(lambda: publisher.get_subscription_count() > 0, f'somebody subscribes to {topic}')
        wait_until(lambda: self._know_each_other(topic), f'who listens knows the publisher of {topic}')
        return publisher

    def listen(self, topic: str = '/sfnet/label', message_type: type[Any] = Image) -> queue.SimpleQueue[Any]:
        """Subscribe to a topic, wait until its messages can come, and return the queue that they come to."""
        received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        matched = threading.Event()
        events = SubscriptionEventCallbacks(matched=lambda _: matched.set())
        self.peer.create_subscription(message_type, topic, received.put, 100, event_callbacks=events)
        assert matched.wait(DEADLINE_S), f'nobody publishes {topic}'
        # One end finds the other earlier than the other way round, and what is published in between is lost.
        wait_until(lambda: self._know_each_other(topic), f'who publishes {topic} knows its subscriber')
        wait_until(lambda: _UNKNOWN not in self._publishing(topic), f'the names of those who publish {topic} are known')
        for name in self._publishing(topic):
            self._wait_to_be_known_to(name)
        return received

    def peer_names(self) -> set[str]:
        """List the full names of the nodes that are there."""
        return {f'{namespace.rstrip("/")}/{name}' for name, namespace in self.peer.get_node_names_and_namespaces()}

    def call(self, service_type: type[Any], name: str, request: Any) -> Any:
        """Call a service."""
        is_new = name not in self._clients
        if is_new:
            self._clients[name] = self.peer.create_client(service_type, name)
        assert self._clients[name].wait_for_service(DEADLINE_S), f'service {name} is not there'
        # A server cannot answer a client that it has yet to find, and gives up after 0.1 s.
        wait_until(lambda: all(node.count_clients(name) for node in self._nodes), f'all find the client of {name}')
        if is_new:
            self._wait_to_be_known_to(name.rpartition('/')[0])
        answer = self._clients[name].call_async(request)
        wait_until(answer.done, f'{name} answers')
        return answer.result()

    def transition(self, label: str, node: str = '/sfnet') -> bool:
        """Ask for a lifecycle transition, as a lifecycle manager does, and return whether it succeeded."""
        request = ChangeState.Request()
        request.transition.label = label
        return bool(self.call(ChangeState, f'{node}/change_state', request).success)

    def state(self, node: str = '/sfnet') -> str:
        """Ask for the lifecycle state."""
        return str(self.call(GetState, f'{node}/get_state', GetState.Request()).current_state.label)

    def set_parameter(self, name: str, value: Any, node: str = '/sfnet') -> tuple[bool, str]:
        """Set a parameter as `ros2 param set` does, and return whether it was accepted, and why not."""
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        (result,) = self.call(SetParameters, f'{node}/set_parameters', request).results
        return result.successful, result.reason

    def logs(self) -> queue.SimpleQueue[Log]:
        """Listen to what all nodes log, and have logged."""
        heard: queue.SimpleQueue[Log] = queue.SimpleQueue()
        qos = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.peer.create_subscription(Log, '/rosout', heard.put, qos)
        return heard

    @property
    def _nodes(self) -> list[Node]:
        return [spinner.node for spinner in self._spinners]

    def _know_each_other(self, topic: str) -> bool:
        """Say whether all ends of a topic that are in this process have found each other."""
        publishers = [item for node in self._nodes for item in node.publishers if item.topic_name == topic]
        subscriptions = [item for node in self._nodes for item in node.subscriptions if item.topic_name == topic]
        return all(item.get_subscription_count() >= len(subscriptions) for item in publishers) and all(
            item.get_publisher_count() >= len(publishers) for item in subscriptions
        )

    def _publishing(self, topic: str) -> set[str]:
        """List the full names of the nodes that publish on a topic."""
        publishers = self.peer.get_publishers_info_by_topic(topic)
        return {f'{item.node_namespace.rstrip("/")}/{item.node_name}' for item in publishers}

    def _wait_to_be_known_to(self, name: str) -> None:
        """Wait until a node of ours in another process knows all that the peer has subscribed to and all its clients.

        A process hears of them in the order in which they were made, so it knows those before the one that it reports
        its state to, as it does once a second.
        """
        if name in [node.get_fully_qualified_name() for node in self._nodes]:
            return
        known = threading.Event()

        def take(report: DiagnosticArray) -> None:
            if any(status.hardware_id == name for status in report.status):
                known.set()

        subscription = self.peer.create_subscription(DiagnosticArray, '/diagnostics', take, 10)
        assert known.wait(DEADLINE_S), f'{name} does not report how it is'
        self.peer.destroy_subscription(subscription)

    def close(self) -> None:
        while self._spinners:
            self._spinners.pop().close()
