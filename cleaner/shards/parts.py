"""Tables as Parquet files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# Of the levels that were timed, 3 is the last that writes faster than the chain cleans on one core.
ZSTD_LEVEL = 3
# Columns of long, mostly unique text: a dictionary for them only costs time.
_LONG = frozenset(("text", "id", "source", "url", "text_sha256", "source_sha256", "evidence", "detail"))


def write_part(path: Path, table: pa.Table, **options: Any) -> dict[str, Any]:
    """Write a table as Parquet under a temporary name, then rename it.  Returns rows, bytes and SHA-256.

    It is zstd with statistics; ``options`` of `pyarrow.parquet.write_table` say what is to be otherwise.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    usual = {
        "compression": "zstd",
        "compression_level": ZSTD_LEVEL,
        "use_dictionary": [
            field.name for field in table.schema if field.name not in _LONG and pa.types.is_string(field.type)
        ],
    }
    pq.write_table(table, temporary, **(usual | options))
    digest = file_sha256(temporary)
    size = temporary.stat().st_size
    with open(temporary, "rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    return {"rows": table.num_rows, "bytes": size, "sha256": digest}


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
