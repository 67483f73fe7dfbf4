"""Label the frames of one camera, or of several with one model.

ros2 launch sfnet_ros segment.launch.py image:=/camera/image_raw
ros2 launch sfnet_ros segment.launch.py cameras:=front,rear image:=/{camera}/image_raw
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import LifecycleNode

from launch import LaunchContext, LaunchDescription
from sfnet_ros.ros.launching import FROM_FILE, Launched, given
from sfnet_ros.ros.segmentation.parameters import NodeParameters

# Parameters that are arguments too; the others are set in params_file alone.
NAMES = (
    'model',
    'backbone',
    'input_height',
    'input_width',
    'backend',
    'device',
    'precision',
    'threads',
    'target_latency_ms',
    'image_transport',
    'max_rate',
    'lazy',
    'ignore_mask',
    'autostart',
)
SEGMENTATION = Launched('segmentation_node', NodeParameters, NAMES, params_file='segment.yaml')
CAMERA = '{camera}'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node."""
    return LaunchDescription([*topics(), *SEGMENTATION.arguments(), OpaqueFunction(function=node)])


def topics() -> list[DeclareLaunchArgument]:
    """Describe the arguments that name the cameras."""
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
    ]


def node(context: LaunchContext) -> list[LifecycleNode]:
    """Make the node, on the cameras that the arguments name."""
    cameras = [name.strip() for name in given(context, 'cameras').strip('[]').split(',') if name.strip()]
    remapped = remappings(given(context, 'image'), cameras)
    return [SEGMENTATION.node(context, 'sfnet', remapped, {'cameras': cameras} if cameras else {})]


def remappings(image: str, cameras: list[str]) -> dict[str, str]:
    """Remap each camera to its topic.

    Raises:
        ValueError: Several cameras would share a topic.
    """
    if not image or not cameras:
        return {'image': image} if image else {}
    if CAMERA not in image:
        raise ValueError(f'image:={image} is one topic for cameras {", ".join(cameras)}: write {CAMERA} for the name')
    return {f'{camera}/image': image.replace(CAMERA, camera) for camera in cameras}
