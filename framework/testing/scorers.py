"""What every scorer must do, as tests that a plugin subclasses. Run by pytest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from framework.scoring.child.results import Table, tabulate
from framework.scoring.contract import Scorer, ScoringContext


class ScorerContract(ABC):
    """The tests. A subclass says how a scorer is made, and which files it can score.

    Example:
        class TestLineCount(ScorerContract):
            def make(self):
                return LineCount()

            def files(self, folder):
                for name in ("a.txt", "b.txt", "c.txt"):
                    (folder / name).write_text(name)
                return sorted(folder.iterdir())
    """

    @abstractmethod
    def make(self) -> Scorer:
        """A new scorer, not loaded."""

    @abstractmethod
    def files(self, folder: Path) -> Sequence[Path]:
        """At least two different files that it can score, written into `folder`."""

    def model(self, folder: Path) -> Path | None:
        """The model that it is loaded with, written into `folder` or lying elsewhere."""
        del folder
        return None

    def test_it_is_a_scorer(self) -> None:
        """It can be registered."""
        assert isinstance(self.make(), Scorer)

    def test_each_file_gives_an_item(self, tmp_path: Path) -> None:
        """So many items as files: fewer would mean that some files failed."""
        files = self._files(tmp_path)
        with self._loaded(tmp_path) as scorer:
            assert _score(scorer, files).items >= len(files)

    def test_one_file_is_a_mini_batch_too(self, tmp_path: Path) -> None:
        """The last mini-batch of a job may be this short."""
        files = self._files(tmp_path)
        with self._loaded(tmp_path) as scorer:
            assert _score(scorer, files[:1]).items >= 1

    def test_items_come_in_the_order_of_the_files(self, tmp_path: Path) -> None:
        """Rows are joined in input order, so a mini-batch's must be in that order."""
        files = self._files(tmp_path)
        with self._loaded(tmp_path) as scorer:
            forth = _score(scorer, files)
            back = _score(scorer, files[::-1])
        if len(forth.rows) == len(files):
            assert _comparable(back) == _comparable(forth)[::-1]

    def test_a_file_scores_the_same_in_every_process(self, tmp_path: Path) -> None:
        """A retry or a resumed job may score it in another process."""
        files = self._files(tmp_path)
        tables = []
        for _ in range(2):
            with self._loaded(tmp_path) as scorer:
                tables.append(_comparable(_score(scorer, files)))
        assert tables[0] == tables[1]

    def test_inputs_are_left_as_they_are(self, tmp_path: Path) -> None:
        """Local files are scored in place: they are the user's own."""
        files = self._files(tmp_path)
        before = [file.read_bytes() for file in files]
        with self._loaded(tmp_path) as scorer:
            scorer.score(files)
        assert [file.read_bytes() for file in files] == before

    def _files(self, tmp_path: Path) -> list[Path]:
        folder = tmp_path / "inputs"
        folder.mkdir()
        files = list(self.files(folder))
        assert len(files) >= 2, "files() must give at least two files"
        return files

    @contextmanager
    def _loaded(self, tmp_path: Path) -> Iterator[Scorer]:
        folder, output = tmp_path / "model", tmp_path / "output"
        folder.mkdir(exist_ok=True)
        output.mkdir(exist_ok=True)
        scorer = self.make()
        scorer.load(ScoringContext(model_path=self.model(folder), output_path=output))
        try:
            yield scorer
        finally:
            scorer.close()


def _score(scorer: Scorer, files: Sequence[Path]) -> Table:
    return tabulate(scorer.score(files), [file.name for file in files])


def _comparable(table: Table) -> list[str]:
    """Rows as text, so that a missing value equals itself."""
    return [repr(row) for row in table.rows]
