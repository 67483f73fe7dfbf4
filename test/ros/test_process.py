"""What prepare_process does, each in a fresh interpreter."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sfnet_ros.ros import shared_memory

from .node_process import await_end

CHECKOUT = Path(__file__).parents[2]
# Set by the user, or by another test of this process.
PREPARED = ('RMW_IMPLEMENTATION', 'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT')
PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
READY = 'import sys; print("ready", flush=True)'


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    inherited = {key: value for key, value in os.environ.items() if key not in (*PROFILES, *PREPARED)}
    return subprocess.Popen(
        [sys.executable, '-c', code],
        env={**inherited, 'PYTHONPATH': str(CHECKOUT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def profiles(**environment: str) -> dict[str, str]:
    code = f'import os; from sfnet_ros.ros.process import prepare_process as p; p(); print(*map(os.getenv, {PROFILES}))'
    output = start(code, **environment).communicate(timeout=30)[0]
    return {name: value for name, value in zip(PROFILES, output.split(), strict=True) if value != 'None'}


def test_fast_dds_gets_our_profile_under_one_name() -> None:
    found = profiles()
    assert len(found) == 1
    profile = shared_memory.fitting_profile()
    assert profile is not None
    assert Path(*found.values()).samefile(CHECKOUT / profile)


@pytest.mark.parametrize('name', PROFILES)
def test_a_profile_of_the_user_stays(name: str) -> None:
    assert profiles(**{name: '/etc/mine.xml'}) == {name: '/etc/mine.xml'}


def test_other_middlewares_are_left_alone() -> None:
    assert profiles(RMW_IMPLEMENTATION='rmw_cyclonedds_cpp') == {}
    assert len(profiles(RMW_IMPLEMENTATION='rmw_fastrtps_dynamic_cpp')) == 1


def test_large_blocks_are_kept_unless_the_user_tunes_malloc() -> None:
    code = """if True:
        import resource
        from sfnet_ros.ros.process import prepare_process
        prepare_process()
        def faults():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            bytearray(6 << 20)
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        print([faults() for _ in range(3)][-1])"""
    kept = int(start(code).communicate(timeout=30)[0])
    returned = int(start(code, MALLOC_MMAP_THRESHOLD_='65536').communicate(timeout=30)[0])
    assert kept < 100 < 1000 < returned


def test_openmp_spins_shortly_unless_the_user_says_otherwise() -> None:
    code = 'import os; from sfnet_ros.ros.process import prepare_process as p; p(); print(os.getenv("GOMP_SPINCOUNT"))'
    assert start(code).communicate(timeout=30)[0] == '2000\n'
    assert start(code, GOMP_SPINCOUNT='7').communicate(timeout=30)[0] == '7\n'
    assert start(code, OMP_WAIT_POLICY='ACTIVE').communicate(timeout=30)[0] == 'None\n'


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_while_it_is_busy_with_an_import(number: signal.Signals) -> None:
    code = f'from sfnet_ros.ros.process import prepare_process as p; p(); {READY}; import time; time.sleep(60)'
    process = start(code)
    assert process.stdout is not None
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(number)
    exit_code, seconds = await_end(process)
    assert (exit_code, process.communicate()[0]) == (0, '')
    assert seconds < 2


def test_after_the_hand_over_the_first_signal_asks_and_later_ones_are_ignored() -> None:
    code = f"""if True:
        import threading
        from sfnet_ros.ros import process
        # As long as the later signals may take to come.
        process.GRACE_S = 60
        asked = threading.Event()
        process.prepare_process().hand_over(lambda: (print('asked', flush=True), asked.set()))
        {READY}
        asked.wait()
        sys.stdin.read()
        print('ended in order')"""
    process = start(code)
    assert process.stdout is not None
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == 'asked\n'
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    # Which ends what it reads.
    output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, 'ended in order\n')


def test_a_process_that_does_not_end_by_itself_is_ended_within_two_seconds() -> None:
    code = f'from sfnet_ros.ros.process import prepare_process as p; p().hand_over(int); {READY}; sys.stdin.read()'
    process = start(code)
    assert process.stdout is not None
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(signal.SIGTERM)
    exit_code, seconds = await_end(process)
    assert exit_code == 0
    assert seconds < 2
    process.communicate()


@pytest.mark.parametrize(
    'environment', [{}, {'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp'}, {PROFILES[0]: '/etc/mine.xml'}], ids=str
)
def test_a_python_without_rclpy_is_told_what_to_do(environment: dict[str, str]) -> None:
    inherited = {key: value for key, value in os.environ.items() if key not in (*PROFILES, *PREPARED)}
    # -S: site-packages are not on the path.
    process = subprocess.run(
        [sys.executable, '-S', '-c', 'from sfnet_ros.ros.process import prepare_process as p; p()'],
        env={**inherited, 'PYTHONPATH': str(CHECKOUT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert 'source ROS 2' in process.stderr
    assert 'Traceback' not in process.stderr
