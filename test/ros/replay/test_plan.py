from pathlib import Path

from sfnet_ros.ros.replay.plan import Mode, ReplayPlan


def test_compressed_frames_reach_the_node_as_the_camera_s_companion() -> None:
    plan = ReplayPlan(Path('drive'), '/front/image_raw/compressed', True, {})
    assert plan.player_arguments()[1:5] == ['--topic', plan.topic, '--publish-on', '/front/image_raw/compressed']
    assert 'image:=/front/image_raw' in plan.node_arguments()
    assert 'image_transport:="compressed"' in plan.node_arguments()


def test_compressed_topic_of_any_name_is_published_where_the_node_looks_for_it() -> None:
    plan = ReplayPlan(Path('drive'), '/front/jpeg', True, {})
    assert plan.player_arguments()[3:5] == ['--publish-on', '/front/jpeg/compressed']
    assert 'image:=/front/jpeg' in plan.node_arguments()


def test_raw_frames_keep_their_topic() -> None:
    plan = ReplayPlan(Path('drive'), '/front/compressed', False, {})
    assert plan.player_arguments()[3:5] == ['--publish-on', '/front/compressed']
    assert 'image:=/front/compressed' in plan.node_arguments()
    assert 'image_transport:="raw"' in plan.node_arguments()


def test_text_that_looks_like_a_number_stays_text() -> None:
    arguments = ReplayPlan(Path('drive'), '/image', False, {'model': '123', 'input_height': 64}).node_arguments()
    assert 'model:="123"' in arguments
    assert 'input_height:=64' in arguments


def test_frame_by_frame_nothing_is_lost_on_the_way_and_no_other_backend_stands_in() -> None:
    reliable = 'qos_overrides./image.subscription.reliability:="reliable"'
    paced, stepped = (ReplayPlan(Path('drive'), '/image', False, {}, mode=mode) for mode in (Mode.PACED, Mode.STEP))
    assert {reliable, 'stand_in:=false'} <= set(stepped.node_arguments())
    assert not {reliable, 'stand_in:=false'} & set(paced.node_arguments())
