"""The language of a text: its script first, then langdetect, seeded and bounded; an abstention when in doubt.

langdetect is not deterministic without a seed, raises on text without letters, and costs milliseconds a paragraph; it
knows no Armenian, Georgian or Burmese.  Many scripts are written by one language of news only, so the script answers
first and for free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cleaner.text import scripts

# Scripts that settle the language of a news text by themselves.
_BY_SCRIPT = {
    "Armenian": "hy",
    "Georgian": "ka",
    "Greek": "el",
    "Thai": "th",
    "Lao": "lo",
    "Khmer": "km",
    "Burmese": "my",
    "Hangul": "ko",
    "Kana": "ja",
    "Bengali": "bn",
    "Gurmukhi": "pa",
    "Gujarati": "gu",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Sinhala": "si",
    "Ethiopic": "am",
}
# Languages written in the scripts that several share: a detector's or a page's word for one outside is not believed.
_SHARED = {
    "Cyrillic": frozenset("ru uk be bg sr mk kk ky tg mn tt uz".split()),
    "Arabic": frozenset("ar fa ur ps ckb ug sd ku".split()),
    "Hebrew": frozenset(("he", "yi")),
    "Devanagari": frozenset(("hi", "mr", "ne")),
    "Han": frozenset(("zh", "ja")),
}
# Below 40 letters no detector that was measured is right more than 93 times in 100: abstain.
MIN_LETTERS = 40
# Characters looked at: enough for 0.98 accuracy on documents, and langdetect's time grows with them (4 ms for 1,000).
LOOK = 800
LINE_LOOK = 100
# langdetect's own probability from which its answer is taken.
SURE = 0.9
SEED = 0

# langdetect has no profile of these languages and takes them for a neighbour; a letter gives them away.
_BY_LETTER = {("tr", "ə"): "az", ("ru", "қ"): "kk", ("ru", "ў"): "be"}
# Share of such a letter from which it counts (it is 6 to 10 % of Azerbaijani, 2 % of Kazakh text).
LETTER_SHARE = 0.005

_CODE = re.compile(r"^\s*([a-zA-Z]{2,3})(?:[-_].*)?\s*$")
_RENAMED = {"iw": "he", "in": "id", "nb": "no", "nn": "no", "ji": "yi", "eng": "en", "deu": "de", "fra": "fr"}


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code, how sure it is (0..1), and who said so (script, declared, langdetect)."""

    code: str
    confidence: float
    by: str


def code_of(label: str | None) -> str | None:
    """ISO 639-1 code of a language tag; None where there is none.

    >>> code_of("en-US"), code_of("pt_BR"), code_of("x-default"), code_of(None)
    ('en', 'pt', None, None)
    """
    found = _CODE.match(label) if label else None
    if not found:
        return None
    code = found.group(1).lower()
    code = _RENAMED.get(code, code)
    return code if len(code) == 2 else None


def detect(text: str, declared: str | None = None) -> Language | None:
    """The language of ``text``, or None when there is too little of it to tell.

    ``declared`` (a page's ``lang``) is believed where the text is in a script of that language.  Never raises.

    >>> detect("Բարեւ ձեզ, այսօր Երեւանում տեղի ունեցավ հանդիպում նախարարների միջեւ։").code
    'hy'
    >>> detect("12:30") is None
    True
    """
    counts = scripts(text[: 4 * LOOK])
    letters = sum(counts.values())
    code = code_of(declared)
    if not letters:
        return Language(code, 0.5, "declared") if code else None
    if counts.get("Kana", 0) > letters * 0.05:
        return Language("ja", 0.99, "script")
    main = next(iter(counts))
    sure = counts[main] / letters >= 0.5
    if sure and main in _BY_SCRIPT and letters >= 10:
        return Language(_BY_SCRIPT[main], 0.99, "script")
    if code and _fits(code, main):
        return Language(code, 0.9, "declared")
    if sure and main == "Han" and letters >= 10:
        return Language("zh", 0.95, "script")
    if letters < MIN_LETTERS:
        return None
    guess = _langdetect(text[:LOOK])
    if guess is None or guess[1] < SURE or not _fits(guess[0], main):
        return None
    found, confidence = guess
    for (taken_for, letter), better in _BY_LETTER.items():
        if found == taken_for and text[:LOOK].casefold().count(letter) > LETTER_SHARE * letters:
            found = better
    return Language(found, confidence, "langdetect")


def detect_lines(lines: Iterable[str], declared: str | None = None) -> Language | None:
    """The language of a document, told from its longest lines: menus and labels say least of it.

    Each gives its beginning alone, so that one paragraph in another language cannot outvote the rest.
    """
    longest = sorted(lines, key=len, reverse=True)[: LOOK // LINE_LOOK]
    return detect("\n".join(line[:LINE_LOOK] for line in longest), declared)


def _fits(code: str, script: str) -> bool:
    if script in _SHARED:
        return code in _SHARED[script]
    if script in _BY_SCRIPT:
        return code == _BY_SCRIPT[script]
    return not any(code in codes - {"sr", "uz", "kk", "ku", "az"} for codes in _SHARED.values()) and (
        code not in _BY_SCRIPT.values()
    )


@lru_cache(maxsize=1)
def _factory() -> Any:
    from langdetect import DetectorFactory
    from langdetect.detector_factory import PROFILES_DIRECTORY

    DetectorFactory.seed = SEED
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


def _langdetect(text: str) -> tuple[str, float] | None:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    detector.append(text)
    try:
        best = detector.get_probabilities()
    except LangDetectException:  # no letters to go by
        return None
    return (code_of(best[0].lang) or best[0].lang, float(best[0].prob)) if best else None
