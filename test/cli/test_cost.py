"""`sfnet cost`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfnet_ros.cli import main


def test_a_network_is_counted_by_its_names_or_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'train.yaml').write_text('network: {backbone: stdc1, variant: lite, num_classes: 5}\nepochs: 3\n')
    (tmp_path / 'bare.yaml').write_text('{backbone: stdc1, variant: lite, num_classes: 5, aux_heads: true}\n')
    (tmp_path / 'base.yaml').write_text('network: {num_classes: 5}\n')
    (tmp_path / 'upon.yaml').write_text('base: base.yaml\nnetwork: {backbone: stdc1, variant: lite}\n')
    written = []
    for source in (
        ['--backbone', 'stdc1', '--variant', 'lite', '--num-classes', '5'],
        ['--config', str(tmp_path / 'train.yaml')],
        ['--config', str(tmp_path / 'bare.yaml')],
        ['--config', str(tmp_path / 'upon.yaml')],
    ):
        assert main(['cost', *source, '--size', '64x96', '--json', str(tmp_path / 'cost.json')]) == 0
        written.append(json.loads((tmp_path / 'cost.json').read_text()))
    assert all(each == written[0] for each in written)
    assert f'{written[0]["multiply_accumulates"]:,}' in capsys.readouterr().out
    assert (written[0]['variant'], written[0]['width'], written[0]['size']) == ('lite', 128, '64x96')


def test_costs_that_can_be_derived_are_the_paper_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['cost', '--paper', '--json', str(tmp_path / 'paper.json')]) == 0
    rows = json.loads((tmp_path / 'paper.json').read_text())
    assert all({'name', 'paper', 'ours', 'ratio', 'derived'} <= row.keys() for row in rows)
    derived = {row['paper'] for row in rows if row['derived']}
    assert {123.5, 120.4, 332.6, 337.1, 412.7, 417.5, 18.6, 18.7, 48.2, 48.5} <= derived
    assert {131.6, 140.5, 148.0, 138.6, 141.5, 17.8, 18.1} <= {row['paper'] for row in rows if not row['derived']}
    assert [row['name'] for row in rows if row['derived'] and abs(row['ratio'] - 1) > 0.03] == []
    assert 'flow kernel 7' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--variant', 'fpn'], '--variant goes with --backbone; give both, or neither'),
        (['--backbone', 'df1', '--variant', 'fnp'], "'fnp' is not known; did you mean 'fpn'?"),
        (['--backbone', 'df1', '--size', '3'], "--size '3' is not accepted; give HEIGHTxWIDTH"),
        (['--paper', '--size', '64x64'], '--size does not go with --paper'),
        (['--config', 'absent.yaml'], 'absent.yaml does not exist; check the path'),
    ],
)
def test_what_a_user_gets_wrong_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['cost', *arguments]) == 1
    assert sentence in capsys.readouterr().err


def test_a_file_without_a_network_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / 'bad.yaml'
    for content in ('- 3', '', 'backbone: df3', 'network: {bakbone: df1}'):
        path.write_text(content)
        assert main(['cost', '--config', str(path)]) == 1
        assert f'{path} holds no network: ' in capsys.readouterr().err
