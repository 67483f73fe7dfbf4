"""What the node is doing, as its diagnostics are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sfnet_ros.ros.segmentation.health.vitals import Vitals
from sfnet_ros.ros.segmentation.parameters import NodeParameters

Intake = Literal['open', 'disabled', 'unwatched', 'inactive']


@dataclass(frozen=True)
class CameraState:
    """Tell how a camera is.

    Args:
        name: Of the camera; '' is the one camera without a name.
        topic: Resolved name of the topic of its frames.
        intake: Whether frames are taken, or why not: ``~/enable`` is off, nobody listens to a lazy camera, or the node
            is not active.
        vitals: Of its frames.
        held: Labels that were held back for subscribers who have yet to learn the classes.
    """

    name: str
    topic: str
    intake: Intake
    vitals: Vitals
    held: int


@dataclass(frozen=True)
class NodeState:
    """Tell how the node is.

    Args:
        lifecycle: State of the lifecycle, such as ``'active'``.
        model: Name of the model; '' while there is none, like the others.
        device: What the model runs on, such as ``'torch/cpu/bfloat16'``.
        network: Size that the network sees, height x width.
        rung: Where on the ladder of sizes that is, 0 being the largest.
        rungs: How many sizes the ladder has.
        target_ms: Latency that the ladder keeps; 0 is none.
        loading: What is loaded in the background; '' is nothing.
        last_error: Why the last configure, load or activation failed; '' once one succeeded.
        parameters: The node's at this moment.
        cameras: All cameras, configured or not.
    """

    lifecycle: str
    model: str
    device: str
    network: str
    rung: int
    rungs: int
    target_ms: float
    loading: str
    last_error: str
    parameters: NodeParameters
    cameras: tuple[CameraState, ...]
