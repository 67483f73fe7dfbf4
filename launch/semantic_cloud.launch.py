"""Place the labels of segmentation_node in space, by a depth camera or on the ground plane.

ros2 launch sfnet_ros semantic_cloud.launch.py depth:=/camera/depth/image_rect camera_info:=/camera/camera_info
ros2 launch sfnet_ros semantic_cloud.launch.py mode:=ground_plane camera_height:=1.2 camera_pitch:=0.3 \
    camera_info:=/camera/camera_info
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.parameter_fields import rules_of

# Parameters that are arguments too; the others are set in params_file alone.
NAMES = (
    'mode',
    'label_space',
    'color',
    'use_confidence',
    'max_stamp_difference_ms',
    'base_frame',
    'camera_height',
    'camera_pitch',
    'grid_resolution',
    'grid_range',
    'autostart',
)
TOPICS = {
    'depth': 'Depth registered to the labelled camera.',
    'camera_info': 'Calibration of the labelled camera.',
    'image': "The camera's picture, for color:=image.",
}
FROM_FILE = 'Unless given, params_file decides.'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=node)])


def arguments() -> list[DeclareLaunchArgument]:
    """Describe each argument."""
    return [
        DeclareLaunchArgument(
            'labels',
            default_value='sfnet',
            description='Where label and confidence are: sfnet, sfnet/nav for the small ones that costmaps take, or '
            'sfnet/front for one camera of several.',
        ),
        DeclareLaunchArgument('legend', default_value='sfnet/legend', description='Topic of the classes.'),
        *(
            DeclareLaunchArgument(name, default_value=name, description=description)
            for name, description in TOPICS.items()
        ),
        *(parameter_argument(name) for name in NAMES),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([FindPackageShare('sfnet_ros'), 'config', 'semantic_cloud.yaml']),
            description='Parameter file; arguments that are given win over it. Copy the default to begin one.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='',
            choices=['', 'true', 'false'],
            description=f'true takes the time from /clock. {FROM_FILE}',
        ),
        DeclareLaunchArgument(
            'name', default_value='semantic_cloud', description='Name of the node; several need several.'
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
    rules = rules_of(CloudParameters)[name]
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

    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind(name))
        for name in (*NAMES, 'use_sim_time')
        if given(name)
    }
    topics = {name: f'{given("labels")}/{name}' for name in ('label', 'confidence')}
    topics |= {name: given(name) for name in ('legend', *TOPICS)}
    return [
        # Of the lifecycle kind, so that other launch files can act on its states and change them.
        LifecycleNode(
            package='sfnet_ros',
            executable='semantic_cloud_node',
            name=LaunchConfiguration('name'),
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), parameters],
            remappings=list(topics.items()),
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            respawn=given('respawn') == 'true',
            respawn_delay=float(given('respawn_delay')),
            output='screen',
            emulate_tty=True,
        )
    ]


def kind(name: str) -> type:
    """Give the type of a parameter."""
    return type(getattr(CloudParameters, name, False))
