"""What is joined of other objects within a store, and how what is sent and copied is planned."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import StorageError
from framework.storage import FileRange
from framework.storage.objects.failures import (
    CantCopyError,
    ConditionError,
    RangeError,
    ServiceError,
    UnavailableError,
)
from framework.storage.objects.joining import (
    MOST_PIECES,
    JoinLimits,
    Source,
    bytes_to_send,
    copied_pieces,
    growth,
)
from framework.storage.objects.memory import MemoryObjects
from framework.storage.objects.s3 import S3Objects
from framework.storage.objects.s3_upload import S3Upload
from framework.storage.objects.service import Head, Upload
from framework.storage.objects.writing import PART_BYTES, ObjectWriter
from framework.storage.tree import Selection

MIB = 1 << 20
NOISE = os.urandom(6 * MIB)
S3 = JoinLimits(least_sent=5 * MIB, least_copied=5 * MIB, most_copied=64 * MIB)
TIB = 1 << 40


def content(number: int, size: int) -> bytes:
    """Bytes that no other part has."""
    return (number.to_bytes(8, "big") + NOISE[8:])[:size]


def add_parts(store, *sizes: int) -> list[FileRange]:
    """Whole files of these sizes, in a folder of the store."""
    ranges = []
    for number, size in enumerate(sizes):
        path = f"parts/{number:03d} #ü"
        store.write(path, content(number, size))
        ranges.append(FileRange(store, path, 0, size, is_whole=True))
    return ranges


def in_pieces(data: bytes) -> list[bytes]:
    return [data[at : at + MIB] for at in range(0, len(data), MIB)]


def append(staged, origin: FileRange) -> bytes:
    data = origin.store.read(origin.path, start=origin.start, length=origin.length)
    assert b"".join(staged.append(origin, in_pieces(data))) == data
    return data


def join(store, ranges, *, head=b"head\n", tail=b"") -> bytes:
    """Stages and commits what is joined; returns what that should be."""
    with store.stage("out", "token") as staged:
        staged.stream.write(head)
        expected = head + b"".join([append(staged, each) for each in ranges])
        staged.stream.write(tail)
    identity = store.identity(staged.path)
    assert store.names() == [staged.path, "parts"]
    store.commit(staged.path, "out")
    assert store.identity("out") == identity
    return expected + tail


def read(store) -> bytes:
    with store.open_read("out") as stream:
        return stream.read()


@pytest.fixture
def asked(monkeypatch) -> Counter:
    """How often S3 is asked what."""
    counts: Counter = Counter()
    original = S3Objects._once

    def count(self, method, key, arguments):
        counts[method] += 1
        counts["sent"] += len(arguments.get("Body", b""))
        return original(self, method, key, arguments)

    monkeypatch.setattr(S3Objects, "_once", count)
    return counts


# --- on every store


def test_whole_files_are_joined_byte_for_byte_with_what_is_written_between(store):
    ranges = add_parts(store, 6 * MIB, 3, 6 * MIB, 0, MIB, 5 * MIB + 1, 5 * MIB)
    assert join(store, ranges, tail=b"the end") == read(store)
    assert store.names() == ["out", "parts"]


def test_ranges_of_files_are_joined_byte_for_byte(store):
    (whole, *_) = add_parts(store, 6 * MIB, 6 * MIB)
    middle = whole._replace(start=17, length=6 * MIB - 29, is_whole=False)
    other = FileRange(store, "parts/001 #ü", 1, 5 * MIB, is_whole=False)
    assert join(store, [middle, other, whole], head=b"") == read(store)


def test_many_files_are_joined_in_order(store):
    ranges = add_parts(store, *[MIB] * 70)
    assert join(store, ranges) == read(store)
    assert store.names() == ["out", "parts"]


def test_files_of_another_service_are_joined_too(store, tmp_path):
    from framework.storage import open_store

    local = open_store(str(tmp_path))
    (origin,) = add_parts(local, 6 * MIB)
    with store.stage("out", "token") as staged:
        expected = append(staged, origin) + append(staged, origin)
    store.commit(staged.path, "out")
    assert read(store) == expected


def test_what_raises_while_files_are_joined_leaves_nothing(store):
    ranges = add_parts(store, 6 * MIB, 6 * MIB, 6 * MIB)

    def broken():
        yield NOISE[:MIB]
        raise KeyboardInterrupt

    def stage_half() -> None:
        with store.stage("out", "token") as staged:
            staged.stream.write(b"head")
            append(staged, ranges[0])
            append(staged, ranges[1])
            list(staged.append(ranges[2], broken()))

    with pytest.raises(KeyboardInterrupt):
        stage_half()
    assert store.names() == ["parts"]


def test_where_copies_are_refused_the_bytes_are_sent_and_no_more_copies_asked_for(
    store, monkeypatch
):
    refused = []

    def refuse(self, number, source):
        refused.append(number)
        raise CantCopyError(source.key)

    objects = store._objects
    limits = objects.joins
    for kind in (*Upload.__subclasses__(), Upload):
        monkeypatch.setattr(kind, "copy", refuse)
    ranges = add_parts(store, *[6 * MIB] * 4)
    try:
        with store.stage("out", "token") as staged:
            expected = b"".join([append(staged, each) for each in ranges])
        assert len(refused) == (1 if limits else 0)
        assert objects.joins is None
    finally:
        objects.joins = limits
    assert store.read(staged.path) == expected
    assert store.names() == [staged.path, "parts"]


# --- S3

REFUSALS = (
    ServiceError("access denied (403 AccessDenied)", "a key"),
    ConditionError("412"),
    RangeError("416"),
    FileNotFoundError("a key"),
    UnavailableError("the store failed (500), still after 9 tries in 60 s", "a key"),
)


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_s3_copies_large_files_and_is_sent_only_what_stands_before_the_first(store, asked):
    ranges = add_parts(store, *[6 * MIB] * 5)
    asked.clear()
    with store.stage("out", "token") as staged:
        staged.stream.write(b"head\n")
        expected = b"".join([append(staged, each) for each in ranges])

    # The first might have been all: it is held, to be sent in one request.
    assert (asked["upload_part_copy"], asked["sent"]) == (4, 6 * MIB + len("head\n"))
    assert store.read(staged.path) == b"head\n" + expected


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_s3_borrows_from_a_large_file_what_stands_before_it_lacks(store, asked):
    store.write("parts/large", NOISE + NOISE)
    asked.clear()
    with store.stage("out", "token") as staged:
        staged.stream.write(b"head\n")
        append(staged, FileRange(store, "parts/large", 0, 12 * MIB, is_whole=True))

    assert (asked["upload_part_copy"], asked["sent"]) == (1, 5 * MIB)
    assert store.read(staged.path) == b"head\n" + NOISE + NOISE


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_small_output_is_still_one_request(store, asked):
    ranges = add_parts(store, MIB, MIB)
    asked.clear()
    with store.stage("out", "token") as staged:
        for each in ranges:
            append(staged, each)
    changing = asked - Counter({"get_object": asked["get_object"], "sent": asked["sent"]})
    assert changing == {"put_object": 1}


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_file_that_has_grown_since_is_noticed(store):
    ranges = add_parts(store, 6 * MIB, 6 * MIB)

    def stage() -> None:
        with store.stage("out", "token") as staged:
            append(staged, ranges[0])
            list(staged.append(ranges[1]._replace(length=5 * MIB + 1), [NOISE[:MIB]] * 6))

    with pytest.raises(StorageError, match=r"were joined, and became"):
        stage()
    assert store.names() == ["parts"]


@pytest.mark.parametrize("store", ["s3"], indirect=True)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_of_s3s_is_one_that_can_be_got_round(store, monkeypatch, refusal):
    def refuse(self, method, **arguments):
        raise refusal

    upload = store._objects.upload(store._key("f"), "token", is_new=False)
    monkeypatch.setattr(S3Upload, "_ask", refuse)
    with pytest.raises(CantCopyError):
        upload.copy(1, Source("bucket/key", 0, 1))


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_refusal_to_copy_counts_where_giving_up_is_refused_too(store, monkeypatch):
    original = S3Upload._ask

    def refuse(self, method, **arguments):
        if method in {"upload_part_copy", "abort_multipart_upload"}:
            raise REFUSALS[0]
        return original(self, method, **arguments)

    monkeypatch.setattr(S3Upload, "_ask", refuse)
    with store.stage("out", "token") as staged:
        staged.stream.write(NOISE + NOISE)
    store.commit(staged.path, "out")
    assert read(store) == NOISE + NOISE
    store._objects.upload(store._key(".out.token.staged"), "t", is_new=False)
    store.unstage("out", "token")


# --- Google Cloud


@pytest.mark.parametrize("store", ["gcs"], indirect=True)
def test_google_composes_and_removes_what_it_was_composed_of(store, monkeypatch):
    sent = []
    original = type(store._objects).put
    ranges = add_parts(store, *[MIB] * 70)
    monkeypatch.setattr(
        type(store._objects),
        "put",
        lambda self, key, data, token: sent.append(len(data)) or original(self, key, data, token),
    )
    assert join(store, ranges, tail=b"end") == read(store)
    assert sent == [len("head\n") + 7 * MIB, len("end")]  # the first might have been all
    left = [each.path for each in store.walk("", Selection(hidden=True))]
    assert left == ["out", *(each.path for each in ranges)]


@pytest.mark.parametrize("store", ["gcs"], indirect=True)
def test_what_a_killed_join_has_left_is_removed_with_what_it_staged(store):
    ranges = add_parts(store, MIB * 6, MIB * 6)
    writer = store._objects.join(store._key(".out.token.staged"), "t", is_new=False)
    writer.add(1, b"head")
    writer.copy(2, Source(store._key(ranges[0].path), 0, 6 * MIB, is_whole=True))
    assert store.names() == [".out.token.staged", "parts"]
    store.unstage("out", "token")
    assert store.names() == ["parts"]


@pytest.mark.parametrize("store", ["gcs"], indirect=True)
def test_what_google_refuses_to_compose_is_read_and_sent(store, monkeypatch):
    from framework.storage.objects.gcs_join import GoogleJoin

    def refuse(self, condition, key, sources):
        raise ServiceError("the store refused (400)", key)

    ranges = add_parts(store, *[6 * MIB] * 3)
    monkeypatch.setattr(GoogleJoin, "_compose", refuse)
    objects, limits = store._objects, store._objects.joins
    try:
        assert join(store, ranges) == read(store)
        assert objects.joins is None
    finally:
        objects.joins = limits
    assert store.names() == ["out", "parts"]


# --- the plan


class Planned(Upload):
    """Notes what would be sent and copied."""

    def __init__(self) -> None:
        self.pieces: dict[int, int | Source] = {}

    def add(self, number, data):
        self.pieces[number] = len(data)

    def copy(self, number, source):
        self.pieces[number] = source

    def finish(self, number, data):
        if data:
            self.add(number, data)

    def abort(self):
        pass


class Planning(MemoryObjects):
    """A service that takes everything, and holds nothing."""

    def __init__(self, limits: JoinLimits) -> None:
        self.joins = limits
        self.made = Planned()
        self.size = 0

    def upload(self, key, token, *, is_new):
        return self.made

    def put(self, key, data, token):
        self.made.add(1, data)

    def head(self, key):
        return Head(sum(map(length_of, self.in_order())), "etag", "token")

    def in_order(self):
        return [self.made.pieces[number] for number in sorted(self.made.pieces)]


def length_of(piece: int | Source) -> int:
    return piece.length if isinstance(piece, Source) else piece


sizes = st.integers(0, 200) | st.sampled_from([511, 512, 513, 1023, 1024, 1025, 5000])


@given(st.lists(st.tuples(st.booleans(), sizes), max_size=30), st.booleans())
def test_pieces_are_in_order_complete_and_large_enough(parts, takes_ranges):
    least = 512 if takes_ranges else 1
    limits = JoinLimits(least, 512, 2048, takes_ranges)
    service = Planning(limits)
    writer = ObjectWriter(service, "bucket/key", "token", is_new=False)
    # The sizes here are in the thousandths of real ones: so is what is put in one request.
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("framework.storage.objects.writing.PART_BYTES", 800)
    try:
        for number, (is_copied, size) in enumerate(parts):
            source = Source(f"bucket/{number}", 0, size, is_whole=True)
            if is_copied:
                list(writer.append(source, [bytes(size)]))
            else:
                writer.write(bytes(size))
            assert len(writer._buffer) <= 800 + 512 + 512
        writer.publish()
    finally:
        monkeypatch.undo()

    pieces = service.in_order()
    at, expected = 0, sum(size for _, size in parts)
    begins = _begins(parts)
    for place, piece in enumerate(pieces):
        if isinstance(piece, Source):
            assert at == begins[piece.key] + piece.start
            assert takes_ranges or piece.is_whole
        if place < len(pieces) - 1:
            assert length_of(piece) >= least
        at += length_of(piece)
    assert at == expected


def test_small_files_go_in_pieces_that_an_upload_in_order_takes():
    service = Planning(JoinLimits(1, MIB, TIB, takes_ranges=False))
    service.made.is_in_order = True
    writer = ObjectWriter(service, "bucket/key", "token", is_new=False)
    for number in range(30):
        source = Source(f"bucket/{number}", 0, 900_000, is_whole=True)
        list(writer.append(source, [bytes(900_000)]))
    writer.publish()
    *full, last = service.in_order()
    assert [size % (256 << 10) for size in full] == [0] * 3
    assert sum(full) + last == 30 * 900_000


def _begins(parts) -> dict[str, int]:
    begins, at = {}, 0
    for number, (_, size) in enumerate(parts):
        begins[f"bucket/{number}"] = at
        at += size
    return begins


@given(st.integers(0, 9 * PART_BYTES), st.integers(0, 64 * MIB), st.sampled_from([1, 4_500, 9_999]))
def test_what_is_sent_before_a_copy_is_large_enough_and_so_is_the_copy(held, length, number):
    limits = S3.at(number)
    sent = bytes_to_send(Source("b/k", 3, length), held, limits)
    assert 0 <= sent <= length
    if sent < length:
        assert held + sent == 0 or held + sent >= limits.least_sent
        assert length - sent >= limits.least_copied


@given(st.integers(5 * MIB, 5 * TIB), st.integers(0, 10**9))
def test_a_range_is_copied_in_pieces_that_s3_takes(length, start):
    pieces = list(copied_pieces(Source("b/k", start, length, is_whole=True), S3, 1))
    assert len(pieces) <= MOST_PIECES
    assert all(5 * MIB <= each.length <= 5 << 30 for each in pieces)
    at = start
    for each in pieces:
        assert (each.key, each.start) == ("b/k", at)
        at += each.length
    assert at == start + length


def test_the_smallest_pieces_that_are_sent_still_make_the_largest_object():
    assert sum(5 * MIB * growth(number) for number in range(1, MOST_PIECES + 1)) >= 5 * TIB
