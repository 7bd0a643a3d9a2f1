"""Every Arrow schema of the project, in one place.  Explicit, versioned, never inferred.

Offsets count Unicode code points of the source text.  Columns may be added; none is renamed or dropped.
"""

from __future__ import annotations

import pyarrow as pa

VERSION = "1"
_METADATA = {"cleaner.schema": VERSION}

RAW = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("site", pa.string()),
        pa.field("title", pa.string()),
        pa.field("author", pa.string()),
        pa.field("date", pa.string()),
        pa.field("language", pa.string()),
        pa.field("html", pa.large_string()),
        pa.field("text", pa.large_string()),
        pa.field("encoding", pa.string()),
        pa.field("replaced", pa.int32()),
        pa.field("stage", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
    ],
    metadata=_METADATA,
)
"""What goes in: one raw document a row, with ``html`` or ``text``, or, with ``reason``, an input that is unreadable."""

CLEAN = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("site", pa.string()),
        pa.field("title", pa.string()),
        pa.field("author", pa.string()),
        pa.field("date", pa.string()),
        pa.field("language", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field(
            "kept",
            pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("line", pa.int32())])),
            nullable=False,
        ),
        pa.field("source_chars", pa.int32(), nullable=False),
        pa.field("removed_chars", pa.int32(), nullable=False),
        pa.field("text_sha256", pa.string(), nullable=False),
        pa.field("source_sha256", pa.string(), nullable=False),
        pa.field("format", pa.string(), nullable=False),
        pa.field("encoding", pa.string()),
        pa.field("replaced", pa.int32()),
        pa.field("credits", pa.list_(pa.struct([("kind", pa.string()), ("text", pa.string())])), nullable=False),
        pa.field("dateline", pa.struct([("place", pa.string()), ("date", pa.string()), ("agency", pa.string())])),
        pa.field("language_by", pa.string()),
        pa.field("language_confidence", pa.float32()),
        pa.field("modified", pa.string()),
        pa.field("section", pa.string()),
        pa.field("canonical", pa.string()),
        pa.field("sources", pa.list_(pa.struct([("field", pa.string()), ("source", pa.string())])), nullable=False),
    ],
    metadata=_METADATA,
)
"""One clean document a row."""

REMOVED = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("site", pa.string()),
        pa.field("language", pa.string()),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
        pa.field("text", pa.string()),
        pa.field("filter", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("confidence", pa.float32(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),
    ],
    metadata=_METADATA,
)
"""One removal a row; ``text`` is null where the audit level leaves it out, ``evidence`` is a JSON object."""

REJECTED = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("text", pa.string()),
        pa.field("source_chars", pa.int32()),
    ],
    metadata=_METADATA,
)
"""One rejected document or unreadable input a row; ``text`` is the whole source text where there was one."""

PARTS = {"clean": CLEAN, "removed": REMOVED, "rejected": REJECTED}
