"""Writes the benchmarks' inputs: digits for W1 and tiny files for W3, each in two sizes.

Run it as `python benchmarks/make_data.py --source mnist_digits.npz --target data`. A folder that
is complete already is left alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

SIZES = {"W1": (1_000, 10_000), "W3": (1_000, 10_000, 100_000)}
SEED = 0


def main() -> None:
    """Writes a folder for each workload and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="an .npz with the array images")
    parser.add_argument("--target", type=Path, required=True, help="where the folders are made")
    arguments = parser.parse_args()
    with np.load(arguments.source) as source:
        images = source["images"]
    writers: dict[str, Callable[[Path, int], None]] = {
        "W1": lambda folder, count: write_digits(images, folder, count),
        "W3": write_tiny,
    }
    for workload, sizes in SIZES.items():
        for count in sizes:
            folder = arguments.target / workload / str(count)
            if folder.is_dir() and sum(1 for _ in folder.iterdir()) == count:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            writers[workload](folder, count)
            print(f"{folder}: {count} files")


def write_digits(images: np.ndarray, folder: Path, count: int) -> None:
    """Writes digits in the source's order; from the second round on, moved and with noise."""
    random = np.random.default_rng(SEED)
    for index in range(count):
        image = images[index % len(images)]
        if index >= len(images):
            image = np.roll(image, random.integers(-2, 3, size=2), axis=(0, 1))
            noise = random.integers(-8, 9, size=image.shape)
            image = (image + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(image).save(folder / f"{index:05}.png")


def write_tiny(folder: Path, count: int) -> None:
    """Writes files of a few bytes."""
    for index in range(count):
        (folder / f"{index:06}.txt").write_text(f"{index}\n")


if __name__ == "__main__":
    main()
