"""`sfnet benchmark --node`: how long the node takes besides its model, and what it loses."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import parse_input_size, parse_size

if TYPE_CHECKING:
    from sfnet_ros.ros.benchmark.measured import NodeRow

RATES_HZ = (15.0, 30.0)

_SIZES = ('360x480', '1080x1920', '1024x2048')
_STARTS = 3
# Of the camera while the node starts; more than it can take.
_START_RATE_HZ, _START_FRAMES = 30.0, 3000


def run(args: argparse.Namespace, models: Sequence[str]) -> int:
    """Measure the node of a model between a camera and a consumer, as processes over DDS, and print the table."""
    if len(models) > 1:
        raise ValueError(f'--node measures the node of one model, and {len(models)} were given; name one')
    from sfnet_ros.ros.replay.interrupt import stop_signals_interrupt

    with stop_signals_interrupt():
        return _measure(args, *models)


def _measure(args: argparse.Namespace, model: str) -> int:
    from tqdm import tqdm

    from sfnet_ros.files import check_writable
    from sfnet_ros.ros.benchmark.case import SETTINGS, Case, Setting
    from sfnet_ros.ros.benchmark.measure import measure
    from sfnet_ros.ros.benchmark.start import measure_start

    check_writable(args.json)
    parameters = _parameters(args, model)
    cases = [
        Case(size_hw, rate_hz, args.repeats or max(1, round(rate_hz * args.seconds)), setting)
        for size_hw in [parse_size(text, '--size') for text in dict.fromkeys(args.size or _SIZES)]
        for rate_hz in dict.fromkeys(args.rate or RATES_HZ)
        for setting in ((Setting(),) if args.shipped else SETTINGS)
    ]
    first = Case(cases[0].frame_hw, _START_RATE_HZ, _START_FRAMES)
    start_ms = statistics.median(measure_start(first, parameters) for _ in tqdm(range(_STARTS), 'start', disable=None))
    frames = sum(case.frames for case in cases)
    with tqdm(desc=f'{len(cases)} cases', total=frames, unit='frame', disable=None) as progress:
        rows = list(measure(cases, parameters, progress.update))
    print(_table(rows))
    print(f'\nfrom the start of the process to the first label: {start_ms:.0f} ms, the median of {_STARTS}')
    if args.json:
        from sfnet_ros.files import atomic_path

        document = [{'model': model, **asdict(row), 'start_ms': round(start_ms)} for row in rows]
        with atomic_path(args.json) as temporary:
            temporary.write_text(json.dumps(document, indent=2) + '\n', encoding='utf-8')
    return 0


def _parameters(args: argparse.Namespace, model: str) -> Mapping[str, str | int]:
    """Give the node's parameters; what is not asked for is left to the node."""
    parameters: dict[str, str | int] = {'model': model, 'device': args.device}
    for name, given in (('backend', args.backend), ('precision', args.precision)):
        if len(given) > 1:
            raise ValueError(f'--node runs one {name}, and {len(given)} were given; name one')
        if given:
            parameters[name] = given[0]
    input_hw = parse_input_size(args.input_size)
    if input_hw is not None:
        height, width = (-1, -1) if input_hw == 'frame' else input_hw
        parameters |= {'input_height': height, 'input_width': width}
    if args.output_size:
        height, width = parse_size(args.output_size, '--output-size')
        parameters |= {'output_height': height, 'output_width': width}
    return parameters


def _table(rows: Sequence[NodeRow]) -> str:
    from sfnet_ros.benchmark.text_table import text_table

    return text_table(
        {
            'case': [row.case for row in rows],
            'size': [row.size for row in rows],
            'Hz': [f'{row.rate_hz:g}' for row in rows],
            'frames': [str(row.frames) for row in rows],
            'lost': [str(row.lost) for row in rows],
            'dropped': [str(row.dropped) for row in rows],
            'p50 ms': [_ms(row.p50_ms) for row in rows],
            'p95 ms': [_ms(row.p95_ms) for row in rows],
            'model p50': [_ms(row.model_p50_ms) for row in rows],
            'queued p50': [_ms(row.queued_p50_ms) for row in rows],
            'besides p50': [_ms(row.overhead_p50_ms) for row in rows],
            'besides p95': [_ms(row.overhead_p95_ms) for row in rows],
            'growth B': [f'{row.growth_bytes:.0f}' if row.growth_bytes is not None else '-' for row in rows],
        },
        words=2,
    )


def _ms(value: float | None) -> str:
    return '-' if value is None else f'{value:.1f}'
