"""The day of publication of a page: of timestamps, of its address, and of the lines beside its headline."""

from __future__ import annotations

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from itertools import chain

from cleaner.extraction.metadata import Metadata, Value
from cleaner.extraction.page import HEADINGS, Page
from cleaner.months import MONTH, month_number
from cleaner.text import letters

_DAY = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?!\d)")
_IN_ADDRESS = re.compile(r"/(\d{4})[/-]?(\d{2})[/-]?(\d{2})(?:[/_-]|\b)")
_YEAR = r"(?:19|20)\d\d"
# Ways to write a day in a line, by the order of its parts: year, month and day; day, month and year, or month, day and
# year, with the month's name; and numbers alone, of which one must be above 12 to tell the day, or have dots between.
_WRITTEN = re.compile(
    rf"(?<![\w/.-])(?:({_YEAR})[-/.](\d\d?)[-/.](\d\d?)|({_YEAR})\s?[年년]\s?(\d\d?)\s?[月월]\s?(\d\d?)"
    rf"|(\d\d?)(?:\.|st|nd|rd|th|er|º)?,?[\s-]+(?:de\s+|of\s+)?({MONTH})\.?,?[\s-]+(?:de\s+|del\s+)?({_YEAR})"
    rf"|({MONTH})\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+({_YEAR})|(\d\d?)([-/.])(\d\d?)[-/.]({_YEAR}))(?!\d)",
    re.IGNORECASE,
)
# The line with the day stands so many blocks behind the headline, or before it, and is no longer than this.  On the 732
# pages of the development benchmark that declare their day, address, line and `time` element together find 598 days, of
# which 495 are the declared one (many of the others are off by one: time zones); htmldate, shown the pages without what
# they declare, finds 594, of which 454 are.  A day of modification is none: it is that of publication on 42 % of them.
BEHIND, BEFORE, LENGTH = 15, 3, 80
# No page is older.
FIRST = 1991


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
    return written_day(text)


def written_day(line: str) -> str | None:
    """The first day that a line names as people write it, in ISO 8601; None where there is none, or it is unclear.

    >>> written_day("Published: 4 May 2021, 10:00"), written_day("Stand: 31. März 2021"), written_day("2021年5月4日")
    ('2021-05-04', '2021-03-31', '2021-05-04')
    >>> written_day("05/31/2021"), written_day("04/05/2021"), written_day("In May 2021")
    ('2021-05-31', None, None)
    """
    match = _WRITTEN.search(line)
    if match is None:
        return None
    if match[1] or match[4]:
        year, month, day = (int(match[part] or match[part + 3]) for part in (1, 2, 3))
    elif match[7]:
        year, month, day = int(match[9]), month_number(match[8]), int(match[7])
    elif match[10]:
        year, month, day = int(match[12]), month_number(match[10]), int(match[11])
    else:
        day, month, year = int(match[13]), int(match[15]), int(match[16])
        if month > 12:
            day, month = month, day
        elif day <= 12 and day != month and match[14] != ".":
            return None
    try:
        return date(year, month, day).isoformat() if year >= FIRST else None
    except ValueError:
        return None


def find_day(page: Page, known: Metadata, url: str | None) -> Value | None:
    """The day of a page that declares none: that of other structured data, of its address, or beside its headline.

    >>> from cleaner.extraction.page import parse_page
    >>> find_day(parse_page("<h1>Bridge opens</h1><p>By Ann Oak<p>4 May 2021<p>The bridge"), Metadata(), None)
    Value(text='2021-05-04', source='line')
    """
    if known.page_published and (day := iso_date(known.page_published.text)):
        return Value(day, known.page_published.source)
    address = _IN_ADDRESS.search(url or (known.canonical.text if known.canonical else ""))
    if address and (day := iso_date("-".join(address.groups()))) and int(day[:4]) >= FIRST:
        return Value(day, "url")
    day = _beside_headline(page, known)
    if day:
        return Value(day, "line")
    for node in page.tree.css("time")[:BEHIND]:
        day = iso_date(node.attributes.get("datetime") or "") or iso_date(node.text())
        if day:
            return Value(day, "time")
    return None


def _beside_headline(page: Page, known: Metadata) -> str | None:
    texts = page.blocks.text
    keys = {letters(title) for title in known.titles}
    tags = [page.elements.tag[owner] for owner in page.blocks.owner]
    headings = [place for place, tag in enumerate(tags) if tag in HEADINGS]
    title = next((place for place in headings if letters(texts[place]) in keys), None)
    if title is None:
        title = next((place for place in headings if tags[place] == "h1"), None)
    if title is None:
        return None
    around = chain(texts[title + 1 : title + 1 + BEHIND], reversed(texts[max(title - BEFORE, 0) : title]))
    return next((day for text in around if len(text) <= LENGTH and (day := written_day(text))), None)
