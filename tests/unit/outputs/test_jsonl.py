from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from framework.outputs.jsonl import JsonlFormat

VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
CELLS = VALUES | st.text() | st.lists(VALUES)
RECORDS = st.lists(st.dictionaries(st.text(), CELLS, min_size=1))


@given(records=RECORDS, cuts=st.lists(st.integers(0)))
def test_every_record_is_read_back_whatever_the_mini_batches(records, cuts, encode, join):
    output = JsonlFormat()
    places = sorted({0, len(records), *(cut % (len(records) + 1) for cut in cuts)})
    batches = [records[a:b] for a, b in itertools.pairwise(places)]
    data, counts = join(output, [encode(output, batch) for batch in batches])
    assert data == join(output, [encode(output, records)])[0]
    assert [json.loads(line) for line in data.split(b"\n")[:-1]] == records
    assert counts == [len(batch) for batch in batches]


def test_no_blocks_are_an_empty_file(join):
    assert join(JsonlFormat(), []) == (b"", [])
