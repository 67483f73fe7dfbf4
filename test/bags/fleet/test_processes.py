from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from sfnet_ros.bags.fleet.processes import Processes
from sfnet_ros.bags.fleet.workers import InThisProcess
from sfnet_ros.bags.label.job import plan_jobs
from sfnet_ros.bags.label.label import Labelling
from sfnet_ros.bags.label.plan import LabelOptions
from sfnet_ros.bags.messages import COMPRESSED_IMAGE, jpeg_message
from sfnet_ros.bags.write import new_bag
from sfnet_ros.runtime.segmenter_options import SegmenterOptions

from .conftest import KillsAWorker


def test_work_of_a_killed_worker_is_done_by_another_one(
    small_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (8, 24, 32, 3), np.uint8)
    with new_bag(tmp_path / 'drive', {}) as bag:
        for index, rgb in enumerate(pictures):
            bag.add('/image/compressed', COMPRESSED_IMAGE, jpeg_message(rgb, 90, index * 10_000_000, 'camera'))
    digests = []
    for workers in (InThisProcess(), Processes(2)):
        out, progress = tmp_path / type(workers).__name__ / 'labelled', KillsAWorker()
        model = SegmenterOptions(str(small_model), backend='torch', threads=1)
        planned = plan_jobs({tmp_path / 'drive': out}, LabelOptions(frames_per_chunk=1), model)
        (labelled,) = Labelling(planned.jobs, workers, progress).run()
        assert (labelled.frames, labelled.unlabelled, progress.frames) == (8, 0, 8)
        assert progress.killed == isinstance(workers, Processes)
        digests.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in out.iterdir()})
    assert digests[0] == digests[1]
    assert 'a worker ended by itself with exit code -9' in caplog.text
    assert 'its work is given to another one' in caplog.text


def test_work_that_costs_every_worker_is_a_sentence() -> None:
    with pytest.raises(ChildProcessError, match=r'exit code -6.*\(the same work was lost 3 times\)'):
        list(Processes(1).map(os.abort, [1]))
