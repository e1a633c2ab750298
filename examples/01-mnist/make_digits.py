"""Writes the example's 500 digits as PNG files, and their true labels beside the folder.

The digits are the first 500 of the 1,000 that the training scripts never see.

Run it as `python make_digits.py --source mnist_digits.npz`.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
TRAINING_COUNT = 7000
COUNT = 500


def main() -> None:
    """Reads the source, and writes `digits/` and `labels.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="the .npz: images and labels")
    parser.add_argument("--target", type=Path, default=HERE, help="where digits/ is made")
    arguments = parser.parse_args()

    unseen = slice(TRAINING_COUNT, TRAINING_COUNT + COUNT)
    with np.load(arguments.source) as source:
        images, labels = source["images"][unseen], source["labels"][unseen]

    folder = arguments.target / "digits"
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{index:05}.png" for index in range(len(images))]
    for name, image in zip(names, images, strict=True):
        Image.fromarray(image).save(folder / name, optimize=True)
    # Outside the folder: whatever lies in it is an input of the job.
    with (arguments.target / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        writer.writerows(zip(names, labels.tolist(), strict=True))
    print(f"{len(names)} digits in {folder}")


if __name__ == "__main__":
    main()
