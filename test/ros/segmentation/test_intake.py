"""When frames are taken in: ``~/enable``, lazy cameras, ``max_rate``, and the quality of service."""

from __future__ import annotations

from std_srvs.srv import SetBool

from ..bench import DEADLINE_S, Bench, camera_frame, wait_until


def enable(bench: Bench, data: bool) -> str:
    answer = bench.call(SetBool, '/sfnet/enable', SetBool.Request(data=data))
    assert answer.success
    return str(answer.message)


def wait_for_subscribers(bench: Bench, count: int, topic: str = '/image') -> None:
    wait_until(lambda: bench.peer.count_subscribers(topic) == count, f'{topic} has {count} subscribers')


def test_a_node_that_is_not_enabled_hears_no_camera_until_it_is(bench: Bench) -> None:
    node = bench.start()
    labels, camera = bench.listen(), bench.camera()
    assert enable(bench, False) == 'disabled'
    for topic in ('/image', '/camera_info'):
        wait_for_subscribers(bench, 0, topic)
    (state,) = node.state().cameras
    assert state.intake == 'disabled'

    assert enable(bench, True) == 'enabled'
    for topic in ('/image', '/camera_info'):
        wait_for_subscribers(bench, 1, topic)
    wait_until(lambda: camera.get_subscription_count() == 1, 'the camera is heard')
    camera.publish(camera_frame(stamp_ns=2))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 2
    assert bench.state() == 'active'


def test_a_node_can_be_disabled_before_it_is_activated(bench: Bench) -> None:
    bench.start(autostart=False)
    assert enable(bench, False) == 'disabled; the node is not active'
    assert bench.transition('configure')
    assert bench.transition('activate')
    assert bench.peer.count_subscribers('/image') == 0
    assert enable(bench, True) == 'enabled'
    wait_for_subscribers(bench, 1)


def test_a_lazy_node_hears_the_camera_only_while_somebody_listens_to_an_output(bench: Bench) -> None:
    node = bench.start(lazy=True)
    assert bench.peer.count_subscribers('/image') == 0
    assert [state.intake for state in node.state().cameras] == ['unwatched']

    # Any output will do.
    overlays = bench.listen('/sfnet/overlay')
    camera = bench.camera()
    camera.publish(camera_frame(stamp_ns=5))
    assert overlays.get(timeout=DEADLINE_S).header.stamp.nanosec == 5

    for subscription in list(bench.peer.subscriptions):
        if subscription.topic_name == '/sfnet/overlay':
            bench.peer.destroy_subscription(subscription)
    wait_for_subscribers(bench, 0)
    assert bench.set_parameter('lazy', False) == (True, '')
    wait_for_subscribers(bench, 1)
    assert bench.set_parameter('lazy', True) == (True, '')
    wait_for_subscribers(bench, 0)


def test_frames_beyond_the_rate_are_skipped_and_counted_as_such(bench: Bench) -> None:
    node = bench.start(max_rate=0.01)
    labels, camera = bench.listen(), bench.camera()
    for stamp_ns in range(1, 11):
        camera.publish(camera_frame(stamp_ns=stamp_ns))
        wait_until(lambda wanted=stamp_ns: node.counts.received == wanted, 'the frame is received')
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 1
    wait_until(lambda: node.counts.skipped == 9, 'the others are skipped')
    assert node.counts.dropped == 0

    assert bench.set_parameter('max_rate', 0.0) == (True, '')
    camera.publish(camera_frame(stamp_ns=11))
    assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 11


def test_the_quality_of_service_of_what_is_subscribed_to_can_be_overridden(bench: Bench) -> None:
    node = bench.start(
        **{
            'qos_overrides./image.subscription.depth': 3,
            'qos_overrides./camera_info.subscription.reliability': 'reliable',
            'qos_overrides./camera_info.subscription.durability': 'transient_local',
        }
    )
    (info,) = node.get_subscriptions_info_by_topic('/camera_info')
    assert (info.qos_profile.reliability.name, info.qos_profile.durability.name) == ('RELIABLE', 'TRANSIENT_LOCAL')
    assert node.get_parameter('qos_overrides./image.subscription.depth').value == 3
    # What is opened again is as it was.
    assert enable(bench, False) == 'disabled'
    assert enable(bench, True) == 'enabled'
    (image,) = node.get_subscriptions_info_by_topic('/image')
    assert image.qos_profile.reliability.name == 'RELIABLE'
