"""Parquet: one file with types, whatever types its mini-batches had."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from framework.outputs.arrow_types import TEXT, parse_type, promote
from framework.outputs.arrow_values import fit, to_array
from framework.outputs.contract import Block, Column, Encoded, OutputFormat

_ROW_GROUP_ROWS = 65_536
_ROW_GROUP_BYTES = 64 << 20
_BATCHES_HELD = 512
_TEXTS = ("string", "large_string", "null", "")

_log = logging.getLogger(__name__)


class ParquetFormat(OutputFormat):
    """One Parquet file. Blocks are Arrow IPC streams of one record batch."""

    suffixes = (".parquet", ".pq")

    @property
    def child_encoding(self) -> dict[str, Any]:
        """Scorer processes encode where they have pyarrow, else they send plain columns."""
        return {"kind": "arrow"}

    def encode(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Encoded:
        """Encodes rows for scorer processes that have no pyarrow."""
        import pyarrow as pa

        arrays = [to_array([row[place] for row in rows]) for place in range(len(columns))]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        types = (str(array.type) for array in arrays)
        return Encoded(sink.getvalue().to_pybytes(), tuple(zip(columns, types, strict=True)))

    def promote(self, left: str, right: str) -> str:
        """See `arrow_types.promote`."""
        return promote(left, right)

    def join(
        self, columns: Sequence[Column], blocks: Iterable[Block], target: BinaryIO
    ) -> Iterator[int]:
        """Gathers blocks into row groups, each column in the type that holds all its values."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(_writable(name), parse_type(kind)) for name, kind in columns])
        warned: set[str] = set()
        sink = _Sink(target)
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer, sink.ends_on_error():
            groups = _RowGroups(writer, schema)
            for block in blocks:
                data = b"".join(block.data)
                _warn_of_texts(block.columns, columns, warned)
                yield groups.add(data) if data else 0
            groups.flush()


class _RowGroups:
    """Gathers record batches until they are worth a row group.

    Row groups end after the same rows however the rows were split into batches, unless rows are
    so large that bytes decide.
    """

    def __init__(self, writer: Any, schema: Any) -> None:
        self._writer = writer
        self._schema = schema
        self._held: list[Any] = []
        self._rows = 0
        self._bytes = 0

    def add(self, data: bytes) -> int:
        """Takes the record batches of an Arrow IPC stream, and returns their rows."""
        import pyarrow as pa

        rows = 0
        with pa.ipc.open_stream(data) as stream:
            for batch in stream:
                self._held.append(_fit_batch(batch, self._schema))
                rows += batch.num_rows
        self._rows += rows
        self._bytes += len(data)
        if self._rows >= _ROW_GROUP_ROWS:
            self._write(self._rows - self._rows % _ROW_GROUP_ROWS)
        elif self._bytes >= _ROW_GROUP_BYTES:
            self.flush()
        elif len(self._held) >= _BATCHES_HELD:
            self._held = [self._gathered()]
        return rows

    def flush(self) -> None:
        """Writes what is held."""
        if self._rows:
            self._write(self._rows)

    def _write(self, rows: int) -> None:
        table = self._gathered()
        self._writer.write_table(table.slice(0, rows), row_group_size=_ROW_GROUP_ROWS)
        rest = table.slice(rows).combine_chunks()
        self._held = [rest] if rest.num_rows else []
        self._rows = rest.num_rows
        self._bytes = rest.nbytes

    def _gathered(self) -> Any:
        import pyarrow as pa

        tables = [
            held if isinstance(held, pa.Table) else pa.Table.from_batches([held])
            for held in self._held
        ]
        return pa.concat_tables(tables).combine_chunks()


class _Sink(io.RawIOBase):
    """What the Parquet writer wants of a file, for a target that can only be written to."""

    def __init__(self, target: BinaryIO) -> None:
        super().__init__()
        self._target: BinaryIO | None = target
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self._target is not None:
            self._target.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    @contextmanager
    def ends_on_error(self) -> Iterator[None]:
        """Keeps the writer, which always writes its footer, from making a failure look whole."""
        try:
            yield
        except BaseException:
            self._target = None
            raise


def _fit_batch(batch: Any, schema: Any) -> Any:
    """A batch with all columns of the schema; those that it lacks are null."""
    import pyarrow as pa

    if batch.schema.equals(schema):
        return batch
    place = {name: index for index, name in enumerate(batch.schema.names)}
    arrays = [
        fit(batch.column(place[field.name]), field.type)
        if field.name in place
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _warn_of_texts(found: Iterable[Column], wanted: Iterable[Column], warned: set[str]) -> None:
    types = dict(wanted)
    for name, kind in found:
        if types.get(name) == TEXT and kind not in _TEXTS and name not in warned:
            warned.add(name)
            _log.warning("column %r has values of different types: it is written as text", name)


def _writable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
