"""What the diagnostics say of the node and of its cameras: a level, a sentence and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from typing import Generic, TypeVar

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from sfnet_ros.ros.segmentation.health.state import CameraState, NodeState
from sfnet_ros.ros.segmentation.health.vitals import WINDOW_S, FrameCounts, Percentiles, VitalsSummary

_NOT_TAKEN = {'disabled': 'disabled', 'unwatched': 'nobody listens', 'inactive': 'inactive'}

Source = TypeVar('Source')


@dataclass(frozen=True)
class Values(Generic[Source]):
    """Describe values of a status: their keys, with units, what they are, and where they come from."""

    keys: tuple[str, ...]
    description: str
    give: Callable[[Source], tuple[object, ...]]


@dataclass(frozen=True)
class CameraView:
    """Hold a camera's state and its vitals at one moment."""

    state: CameraState
    counts: FrameCounts
    summary: VitalsSummary


@dataclass(frozen=True)
class _Finding:
    level: bytes
    sentence: str


def _latency(part: str, description: str) -> Values[CameraView]:
    def give(view: CameraView) -> tuple[object, ...]:
        found = view.summary.latency_ms.get(part)
        return ('', '', '') if found is None else tuple(f'{value:.1f}' for value in astuple(found))

    return Values(tuple(f'{part} {item.name} (ms)' for item in fields(Percentiles)), description, give)


NODE_VALUES: tuple[Values[NodeState], ...] = (
    Values(('lifecycle',), 'State of the lifecycle.', lambda state: (state.lifecycle,)),
    Values(('model',), 'Name of the model.', lambda state: (state.model,)),
    Values(('device',), 'Backend, device and precision that it runs on.', lambda state: (state.device,)),
    Values(('network size (px)',), 'Height x width that the network sees.', lambda state: (state.network,)),
    Values(
        ('rung', 'rungs'),
        'Where the network stands on the ladder of sizes of `target_latency_ms`, 1 being the largest, and how many '
        'sizes there are.',
        lambda state: (state.rung + 1, state.rungs) if state.model else ('', ''),
    ),
    Values(('target latency (ms)',), '`target_latency_ms`; 0 is none.', lambda state: (f'{state.target_ms:g}',)),
    Values(('loading',), 'What is loaded in the background.', lambda state: (state.loading,)),
    Values(
        ('last error',),
        'Why the last attempt to load a model or to start failed.',
        lambda state: (state.last_error,),
    ),
)

CAMERA_VALUES: tuple[Values[CameraView], ...] = (
    Values(('topic',), 'Topic of the frames.', lambda view: (view.state.topic,)),
    Values(
        ('rate in (Hz)', 'rate out (Hz)'),
        'Frames received, and served, a second.',
        lambda view: (f'{view.summary.rate_in:.2f}', f'{view.summary.rate_out:.2f}'),
    ),
    Values(
        ('last frame (s)',),
        'For how many seconds no frame has come.',
        lambda view: ('' if view.summary.silent_s is None else f'{view.summary.silent_s:.2f}',),
    ),
    Values(
        ('drop rate',),
        'Share of the frames that newer ones replaced before they were worked on.',
        lambda view: (f'{view.summary.drop_rate:.3f}',),
    ),
    _latency('arrival age', 'From the stamp of a frame to its receipt, by the clock of the node.'),
    _latency('decode', 'From the message to its pixels.'),
    _latency('infer', 'From the pixels to the labels.'),
    _latency('publish', 'From the labels to the last output.'),
    _latency('total', 'From the receipt to the last output, waiting included; `target_latency_ms` is about this one.'),
    _latency('label age', 'From the stamp of a frame to its last output: how old labels are for who steers by them.'),
    Values(
        tuple(f'frames {item.name}' for item in fields(FrameCounts)),
        'What became of all frames since the start: dropped for newer ones, skipped by `max_rate`, processed, '
        'malformed, or failed on by the model.',
        lambda view: astuple(view.counts),
    ),
    Values(
        ('labels held back',),
        'Labels kept from a topic while a new subscriber learnt the classes, see `label_info_lead_ms`.',
        lambda view: (view.state.held,),
    ),
    Values(('last error',), 'What was last wrong with a frame.', lambda view: (view.summary.last_error,)),
)


def node_status(state: NodeState) -> DiagnosticStatus:
    """Judge the node as a whole; the status has no name yet."""
    well = [state.lifecycle]
    if state.model:
        well.append(f'{state.model} on {state.device}')
    if state.rungs > 1:
        well.append(f'size {state.rung + 1} of {state.rungs} for {state.target_ms:g} ms')
    if state.loading:
        well.append(f'loading {state.loading}')
    # With a model the node can do its work, whatever another one's fault was.
    level = DiagnosticStatus.WARN if state.model else DiagnosticStatus.ERROR
    faults = [_Finding(level, state.last_error)] if state.last_error else []
    return _status(', '.join(well), faults, NODE_VALUES, state)


def camera_status(camera: CameraState, node: NodeState, open_s: float) -> DiagnosticStatus:
    """Judge a camera; the status has no name yet.

    Args:
        camera: Which one.
        node: Whose it is.
        open_s: For how many seconds its frames have been taken by now.
    """
    view = CameraView(camera, camera.vitals.counts, camera.vitals.summary())
    if camera.intake != 'open':
        return _status(_NOT_TAKEN[camera.intake], [], CAMERA_VALUES, view)
    well = f'{view.summary.rate_in:.1f} Hz in, {view.summary.rate_out:.1f} Hz out'
    return _status(well, [*_failures(view.summary), *_warnings(view, node, open_s)], CAMERA_VALUES, view)


def _failures(summary: VitalsSummary) -> Iterator[_Finding]:
    if count := summary.failures_in_a_row:
        sentence = f'the model failed on the newest {count} frame{"s" * (count > 1)}: {summary.last_error}'
        yield _Finding(DiagnosticStatus.ERROR, sentence)


def _warnings(view: CameraView, node: NodeState, open_s: float) -> Iterator[_Finding]:
    limits, summary = node.parameters, view.summary
    silent_s = open_s if summary.silent_s is None else min(open_s, summary.silent_s)
    if 0 < limits.silence_s <= silent_s:
        yield _warning(f'no frame for {silent_s:.1f} s on {view.state.topic}')
    age = summary.latency_ms.get('arrival age')
    if age is not None and 0 < limits.stale_s < abs(age.p50) / 1e3:
        is_late = 'old on arrival' if age.p50 > 0 else 'ahead of the clock of the node'
        yield _warning(f'the stamps of frames are {abs(age.p50) / 1e3:.1f} s {is_late}: check clocks and use_sim_time')
    if summary.drop_rate > limits.max_drop_rate:
        yield _warning(f'{summary.drop_rate:.0%} of the frames are dropped for newer ones')
    total = summary.latency_ms.get('total')
    if total is not None and 0 < node.target_ms < total.p95 and node.rung + 1 >= node.rungs:
        yield _warning(
            f'labels take {total.p95:.0f} ms (p95) at the smallest size, the target is {node.target_ms:g} ms'
        )
    if summary.malformed:
        yield _warning(f'{summary.malformed} malformed in the last {WINDOW_S:g} s, last error: {summary.last_error}')


def _warning(sentence: str) -> _Finding:
    return _Finding(DiagnosticStatus.WARN, sentence)


def _status(
    well: str, faults: list[_Finding], described: tuple[Values[Source], ...], source: Source
) -> DiagnosticStatus:
    values = [
        KeyValue(key=key, value=str(value))
        for item in described
        for key, value in zip(item.keys, item.give(source), strict=True)
    ]
    level = max((fault.level for fault in faults), default=DiagnosticStatus.OK)
    return DiagnosticStatus(level=level, message='; '.join(fault.sentence for fault in faults) or well, values=values)
