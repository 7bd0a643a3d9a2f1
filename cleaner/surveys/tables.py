"""The tables of a survey.  Map and group-by write the same tables, so that surveys can be added.

Keys are xxh3_64 hashes; with a thousand million of them the chance that any two are the same by accident is 3 %.
"""

from __future__ import annotations

import pyarrow as pa

VERSION = 2
_METADATA = {"cleaner.survey": str(VERSION)}

# Signatures of paragraphs: what they are made of is told, and measured, in `cleaner.surveys.signatures`.
SHINGLE_WORDS = 2
SHINGLE_CHARACTERS = 3
BANDS = 20
BAND_ROWS = 3
SEED = 20_26

DOCUMENTS = pa.schema(
    [
        pa.field("doc", pa.uint64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("site", pa.string()),
        pa.field("section", pa.string()),
        pa.field("date", pa.string()),
        pa.field("headline", pa.string()),
        pa.field("lead", pa.string()),
        pa.field("chars", pa.int32(), nullable=False),
        pa.field("paragraphs", pa.int32(), nullable=False),
    ],
    metadata=_METADATA,
)
"""One document a row, sorted by ``doc``, the hash of its id and text.  ``chars`` are those of its paragraphs."""

COUNTS = ("docs", "head", "middle", "tail", "inside", "opens", "closes")
"""What is counted of a line, in documents."""

LINES = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("section", pa.uint64(), nullable=False),
        pa.field("site", pa.string(), nullable=False),
        pa.field("text", pa.string()),
        *(pa.field(name, pa.int32(), nullable=False) for name in COUNTS),
    ],
    metadata=_METADATA,
)
"""One line of a section of a site a row, sorted by ``key``, the hash of site and folded line, and ``section``.

``head``, ``middle`` and ``tail`` count documents in which it stands before, among and behind the paragraphs,
``inside`` those in which it stands right between two paragraphs, ``opens`` and ``closes`` those that it begins or ends.
``section`` is the hash of the section's name, 0 where a document has none and for paragraphs, whose ``text`` is null:
those have a table of their own.  What is true of a line in all of the site is the sum of its rows.
"""

PARAGRAPHS = pa.schema(
    [
        pa.field("doc", pa.uint64(), nullable=False),
        pa.field("place", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
        pa.field("hash", pa.uint64(), nullable=False),
        pa.field("numbers", pa.uint64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("bands", pa.binary(4 * BANDS), nullable=False),
    ],
    metadata=_METADATA,
)
"""One paragraph of a document a row, sorted by ``doc`` and ``place`` (the number of its segment).

``start`` and ``line`` are those of the segment, ``hash`` that of the folded text, ``numbers`` that of its numbers,
``bands`` the `BANDS` keys of its signature, 32 bits each, in little-endian order.
"""

TABLES = {"documents": DOCUMENTS, "lines": LINES, "paragraphs": PARAGRAPHS}
KEYS = {"documents": "doc", "lines": "key", "paragraphs": "doc"}

COPIES = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("lost", pa.bool_(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("site", pa.string()),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("because", pa.string(), nullable=False),
    ],
    metadata=_METADATA,
)
"""One paragraph that stands in another document, too, a row, sorted by ``key``, the hash of document and place.

``lost`` says that it goes and the other one stays; the rest is said of the other one, and why it comes first.
"""

CLUSTERS = pa.schema(
    [
        pa.field("doc", pa.uint64(), nullable=False),
        pa.field("cluster", pa.string(), nullable=False),
        pa.field("size", pa.int32(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("previous", pa.string()),
        pa.field("kept", pa.string()),
        pa.field("because", pa.string()),
    ],
    metadata=_METADATA,
)
"""One document that has near-duplicates a row, sorted by ``doc``: the id of the first document of its cluster, how many
there are, its place in the order of dates, what kind of version it is, and the id of the version before it.

``kept`` is null for documents that stay, else the id of the version that stays in its place, and ``because`` why.
"""

LOOKALIKES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("other", pa.string(), nullable=False),
        pa.field("other_start", pa.int32(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("differ", pa.string(), nullable=False),
        pa.field("words", pa.list_(pa.string()), nullable=False),
        pa.field("other_words", pa.list_(pa.string()), nullable=False),
    ],
    metadata=_METADATA,
)
"""Two like paragraphs that the news guard keeps apart, a row a pair: the words that differ, and of what sort."""
