from __future__ import annotations

import pickle

import pytest

from framework.outputs import Encoded, OutputFormat
from framework.outputs.parquet import ParquetFormat
from framework.outputs.text import AzureMLFormat, CsvFormat


class Lines(OutputFormat):
    """A stranger's format, as the contract's own example has it."""

    suffixes = (".txt",)

    def encode(self, columns, rows):
        text = "".join(f"{row[-1]}\n" for row in rows)
        return Encoded(text.encode(), tuple((name, "") for name in columns))

    def join(self, columns, blocks, target):
        for block in blocks:
            data = b"".join(block.data)
            target.write(data)
            yield data.count(b"\n")


def test_a_strangers_format_gets_plain_values_and_joins_its_own_blocks(encode, join):
    output = Lines()
    blocks = [encode(output, [1, "ü"], ["a", "b"]), encode(output, [2.5], ["c"])]
    assert join(output, blocks) == ("1\nü\n2.5\n".encode(), [2, 1])


def test_a_format_that_nobody_can_encode_for_says_so(encode):
    class Half(OutputFormat):
        def join(self, columns, blocks, target):
            yield from ()

    with pytest.raises(NotImplementedError, match="Half has neither encode nor child_encoding"):
        encode(Half(), [1])


@pytest.mark.parametrize("output", [CsvFormat(separator=";"), AzureMLFormat(), ParquetFormat()])
def test_a_format_travels_to_the_instance_that_reduces(output):
    assert vars(pickle.loads(pickle.dumps(output))) == vars(output)
