"""Label the frames of a camera: ``ros2 launch sfnet_ros segment.launch.py image:=/camera/image_raw``."""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription
from sfnet_ros.ros.parameter_fields import rules_of
from sfnet_ros.ros.parameters import NodeParameters

# Parameters that are arguments too; the others are set in params_file alone.
NAMES = ('model', 'backbone', 'input_height', 'input_width', 'device', 'precision', 'image_transport')

TYPES = {name: type(getattr(NodeParameters, name)) for name in NAMES} | {'use_sim_time': bool}


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=node)])


def arguments() -> list[DeclareLaunchArgument]:
    """Describe each argument."""
    from_file = 'Unless given, params_file decides.'
    rules = rules_of(NodeParameters)
    return [
        DeclareLaunchArgument('image', default_value='image', description='Image topic of the camera.'),
        *(
            DeclareLaunchArgument(
                name,
                default_value='',
                choices=['', *rules[name].choices] if rules[name].choices else None,
                description=f'{rules[name].description} {from_file}',
            )
            for name in NAMES
        ),
        DeclareLaunchArgument('namespace', default_value='', description='Namespace of the node.'),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([FindPackageShare('sfnet_ros'), 'config', 'segment.yaml']),
            description='Parameter file; arguments that are given win over it. Copy the default to begin one.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='',
            choices=['', 'true', 'false'],
            description=f'true takes the time from /clock. {from_file}',
        ),
        DeclareLaunchArgument(
            'log_level',
            default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='What is logged: this severity and worse.',
        ),
    ]


def node(context: LaunchContext) -> list[Node]:
    """Make the node, with those arguments as parameters that were given."""
    given = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind in TYPES.items()
        if LaunchConfiguration(name).perform(context)
    }
    return [
        Node(
            package='sfnet_ros',
            executable='segmentation_node',
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), given],
            remappings=[('image', LaunchConfiguration('image'))],
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            output='screen',
            emulate_tty=True,
        )
    ]
