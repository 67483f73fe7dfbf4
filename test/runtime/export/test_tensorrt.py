"""The way into TensorRT, as far as it goes without a GPU."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from sfnet_ros.runtime.export import tensorrt
from sfnet_ros.runtime.export.tensorrt import Progress, import_tensorrt


def test_its_absence_is_a_sentence_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(ValueError, match=r"needs tensorrt, not installed here: pip install 'sfnet_ros\[tensorrt\]'"):
        import_tensorrt()


@pytest.mark.parametrize(
    ('package', 'sentence'),
    [
        ("raise ImportError('libnvinfer.so.11: cannot open shared object file')", r'do not load here: libnvinfer\.so'),
        ("__version__ = '8.6.1'", 'needs TensorRT 10.0 or newer, and 8.6.1 is installed here'),
    ],
    ids=['package without libraries', 'old'],
)
def test_what_cannot_be_used_is_refused(
    package: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'tensorrt.py').write_text(package)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'tensorrt', raising=False)
    with pytest.raises(ValueError, match=sentence):
        import_tensorrt()
    sys.modules.pop('tensorrt', None)


def test_progress_is_told_now_and_then(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress()
    with caplog.at_level(logging.INFO):
        progress.start('Timing', 40)
        for step in range(20):
            progress.step('Timing', step)
        assert caplog.messages == []
        monkeypatch.setattr(tensorrt, '_REPORT_PERIOD_S', 0.0)
        progress.step('Timing', 20)
        progress.finish('Timing')
    assert caplog.messages == ['building a TensorRT engine: Timing 21 of 40']
