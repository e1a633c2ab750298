from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from framework import ScoringContext
from framework.testing import ScorerContract
from scorer_torch.scorer import TorchScorer


class Brightness(torch.nn.Module):
    """Logits of two classes: the more light there is, the more it is class 1."""

    def forward(self, images):
        light = images.mean(dim=(1, 2, 3))
        return torch.stack([1 - light, light], dim=1) * 10


def write_model(folder):
    any_size = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    example = (torch.zeros(2, 3, 4, 4),)
    whole = torch.export.export(Brightness(), example, dynamic_shapes=(any_size,))
    torch.export.save(whole, folder / "model.pt2")
    return folder / "model.pt2"


class TestContract(ScorerContract):
    def make(self):
        return TorchScorer(labels=["night", "day"], top_k=2)

    def model(self, folder):
        return write_model(folder)

    def files(self, folder):
        for light in (0, 100, 140, 255):
            Image.new("RGB", (4, 4), (light,) * 3).save(folder / f"{light}.png")
        return sorted(folder.iterdir())


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path)


@pytest.fixture
def make(model, tmp_path):
    def make(**params):
        scorer = TorchScorer(**params)
        scorer.load(ScoringContext(model_path=model, output_path=tmp_path))
        return scorer

    return make


@pytest.fixture
def image(tmp_path):
    def image(name, light, *, height=4, width=4):
        path = tmp_path / name
        Image.new("RGB", (width, height), (light, light, light)).save(path)
        return path

    return image


def test_each_file_has_a_row_in_the_order_of_the_files(make, image):
    files = [image("b.png", 255), image("a.jpg", 0), image("c.png", 255)]

    rows = make().score(files)

    assert rows == [
        {"file": "b.png", "class": 1, "probability": 1.0},
        {"file": "a.jpg", "class": 0, "probability": 1.0},
        {"file": "c.png", "class": 1, "probability": 1.0},
    ]


def test_labels_name_the_classes_and_top_k_ranks_them(make, image):
    scorer = make(labels=["night", "day"], top_k=5, decimals=2)

    [row] = scorer.score([image("a.png", 140)])

    assert row["file"] == "a.png"
    assert (row["class"], row["class_2"]) == ("day", "night")
    assert row["probability"] > row["probability_2"] > 0
    assert row["probability"] + row["probability_2"] == pytest.approx(1, abs=0.011)
    assert len(row) == 5  # the model has two classes, not five


def test_a_wrong_number_of_labels_is_refused(make, image):
    with pytest.raises(ValueError, match="3 labels for a model of 2 classes"):
        make(labels=["a", "b", "c"]).score([image("a.png", 1)])


def test_calls_of_the_model_are_bounded_by_batch_size_without_a_difference(make, image):
    files = [image(f"{light}.png", light) for light in range(0, 250, 50)]

    assert make(batch_size=2).score(files) == make().score(files)


def test_images_are_resized_where_a_size_is_given(make, image):
    files = [image("small.png", 255, height=2, width=9), image("fits.png", 255)]

    assert [row["class"] for row in make(image_size=4).score(files)] == [1, 1]
    assert [row["class"] for row in make(image_size=[4, 4]).score(files)] == [1, 1]


def test_images_of_different_sizes_are_refused_by_name(make, image):
    with pytest.raises(ValueError, match=r"\(4, 4\), but \(2, 9\) in odd\.png: set image_size"):
        make().score([image("a.png", 1), image("odd.png", 1, height=2, width=9)])


def test_mean_and_std_shift_what_the_model_sees(make, image):
    [row] = make(mode="gray", mean=[1.0], std=[1.0]).score([image("white.png", 255)])

    assert row["class"] == 0


def text(path):
    path.write_text("not an image")


def truncated(path):
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:500])


def sixteen_bits(path):
    Image.new("I;16", (4, 4), 40_000).save(path)


@pytest.mark.parametrize("write", [text, truncated, sixteen_bits, Path.touch, Path.mkdir])
def test_what_is_no_usable_image_is_named(make, tmp_path, write):
    write(tmp_path / "odd.png")

    with pytest.raises(ValueError, match=r"odd\.png can't be read as an image: "):
        make().score([tmp_path / "odd.png"])


@pytest.mark.parametrize(("mode", "color"), [("L", 255), ("1", 1), ("RGBA", (255,) * 4), ("P", 0)])
def test_images_of_every_kind_become_what_the_model_takes(make, tmp_path, mode, color):
    image = Image.new(mode, (4, 4), color)
    if mode == "P":
        image.putpalette([255] * 768)
    image.save(tmp_path / "a.png")

    for wanted in ("rgb", "gray"):
        assert make(mode=wanted).score([tmp_path / "a.png"])[0]["class"] == 1


@pytest.mark.parametrize("name", ["a b.png", "ü#é?%20.png", "new\nline.png"])
def test_odd_names_are_read_like_others(make, image, tmp_path, name):
    path = image("plain.png", 255).rename(tmp_path / name)

    assert make().score([path])[0] == {"file": name, "class": 1, "probability": 1.0}


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_names_that_are_no_text_are_read_like_others(make, image, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    try:
        image("plain.png", 255).rename(path)
    except OSError:
        pytest.skip("this file system takes only UTF-8")

    assert make().score([path])[0]["class"] == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mode": "grey"}, "mode is 'grey': choose one of rgb, gray"),
        ({"device": "gpu"}, "device is 'gpu': choose one of auto, cpu, cuda"),
        ({"mean": [0.5]}, "mean and std belong together"),
        ({"top_k": 0}, "at least 1"),
        ({"batch_size": 0}, "at least 1"),
    ],
)
def test_wrong_params_are_refused_before_anything_is_loaded(params, message):
    with pytest.raises(ValueError, match=message):
        TorchScorer(**params)


def test_a_deployment_without_a_model_is_told_so(tmp_path):
    with pytest.raises(ValueError, match=r"no model: set model\.path"):
        TorchScorer().load(ScoringContext(model_path=None, output_path=tmp_path))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error_only_where_it_is_demanded(make, image):
    with pytest.raises(ValueError, match="torch finds no GPU"):
        make(device="cuda")
    assert make(device="auto").score([image("a.png", 255)])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_the_same_rows(make, image):
    files = [image(f"{light}.png", light) for light in range(0, 250, 50)]

    assert make(device="cuda").score(files) == make(device="cpu").score(files)
