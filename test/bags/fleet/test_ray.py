"""Work on a Ray cluster comes to what one process comes to, though a worker is lost."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfnet_ros.bags.fleet.ray import RayCluster
from sfnet_ros.bags.fleet.workers import InThisProcess
from sfnet_ros.bags.label.job import plan_jobs
from sfnet_ros.bags.label.label import Labelling
from sfnet_ros.bags.label.plan import LabelOptions
from sfnet_ros.bags.report.document import document
from sfnet_ros.bags.run import evaluate
from sfnet_ros.bags.source import Source
from sfnet_ros.bags.spread import evaluate_apart
from sfnet_ros.cli import main
from sfnet_ros.cli.bag.fleet import add_bags_argument, add_fleet_arguments
from sfnet_ros.runtime.segmenter_options import SegmenterOptions

from .conftest import KillsAWorker, without_timing

on_ray = [pytest.mark.ray, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ('arguments', 'address', 'bags'),
    [
        (['--ray', 'bags/*.mcap'], '', ['bags/*.mcap']),
        (['--ray', 'a.mcap', 'b.mcap'], '', ['a.mcap', 'b.mcap']),
        (['a.mcap', '--ray'], '', ['a.mcap']),
        (['--ray', 'head:6379', 'a.mcap'], 'head:6379', ['a.mcap']),
        (['--jobs', '2', 'a.mcap', '--ray', 'ray://10.0.0.1:10001'], 'ray://10.0.0.1:10001', ['a.mcap']),
        (['--ray=auto', 'a.mcap'], 'auto', ['a.mcap']),
        (['a.mcap', 'b.mcap'], None, ['a.mcap', 'b.mcap']),
    ],
)
def test_address_of_a_cluster_is_told_from_a_recording(
    arguments: list[str], address: str | None, bags: list[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_bags_argument(parser)
    add_fleet_arguments(parser)
    args = parser.parse_args(arguments)
    assert (args.ray, args.bags) == (address, bags)


@pytest.mark.parametrize('verb', ['evaluate', 'label'])
def test_no_bag_is_a_sentence(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['bag', verb, '--ray', '--out', str(tmp_path / 'out')]) == 1
    assert 'no bag is named' in capsys.readouterr().err


def test_without_ray_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(ValueError, match=r"pip install 'sfnet_ros\[ray\]', or leave out --ray"):
        RayCluster('', 1, False)


@pytest.mark.ray
def test_cluster_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r'no Ray cluster to join at localhost:1 .*refused.*HOST:PORT'):
        RayCluster('localhost:1', 1, False)


def parent_of(pid: int) -> int:
    return int(Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[1])


class KillsAWorkerOfTheCluster(KillsAWorker):
    """Progress that kills a worker of this process's own cluster."""

    def kill(self) -> None:
        pids = [int(path.name) for path in Path('/proc').iterdir() if path.name.isdigit()]
        for pid in pids:
            if is_own_worker(pid):
                os.kill(pid, signal.SIGKILL)
                self.killed += 1
                return


def is_own_worker(pid: int) -> bool:
    try:
        title = Path(f'/proc/{pid}/cmdline').read_bytes()
        return title.startswith(b'ray::_Host') and parent_of(parent_of(pid)) == os.getpid()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope='module')
def cluster() -> Iterator[str]:
    """Start a cluster of two machines with a processor each, and give its address."""
    os.environ.setdefault('RAY_usage_stats_enabled', '0')
    import ray
    from ray.cluster_utils import Cluster

    machines = Cluster(initialize_head=True, head_node_args={'num_cpus': 1, 'include_dashboard': False})
    machines.add_node(num_cpus=1)
    yield machines.address
    ray.shutdown()
    machines.shutdown()


class TestOnACluster:
    pytestmark = on_ray

    def test_command_comes_to_the_same(self, cluster: str, drives: Path, small_model: Path, tmp_path: Path) -> None:
        scores = []
        for where in ([], ['--ray', cluster]):
            file = tmp_path / f'{len(where)}.json'
            options = ['--model', str(small_model), '--backend', 'torch', '--threads', '1', '--chunk', '2']
            options += ['--json', str(file), '--out', str(tmp_path / 'page.html'), *where]
            assert main(['bag', 'evaluate', *options, str(drives / 'drive_*')]) == 0
            scores.append(without_timing(json.loads(file.read_text())))
        assert scores[0] == scores[1]

    def test_evaluation_outlives_a_killed_worker(
        self, cluster: str, drives: Path, small_model: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        sources = [Source.of(drives / name, None, None) for name in ('drive_1', 'drive_2')]
        model = SegmenterOptions(str(small_model), backend='torch', threads=1)
        segmenter, workers = model.load(), RayCluster(cluster, 1, False)
        assert workers.count == 2
        killing = KillsAWorkerOfTheCluster()
        spread = evaluate_apart(sources, segmenter, model, workers, killing, frames_per_part=1)
        whole = evaluate(sources, segmenter, KillsAWorker())
        assert (killing.killed, killing.frames, killing.bags) == (1, 10, 2)
        assert without_timing(document(sources, [spread])) == without_timing(document(sources, [whole]))
        assert 'its work is given to another one' in caplog.text

    def test_labels_outlive_a_killed_worker(
        self, cluster: str, drives: Path, small_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        digests = []
        model = SegmenterOptions(str(small_model), backend='torch', threads=1)
        for name, workers in (('here', InThisProcess()), ('there', RayCluster(cluster, 1, False))):
            progress = KillsAWorkerOfTheCluster()
            out = tmp_path / name / 'labelled'
            planned = plan_jobs({drives / 'drive_1': out}, LabelOptions(frames_per_chunk=1), model)
            (labelled,) = Labelling(planned.jobs, workers, progress).run()
            assert (labelled.frames, labelled.unlabelled, progress.frames) == (7, 1, 7)
            assert progress.killed == (name == 'there')
            digests.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in out.iterdir()})
        assert digests[0] == digests[1]
        assert 'its work is given to another one' in caplog.text

    def test_work_that_costs_every_worker_is_a_sentence(self, cluster: str) -> None:
        with pytest.raises(ChildProcessError, match=r'was lost.*\(the same work was lost 3 times\)'):
            list(RayCluster(cluster, 1, False, 1).map(os.abort, [1]))
