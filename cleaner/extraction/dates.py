"""Dates of publication as pages write them, as days."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

_DAY = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
# Pages of up to this many characters are searched; the longest of the development benchmark has two thirds of them.
MAX_SEARCHED = 3_000_000
# Nothing that depends on the day of the run: htmldate would take today for the latest date there is.
LATEST = "2099-12-31"
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?!\d)")


def iso_date(text: str) -> str | None:
    """The day that a timestamp names, in ISO 8601; None where no year, month and day in this order can be read.

    Days and months that could be either are not guessed: ``04/05/2021`` is none.

    >>> iso_date("2021-05-04T08:00:00Z"), iso_date("Tue, 4 May 2021 10:00:00 +0200"), iso_date("04/05/2021")
    ('2021-05-04', '2021-05-04', None)
    """
    text = text.strip()[:100]
    match = _DAY.search(text) or _COMPACT.match(text)
    if match:
        try:
            return datetime(int(match[1]), int(match[2]), int(match[3])).date().isoformat()
        except ValueError:
            return None
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return parse(text).date().isoformat()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    for form in ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y"):
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return None


def find_day(html: str, url: str | None) -> str | None:
    """The day that htmldate finds in a page's markup, text or URL; None where it finds none.

    Its extensive search is left out: on pages without a date it takes the year of the copyright for one.
    """
    import logging

    from htmldate import find_date

    if len(html) > MAX_SEARCHED:
        return None
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    try:
        found: str | None = find_date(
            html, extensive_search=False, original_date=True, url=url, max_date=LATEST, outputformat="%Y-%m-%d"
        )
    except (ValueError, TypeError, RecursionError, OverflowError):  # what it cannot read holds no date
        return None
    return found
