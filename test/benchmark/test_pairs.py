from __future__ import annotations

from pathlib import Path

import pytest

from sfnet_ros.benchmark.pairs import choose_pairs, prepare_pairs
from sfnet_ros.benchmark.subject import Subject
from sfnet_ros.network.precision import is_native
from sfnet_ros.runtime.backends import Choice, pairs, why_not

_TORCH = Choice('torch', 'cpu', 'float32')


def test_every_pair_is_chosen_or_has_a_reason_why_not() -> None:
    choices, not_run = choose_pairs('cpu', natively=True)
    told = {f'{choice.backend}/{choice.precision}' for choice in choices} | {entry.what for entry in not_run}
    assert told == {'/'.join(pair) for pair in pairs('cpu')}
    assert _TORCH in choices
    assert all(is_native('cpu', choice.precision) for choice in choices)
    assert all(entry.reason for entry in not_run)


def test_precisions_that_are_not_native_run_where_they_are_asked_for() -> None:
    choices, _ = choose_pairs('cpu', ['torch'], natively=False)
    assert choices == [Choice('torch', 'cpu', 'bfloat16'), _TORCH]
    native, not_run = choose_pairs('cpu', ['torch'], natively=True)
    if is_native('cpu', 'bfloat16'):
        assert native == choices
    else:
        assert native == [_TORCH]
        assert str(not_run[0]).startswith('torch/bfloat16: cpu does not compute in bfloat16 natively; ask for it with')


def test_only_what_is_named_is_chosen() -> None:
    choices, _ = choose_pairs('cpu', precisions=['float32'], natively=True)
    here = [backend for backend, precision in pairs('cpu') if precision == 'float32']
    assert [choice.backend for choice in choices] == [name for name in here if not why_not('cpu', name, 'float32')]
    assert choose_pairs('cpu', ['torch'], ['float32'], natively=True) == ([_TORCH], [])


def test_openvino_that_would_fall_back_to_float32_is_not_held_for_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('sfnet_ros.benchmark.pairs.is_native', lambda device, precision: precision == 'float32')
    absent = why_not('cpu', 'openvino', 'bfloat16')
    with pytest.raises(ValueError, match=absent or 'openvino computes in float32 in place of bfloat16 where cpu'):
        choose_pairs('cpu', ['openvino'], ['bfloat16'], natively=False)
    choices, _ = choose_pairs('cpu', natively=False)
    assert Choice('openvino', 'cpu', 'bfloat16') not in choices
    assert Choice('torch', 'cpu', 'bfloat16') in choices


@pytest.mark.parametrize(
    ('backends', 'precisions', 'sentence'),
    [
        (['torhc'], [], "backend 'torhc' is not known; did you mean 'torch'"),
        ([], ['float33'], "precision 'float33' is not there on cpu; did you mean 'float32'"),
        (['torch'], ['float32', 'float16'], "precision 'float16' is not there for torch on cpu; accepted are auto"),
    ],
)
def test_what_is_asked_for_by_name_and_not_there_is_refused(
    backends: list[str], precisions: list[str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        choose_pairs('cpu', backends, precisions, natively=True)


def test_a_pair_that_was_not_exported_is_told_with_the_reason(small_model: Path) -> None:
    int8 = Choice('openvino', 'cpu', 'int8')
    ready, not_run = prepare_pairs(Subject.of_model(str(small_model)), [int8, _TORCH])
    assert ready == [_TORCH]
    assert [entry.what for entry in not_run] == ['openvino/int8 of small']
    assert 'has no graph for its weights yet' in not_run[0].reason
