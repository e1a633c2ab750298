from __future__ import annotations

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from framework.jobs.manifest import list_entry

texts = st.text(st.characters(), max_size=10)  # lone surrogates too: names may be no UTF-8


@given(st.lists(st.tuples(texts, st.integers(0, 2**63), texts).map(list), max_size=5))
def test_a_list_is_told_by_the_checksum_of_its_lines_as_the_record_has_them(lines):
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)

    assert list_entry(lines) == {
        "count": len(lines),
        "size": sum(size for _, size, _ in lines),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
