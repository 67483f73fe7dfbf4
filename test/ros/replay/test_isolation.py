import socket
from contextlib import ExitStack

import pytest

from sfnet_ros.ros.replay.isolation import isolated_environment, own_domain


def test_replays_at_the_same_time_get_different_domains() -> None:
    with ExitStack() as stack:
        domains = [stack.enter_context(own_domain()) for _ in range(20)]
    assert len(set(domains)) == 20
    assert all(40 <= domain <= 101 for domain in domains)


def test_a_domain_that_somebody_is_in_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # None that replays of other tests take.
    monkeypatch.setattr('sfnet_ros.ros.replay.isolation._DOMAINS', [36, 37])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(('', 7400 + 250 * 36 + 10))
        with own_domain() as domain:
            assert domain == 37
            with pytest.raises(OSError, match='the ROS domains 36 to 37 are all in use'), own_domain():
                pass
    with own_domain() as domain:
        assert domain in (36, 37)


def test_the_domain_of_the_robot_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('sfnet_ros.ros.replay.isolation._DOMAINS', [50])
    monkeypatch.setenv('ROS_DOMAIN_ID', '50')
    with pytest.raises(OSError, match='all in use'), own_domain():
        pass


def test_nothing_that_reaches_beyond_this_host_is_passed_on() -> None:
    robot = {
        'ROS_DOMAIN_ID': '3',
        'ROS_DISCOVERY_SERVER': '10.0.0.1:11811',
        'ROS_STATIC_PEERS': '10.0.0.2',
        'FASTDDS_DEFAULT_PROFILES_FILE': 'peers.xml',
        'CYCLONEDDS_URI': 'peers.xml',
        'ZENOH_SESSION_CONFIG_URI': 'router.json5',
        'ZENOH_CONFIG_OVERRIDE': 'connect/endpoints=["tcp/10.0.0.3:7447"]',
        'PATH': '/bin',
    }
    environment = isolated_environment(60, robot)
    assert environment['ROS_DOMAIN_ID'] == '60'
    assert environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert environment['PATH'] == '/bin'
    assert not environment.keys() & (robot.keys() - {'ROS_DOMAIN_ID', 'PATH'})


@pytest.mark.parametrize(('distribution', 'expected'), [('humble', '1'), ('jazzy', None)])
def test_only_humble_is_told_in_its_own_way_to_stay_on_this_host(distribution: str, expected: str | None) -> None:
    environment = isolated_environment(60, {'ROS_DISTRO': distribution, 'ROS_LOCALHOST_ONLY': '0'})
    assert environment.get('ROS_LOCALHOST_ONLY') == expected
