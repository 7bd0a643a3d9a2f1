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
        pa.field(
            "syndicated_from",
            pa.list_(
                pa.struct(
                    [
                        ("start", pa.int32()),
                        ("end", pa.int32()),
                        ("id", pa.string()),
                        ("source", pa.string()),
                        ("site", pa.string()),
                        ("copy_start", pa.int32()),
                        ("score", pa.float32()),
                        ("because", pa.string()),
                    ]
                )
            ),
            nullable=False,
        ),
        pa.field(
            "versions",
            pa.struct(
                [
                    ("cluster", pa.string()),
                    ("size", pa.int32()),
                    ("version", pa.int32()),
                    ("kind", pa.string()),
                    ("previous", pa.string()),
                ]
            ),
        ),
        pa.field(
            "near",
            pa.list_(
                pa.struct(
                    [
                        ("start", pa.int32()),
                        ("end", pa.int32()),
                        ("filter", pa.string()),
                        ("rule", pa.string()),
                        ("reason", pa.string()),
                        ("confidence", pa.float32()),
                    ]
                )
            ),
            nullable=False,
        ),
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

STAGED = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("site", pa.string()),
        pa.field("title", pa.string()),
        pa.field("author", pa.string()),
        pa.field("date", pa.string()),
        pa.field("language", pa.string()),
        pa.field("language_by", pa.string()),
        pa.field("language_confidence", pa.float64()),
        pa.field("facts", pa.string()),
        pa.field("format", pa.string(), nullable=False),
        pa.field("encoding", pa.string()),
        pa.field("replaced", pa.int32()),
        pa.field("disk", pa.int64()),
        pa.field("stage", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("text", pa.large_string()),
        pa.field("segments", pa.large_binary()),
    ],
    metadata=_METADATA,
)
"""One extracted document a row, between the two passes of a run; ``segments`` are as `shards.staging` writes
them, null where they are the lines of the text.  With ``reason``, a record of which there is no document.
"""

PARTS = {"clean": CLEAN, "removed": REMOVED, "rejected": REJECTED}
