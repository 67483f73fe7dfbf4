"""What a replay is to do, and what each of its processes is told of that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sfnet_ros.ros.replay.line import ROS_ARGUMENTS

Parameters = Mapping[str, str | int | float | bool]

_COMPRESSED = '/compressed'
_LARGEST_DOMAIN = 232


class Mode(Enum):
    """Say when the next frame is sent: at its time, when the label of the last one is there, or at a key after that."""

    PACED = 'paced'
    LOCKSTEP = 'lockstep'
    STEP = 'step'


@dataclass(frozen=True)
class ReplayPlan:
    """Say what is replayed through what.

    Args:
        bag: The recording.
        topic: Its topic of frames.
        is_compressed: Whether they are CompressedImage.
        parameters: Parameters of the node.
        speed: 2 is twice as fast as recorded.
        rate_hz: Frames a second, instead of the recording's own pace; None keeps that.
        loops: How often the recording is played.
        mode: When the next frame is sent; the speed is of no use unless that is at its time.
        domain: ROS domain to play in, where others may be; None is one of its own.

    Raises:
        ValueError: A number out of its range.
    """

    bag: Path
    topic: str
    is_compressed: bool
    parameters: Parameters
    speed: float = 1.0
    rate_hz: float | None = None
    loops: int = 1
    mode: Mode = Mode.PACED
    domain: int | None = None

    def __post_init__(self) -> None:
        if not 0.01 <= self.speed <= 100:
            raise ValueError(f'a speed of {self.speed} is not between 0.01 and 100')
        if self.rate_hz is not None and not 0.01 <= self.rate_hz <= 1000:
            raise ValueError(f'a rate of {self.rate_hz:g} frames a second is not between 0.01 and 1000')
        if not 1 <= self.loops <= 10_000:
            raise ValueError(f'a recording cannot be played {self.loops} times; 1 to 10000 is accepted')
        if self.domain is not None and not 0 <= self.domain <= _LARGEST_DOMAIN:
            raise ValueError(f'{self.domain} is no ROS domain; 0 to {_LARGEST_DOMAIN} is accepted')

    @property
    def camera(self) -> str:
        """Name the camera's topic, whose companion the compressed frames are on."""
        return self.topic.removesuffix(_COMPRESSED) if self.is_compressed else self.topic

    @property
    def sent_on(self) -> str:
        """Name the topic that frames are sent on."""
        return self.camera + _COMPRESSED if self.is_compressed else self.camera

    def player_arguments(self) -> list[str]:
        """Tell the player what to send where, and when."""
        info = f'{self.camera.rpartition("/")[0]}/camera_info'
        if self.mode is not Mode.PACED:
            pace = ['--at-word']
        else:
            pace = ['--rate', str(self.rate_hz)] if self.rate_hz else ['--speed', str(self.speed)]
        what = [str(self.bag), '--topic', self.topic, '--publish-on', self.sent_on, '--info', info]
        return [*what, '--loops', str(self.loops), *pace]

    def node_arguments(self) -> list[str]:
        """Tell the node which camera it has, and its parameters."""
        transport = 'compressed' if self.is_compressed else 'raw'
        parameters = {'image_transport': transport, **self.parameters}
        if self.mode is not Mode.PACED:
            # A frame that is lost on its way would be waited for, and labels are to be those of the one backend.
            parameters |= {f'qos_overrides.{self.sent_on}.subscription.reliability': 'reliable', 'stand_in': False}
        return node_arguments(self.camera, parameters)


def node_arguments(camera: str, parameters: Parameters) -> list[str]:
    """Tell a node that is watched which camera it has, and its parameters."""
    arguments = [*ROS_ARGUMENTS, '-r', f'image:={camera}']
    # Who listens knows the classes already: no label waits until they have come. And the camera is silent until
    # all processes know each other, which is nothing to warn of.
    for name, value in {'label_info_lead_ms': 0, 'silence_s': 0.0, **parameters}.items():
        # JSON is YAML that says what is text: a model called 123 is no number.
        arguments += ['-p', f'{name}:={json.dumps(value)}']
    return arguments
