from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from framework.storage.objects.s3_listing import take_contents

PAGE = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextContinuationToken>t&amp;k</NextContinuationToken>
<Contents><Key>a%2Bb&amp;c</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>
<ETag>&quot;e1&quot;</ETag><Size>12</Size><Owner><ID>me</ID></Owner></Contents>
<Contents><Key>d</Key><Size>0</Size></Contents>
<CommonPrefixes><Prefix>f/</Prefix></CommonPrefixes></ListBucketResult>"""


def taken(body: Any, status: int = 200) -> tuple[Any, dict[str, Any]]:
    answer = {"status_code": status, "headers": {}, "body": body}
    added: dict[str, Any] = {}
    take_contents(answer, added, operation_model=None)
    return answer["body"], added


def test_objects_are_taken_out_and_everything_else_is_left() -> None:
    rest, added = taken(PAGE)
    assert added["Contents"] == [
        {"Key": "a%2Bb&c", "Size": "12", "ETag": '"e1"'},
        {"Key": "d", "Size": "0", "ETag": ""},
    ]
    names = [each.tag.rpartition("}")[2] for each in ET.fromstring(rest)]
    assert names == "Name EncodingType IsTruncated NextContinuationToken CommonPrefixes".split()
    assert b"t&amp;k" in rest


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (PAGE[:300], 200),
        (b"<Error><Code>NoSuchBucket</Code></Error>", 200),
        (PAGE, 503),
        (None, 200),
    ],
)
def test_what_is_no_whole_listing_is_left_to_botocore(body: Any, status: int) -> None:
    assert taken(body, status) == (body, {})
