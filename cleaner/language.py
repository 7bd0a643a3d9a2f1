"""The language of a text: its script first, then its small words, a detector last; an abstention when in doubt.

Many scripts are written by one language of news only, so the script answers first and for free.  Where languages share
a script, the small words that every text holds tell them apart at a hundredth of a detector's cost, and better, as far
as one language is well ahead (docs/quality.md, "Language").  What is left goes to langdetect, seeded and bounded: it is
not deterministic without a seed, raises on text without letters, and costs milliseconds a paragraph; it has no profile
of Armenian, Georgian, Icelandic or Azerbaijani.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from cleaner.function_words import WORDS
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
    "Arabic": frozenset("ar fa ur ps ug sd ku".split()),
    "Hebrew": frozenset(("he", "yi")),
    "Devanagari": frozenset(("hi", "mr", "ne")),
    "Han": frozenset(("zh", "ja")),
}
# Below 40 letters no detector that was measured is right more than 93 times in 100: abstain.
MIN_LETTERS = 40
# Characters looked at: enough for 0.98 accuracy on documents, and langdetect's time grows with them (4 ms for 1,000).
LOOK = 800
LINE_LOOK = 100
# A detector's own probability from which its answer is taken.
SURE = 0.9
SEED = 0
# Different small words by which one language must be ahead of the next for them to settle it.  From two on they are
# right about every paragraph that was looked at; three keeps out languages that the lists do not know.
AHEAD = 3
# From this lead on they contradict a detector, and nobody is believed.
DOUBT = 2
# Characters of a paragraph whose small words are looked at, twice as many where they do not tell, and the share of them
# that a language must know for the paragraph to be in it: kindred languages share up to half of theirs.
READ = 150
OWN = 0.75

# langdetect takes these languages for a neighbour, having no profile of them; a letter gives them away.
_BY_LETTER = {("tr", "ə"): "az", ("ru", "қ"): "kk", ("ru", "ў"): "be", ("mk", "ћ"): "sr"}
# Share of such a letter from which it counts (it is 6 to 10 % of Azerbaijani, 2 % of Kazakh, 1 % of Serbian text).
LETTER_SHARE = 0.005

_CODE = re.compile(r"^\s*([a-zA-Z]{2,3})(?:[-_].*)?\s*$")
_RENAMED = {"iw": "he", "in": "id", "nb": "no", "nn": "no", "ji": "yi", "eng": "en", "deu": "de", "fra": "fr"}


Detector = Callable[[str], tuple[str, float] | None]
"""Tells the ISO 639-1 code of a text and the probability that it is right; never raises."""


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code, how sure it is (0..1), and who said so (script, words, declared, or the detector)."""

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


def detect(text: str, declared: str | None = None, detector: str | Detector = "words") -> Language | None:
    """The language of ``text``, or None when there is too little of it to tell.

    ``declared`` (a page's ``lang``) is believed where the text is in a script of that language and its small words do
    not tell of another.  ``detector`` is one of `settings.DETECTORS` or a function.  Never raises.

    >>> detect("Բարեւ ձեզ, այսօր Երեւանում տեղի ունեցավ հանդիպում նախարարների միջեւ։").code
    'hy'
    >>> detect("The ministers met in the old town hall, and they signed the treaty for it.").by
    'words'
    >>> detect("12:30") is None
    True
    """
    counts = scripts(text[: 4 * LOOK])
    letters = sum(counts.values())
    code = code_of(declared)
    if not letters:
        return Language(code, 0.5, "declared") if code else None
    if settled := _by_script(counts, letters):
        return Language(settled, 0.99, "script")
    main = next(iter(counts))
    text = text[:LOOK]
    leader, ahead = _by_words(text, main) if detector == "words" and letters >= MIN_LETTERS else (None, 0)
    if leader and ahead >= AHEAD and (code is None or code in WORDS or not _fits(code, main)):
        return Language(_by_letter(leader, text, letters), 1 - 0.5 ** (ahead + 2), "words")
    if code and _fits(code, main):
        return Language(code, 0.9, "declared")
    if main == "Han" and letters >= 10 and counts[main] / letters >= 0.5:
        return Language("zh", 0.95, "script")
    if letters < MIN_LETTERS:
        return None
    guess = _langdetect(text) if isinstance(detector, str) else detector(text)
    if guess is None or guess[1] < SURE or not _fits(guess[0], main):
        return None
    found, confidence = _by_letter(guess[0], text, letters), guess[1]
    if leader and ahead >= DOUBT and found != leader:
        return None
    by = "langdetect" if isinstance(detector, str) else detector.__name__
    return Language(found, confidence, by)


def detect_lines(
    lines: Iterable[str], declared: str | None = None, detector: str | Detector = "words"
) -> Language | None:
    """The language of a document, told from its longest lines: menus and labels say least of it.

    Each gives its beginning alone, so that one paragraph in another language cannot outvote the rest.
    """
    longest = sorted(lines, key=len, reverse=True)[: LOOK // LINE_LOOK]
    look = max(LINE_LOOK, LOOK // max(len(longest), 1))
    return detect("\n".join(line[:look] for line in longest), declared, detector)


def warm_up() -> None:
    """Load what `detect` may need: langdetect's profiles take a while."""
    _languages_of()
    _factory()


def _by_script(counts: dict[str, int], letters: int) -> str | None:
    """The language that the scripts of a text settle by themselves."""
    if counts.get("Kana", 0) > letters * 0.05:
        return "ja"
    main = next(iter(counts))
    return _BY_SCRIPT.get(main) if letters >= 10 and counts[main] / letters >= 0.5 else None


@lru_cache(maxsize=1)
def _languages_of() -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    languages: dict[str, list[str]] = {}
    for language, words in WORDS.items():
        for word in set(words.split()):
            languages.setdefault(word, []).append(language)
    return {word: tuple(found) for word, found in languages.items()}, frozenset(languages)


@lru_cache(maxsize=256)
def _words_of(language: str) -> frozenset[str]:
    return frozenset(WORDS.get(language, "").split())


def _small_words(text: str) -> frozenset[str]:
    """The different small words of any language in ``text``."""
    return _languages_of()[1].intersection(text.lower().replace("’", " ").replace("'", " ").split())


def _by_words(text: str, script: str) -> tuple[str | None, int]:
    """The language with the most different small words in ``text``, and how many more it has than the next.

    A word counts once, however often it stands there: a name with a small word in it comes again and again.
    """
    counts = Counter(chain.from_iterable(map(_languages_of()[0].__getitem__, _small_words(text))))
    if not counts:
        return None, 0
    leader = max(counts, key=counts.__getitem__)  # any one of several equals, which are not ahead of each other
    most = counts.pop(leader)
    return (leader, most - max(counts.values(), default=0)) if _fits(leader, script) else (None, 0)


def reads_as(text: str, language: str) -> bool:
    """True when the beginning of ``text`` is surely in ``language``; False when that takes a closer look.

    >>> reads_as("The ministers met in the old town hall, and they signed the treaty.", "en")
    True
    >>> reads_as("Die Minister trafen sich im alten Rathaus und unterzeichneten den Vertrag.", "en")
    False
    """
    if language not in WORDS:
        counts = scripts(text[:READ])
        return bool(counts) and _by_script(counts, sum(counts.values())) == language
    known = _words_of(language)
    for look in (READ, 2 * READ):
        found = _small_words(text[:look])
        own = len(found & known)
        if own >= 2 and own >= OWN * len(found):
            return True
    return False


def _by_letter(found: str, text: str, letters: int) -> str:
    for (taken_for, letter), better in _BY_LETTER.items():
        if found == taken_for and text.casefold().count(letter) > LETTER_SHARE * letters:
            return better
    return found


def _fits(code: str, script: str) -> bool:
    if script in _SHARED:
        return code in _SHARED[script]
    if script in _BY_SCRIPT:
        return code == _BY_SCRIPT[script]
    return not any(code in codes - {"sr", "uz", "kk", "ku", "az"} for codes in _SHARED.values()) and (
        code not in _BY_SCRIPT.values()
    )


class _Grams(dict[str, list[float]]):
    """For each n-gram that langdetect knows, its share in each language, counted out when it is first asked for.

    Counting out all 88,000 at once takes half a second and 40 MB, which every worker would pay.
    """

    def __init__(self, profiles: Sequence[Mapping[str, Any]]) -> None:
        self._profiles = [(profile["freq"], profile["n_words"]) for profile in profiles]
        self._known = frozenset(chain.from_iterable(counts for counts, _ in self._profiles))

    def __contains__(self, gram: object) -> bool:
        return gram in self._known

    def __missing__(self, gram: str) -> list[float]:
        place = len(gram) - 1
        row = [counts.get(gram, 0) / totals[place] for counts, totals in self._profiles]
        self[gram] = row
        return row


@lru_cache(maxsize=1)
def _factory() -> Any:
    from langdetect import DetectorFactory
    from langdetect.detector_factory import PROFILES_DIRECTORY

    DetectorFactory.seed = SEED
    factory = DetectorFactory()
    profiles = [json.loads(path.read_bytes()) for path in sorted(Path(PROFILES_DIRECTORY).glob("[a-z]*"))]
    factory.langlist = [profile["name"] for profile in profiles]
    factory.word_lang_prob_map = _Grams(profiles)
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
