"""`sfnet benchmark`: networks in turns."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import parse_size

if TYPE_CHECKING:
    from sfnet_ros.benchmark.configuration import Configuration
    from sfnet_ros.benchmark.pairs import NotRun
    from sfnet_ros.benchmark.row import Row
    from sfnet_ros.benchmark.subject import Subject

SIZES = ('360x480', '512x1024', '1024x2048')

# Labels are compared on so many; times are taken on the same.
_FRAMES = 5


def run(args: argparse.Namespace, models: Sequence[str]) -> int:
    """Measure networks, print the table, and write what was asked for."""
    from tqdm import tqdm

    from sfnet_ros.benchmark.measure import Budget, measure
    from sfnet_ros.benchmark.pairs import NotRun
    from sfnet_ros.benchmark.row import table, write_json
    from sfnet_ros.benchmark.subject import Subject
    from sfnet_ros.cli.frames import find_sample_clip, read_frames
    from sfnet_ros.files import check_writable
    from sfnet_ros.own_process import ERRORS

    check_writable(args.json, args.chart)
    subjects = [*map(Subject.of_model, models), *map(Subject.of_backbone, args.network)]
    sizes = [_size(text) for text in dict.fromkeys(args.size or SIZES)]
    budget = Budget(args.repeats, args.seconds)
    frames = read_frames(args.frames or find_sample_clip(), _FRAMES)
    groups, not_run = _plan(args, subjects, sizes)
    rows: list[Row] = []
    for group in groups:
        try:
            with tqdm(desc=group[0].place, unit='run', disable=None) as progress:
                measured, failed = measure(group, frames, budget, progress.update)
        except ERRORS as error:
            # Such as for want of memory at the largest size; what was measured before it is worth minutes.
            measured, failed = [], [NotRun.because_of(group[0].place, error)]
        rows += measured
        not_run += failed
        if args.json and measured:
            # Of each group at once: whoever breaks off a long run keeps what came before.
            write_json(args.json, rows)
    if not rows:
        raise ValueError('; '.join(map(str, not_run)))
    print(table(rows))
    print(f'\nproducts of float32 matrices reach {max(row.peak_gmacs for row in rows):.1f} GMAC/s here')
    for entry in not_run:
        print(f'not run: {entry}')
    if args.chart:
        _write_chart(args.chart, rows)
    return 0


def _plan(
    args: argparse.Namespace, subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]]
) -> tuple[list[list[Configuration]], list[NotRun]]:
    """List what is measured in turns, the networks of one size one after the other, and what cannot be."""
    from sfnet_ros.benchmark.baseline import BASELINE
    from sfnet_ros.benchmark.configuration import Configuration
    from sfnet_ros.benchmark.pairs import choose_pairs, prepare_pairs
    from sfnet_ros.runtime.backends import Choice

    choices, not_run = choose_pairs(args.device, args.backend, args.precision, natively=not args.precision)
    baseline = [Choice(BASELINE, choices[0].device, 'float32')] if args.baseline else []
    ready = {}
    for subject in subjects:
        ready[subject], failed = prepare_pairs(subject, choices)
        if failed and ((args.backend and args.precision) or not ready[subject]):
            raise ValueError('; '.join(map(str, failed)))
        not_run += failed
    groups = [
        [Configuration(subject, choice, size_hw, args.threads) for choice in (*baseline, *ready[subject])]
        for size_hw in sizes
        for subject in subjects
    ]
    return groups, not_run


def _size(text: str) -> tuple[int, int]:
    from sfnet_ros.runtime import check_size_rule

    size_hw = parse_size(text, '--size')
    check_size_rule(size_hw)
    return size_hw


def _write_chart(path: Path, rows: Sequence[Row]) -> None:
    import cv2

    from sfnet_ros.benchmark.chart import draw_chart
    from sfnet_ros.files import atomic_path

    _, encoded = cv2.imencode('.png', cv2.cvtColor(draw_chart(rows), cv2.COLOR_RGB2BGR))
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())
