"""The dateline that opens a story: place, date and agency.  It stays in the text and is recorded when it is certain.

Certain means: a place, then an agency in brackets or slashes or a date or both, then the dash or colon (or, behind
slashes, nothing) that closes a dateline.  A place and a dash alone ("BERLIN – …") is not certain: headlines look the
same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cleaner.months import MONTH, month_number

# Names that agencies sign with.  Beside a date any word in capitals of three to ten letters ("TDI") is believed, too.
AGENCIES = frozenset(
    "afp ap reuters dpa apa efe ansa itar-tass tass тасс риа ria interfax интерфакс xinhua kyodo yonhap pti ani ians "
    "upi bss belga anp stt ntb ritzau tt lusa ctk čtk mti agerpres tanjug hina sta pap cna bernama antara vna aap cp "
    "apn anadolu aa iha dha irna isna mehr wafa sana ina mena spa wam kuna turan azertac trend armenpress укринформ "
    "ukrinform унн белта kazinform".split()
)
_DATE = (
    rf"(?:(?P<day>\d{{1,2}})\.?(?:st|nd|rd|th)?\s+(?:de\s+)?(?P<month>{MONTH})\.?(?:,?\s+(?:de\s+)?(?P<year>\d{{4}}))?"
    rf"|(?P<month2>{MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:,?\s+(?P<year2>\d{{4}}))?)"
)
_PLACE = r"(?P<place>[^\W\d_][^\W\d_'’.\-]*(?:[ /\-][^\W\d_][^\W\d_'’.\-]*){0,4})"
_AGENCY = r"[^\W_][\w.\-–/& ]{1,28}"
_DATELINE = re.compile(
    rf"{_PLACE}(?P<region>,\s*(?!{MONTH})[^\W\d_][^\W\d_.]*\.?(?:[^\W\d_]\.)*)?(?:,\s*(?:{_DATE}))?(?:\s+г\.)?\s*[,.]?\s*(?:\((?P<agency>{_AGENCY})\)|/(?P<slashed>{_AGENCY})/)?\s*"
    r"(?P<close>\.?\s?[-–—:]{1,2}|\.)?\s",
    re.IGNORECASE,
)
_UPPER = re.compile(r"[^\W\d_a-zà-ÿа-я]{3,10}")
LOOK = 120
# What no dateline that is believed goes without: a digit of its date or the bracket or slash of its agency, and a dash,
# colon or slash that closes it.  Most lines lack one of them.
_SIGNED, _CLOSED = re.compile(r"[\d(/]"), re.compile(r"[-–—:/]")
# Without an agency the place must be in capitals, and as much of a sentence must follow.
STORY_WORDS = 5


@dataclass(frozen=True, slots=True)
class Dateline:
    """Where and when a story was filed, and by which agency.  ``date`` is ISO 8601, without year as ``--MM-DD``."""

    place: str
    date: str | None
    agency: str | None


def parse_dateline(line: str) -> Dateline | None:
    """The dateline at the beginning of a line, or None.

    >>> parse_dateline("Baku/Tehran, 26 June 2023 (TDI): The Iranian foreign minister engaged …")
    Dateline(place='Baku/Tehran', date='2023-06-26', agency='TDI')
    >>> parse_dateline("МОСКВА, 3 мая. /ТАСС/. Министры встретились …")
    Dateline(place='МОСКВА', date='--05-03', agency='ТАСС')
    >>> parse_dateline("PARIS (Reuters) - The president said …")
    Dateline(place='PARIS', date=None, agency='Reuters')
    >>> parse_dateline("The minister (a lawyer) - said …") is None
    True
    """
    head = line[:LOOK]
    found = _DATELINE.match(head) if _SIGNED.search(head) and _CLOSED.search(head) else None
    if found is None:
        return None
    place, close = found["place"].strip(), found["close"]
    agency = found["agency"] or found["slashed"]
    day, month, year = (found[name] or found[f"{name}2"] for name in ("day", "month", "year"))
    if agency is None and day is None:
        return None
    # Without a date, only a name that is known: "Noise Cancelling (ANC): yes" looks the same.
    if agency is not None and not _is_known(agency) and (day is None or not _UPPER.fullmatch(agency)):
        return None
    if found["region"] and (agency is None or not found["region"].lstrip(" ,")[0].isupper()):
        return None
    if (close or ".")[-1] not in "-–—:" and not found["slashed"]:
        return None
    if agency is None and not (place.isupper() and len(line[found.end() :].split()) >= STORY_WORDS):
        return None
    # a place in running text ("The minister, May 3 -") is written in lower case but for its first letters
    words = place.replace("/", " ").split()
    if not all(word[0].isupper() for word in words):
        return None
    date = None
    if day and month:
        number = month_number(month)
        if not 1 <= int(day) <= 31:
            return None
        date = f"{year or '-'}-{number:02d}-{int(day):02d}"
    return Dateline(place, date, agency)


def _is_known(name: str) -> bool:
    return any(word.strip(".") in AGENCIES for word in re.split(r"[/ &,]+", name.casefold()))
