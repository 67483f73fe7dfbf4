"""`sfnet benchmark --record`: which pairs of backend and precision give float32's labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial


def run(args: argparse.Namespace, models: Sequence[str]) -> int:
    """Compare labels, print how many are alike, and write it into the manifests."""
    from tqdm import tqdm

    from sfnet_ros.benchmark.pairs import choose_pairs
    from sfnet_ros.benchmark.record import measure_agreement
    from sfnet_ros.benchmark.subject import Subject
    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.runtime import update_manifest
    from sfnet_ros.runtime.faithful import FAITHFUL, with_agreement

    choices, not_run = choose_pairs(args.device, args.backend, args.precision, natively=False)
    for subject in map(Subject.of_model, models):
        assert subject.folder is not None
        dataset = open_dataset(args.layout, args.data, args.split, subject.manifest.load_label_space())
        frames = (sample.image for sample in tqdm(dataset, desc=subject.name, unit='frame', disable=None))
        shares, failed = measure_agreement(subject.folder, choices, frames)
        update_manifest(subject.folder, partial(with_agreement, shares=shares))
        print(f'{subject.name}: labels that are those of torch in float32, over {len(dataset)} frames of {args.split}')
        for pair, share in shares.items():
            verdict = 'faithful' if share >= FAITHFUL else f'not faithful, as this is below {100 * FAITHFUL:g} %'
            print(f'  {pair:<20} {100 * share:7.3f} %  {verdict}')
        not_run += failed
    for entry in not_run:
        print(f'not run: {entry}')
    return 0
