"""`sfnet evaluate`: score a model on labelled pictures."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import add_segmenter_arguments, load_segmenter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfnet_ros.evaluation import ConfusionMatrix
    from sfnet_ros.labels import LabelSpace
    from sfnet_ros.runtime import ModelManifest, SplitScores

SUMMARY = 'score a model on labelled pictures: mIoU and IoU per class'
EXAMPLE = 'sfnet evaluate --model df1_camvid --data data/camvid --split val'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--data', required=True, metavar='ROOT', help='folder of the data set')
    parser.add_argument('--layout', default='camvid', help='camvid or folder (default %(default)s)')
    parser.add_argument('--split', default='val', help='split to score (default %(default)s)')
    parser.add_argument('--drive', action='append', default=[], help='camvid: score the frames of this drive alone')
    parser.add_argument('--jpeg-quality', type=int, metavar='Q', help='score frames after JPEG of this quality')
    add_segmenter_arguments(parser)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the scores there too')
    parser.add_argument(
        '--record',
        action='store_true',
        help="note in the model's manifest: of torch in float32 the scores, of others whether they are faithful to it",
    )


def run(args: argparse.Namespace) -> int:
    """Score, print the table, and write what was asked for."""
    from tqdm import tqdm

    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.evaluation import ConfusionMatrix, LabelAgreement, scores_table
    from sfnet_ros.runtime import update_manifest
    from sfnet_ros.runtime.faithful import with_agreement

    if args.record and (args.input_size or args.jpeg_quality is not None):
        raise ValueError('--record notes what the model gives as it is; leave out --input-size and --jpeg-quality')
    segmenter = load_segmenter(args)
    reference = None
    if (segmenter.backend.name, segmenter.backend.precision) != ('torch', 'float32'):
        reference = load_segmenter(argparse.Namespace(**{**vars(args), 'backend': 'torch', 'precision': 'float32'}))
    label_space = segmenter.label_space
    dataset = open_dataset(args.layout, args.data, args.split, label_space, args.drive)
    scores, agreement = ConfusionMatrix(label_space.num_classes), LabelAgreement()
    for sample in tqdm(dataset, disable=None):
        rgb = _as_jpeg(sample.image, args.jpeg_quality)
        label_map = segmenter(rgb).label_map
        scores.update(label_map, sample.target)
        if reference:
            agreement.update(label_map, reference(rgb).label_map)

    print(f'{segmenter.describe()}, {args.split}: {len(dataset)} frames')
    print(scores_table(scores, label_space))
    if reference:
        print(f'{100 * agreement.share:.2f} % of the labels are those of torch in float32')
    measured = _split_scores(scores, label_space)
    if args.json:
        _write_json(args.json, measured)
    if args.record and reference:
        pair = f'{segmenter.backend.name}/{segmenter.backend.precision}'
        update_manifest(args.model, lambda manifest: with_agreement(manifest, {pair: agreement.share}))
    elif args.record:
        # Another data set's val is another set.
        split = '+'.join([f'{Path(args.data).resolve().name}/{args.split}', *args.drive])
        update_manifest(args.model, lambda manifest: _with_scores(manifest, split, measured))
    return 0


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


def _split_scores(scores: ConfusionMatrix, label_space: LabelSpace) -> SplitScores:
    from sfnet_ros.runtime import SplitScores

    iou = {name: round(float(share), 4) for name, share in zip(label_space.names, scores.iou_per_class, strict=True)}
    return SplitScores(round(scores.miou, 4), {name: share for name, share in iou.items() if share == share})


def _write_json(path: Path, scores: SplitScores) -> None:
    import json

    from sfnet_ros.files import atomic_path

    with atomic_path(path) as temporary:
        document = {'miou': scores.overall, 'iou_per_class': scores.per_class}
        temporary.write_text(json.dumps(document, indent=2) + '\n', encoding='utf-8')


def _with_scores(manifest: ModelManifest, split: str, scores: SplitScores) -> ModelManifest:
    return replace(manifest, miou={**manifest.miou, split: scores})
