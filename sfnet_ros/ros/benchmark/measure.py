"""Measure the node: every case with processes of its own, from their start to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from sfnet_ros.ros.benchmark.case import Case
from sfnet_ros.ros.benchmark.measured import Measured, NodeRow, row_of
from sfnet_ros.ros.replay.supervise import perform


def measure(
    cases: Iterable[Case], parameters: Mapping[str, str | int], on_frame: Callable[[], object] = lambda: None
) -> Iterator[NodeRow]:
    """Measure one case after the other.

    Args:
        cases: What is measured.
        parameters: Parameters of the node: which model it runs, on what and at which size.
        on_frame: Called for every frame that was sent.

    Raises:
        ReplayError: A process failed, or a label came back that no frame was sent for.
    """
    for case in cases:
        measured = Measured()
        with case.setting.environment() as environment:
            perform(case.cast(parameters, environment), measured, on_frame)
        yield row_of(case, measured)
