from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.benchmark.row import Measured, Row, summarize, table, write_json
from sfnet_ros.benchmark.runner import Footprint, Timed
from sfnet_ros.benchmark.subject import Subject
from sfnet_ros.runtime.backends import Choice


@pytest.fixture
def row() -> Row:
    """Twenty-one frames of 10 to 30 ms, of which the network takes half, at 3 GMAC each."""
    configuration = Configuration(Subject('small'), Choice('torch', 'cpu', 'float32'), (96, 128))
    times = [Timed(total, total / 2) for total in range(30, 9, -1)]
    measured = Measured(configuration, times, Footprint(512.04, 2), 0.99712345)
    return summarize(measured, macs=3_000_000_000, peak_gmacs=400.0, baseline_p50_ms=50.0)


def test_a_row_sums_up_what_was_measured(row: Row) -> None:
    assert asdict(row) == {
        'model': 'small',
        'backend': 'torch',
        'device': 'cpu',
        'precision': 'float32',
        'size': '96x128',
        'p50_ms': 20.0,
        'p95_ms': 29.0,
        'model_ms': 10.0,
        'fps': 50.0,
        'gmacs': 300.0,
        'peak_percent': 75.0,
        'peak_gmacs': 400.0,
        'memory_mb': 512.0,
        'agreement': 0.997123,
        'speedup': 2.5,
        'threads': 2,
        'repeats': 21,
    }


def test_json_is_a_list_of_rows(row: Row, tmp_path: Path) -> None:
    rows = [row, replace(row, speedup=None, memory_mb=None)]
    write_json(tmp_path / 'new' / 'rows.json', rows)
    written = json.loads((tmp_path / 'new' / 'rows.json').read_text())
    assert [Row(**entry) for entry in written] == rows


def test_the_table_has_a_line_for_each_row_under_its_heads(row: Row) -> None:
    head, *lines = table([row, replace(row, backend='onnxruntime', fps=7.0)]).splitlines()
    assert head.split()[:4] == ['model', 'backend', 'precision', 'size']
    assert lines[0].split()[-1] == '2.50x'
    assert lines[1].split()[:4] == ['small', 'onnxruntime', 'float32', '96x128']
    assert head.index('FPS') + 3 == lines[0].index('50.0') + 4 == lines[1].index('7.0') + 3


def test_columns_without_a_number_are_left_out_of_the_table(row: Row) -> None:
    assert 'speed-up' in table([replace(row, speedup=None), row])
    head = table([replace(row, speedup=None, memory_mb=None)]).splitlines()[0]
    assert 'speed-up' not in head
    assert 'MB' not in head
