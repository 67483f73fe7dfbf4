"""What a replay is to do, and what each of its processes is told of that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sfnet_ros.ros.replay.line import ROS_ARGUMENTS

_COMPRESSED = '/compressed'


@dataclass(frozen=True)
class ReplayPlan:
    """Say what is replayed through what.

    Args:
        bag: The recording.
        topic: Its topic of frames.
        is_compressed: Whether they are CompressedImage.
        parameters: Parameters of the node.
        truth_topic: Its topic of ground truth, if any.
        speed: 2 is twice as fast as recorded.

    Raises:
        ValueError: A speed that is no speed.
    """

    bag: Path
    topic: str
    is_compressed: bool
    parameters: Mapping[str, str | int]
    truth_topic: str | None = None
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 0.01 <= self.speed <= 100:
            raise ValueError(f'a speed of {self.speed} is not between 0.01 and 100')

    @property
    def camera(self) -> str:
        """Name the camera's topic, whose companion the compressed frames are on."""
        return self.topic.removesuffix(_COMPRESSED) if self.is_compressed else self.topic

    def player_arguments(self) -> list[str]:
        """Tell the player what to send where."""
        sent_on = self.camera + _COMPRESSED if self.is_compressed else self.camera
        return [str(self.bag), '--topic', self.topic, '--publish-on', sent_on, '--speed', str(self.speed)]

    def node_arguments(self) -> list[str]:
        """Tell the node which camera it has, and its parameters."""
        transport = 'compressed' if self.is_compressed else 'raw'
        return node_arguments(self.camera, {'image_transport': transport, **self.parameters})


def node_arguments(camera: str, parameters: Mapping[str, str | int]) -> list[str]:
    """Tell a node that is watched which camera it has, and its parameters."""
    arguments = [*ROS_ARGUMENTS, '-r', f'image:={camera}']
    # Who listens knows the classes already: no label waits until they have come. And the camera is silent until
    # all processes know each other, which is nothing to warn of.
    for name, value in {'label_info_lead_ms': 0, 'silence_s': 0.0, **parameters}.items():
        # JSON is YAML that says what is text: a model called 123 is no number.
        arguments += ['-p', f'{name}:={json.dumps(value)}']
    return arguments
