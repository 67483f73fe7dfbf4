"""Optional libraries: what is said where one is absent, and that none reports its use over the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sfnet_ros.runtime.optional import missing, require


def test_what_is_absent_is_told_with_how_to_get_it() -> None:
    assert missing(('json', 'no_such_library')) == ['no_such_library']
    with pytest.raises(ValueError, match=r"backend x needs no_such_library, .*: pip install 'sfnet_ros\[x\]'"):
        require(('json', 'no_such_library'), 'backend x', 'x')


def test_onnxruntime_reports_nothing_and_keeps_no_identifier_of_the_machine(tmp_path: Path) -> None:
    # It reports from no CI, and so sees none here.
    environment = {name: os.environ[name] for name in ('PATH', 'PYTHONPATH', 'LD_LIBRARY_PATH') if name in os.environ}
    environment |= {'HOME': str(tmp_path), 'XDG_CACHE_HOME': str(tmp_path)}
    program = (
        'from sfnet_ros.runtime.optional import require\n'
        "require(iter(['onnxruntime']), 'this test', 'onnxruntime')\n"
        'import onnxruntime\n'
        'print(onnxruntime.__version__)'
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, '-c', program], cwd=root, env=environment, timeout=60, check=True)
    assert list(tmp_path.rglob('*')) == []
