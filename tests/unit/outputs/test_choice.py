from __future__ import annotations

import pytest

from framework.errors import ConfigurationError
from framework.outputs import OutputFormat, choose_format
from framework.outputs.jsonl import JsonlFormat
from framework.outputs.parquet import ParquetFormat
from framework.outputs.text import AzureMLFormat, CsvFormat, TsvFormat
from framework.settings import Output


class Gzipped(OutputFormat):
    suffixes = (".csv.gz",)

    def join(self, columns, blocks, target):
        yield from ()


FORMATS = {
    "csv": CsvFormat,
    "tsv": TsvFormat,
    "jsonl": JsonlFormat,
    "parquet": ParquetFormat,
    "gzipped": Gzipped,
}


def choose(file_name="predictions.csv", **output):
    return choose_format(FORMATS, file_name=file_name, output=Output(**output))


@pytest.mark.parametrize(
    ("file_name", "kind"),
    [
        ("predictions.csv", CsvFormat),
        ("PREDICTIONS.CSV", CsvFormat),
        ("a.csv.tsv", TsvFormat),
        ("naïve file#1.jsonl", JsonlFormat),
        ("x.ndjson", JsonlFormat),
        ("x.parquet", ParquetFormat),
        ("x.csv.gz", Gzipped),
    ],
)
def test_the_ending_picks_the_format(file_name, kind):
    assert type(choose(file_name)) is kind


def test_a_name_picks_the_format_whatever_the_ending():
    assert type(choose("out.txt", format="jsonl")) is JsonlFormat
    assert type(choose("out.txt", format="Parquet")) is ParquetFormat


def test_azure_mls_style_is_its_own_format_whatever_the_ending():
    chosen = choose("out.txt", style="azureml")
    assert type(chosen) is AzureMLFormat
    assert chosen.child_encoding == {"kind": "azureml", "separator": " "}
    assert not chosen.header
    assert type(choose("out.csv", style="AzureML")) is AzureMLFormat


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"file_name": "out.cvs"},
            r"output_file_name: .*nothing writes '.cvs', did you mean '.csv'",
        ),
        ({"file_name": "out.xlsx"}, r"output_file_name: .*nothing writes '.xlsx'.*'.csv'"),
        ({"file_name": "predictions"}, "output_file_name: 'predictions': it has no ending"),
        ({"file_name": ".hidden"}, "output_file_name: '.hidden': it has no ending"),
        ({"format": "parqet"}, "output.format: .*'parqet', did you mean 'parquet'"),
        ({"style": "azure"}, "output.style: .*'azure', did you mean 'azureml'"),
        (
            {"style": "azureml", "format": "parquet"},
            "output.format: 'parquet' can't have the style",
        ),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(options, message):
    with pytest.raises(ConfigurationError, match=message):
        choose(**options)


@pytest.mark.parametrize("separator", ["", ",,", '"', "\n", "\r", "\0", "\udcff", r"\n"])
def test_a_separator_that_cannot_separate_is_refused(separator):
    with pytest.raises(ConfigurationError, match=r"output\.separator: .*can't separate columns"):
        choose(separator=separator)


@pytest.mark.parametrize(
    ("written", "separator"),
    [(";", ";"), (r"\t", "\t"), ("\t", "\t"), ("\x01", "\x01"), ("¦", "¦"), (None, ",")],
)
def test_a_separator_of_one_character_is_taken(written, separator):
    assert choose(separator=written).child_encoding == {
        "kind": "delimited",
        "separator": separator,
    }


def test_the_formats_own_separator_is_its_default():
    assert choose("x.tsv").child_encoding["separator"] == "\t"
