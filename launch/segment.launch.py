"""Label the frames of one camera, or of several with one model.

ros2 launch sfnet_ros segment.launch.py image:=/camera/image_raw
ros2 launch sfnet_ros segment.launch.py cameras:=front,rear image:=/{camera}/image_raw
"""

from typing import Any

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription
from sfnet_ros.ros.parameter_fields import rules_of
from sfnet_ros.ros.segmentation.parameters import NodeParameters

# Parameters that are arguments too; the others are set in params_file alone.
NAMES = (
    'model',
    'backbone',
    'input_height',
    'input_width',
    'device',
    'precision',
    'target_latency_ms',
    'image_transport',
    'max_rate',
    'lazy',
    'ignore_mask',
    'autostart',
)
FROM_FILE = 'Unless given, params_file decides.'
CAMERA = '{camera}'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=node)])


def arguments() -> list[DeclareLaunchArgument]:
    """Describe each argument."""
    return [
        DeclareLaunchArgument(
            'image',
            default_value='',
            description=f'Image topic of the camera, such as /camera/image_raw; with several cameras {CAMERA} in it '
            f'stands for the name of each. Unless given, it is `image`, or `{CAMERA}/image` with several.',
        ),
        DeclareLaunchArgument(
            'cameras',
            default_value='',
            description='Names of several cameras, such as front,rear: one model labels them all, under `~/front/` '
            f'and `~/rear/`. {FROM_FILE}',
        ),
        *(parameter_argument(name) for name in NAMES),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([FindPackageShare('sfnet_ros'), 'config', 'segment.yaml']),
            description='Parameter file; arguments that are given win over it. Copy the default to begin one.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='',
            choices=['', 'true', 'false'],
            description=f'true takes the time from /clock. {FROM_FILE}',
        ),
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of the node, below one that is pushed.'
        ),
        DeclareLaunchArgument(
            'respawn',
            default_value='false',
            choices=['true', 'false'],
            description='true starts the process again when it ends, whatever the reason.',
        ),
        DeclareLaunchArgument(
            'respawn_delay', default_value='2.0', description='Seconds to wait before the process is started again.'
        ),
        DeclareLaunchArgument(
            'log_level',
            default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='What is logged: this severity and worse.',
        ),
    ]


def parameter_argument(name: str) -> DeclareLaunchArgument:
    """Describe the argument that is one of the node's parameters."""
    rules = rules_of(NodeParameters)[name]
    choices = ['true', 'false'] if kind(name) is bool else list(rules.choices)
    return DeclareLaunchArgument(
        name,
        default_value='',
        choices=['', *choices] if choices else None,
        description=f'{rules.description} {FROM_FILE}',
    )


def node(context: LaunchContext) -> list[LifecycleNode]:
    """Make the node, with those arguments as parameters that were given."""

    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    cameras = [name.strip() for name in given('cameras').strip('[]').split(',') if name.strip()]
    parameters: dict[str, Any] = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind(name))
        for name in (*NAMES, 'use_sim_time')
        if given(name)
    }
    return [
        # Of the lifecycle kind, so that other launch files can act on its states and change them.
        LifecycleNode(
            package='sfnet_ros',
            executable='segmentation_node',
            name='sfnet',
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), parameters | ({'cameras': cameras} if cameras else {})],
            remappings=remappings(given('image'), cameras),
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            respawn=given('respawn') == 'true',
            respawn_delay=float(given('respawn_delay')),
            output='screen',
            emulate_tty=True,
        )
    ]


def kind(name: str) -> type:
    """Give the type of a parameter."""
    return type(getattr(NodeParameters, name, False))


def remappings(image: str, cameras: list[str]) -> list[tuple[str, str]]:
    """Remap each camera to its topic.

    Raises:
        ValueError: Several cameras would share a topic.
    """
    if not image or not cameras:
        return [('image', image)] if image else []
    if CAMERA not in image:
        raise ValueError(f'image:={image} is one topic for cameras {", ".join(cameras)}: write {CAMERA} for the name')
    return [(f'{camera}/image', image.replace(CAMERA, camera)) for camera in cameras]
