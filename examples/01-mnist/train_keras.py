"""Trains the Keras model on the first 7,000 digits, and tests it on the other 1,000.

Run it as `python train_keras.py --source mnist_digits.npz`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

HERE = Path(__file__).parent
TRAINING_COUNT = 7000
EPOCHS = 20
BATCH_SIZE = 64
SEED = 0


def main() -> None:
    """Reads the source, trains, tests, and writes `models/keras/`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="the .npz: images and labels")
    parser.add_argument("--target", type=Path, default=HERE / "models" / "keras")
    arguments = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    with np.load(arguments.source) as source:
        images, labels = source["images"][..., np.newaxis], source["labels"].astype(np.int64)

    model = digits_net()
    train(model, images[:TRAINING_COUNT], labels[:TRAINING_COUNT])
    unseen = model.predict(images[TRAINING_COUNT:], verbose=0)
    right = (unseen.argmax(axis=1) == labels[TRAINING_COUNT:]).mean()
    arguments.target.mkdir(parents=True, exist_ok=True)
    model.save(arguments.target / "digits.keras")
    print(f"{right:.1%} right on unseen digits; the model is in {arguments.target}")


def digits_net() -> keras.Model:
    """A small convolutional network: bytes of shape `[n, 28, 28, 1]` to ten probabilities."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            *_block(16),
            *_block(32),
            layers.MaxPooling2D(),
            *_block(64),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits_net",
    )


def train(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> None:
    """Trains the network on distorted copies of the images."""
    steps = EPOCHS * -(-len(images) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=3e-3, warmup_steps=steps // 4
    )
    # The network is compiled as a part of another: its own file then holds no optimizer's state.
    distorted = keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
            layers.RandomRotation(0.04, fill_mode="constant"),
            layers.RandomZoom(0.15, fill_mode="constant"),
            model,
        ]
    )
    distorted.compile(keras.optimizers.AdamW(schedule), loss="sparse_categorical_crossentropy")
    distorted.fit(images, labels, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=2)


def _block(filters: int) -> list[layers.Layer]:
    convolution = layers.Conv2D(filters, kernel_size=3, padding="same", use_bias=False)
    return [convolution, layers.BatchNormalization(), layers.ReLU()]


if __name__ == "__main__":
    main()
