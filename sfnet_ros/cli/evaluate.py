"""`sfnet evaluate`: score a model on labelled pictures."""

from __future__ import annotations

import argparse
import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import add_segmenter_arguments
from sfnet_ros.cli.protocol import PROTOCOL_OPTIONS, Labeller, add_protocol_arguments, asks_for_protocol, load_labeller

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfnet_ros.evaluation import ConfusionMatrix, LabelAgreement
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.runtime import SplitScores
    from sfnet_ros.training.distributed import Processes

SUMMARY = 'score a model on labelled pictures: mIoU and IoU per class'
EXAMPLE = """sfnet evaluate --model df1_camvid --data data/camvid --split val
  sfnet evaluate --model my_model --layout cityscapes --data data/cityscapes --scales 0.5 0.75 1 1.25 1.5 1.75 2 --flip
  torchrun --nproc-per-node 8 -m sfnet_ros.cli evaluate --device cuda --model my_model --data data/camvid"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--data', required=True, metavar='ROOT', help='folder of the data set')
    parser.add_argument('--layout', default='camvid', help='such as cityscapes, see `sfnet data` (default %(default)s)')
    parser.add_argument('--split', default='val', help='split to score (default %(default)s)')
    parser.add_argument('--drive', action='append', default=[], help='score the frames of this drive or city alone')
    parser.add_argument('--jpeg-quality', type=int, metavar='Q', help='score frames after JPEG of this quality')
    add_segmenter_arguments(parser)
    add_protocol_arguments(parser)
    parser.add_argument('--markdown', action='store_true', help="print one row under the classes' names, as Markdown")
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the scores there too')
    parser.add_argument('--submission', type=Path, metavar='FILE.zip', help="write what Cityscapes' test server takes")
    parser.add_argument(
        '--record',
        action='store_true',
        help="note in the model's manifest: of torch in float32 the scores, of others whether they are faithful to it",
    )


def run(args: argparse.Namespace) -> int:
    """Score, print the table, and write what was asked for."""
    from sfnet_ros.files import check_writable
    from sfnet_ros.training.distributed import joined_processes

    if args.record and (args.input_size or args.jpeg_quality is not None or asks_for_protocol(args)):
        raise ValueError(
            f'--record notes what the model gives as it is; leave out --input-size, --jpeg-quality, {PROTOCOL_OPTIONS}'
        )
    check_writable(args.json, args.submission)
    with joined_processes('cpu' if args.device == 'auto' else args.device) as (processes, device):
        if processes.count > 1:
            if args.record or args.submission:
                raise ValueError('--record and --submission are the work of one process; run them without torchrun')
            args.device = str(device)
        return _evaluate(args, processes)


def _evaluate(args: argparse.Namespace, processes: Processes) -> int:
    from tqdm import tqdm

    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.evaluation import ConfusionMatrix, LabelAgreement
    from sfnet_ros.evaluation.submission import new_submission

    labeller = load_labeller(args)
    reference = _reference(args, labeller) if processes.count == 1 else None
    label_space = labeller.label_space
    try:
        dataset = open_dataset(args.layout, args.data, args.split, label_space, args.drive)
    except FileNotFoundError:
        # The labels of a test split are seldom at hand.
        if not args.submission or args.drive or args.record:
            raise
        return _submit(args, labeller)
    scores, agreement = ConfusionMatrix(label_space.num_classes), LabelAgreement()
    with nullcontext() if args.submission is None else new_submission(args.submission, label_space) as submission:
        own = range(processes.rank, len(dataset), processes.count)
        for index in tqdm(own, disable=None if processes.first else True):
            sample = dataset[index]
            rgb = _as_jpeg(sample.image, args.jpeg_quality)
            label_map = labeller.label(rgb)
            scores.update(label_map, sample.target)
            if reference:
                agreement.update(label_map, reference.label(rgb))
            if submission:
                submission.add(sample.name, label_map)
    parts = processes.gather(scores)
    if processes.first:
        print(f'{labeller.description}, {args.split}: {len(dataset)} frames')
        _report(args, ConfusionMatrix.merged(parts), label_space, labeller.pair, agreement if reference else None)
    return 0


def _submit(args: argparse.Namespace, labeller: Labeller) -> int:
    """Label the pictures of a split that has no labels here."""
    from tqdm import tqdm

    from sfnet_ros.datasets import find_frames
    from sfnet_ros.datasets.base import read_picture
    from sfnet_ros.evaluation.submission import new_submission

    frames = find_frames(args.layout, args.data, args.split, labeller.label_space)
    with new_submission(args.submission, labeller.label_space) as submission:
        for name, path in tqdm(frames.items(), disable=None):
            submission.add(name, labeller.label(_as_jpeg(read_picture(path), args.jpeg_quality)))
    print(f'{labeller.description}, {args.split}: {len(frames)} frames without labels, so there are no scores')
    _write_scores(args, None)
    return 0


def _reference(args: argparse.Namespace, labeller: Labeller) -> Labeller | None:
    """Load torch in float32, where the labeller is not that itself."""
    if labeller.pair == 'torch/float32':
        return None
    return load_labeller(argparse.Namespace(**{**vars(args), 'backend': 'torch', 'precision': 'float32'}))


def _report(
    args: argparse.Namespace,
    scores: ConfusionMatrix,
    label_space: LabelSpace,
    pair: str,
    agreement: LabelAgreement | None,
) -> None:
    from sfnet_ros.evaluation import scores_row, scores_table

    measured = _split_scores(scores, label_space)
    if measured is None:
        # As in the published labels of Cityscapes' test split.
        print(f'no pixel of {args.split} is labelled here, so there are no scores')
    elif args.markdown:
        print(scores_row({Path(args.model).name: scores}, label_space))
    else:
        print(scores_table(scores, label_space))
    if agreement:
        print(f'{100 * agreement.share:.2f} % of the labels are those of torch in float32')
    _write_scores(args, measured)
    if args.record:
        _record(args, measured, pair, agreement)


def _record(args: argparse.Namespace, scores: SplitScores | None, pair: str, agreement: LabelAgreement | None) -> None:
    from sfnet_ros.runtime import update_manifest
    from sfnet_ros.runtime.faithful import with_agreement

    if agreement:
        update_manifest(args.model, lambda manifest: with_agreement(manifest, {pair: agreement.share}))
        return
    if scores is None:
        raise ValueError(f'no pixel of {args.split} is labelled here, so there is nothing to record')
    # Another data set's val is another set.
    split = '+'.join([f'{Path(args.data).resolve().name}/{args.split}', *args.drive])
    update_manifest(args.model, lambda manifest: replace(manifest, miou={**manifest.miou, split: scores}))


def _write_scores(args: argparse.Namespace, scores: SplitScores | None) -> None:
    from sfnet_ros.files import write_json

    if args.json:
        overall, per_class = (scores.overall, scores.per_class) if scores else (None, {})
        write_json(args.json, {'miou': overall, 'iou_per_class': per_class})


def _as_jpeg(rgb: NDArray[np.uint8], quality: int | None) -> NDArray[np.uint8]:
    """Send a frame through a JPEG file, as a camera driver or a bag of compressed images does."""
    if quality is None:
        return rgb
    import cv2
    import numpy as np

    if not 1 <= quality <= 100:
        raise ValueError(f'--jpeg-quality is {quality}; accepted are 1 to 100')
    _, encoded = cv2.imencode('.jpg', cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _split_scores(scores: ConfusionMatrix, label_space: LabelSpace) -> SplitScores | None:
    from sfnet_ros.runtime import SplitScores

    if math.isnan(scores.miou):
        return None
    iou = {name: round(float(share), 4) for name, share in zip(label_space.names, scores.iou_per_class, strict=True)}
    return SplitScores(round(scores.miou, 4), {name: share for name, share in iou.items() if share == share})
