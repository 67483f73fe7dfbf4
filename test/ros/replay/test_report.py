from pathlib import Path

from sfnet_ros.ros.replay.live import live_facts
from sfnet_ros.ros.replay.plan import Mode, ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed, TopicCount

MS = 1_000_000


def three_labels() -> Replayed:
    """Four frames, the third of which was dropped; each was 5 ms old by its stamp when it was recorded."""
    return Replayed(
        sent=4,
        sent_ns={1: 0, 2: 100 * MS, 3: 200 * MS, 4: 300 * MS},
        received_ns={1: 10 * MS, 2: 130 * MS, 4: 320 * MS},
        ages_ns=dict.fromkeys((1, 2, 3, 4), 5 * MS),
        topics=[TopicCount('/image', 4, 0, 300 * MS), TopicCount('/clock', 1, 7, 7)],
        repeated=2,
    )


def test_latency_is_from_publishing_to_arrival_and_age_from_the_stamp() -> None:
    assert three_labels().latencies_ms() == [10.0, 30.0, 20.0]
    live = live_facts(ReplayPlan(Path('drive'), '/image', False, {}), three_labels(), [1, 2, 3, 4], 0, 7.5)
    assert live.age_ms == {'mean': 25.0, 'p50': 25.0, 'p95': 34.0, 'max': 35.0}
    assert (live.frames, live.processed, live.dropped, live.unread_frames) == (4, 3, 1, 0)


def test_rates_count_from_the_first_message_to_the_last() -> None:
    live = live_facts(ReplayPlan(Path('drive'), '/image', False, {}), three_labels(), [1, 2, 3, 4], 0, 7.5)
    assert live.rates_hz == {'/image': 10.0, '/clock': None, '/sfnet/label': 6.45}
    assert live.fps == 6.45  # 2 in 310 ms


def test_a_frame_that_nobody_can_decode_is_not_counted_as_dropped() -> None:
    live = live_facts(ReplayPlan(Path('drive'), '/image', False, {}), three_labels(), [1, 2, 3, 4], 1, 7.5)
    assert (live.dropped, live.unread_frames) == (0, 1)


def test_odd_stamps_are_counted_and_said() -> None:
    live = live_facts(
        ReplayPlan(Path('drive'), '/image', False, {}), three_labels(), [3 * MS, 5 * MS, 5 * MS, MS], 0, 1
    )
    assert live.stamps == {
        'matched': 3,
        'repeated_labels': 2,
        'repeated': 1,
        'decreasing': 1,
        'interval_ms': {'mean': -0.67, 'p50': 0.0, 'p95': 1.8, 'max': 2.0},
    }
    assert live.warnings == [
        'frames with the stamp of an earlier one, sent under the next free nanosecond: 1',
        'frames with an earlier stamp than the one before, sent as they are: 1',
    ]


def test_a_pace_that_was_not_kept_is_none() -> None:
    plans = [
        ReplayPlan(Path('drive'), '/image', False, {}, speed=2.0),
        ReplayPlan(Path('drive'), '/image', False, {}, rate_hz=5.0),
        ReplayPlan(Path('drive'), '/image', False, {'use_sim_time': True}, mode=Mode.LOCKSTEP),
    ]
    lives = [live_facts(plan, three_labels(), [1, 2, 3, 4], 0, 7.5) for plan in plans]
    assert [(live.mode, live.speed, live.rate_hz, live.use_sim_time) for live in lives] == [
        ('paced', 2.0, None, False),
        ('paced', None, 5.0, False),
        ('lockstep', None, None, True),
    ]
