"""How long the node takes from the start of its process to its first label."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sfnet_ros.ros.benchmark.case import Case
from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.exchange import Exchange
from sfnet_ros.ros.replay.stage import open_stage
from sfnet_ros.ros.replay.supervise import START_S


def measure_start(case: Case, parameters: Mapping[str, str | int]) -> float:
    """Start the node while its camera is sending and its consumer is listening, and give the milliseconds.

    Args:
        case: Says what the camera sends; it has to last until the node is up.
        parameters: Parameters of the node.

    Raises:
        ReplayError: A process failed, or no label came.
    """
    exchange = Exchange()
    with (
        case.setting.environment() as environment,
        open_stage(case.cast(parameters, environment, at_once=True), exchange, on_label=lambda: None) as stage,
    ):
        stage.start('collector', 'player')
        if not stage.wait_for(lambda: stage.ready == {'player', 'collector'}, START_S):
            raise ReplayError(f'the camera did not start within {START_S:g} s')
        started_ns = time.monotonic_ns()
        stage.start('node')
        if not stage.wait_for(lambda: exchange.received_ns, START_S):
            raise ReplayError(f'the node gave no label within {START_S:g} s of its start')
        return (min(exchange.received_ns.values()) - started_ns) / 1e6
