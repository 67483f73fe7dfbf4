"""What our launch files have in common. They alone import this, as ROS from wheels has no launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launch.actions import DeclareLaunchArgument
from launch.launch_context import LaunchContext
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from sfnet_ros.ros.parameter_fields import ParameterSet, rules_of

PACKAGE = 'sfnet_ros'
ON_OFF = ['true', 'false']
FROM_FILE = 'Unless given, params_file decides.'


@dataclass(frozen=True)
class Launched:
    """Describe a node that is launched.

    Args:
        executable: Of this package.
        parameter_set: All parameters of the node.
        names: Those that are launch arguments too; the others are set in params_file alone.
        params_file: Default of that argument, in the folder config.
    """

    executable: str
    parameter_set: type[ParameterSet]
    names: Sequence[str]
    params_file: str

    def arguments(self) -> list[DeclareLaunchArgument]:
        """Describe the arguments that are parameters, and those that every launched node has."""
        return [
            *(self._argument(name) for name in self.names),
            DeclareLaunchArgument(
                'params_file',
                default_value=PathJoinSubstitution([FindPackageShare(PACKAGE), 'config', self.params_file]),
                description='Parameter file; arguments that are given win over it. Copy the default to begin one.',
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='',
                choices=['', *ON_OFF],
                description=f'true takes the time from /clock. {FROM_FILE}',
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Namespace of the node, below one that is pushed.'
            ),
            DeclareLaunchArgument(
                'respawn',
                default_value='false',
                choices=ON_OFF,
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

    def node(
        self,
        context: LaunchContext,
        name: str,
        remappings: Mapping[str, str],
        parameters: Mapping[str, object] | None = None,
    ) -> LifecycleNode:
        """Make the node, with those arguments as parameters that were given.

        Args:
            context: Has the arguments.
            name: Of the node.
            remappings: Of its topics.
            parameters: More of them, in the words of launch_ros.
        """
        given_ones: dict[str, Any] = {
            each: ParameterValue(LaunchConfiguration(each), value_type=self._kind(each))
            for each in (*self.names, 'use_sim_time')
            if given(context, each)
        }
        # Of the lifecycle kind, so that other launch files can act on its states and change them.
        return LifecycleNode(
            package=PACKAGE,
            executable=self.executable,
            name=name,
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), {**given_ones, **(parameters or {})}],
            remappings=list(remappings.items()),
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            respawn=given(context, 'respawn') == 'true',
            respawn_delay=float(given(context, 'respawn_delay')),
            output='screen',
            emulate_tty=True,
        )

    def _argument(self, name: str) -> DeclareLaunchArgument:
        rules = rules_of(self.parameter_set)[name]
        choices = ON_OFF if self._kind(name) is bool else rules.choices
        return DeclareLaunchArgument(
            name,
            default_value='',
            choices=['', *choices] if choices else None,
            description=f'{rules.description} {FROM_FILE}',
        )

    def _kind(self, name: str) -> type:
        """Give the type of a parameter; use_sim_time, which rclpy declares, is no field."""
        return type(getattr(self.parameter_set, name, False))


def given(context: LaunchContext, name: str) -> str:
    """Give the text of an argument; '' where it was not given."""
    return str(LaunchConfiguration(name).perform(context))
