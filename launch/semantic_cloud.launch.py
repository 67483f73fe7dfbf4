"""Place the labels of segmentation_node in space, by a depth camera or on the ground plane.

ros2 launch sfnet_ros semantic_cloud.launch.py depth:=/camera/depth/image_rect camera_info:=/camera/camera_info
ros2 launch sfnet_ros semantic_cloud.launch.py mode:=ground_plane camera_height:=1.2 camera_pitch:=0.3 \
    camera_info:=/camera/camera_info
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import LifecycleNode

from launch import LaunchContext, LaunchDescription
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.launching import Launched, given

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
CLOUD = Launched('semantic_cloud_node', CloudParameters, NAMES, params_file='semantic_cloud.yaml')


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node."""
    return LaunchDescription([*topics(), *CLOUD.arguments(), OpaqueFunction(function=node)])


def topics() -> list[DeclareLaunchArgument]:
    """Describe the arguments that name topics, and the node on them."""
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
        DeclareLaunchArgument(
            'name', default_value='semantic_cloud', description='Name of the node; several need several.'
        ),
    ]


def node(context: LaunchContext) -> list[LifecycleNode]:
    """Make the node, on the topics that the arguments name."""
    remappings = {name: f'{given(context, "labels")}/{name}' for name in ('label', 'confidence')}
    remappings |= {name: given(context, name) for name in ('legend', *TOPICS)}
    return [CLOUD.node(context, given(context, 'name'), remappings)]
