"""Where labelled pixels are in space: arrays in, arrays out, in metres and radians.

A camera's optical frame has x to the right, y down and z forward; a base frame has x forward, y to the left and z up,
and z = 0 is the ground (REP 103).
"""

from sfnet_ros.geometry.depth import GeometryError, back_project, to_metres
from sfnet_ros.geometry.ground import GroundGrid, GroundView
from sfnet_ros.geometry.mount import Mount
from sfnet_ros.geometry.obstacles import ObstacleLimits, find_obstacles
from sfnet_ros.geometry.pinhole import Pinhole
from sfnet_ros.geometry.sampling import sample_nearest

__all__ = [
    'GeometryError',
    'GroundGrid',
    'GroundView',
    'Mount',
    'ObstacleLimits',
    'Pinhole',
    'back_project',
    'find_obstacles',
    'sample_nearest',
    'to_metres',
]
