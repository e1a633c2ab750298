"""`manifest.json`: what a Completed job was made of, and what it has made, with checksums.

It follows from what else is in the record, so a driver that was killed before it was written
leaves nothing out: the next one writes the same. Lists that may be very long are told by their
length and the SHA-256 of their lines; only the files beside the output are named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from framework.domain.outcomes import Counts
from framework.jobs.extras import published_extras
from framework.jobs.journal import INPUTS, LEDGER, read_log
from framework.jobs.ledger import DoneSet, Intent, read_receipts
from framework.jobs.record import JobRecord
from framework.storage import StagedFile

MANIFEST = "manifest.json"
FORMAT = 1
"""Its own format; one of another number is not compared with what we would write."""
_EXTRAS = "extras"


def write_manifest(record: JobRecord, intent: Intent | None) -> None:
    """Writes it, or writes it anew.

    Args:
        record: The job's.
        intent: What was committed; `None` where rows are only counted.
    """
    store, path = record.workspace, record.path(MANIFEST)
    store.unstage(path, "new")  # a driver before us may have been killed here
    with store.stage(path, "new") as staged:
        _write(staged, entries(record), output_entry(intent), record)
    store.delete(path)
    store.commit(staged.path, path)


def _write(
    staged: StagedFile, told: dict[str, Any], output: dict[str, Any] | None, record: JobRecord
) -> None:
    """The extra files are a stream, one a line: there may be one for each input."""
    head = json.dumps({**told, "output": output}, indent=2).removesuffix("\n}")
    staged.stream.write(f'{head},\n  "{_EXTRAS}": ['.encode())
    separator = "\n    "
    for extra in extras_entry(record):
        staged.stream.write(f"{separator}{json.dumps(extra)}".encode())
        separator = ",\n    "
    staged.stream.write(b"\n  ]\n}\n")


def entries(record: JobRecord) -> dict[str, Any]:
    """What goes before the output."""
    identity = record.identity()
    files = list_entry(_inputs(record))
    done, counts = DoneSet(), Counts(files=files["count"])
    parts = list_entry(_parts(record, done, counts))
    return {
        "manifest": FORMAT,
        "job": record.name,
        "created_at": identity["created_at"],
        "inputs": {"root": identity["input_root"], **files},
        "model": identity["model"],
        "code": _code(identity["code"]),
        "environment": identity.get("environment"),
        "versions": identity["versions"],
        "settings": identity["document"],
        "changes": [entry["changed"] for entry in read_log(record, LEDGER) if "changed" in entry],
        "counts": _counts(counts),
        "parts": parts,
    }


def list_entry(lines: Iterable[list[Any]]) -> dict[str, Any]:
    """A long list by its length and checksum: of a JSON line for each, as the record has it.

    Args:
        lines: A name, a size in bytes, and an etag or checksum.
    """
    digest, count, size = hashlib.sha256(), 0, 0
    for name, bytes_, mark in lines:
        # As json.dumps would, at a third of its price: there may be millions.
        digest.update(f"[{_quoted(name)},{bytes_},{_quoted(mark)}]\n".encode("ascii"))
        count += 1
        size += bytes_
    return {"count": count, "size": size, "sha256": digest.hexdigest()}


def output_entry(intent: Intent | None) -> dict[str, Any] | None:
    """The output, as it was committed."""
    if intent is None:
        return None
    told = {"size": intent.size, "rows": intent.rows, "sha256": intent.sha256}
    return {"file": intent.final, **told}


def extras_entry(record: JobRecord) -> Iterator[dict[str, Any]]:
    """What scripts published beside the output, by name."""
    for extra in published_extras(record):
        yield {"path": extra.path, "size": extra.size, "sha256": extra.sha256}


def _inputs(record: JobRecord) -> Iterator[list[Any]]:
    return (entry for entry in read_log(record, INPUTS) if not isinstance(entry, dict))


def _code(archive: str) -> dict[str, str] | None:
    """The snapshot is named by its checksum."""
    if not archive:
        return None
    return {"path": archive, "sha256": archive.rpartition("/")[2].partition(".")[0]}


def _parts(record: JobRecord, done: DoneSet, counts: Counts) -> Iterator[list[Any]]:
    """A line for each part; counts what the receipts say on the way, to read them once."""
    for receipt in read_receipts(record):
        counts.add([outcome for outcome in receipt.outcomes if done.add(outcome.index)])
        if receipt.part is not None:
            yield [receipt.part.name, receipt.part.size, receipt.part.sha256]


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "files": counts.files,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "not_attempted": counts.not_attempted,
        "rows": counts.rows,
        "tries": counts.tries,
        "mini_batches": counts.mini_batches,
    }
