"""What is measured: frames of a size and rate, and how the processes are set up for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sfnet_ros.ros.process import profile_variable
from sfnet_ros.ros.replay.plan import node_arguments
from sfnet_ros.ros.replay.stage import Cast, Program

CAMERA = '/camera/image_raw'

# Any variable of this kind is the user's own word on malloc, and this one's value is what glibc does anyway.
_MALLOC_LEFT_ALONE = {'MALLOC_ARENA_TEST': '8'}
_NO_DEFAULT = """\
<dds xmlns="http://www.eprosima.com">
  <profiles><participant profile_name="nobody"><rtps><name>nobody</name></rtps></participant></profiles>
</dds>
"""


@dataclass(frozen=True)
class Setting:
    """Say how large images fare in the processes.

    Args:
        profile: With our Fast DDS profile, or with Fast DDS as it comes.
        malloc: With malloc kept from giving large blocks back, or as it comes.
    """

    profile: bool = True
    malloc: bool = True

    @property
    def name(self) -> str:
        """Say in a few words what is left out."""
        left_out = [name for name, there in (('profile', self.profile), ('malloc', self.malloc)) if not there]
        return f'no {", no ".join(left_out)}' if left_out else 'as shipped'

    @contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """Give what the processes find in their environment."""
        found = {} if self.malloc else dict(_MALLOC_LEFT_ALONE)
        with TemporaryDirectory(prefix='sfnet_benchmark_') as folder:
            if not self.profile:
                # Somebody's profile keeps ours away, even one that is nobody's.
                path = Path(folder, 'as_it_comes.xml')
                path.write_text(_NO_DEFAULT, encoding='utf-8')
                found[profile_variable()] = str(path)
            yield found


SETTINGS = tuple(Setting(profile, malloc) for profile in (True, False) for malloc in (True, False))


@dataclass(frozen=True)
class Case:
    """Say what is measured.

    Args:
        frame_hw: Size of the frames, (height, width).
        rate_hz: Frames a second.
        frames: How many.
        setting: How the processes are set up.

    Raises:
        ValueError: A number that is none of these.
    """

    frame_hw: tuple[int, int]
    rate_hz: float
    frames: int
    setting: Setting = field(default_factory=Setting)

    def __post_init__(self) -> None:
        if not 0.1 <= self.rate_hz <= 1000:
            raise ValueError(f'a rate of {self.rate_hz:g} Hz is not between 0.1 and 1000')
        if self.frames < 1:
            raise ValueError(f'{self.frames} frames cannot be sent; accepted is 1 or more')

    def cast(self, parameters: Mapping[str, str | int], environment: Mapping[str, str], at_once: bool = False) -> Cast:
        """Name the processes.

        Args:
            parameters: Parameters of the node.
            environment: What the setting gives.
            at_once: Let the camera send whether or not there is a node.
        """
        return Cast(
            CAMERA,
            node=Program('sfnet_ros.ros.benchmark.watched_node', node_arguments(CAMERA, parameters)),
            player=Program('sfnet_ros.ros.benchmark.camera', self._camera_arguments(at_once)),
            environment=environment,
        )

    def _camera_arguments(self, at_once: bool) -> list[str]:
        height, width = self.frame_hw
        return [
            *('--topic', CAMERA, '--height', str(height), '--width', str(width)),
            *('--rate', str(self.rate_hz), '--frames', str(self.frames), *['--at-once'] * at_once),
        ]
