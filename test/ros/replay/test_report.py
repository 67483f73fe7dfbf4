from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.replay.replayed import Replayed
from sfnet_ros.ros.replay.report import LatencyMs, ReplayReport, fps_of, latency_of, share, table

MS = 1_000_000
THREE_LABELS = Replayed(
    sent=4,
    sent_ns={1: 0, 2: 100 * MS, 3: 200 * MS, 4: 300 * MS},
    received_ns={1: 10 * MS, 2: 130 * MS, 4: 320 * MS},
)


def test_latency_is_from_publishing_to_arrival() -> None:
    assert THREE_LABELS.latencies_ms() == [10.0, 30.0, 20.0]
    assert latency_of(THREE_LABELS) == LatencyMs(p50=20.0, p95=29.0, max=30.0)


def test_rate_counts_from_the_first_label_to_the_last() -> None:
    assert fps_of(THREE_LABELS) == 6.45  # 2 in 310 ms
    assert fps_of(Replayed(1, {1: 0}, {1: 10})) is None


def test_scores_that_do_not_exist_are_null_in_json() -> None:
    assert share(float('nan')) is None
    assert share(0.25) == 0.25


def test_table_without_ground_truth_says_so() -> None:
    camvid = LabelSpace.load('camvid')
    report = ReplayReport(
        bag='drive',
        topic='/image',
        truth_topic=None,
        model='df1 on torch/cpu/float32',
        speed=1.0,
        sent=4,
        processed=3,
        dropped=1,
        latency_ms=latency_of(THREE_LABELS),
        fps=6.45,
        model_ms=15.0,
        not_scored='there is no truth',
        miou=None,
        iou_per_class={},
        pixel_accuracy=None,
        warnings=[],
    )
    lines = table(report, ConfusionMatrix(11), camvid).splitlines()
    assert 'frames    4 sent   3 processed   1 dropped' in lines
    assert 'model     15.0 ms p50   (alone, after the replay)' in lines
    assert lines[-1] == 'not scored: there is no truth'
