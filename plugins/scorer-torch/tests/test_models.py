from __future__ import annotations

import warnings

import pytest
import torch

from scorer_torch.models import EXPORTED, TORCHSCRIPT, WEIGHTS, kind_of, load_model

CPU = torch.device("cpu")


class Doubling(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, images):
        return images * self.factor


def export(path):
    any_count = ({0: torch.export.Dim.DYNAMIC},)
    whole = torch.export.export(Doubling(), (torch.zeros(2, 3),), dynamic_shapes=any_count)
    with path.open("wb") as file:  # a path without the ending .pt2 makes torch warn
        torch.export.save(whole, file)


def script(path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        torch.jit.save(torch.jit.script(Doubling()), path)


def weights(path):
    torch.save(Doubling().state_dict(), path)


def old_weights(path):
    torch.save(Doubling().state_dict(), path, _use_new_zipfile_serialization=False)


def text(path):
    path.write_text("hello")


def nothing(path):
    path.touch()


@pytest.mark.parametrize("name", ["model.pt2", "model.pt", "no ending"])
@pytest.mark.parametrize(("write", "kind"), [(export, EXPORTED), (script, TORCHSCRIPT)])
def test_whole_models_load_whatever_their_name(tmp_path, name, write, kind):
    path = tmp_path / name
    write(path)

    model = load_model(path, CPU)

    assert kind_of(path) == kind
    assert model(torch.ones(5, 3)).tolist() == [[2.0] * 3] * 5


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (weights, "the weights of a model"),
        (old_weights, "no torch model"),
        (text, "no torch model"),
        (nothing, "no torch model"),
    ],
)
def test_other_files_are_refused_with_the_way_out(tmp_path, write, found):
    path = tmp_path / "model.pt"
    write(path)

    with pytest.raises(ValueError, match=rf"model\.pt holds {found}.*torch\.export\.save"):
        load_model(path, CPU)


def test_weights_are_told_from_whole_models(tmp_path):
    weights(tmp_path / "weights.pt")

    assert kind_of(tmp_path / "weights.pt") == WEIGHTS


def test_a_folder_with_one_model_is_that_model(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("ours")
    export(tmp_path / "data" / "model.pt2")
    weights(tmp_path / "weights.pt")

    assert load_model(tmp_path, CPU)(torch.ones(1, 3)).tolist() == [[2.0] * 3]


def test_a_folder_with_two_models_is_refused_and_names_them(tmp_path):
    export(tmp_path / "a.pt2")
    script(tmp_path / "b.pt")

    with pytest.raises(ValueError, match=r"several models: a\.pt2, b\.pt"):
        load_model(tmp_path, CPU)


def test_a_folder_without_a_model_is_refused_and_says_what_is_there(tmp_path):
    weights(tmp_path / "weights.pt")

    with pytest.raises(ValueError, match=r"no model exported as a whole: weights\.pt"):
        load_model(tmp_path, CPU)
