"""`sfnet benchmark`."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sfnet_ros.benchmark.configuration import Configuration
from sfnet_ros.benchmark.pairs import NotRun
from sfnet_ros.benchmark.row import Row
from sfnet_ros.cli import main
from sfnet_ros.runtime import load_manifest, save_manifest


@pytest.fixture(scope='module')
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two labelled pictures in the layout of folders; the pictures' own folder serves as frames."""
    root = tmp_path_factory.mktemp('mine')
    random = np.random.default_rng(0)
    for name in 'ab':
        blocks = random.integers(0, 256, (6, 8, 3), np.uint8)
        for folder, picture in (('images', blocks.repeat(16, 0).repeat(16, 1)), ('labels', np.zeros((96, 128)))):
            (root / 'train' / folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / 'train' / folder / f'{name}.png'), picture)
    return root


def test_one_run_gives_a_table_json_and_a_chart(
    small_model: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written, chart = tmp_path / 'rows.json', tmp_path / 'new' / 'chart.png'
    pictures = str(frames / 'train' / 'images')
    command = ['benchmark', '--model', str(small_model), '--backend', 'torch', '--precision', 'float32', '--baseline']
    options = [
        '--size',
        '64x96',
        '--repeats',
        '3',
        '--threads',
        '1',
        '--frames',
        pictures,
        '--json',
        str(written),
        '--chart',
        str(chart),
    ]
    assert main([*command, *options]) == 0
    head, baseline, torch_line, *rest = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ['model', 'backend']
    assert head.endswith('speed-up')
    assert baseline.split()[:4] == ['small', 'baseline', 'float32', '64x96']
    assert torch_line.split()[:4] == ['small', 'torch', 'float32', '64x96']
    assert re.fullmatch(r'products of float32 matrices reach [0-9.]+ GMAC/s here', rest[1])
    rows = json.loads(written.read_text())
    assert [row['backend'] for row in rows] == ['baseline', 'torch']
    assert rows[0]['agreement'] > 0.999
    assert rows[1]['agreement'] == rows[0]['speedup'] == 1.0
    assert rows[1]['speedup'] == pytest.approx(rows[0]['p50_ms'] / rows[1]['p50_ms'], abs=0.01)
    assert f'{rows[1]["p50_ms"]:.1f}' in torch_line
    assert cv2.imread(str(chart)).ndim == 3


def test_what_was_measured_is_kept_where_a_later_size_fails(
    small_model: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(group: list[Configuration], *_: object) -> tuple[list[Row], list[NotRun]]:
        if group[0].size_hw != (64, 96):
            raise ChildProcessError('it ended by itself')
        numbers = {field.name: 1.0 for field in fields(Row)}
        return [Row(**numbers | {'model': 'small', 'backend': 'torch', 'precision': 'float32', 'size': '64x96'})], []

    monkeypatch.setattr('sfnet_ros.benchmark.measure.measure', measure)
    written = tmp_path / 'rows.json'
    options = ['--model', str(small_model), '--backend', 'torch', '--frames', str(frames / 'train' / 'images')]
    assert main(['benchmark', *options, '--size', '64x96', '640x960', '--json', str(written)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == 'not run: small at 640x960: it ended by itself'
    assert [row['size'] for row in json.loads(written.read_text())] == ['64x96']
    # Where nothing is left, that is what there is to say.
    assert main(['benchmark', *options, '--size', '640x960', '--json', str(tmp_path / 'none.json')]) == 1
    assert 'small at 640x960: it ended by itself' in capsys.readouterr().err
    assert not (tmp_path / 'none.json').exists()


def test_recording_notes_which_pairs_are_faithful(
    small_model: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / 'small'
    shutil.copytree(small_model, model)
    save_manifest(model, replace(load_manifest(model), faithful=('onnxruntime/int8', 'torch/bfloat16')))
    command = ['benchmark', '--record', '--model', str(model), '--backend', 'torch', '--device', 'cpu']
    assert main([*command, '--data', str(frames), '--layout', 'folder']) == 0
    printed = capsys.readouterr().out
    assert printed.startswith('small: labels that are those of torch in float32, over 2 frames of train\n')
    share = float(re.search(r'torch/bfloat16 +([0-9.]+) %', printed)[1])
    assert 90 < share < 100
    assert ('not faithful' in printed) == (share < 99.5)
    torch_pairs = ('torch/bfloat16',) if share >= 99.5 else ()
    # What was not measured stays.
    assert load_manifest(model).faithful == ('onnxruntime/int8', *torch_pairs)


def test_the_node_is_measured_between_a_camera_and_a_consumer(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('sfnet_ros.cli.benchmark.node._STARTS', 1)
    written = tmp_path / 'rows.json'
    command = ['benchmark', '--node', '--model', str(small_model), '--backend', 'torch', '--input-size', '32x32']
    options = ['--size', '96x128', '--output-size', '48x64', '--rate', '20', '--repeats', '50', '--shipped']
    assert main([*command, *options, '--json', str(written)]) == 0
    head, line, _, start = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ['case', 'size', 'Hz']
    assert line.split()[:5] == ['as', 'shipped', '96x128', '20', '50']
    (row,) = json.loads(written.read_text())
    assert (row['model'], row['size'], row['frames'], row['lost']) == (str(small_model), '96x128', 50, 0)
    assert 0 < row['model_p50_ms'] < row['p50_ms']
    assert start.startswith(f'from the start of the process to the first label: {row["start_ms"]} ms, the median of 1')


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--model', 'nonsense'], "model 'nonsense' was not found"),
        (['--network', 'resnet19'], "network 'resnet19' is not known; did you mean 'resnet18'"),
        (['--backend', 'tensorflow'], "backend 'tensorflow' is not known"),
        (['--backend', 'torch', '--precision', 'float16', '--device', 'cpu'], "precision 'float16' is not there"),
        (['--device', 'cuda:99'], "device 'cuda:99' was asked for"),
        (['--size', 'big'], "--size 'big' is not accepted; give HEIGHTxWIDTH"),
        (['--size', '0x480'], "--size '0x480' is not accepted; give HEIGHTxWIDTH"),
        (['--size', '60000x60000'], "the network's size is (60000, 60000)"),
        (['--repeats', '0'], '0 repeats were asked for'),
        (['--seconds', '-1'], '-1.0 seconds were asked for'),
        (['--threads', '-2'], '-2 threads are not accepted; 1 to 1024 are, or 0'),
        (['--threads', '1000000'], '1000000 threads are not accepted'),
        (['--json', '/proc/rows.json'], '/proc/rows.json does not exist; check the path'),
        (['--node', '--json', '/proc'], '/proc is a folder, and a file is accepted there'),
        (['--chart', 'chart.pdf'], '--chart chart.pdf is not accepted; give a name that ends in .png'),
        (['--frames', 'nowhere.mcap'], 'there is no bag at nowhere.mcap'),
        (['--record'], '--record compares labels on real frames: give --data ROOT'),
        (['--record', '--data', 'x', '--network', 'df1'], '--network says nothing to --record, it is for timing'),
        (['--record', '--node'], '--record says nothing to --node, it is for --record; leave it out'),
        (['--input-size', '64x96'], '--input-size says nothing to timing, it is for --node; leave it out'),
        (['--node', '--model', 'a', 'b'], '--node measures the node of one model, and 2 were given'),
        (['--node', '--backend', 'torch', 'mnn'], '--node runs one backend, and 2 were given; name one'),
        (['--node', '--rate', '5000'], 'a rate of 5000 Hz is not between 0.1 and 1000'),
        (['--record', '--data', 'absent'], 'folder absent/train does not exist'),
    ],
)
def test_a_wrong_option_is_one_sentence(
    options: list[str], sentence: str, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [] if {'--model', '--network'}.intersection(options) else ['--model', str(small_model)]
    assert main(['benchmark', *model, *options]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f'sfnet benchmark: {sentence}')
