"""What a line looks like, in any script: its weight in words, whether it ends a sentence, whether it reads as prose.

Scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are weighed by characters, and no
function here asks for capital letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from threading import Lock
from typing import Protocol, TypeVar, cast
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Codes = npt.NDArray[np.uint8]

# Full stops, question and exclamation marks, ellipses: Latin, CJK, Arabic, Urdu, Devanagari, Armenian, Ethiopic,
# Burmese, Khmer and Tibetan.  The Armenian question and exclamation marks stand inside words and are not here.
SENTENCE_ENDS = ".!?…‥。．！？｡؟۔।॥։።፧፨။៕།"
# Quotation marks and brackets that may follow the sentence end.  Leaving out the curly ones alone would make a C4-like
# rule lose 16 points of story (docs/quality.md).
CLOSERS = "\"'”’»«›‹)]}」』】〉》）］｝〞″′“‘*_ \t\u00a0\u200f\u200e\u202c\u2069"
BULLETS = "-–—―•·∙*▪▫■□►▶▸»›>○●◦‣⁃|–・◆◇★☆✓✔→"

# Combining marks, which belong to the word they stand in: Latin, Cyrillic, Hebrew, Arabic, and all of the Indic blocks.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u0900-\u0963\u0971-\u0df3\u200c\u200d"
)
_WORD = re.compile(rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*(?:['’ʼ\-](?:[^\W_]+|[{MARKS}]+)+)*")
# Signs of typography that stand between words and hold them apart, and the apostrophe that holds parts of one together.
_APART = "“”‘–—…•\u00a0"
_APOSTROPHE, _STAND_IN, _JOINED = "’", "\x01", "+"
_TYPOGRAPHY = frozenset(_APART + _APOSTROPHE)
# Those that `fold` writes in ASCII; it leaves the others as they are.
_FOLDED = {"…": "...", "\u00a0": " "}
_LOWER = bytes(range(256)).lower()
# ASCII in lower case, with a space for all that stands in no word and is no line break.
_BREAK, _SPACE, _DIGITS = b"\n 0"
_IN_WORDS = bytes(
    ord(_JOINED) if chr(code) == _STAND_IN
    else code if chr(code) in "'-\n"
    else ord(chr(code).lower()) if chr(code).isalnum() else _SPACE
    for code in range(128)
).ljust(256)  # fmt: skip
# The same with a space for white space alone.
_LOWER_SPACED = bytes(_SPACE if code < 128 and chr(code).isspace() and code != _BREAK else code for code in _LOWER)
# Apostrophes and hyphens that hold no two parts of a word together.
_LOOSE = re.compile(r"['\-+](?:(?![a-z0-9])|(?<![a-z0-9].))", re.DOTALL)
_NO_LETTERS = re.compile(r"[\W_]+")
_ASCII_OTHERS = bytes(code for code in range(128) if not chr(code).isalnum())
_ASCII = bytes(range(128))
# Characters that nobody sees: soft hyphens, zero-width spaces, marks of writing direction, byte order marks.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Digits of other scripts: patterns and comparisons know those of ASCII.
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
# Code points of scripts that put no spaces between words: Kana, Han, Thai, Lao, Burmese, Khmer.
UNSPACED = (
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x20000, 0x2FFFF),
)
_UNSPACED = "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED)
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
# Characters of an unspaced script that weigh as much as one word: Chinese and Japanese news run at 1.6 to 2.2
# characters a word, Thai at about 4; 2 errs on the side of seeing prose.
CHARACTERS_A_WORD = 2.0
_ARMENIAN = re.compile("[\u0531-\u0587]")
_TAGGED = re.compile(rf"[{re.escape(SENTENCE_ENDS)}][{re.escape(CLOSERS)}]*\s*[(\[/][^()\[\]/]{{1,24}}[)\]/]\s*$")
_MARK = re.compile(rf"(?:[{re.escape(BULLETS)}]|\d{{1,3}}[.)])\s")
# A line with a sentence end reads as prose from this many words on: shorter ones are as often prompts ("Subscribe to
# our newsletter today.") as story.
PROSE_WORDS = 8.0
# Without a sentence end it takes this many: headlines and teaser titles hardly ever reach 30 words.
LONG_WORDS = 30.0

# Bounds the cost of looking at one line: its shape is settled long before.
MAX_LOOK = 20_000
# Several filters ask the same of a line: answers are kept for lines of up to this many characters, and all of them
# forgotten when the lines have so many together: as many as the longest document that is cleaned by default.
REMEMBERED_LENGTH = 2000
REMEMBERED = 5_000_000
# What may be kept from one group of documents to the next: the lines of a site come again.
KEPT = 500_000
_memories: WeakSet[Callable[[int], None]] = WeakSet()
_memories_lock = Lock()


class Remembered(Protocol[T]):
    """A function of a line that remembers its answers."""

    def __call__(self, line: str, /) -> T:
        """The answer, which is found when it is first asked for."""
        ...

    def lacks(self, lines: Iterable[str]) -> list[str]:
        """Those of some lines, each once, whose answers it would remember and does not know."""
        ...

    def learn(self, lines: Sequence[str], answers: Iterable[T]) -> None:
        """Remember the answers for lines that it lacks: each must be what it would find."""
        ...


def remembered(function: Callable[[str], T]) -> Remembered[T]:
    """A pure function of a line, never None, that remembers its answers; what it keeps is bounded.

    >>> shout = remembered(str.upper)
    >>> shout("read more") is shout("read more")
    True
    >>> shout.learn(["also read"], ["ALSO READ"])
    >>> shout.lacks(["also read", "also see"])
    ['also see']
    """
    known: dict[str, T] = {}
    held = 0

    @wraps(function)
    def answer(line: str) -> T:
        nonlocal held
        if (told := known.get(line)) is not None:
            return told
        found = function(line)
        if len(line) <= REMEMBERED_LENGTH:
            held += len(line)
            if held > REMEMBERED:
                forget(REMEMBERED)
            known[line] = found
        return found

    def forget(most: int) -> None:
        nonlocal held
        if held > most:
            known.clear()
            held = 0

    def lacks(lines: Iterable[str]) -> list[str]:
        return [line for line in dict.fromkeys(lines) if line not in known and len(line) <= REMEMBERED_LENGTH]

    def learn(lines: Sequence[str], answers: Iterable[T]) -> None:
        nonlocal held
        held += sum(map(len, lines))
        if held > REMEMBERED:
            forget(REMEMBERED)
        known.update(zip(lines, answers, strict=True))

    with _memories_lock:
        _memories.add(forget)
    answer.lacks, answer.learn = lacks, learn  # type: ignore[attr-defined]
    return cast(Remembered[T], answer)


def forget_lines() -> None:
    """Make room between documents: forget the lines where they are more than may be kept."""
    with _memories_lock:
        for forget in _memories:
            forget(KEPT)


def read_lines(lines: Iterable[str]) -> None:
    """Have `fold` and `weight` of lines ready, and `spaced` of the folded ones: together they take half the time.

    Only lines in ASCII and signs of typography are read so, as most English ones are; others are read when asked for.

    >>> read_lines(["The story.", "“More”  here"])
    >>> fold("“More”  here"), weight("The story.")
    ('“more” here', 2.0)
    """
    new = [line for line in weight.lacks(lines) if line.isascii() or _signs(line) <= _TYPOGRAPHY]
    text = "\n".join(new)
    if not new or text.count("\n") >= len(new) or _STAND_IN in text:
        return
    text = _fold_plain(text)
    folded = text.split("\n")
    fold.learn(new, folded)
    found = np.frombuffer(b"\n%b\n" % _lowered_words(text), dtype=np.uint8).copy()
    joins = np.flatnonzero(found < _DIGITS)
    joins = joins[found[joins] > _SPACE]
    loose = (found[joins - 1] < _DIGITS) | (found[joins + 1] < _DIGITS)
    found[joins[loose]] = _SPACE
    told = found.tobytes().decode("ascii").replace(_JOINED, _APOSTROPHE)
    spaced.learn(folded, told[1:-1].split("\n"))
    is_gap = found <= _SPACE
    begins = np.flatnonzero(is_gap[:-1] > is_gap[1:])
    counts = np.diff(np.searchsorted(begins, np.flatnonzero(found == _BREAK)))
    weight.learn(new, counts.astype(np.float64).tolist())


def _fold_plain(text: str) -> str:
    """`fold` of all lines of a text in ASCII and signs of typography."""
    for sign, plain in _FOLDED.items():
        text = text.replace(sign, plain)
    codes = np.frombuffer(b"\n%b\n" % text.encode("utf-8").translate(_LOWER_SPACED), dtype=np.uint8)
    folded = _without_space(_without_space(codes)[::-1])[::-1]
    return folded[1:-1].tobytes().decode("utf-8")


def _without_space(codes: Codes) -> Codes:
    """The codes, of which the first is a line break, less spaces behind other white space."""
    is_space = codes == _SPACE
    is_space[1:] &= is_space[:-1] | (codes[:-1] == _BREAK)
    return codes[~is_space] if is_space.any() else codes


def _signs(text: str) -> set[str]:
    """The characters of a text that are not ASCII."""
    return set(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))


@remembered
def weight(line: str) -> float:
    """Length of a line in words; for scripts without spaces, characters by `CHARACTERS_A_WORD`.

    >>> weight("Two ministers met."), weight("两国外长会晤。")
    (3.0, 3.0)
    """
    line = line[:MAX_LOOK]
    if line.isascii() or _signs(line) <= _TYPOGRAPHY:
        return float(len(spaced(line).split()))
    wide = sum(len(run) for run in _UNSPACED_RUN.findall(line))
    rest = _UNSPACED_RUN.sub(" ", line) if wide else line
    return len(_WORD.findall(rest)) + wide / CHARACTERS_A_WORD


@remembered
def ends_sentence(line: str) -> bool:
    """True when the line ends as a sentence does, in any script, closing quotes and brackets aside.

    A short note in brackets behind the sentence ("(NPA)", an agency's tag) does not count, and in Armenian text a colon
    does, since it is written for the full stop.

    >>> ends_sentence("He said: “We agreed.”"), ends_sentence("合意した。」"), ends_sentence("Politics")
    (True, True, False)
    """
    if line[-1:] == ".":  # as of most
        return True
    bare = line.rstrip().rstrip(CLOSERS)
    if bare == "":
        return False
    if bare[-1] in SENTENCE_ENDS or (bare[-1] == ":" and _ARMENIAN.search(bare[-200:])):
        return True
    return _TAGGED.search(line[-60:]) is not None


def is_question(line: str) -> bool:
    """True when a line ends with a question or exclamation mark, as headlines may.

    >>> is_question("Who will win?"), is_question("She won.")
    (True, False)
    """
    bare = line.rstrip().rstrip(CLOSERS)
    return bare != "" and bare[-1] in "?!？！؟"


def is_marked(line: str) -> bool:
    """True when a line begins with a list mark: a bullet or dash and a space, or a number and a dot or bracket.

    >>> is_marked("- one"), is_marked("2) two"), is_marked("2 May")
    (True, True, False)
    """
    return _MARK.match(line) is not None


@remembered
def is_prose(line: str) -> bool:
    """True when a line reads like story prose: a sentence of some length, or a very long line.

    >>> is_prose("The two ministers agreed to meet again in the spring."), is_prose("Related articles")
    (True, False)
    """
    words = weight(line)
    # a long line that ends in a colon leads to a list or a quotation of the story
    return words >= LONG_WORDS or (
        words >= PROSE_WORDS and (ends_sentence(line) or line.rstrip().endswith((":", "：")))
    )


def is_bullet(line: str) -> bool:
    """True for a line of nothing but bullets or dashes.

    >>> is_bullet("-"), is_bullet("• •"), is_bullet("- item")
    (True, True, False)
    """
    return line != "" and len(line) <= 8 and all(character in BULLETS or character.isspace() for character in line)


def fold_line(text: str) -> str:
    """`fold`, of a line that will not be asked about again."""
    folded = text.lower() if text.isascii() else _folded(text)
    # a printable text has no white space but the plain one
    if folded.isprintable() and "  " not in folded and folded[:1] != " " and folded[-1:] != " ":
        return folded
    return " ".join(folded.split())


@remembered
def fold(text: str) -> str:
    """The form in which lines are compared: NFKC, case-folded, digits those of ASCII, white space collapsed.

    Invisible characters are gone.

    >>> fold("  Straße\\u00a0 NR. ① "), fold("نظرات (۱۲)")
    ('strasse nr. 1', 'نظرات (12)')
    """
    return fold_line(text)


def _folded(text: str) -> str:
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), folded)


@remembered
def letters(text: str) -> str:
    """The letters and digits of a text, case-folded: what is left of it whatever becomes of space and punctuation.

    >>> letters("Straße Nr. 4 – “Elm_Hall”")
    'strassenr4elmhall'
    """
    if text.isascii():
        return text.encode("ascii").translate(_LOWER, _ASCII_OTHERS).decode("ascii")
    return _NO_LETTERS.sub("", text.casefold())


def fold_with_map(text: str) -> tuple[str, list[int]]:
    """`fold`, and for every folded character the position in ``text`` that it comes from, plus one for the end.

    >>> folded, places = fold_with_map("Ａ  ﬁn")
    >>> folded, places
    ('a fin', [0, 1, 3, 3, 4, 5])
    """
    characters: list[str] = []
    places: list[int] = []
    for start, cluster in _clusters(text):
        for character in _folded(cluster):
            if not character.isspace():
                characters.append(character)
            elif characters and characters[-1] != " ":
                characters.append(" ")
            else:
                continue
            places.append(start)
    if characters and characters[-1] == " ":
        characters.pop()
        places.pop()
        end = len(text.rstrip())
    else:
        end = len(text)
    return "".join(characters), [*places, end]


def _clusters(text: str) -> Iterable[tuple[int, str]]:
    """Each base character with the combining marks behind it: the largest piece that NFKC may change together."""
    start = 0
    for position in range(1, len(text)):
        if not _joins(text[position]):
            yield start, text[start:position]
            start = position
    if text:
        yield start, text[start:]


def _joins(character: str) -> bool:
    # Hangul vowels and finals compose with the jamo before them although they are no combining marks.
    return bool(unicodedata.combining(character)) or "\u1160" <= character <= "\u11ff" or "ﾞ" <= character <= "ﾟ"


def word_matches(text: str) -> Iterator[re.Match[str]]:
    """The words of a text as they are written, with their places; a run of an unspaced script is one of them.

    >>> [match.group() for match in word_matches("Baku’s 3+3 format")]
    ['Baku’s', '3', '3', 'format']
    """
    return _WORD.finditer(text)


def spread(text: str) -> str:
    """The text with spaces around every character of a script that has none between words.

    >>> spread("外长 met")
    ' 外 长  met'
    """
    return _UNSPACED_RUN.sub(lambda run: f" {' '.join(run.group())} ", text)


def unspaced(text: str) -> bool:
    """Whether a text holds characters of a script that puts no spaces between words."""
    return _UNSPACED_RUN.search(text) is not None


@remembered
def tokens(text: str) -> tuple[str, ...]:
    """Case-folded words; single characters of scripts without spaces.

    >>> tokens("Baku’s 3+3 format"), tokens("外长 met")
    (('baku’s', '3', '3', 'format'), ('外', '长', 'met'))
    """
    return tuple(spaced(text).split())


@remembered
def spaced(text: str) -> str:
    """The `tokens` of a text with white space between them.

    >>> spaced("Well-known: 3+3").split()
    ['well-known', '3', '3']
    """
    if _STAND_IN in text or not (text.isascii() or _signs(text) <= _TYPOGRAPHY):
        return " ".join(_WORD.findall(spread(text.casefold())))
    # this takes a third of the time that the pattern takes
    plain = _lowered_words(text).replace(b"\n", b" ").decode("ascii")
    return _LOOSE.sub(" ", plain).replace(_JOINED, _APOSTROPHE)


def _lowered_words(text: str) -> bytes:
    """A text in ASCII and signs of typography in lower case, with a space for all that stands in no word."""
    if not text.isascii():
        text = text.replace(_APOSTROPHE, _STAND_IN)
        for sign in _APART:
            text = text.replace(sign, " ")
    return text.encode("ascii").translate(_IN_WORDS)


# Words counted as carrying a subject: function words are shorter in the languages that were looked at.
SUBJECT_LETTERS = 5


def subject_words(words: Sequence[str]) -> set[str]:
    """Those of some tokens that carry a subject: long ones, and all that are not written in ASCII letters.

    >>> sorted(subject_words(("the", "council", "of", "elm", "мир")))
    ['council', 'мир']
    """
    if "".join(words).isascii():
        return {word for word in words if len(word) >= SUBJECT_LETTERS}
    return {word for word in words if len(word) >= SUBJECT_LETTERS or not word.isascii()}


# Scripts by the first code points of their blocks; enough to tell which writing a news text is in.
_SCRIPTS = (
    ("Latin", "A-Za-zÀ-ɏḀ-ỿ"),
    ("Cyrillic", "\u0400-\u052f"),
    ("Greek", "\u0370-\u03ff\u1f00-\u1fff"),
    ("Armenian", "\u0531-\u0587"),
    ("Georgian", "\u10a0-\u10ff\u1c90-\u1cbf"),
    ("Hebrew", "\u0590-\u05ff"),
    ("Arabic", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff"),
    ("Devanagari", "\u0900-\u097f"),
    ("Bengali", "\u0980-\u09ff"),
    ("Gurmukhi", "\u0a00-\u0a7f"),
    ("Gujarati", "\u0a80-\u0aff"),
    ("Tamil", "\u0b80-\u0bff"),
    ("Telugu", "\u0c00-\u0c7f"),
    ("Kannada", "\u0c80-\u0cff"),
    ("Malayalam", "\u0d00-\u0d7f"),
    ("Sinhala", "\u0d80-\u0dff"),
    ("Thai", "\u0e00-\u0e7f"),
    ("Lao", "\u0e80-\u0eff"),
    ("Burmese", "\u1000-\u109f"),
    ("Ethiopic", "\u1200-\u137f"),
    ("Khmer", "\u1780-\u17ff"),
    ("Hangul", "\u1100-\u11ff\uac00-\ud7af"),
    ("Kana", "\u3040-\u30ff"),
    ("Han", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"),
)
_SCRIPT_RUNS = tuple((name, re.compile(f"[{ranges}]+")) for name, ranges in _SCRIPTS)
_LETTER_RUNS = re.compile(f"[{''.join(ranges for _, ranges in _SCRIPTS)}]+")
_ASCII_LETTERS = bytes(code for code in _ASCII if chr(code).isalpha())


def scripts(text: str) -> dict[str, int]:
    """Letters of ``text`` by script, most frequent first; looks at the first `MAX_LOOK` characters.

    >>> scripts("Баку и Ереван, Baku")
    {'Cyrillic': 11, 'Latin': 4}
    """
    data = text[:MAX_LOOK].encode("utf-8", "surrogatepass")
    counts = {"Latin": len(data) - len(data.translate(None, _ASCII_LETTERS))}
    rest = "".join(_LETTER_RUNS.findall(data.translate(None, _ASCII).decode("utf-8", "surrogatepass")))
    for name, runs in _SCRIPT_RUNS:
        if not rest:
            break
        others = runs.sub("", rest)  # what is left gets shorter and the next look at it cheaper
        counts[name] = counts.get(name, 0) + len(rest) - len(others)
        rest = others
    return {name: count for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count}
