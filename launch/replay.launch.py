"""Watch what the node makes of a recording: the bag is played once the node runs, and RViz shows it.

ros2 launch sfnet_ros replay.launch.py bag:=test/data/camvid_0016E5 image_transport:=compressed
"""

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.substitutions import FindPackageShare
from lifecycle_msgs.msg import Transition

from launch import Action, LaunchContext, LaunchDescription
from sfnet_ros.ros.process import use_shared_memory_profile

SHARE = FindPackageShare('sfnet_ros')


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, those of segment.launch.py among them, and the three processes."""
    segment = PathJoinSubstitution([SHARE, 'launch', 'segment.launch.py'])
    return LaunchDescription(
        [
            *arguments(),
            IncludeLaunchDescription(segment, launch_arguments={'autostart': 'false'}.items()),
            OpaqueFunction(function=start),
            *viewers(),
        ]
    )


def arguments() -> list[DeclareLaunchArgument]:
    """Describe the arguments of the replay, and those of segment.launch.py that have another default here."""
    on_off = ['true', 'false']
    return [
        DeclareLaunchArgument('bag', description='Recording to play: a rosbag2 folder, or an .mcap or .db3 file.'),
        DeclareLaunchArgument('rate', default_value='1.0', description='2.0 plays twice as fast as recorded.'),
        DeclareLaunchArgument(
            'loop', default_value='false', choices=on_off, description='true begins again when the bag is over.'
        ),
        DeclareLaunchArgument(
            'rviz',
            default_value='true',
            choices=on_off,
            description='true opens RViz, whose end ends the replay; it needs the package rviz2.',
        ),
        DeclareLaunchArgument(
            'rviz_config',
            default_value=PathJoinSubstitution([SHARE, 'config', 'rviz', 'sfnet.rviz']),
            description='What RViz shows.',
        ),
        DeclareLaunchArgument(
            'fixed_frame', default_value='base_link', description='Frame in which RViz shows clouds and maps.'
        ),
        DeclareLaunchArgument(
            'monitor',
            default_value='false',
            choices=on_off,
            description='true opens a window with the diagnostics, for which RViz has no display; it needs the package '
            'rqt_runtime_monitor.',
        ),
        DeclareLaunchArgument(
            'image', default_value='/camera/image_raw', description='Image topic in the bag, without `/compressed`.'
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='true',
            choices=on_off,
            description='true takes the time from /clock, which the bag plays.',
        ),
    ]


def start(context: LaunchContext) -> list[Action]:
    """Configure and activate the node, and play the bag once it takes frames.

    A node that starts itself is active before its states can be heard. The arguments are read now: later, a scope that
    this file was included in has ended.
    """
    # For the player and RViz as well: large images need it at both ends.
    use_shared_memory_profile()

    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    def change_state(transition_id: int) -> EmitEvent:
        return EmitEvent(event=ChangeState(lifecycle_node_matcher=is_ours, transition_id=transition_id))

    # The delay is for publishers and subscribers to find each other.
    options = ['--rate', given('rate'), '--clock', '100', '--delay', '1', '--disable-keyboard-controls']
    loop = ['--loop'] if given('loop') == 'true' else []
    play = ExecuteProcess(cmd=['ros2', 'bag', 'play', given('bag'), *options, *loop], name='player', output='screen')
    activate = change_state(Transition.TRANSITION_ACTIVATE)
    give_up = Shutdown(reason='the node could not be configured')
    steps = (
        ('configuring', 'inactive', activate),
        ('configuring', 'unconfigured', give_up),
        ('activating', 'active', play),
    )
    return [
        *(
            RegisterEventHandler(
                OnStateTransition(start_state=before, goal_state=after, entities=[action], handle_once=True)
            )
            for before, after, action in steps
        ),
        change_state(Transition.TRANSITION_CONFIGURE),
    ]


def is_ours(action: Action) -> bool:
    """Tell the segmentation node from other lifecycle nodes that run beside it."""
    return isinstance(action, LifecycleNode) and action.node_name.endswith('/sfnet')


def viewers() -> list[Node]:
    """Open RViz, and the monitor of diagnostics."""
    image = LaunchConfiguration('image')
    use_sim_time = {'use_sim_time': LaunchConfiguration('use_sim_time')}
    return [
        Node(
            package='rviz2',
            executable='rviz2',
            namespace=LaunchConfiguration('namespace'),
            arguments=['-d', LaunchConfiguration('rviz_config'), '-f', LaunchConfiguration('fixed_frame')],
            parameters=[use_sim_time],
            remappings=[('image', image), ('image/compressed', [image, '/compressed'])],
            on_exit=Shutdown(),
            condition=IfCondition(LaunchConfiguration('rviz')),
        ),
        Node(
            package='rqt_runtime_monitor',
            executable='rqt_runtime_monitor',
            condition=IfCondition(LaunchConfiguration('monitor')),
        ),
    ]
