"""An invented news corpus of any size, with the truth about every line written beside it.

    python bench/synthetic.py OUT [--documents N] [--sites N] [--seed N]

Writes OUT/raw/part-00000.jsonl … (what a scraper leaves: id, url, title, date, text) and OUT/truth/part-00000.jsonl …
(for each document its id and, for each line of its text, label and particulars).  One seed gives one corpus, byte for
byte; each document is drawn from a generator of its own, so that memory does not grow with the corpus.

The languages are invented words between the real small words of ten languages in six scripts.  Labels of lines:

- ``headline``, ``story``: written for this document alone;
- ``background``: a paragraph that a site prints word for word in the midst of several stories; it is story;
- ``refrain``: a short line that many stories of a site have between their paragraphs (subheadings); it is story;
- ``template``: furniture of the site: at the head, at the tail, or between two paragraphs;
- ``teaser``: headline or summary of another document of the site, whose id is under ``of``;
- ``wire``: paragraph ``paragraph`` of wire story ``story``, which many sites print, ``edits`` words of it changed;
- ``version``: a paragraph of a story that the site printed before and has corrected;
- ``lookalike``: a paragraph that differs from those of its ``family`` in numbers, dates, names or a negation alone.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from cleaner.function_words import WORDS

PART = 5_000
# Syllables of which a language's words are made, what ends a sentence, and what stands between words.
SYLLABLES = {
    "en": ("ba co den fer gal hin lor mar nes pol ren sta tor ver win", ".", " "),
    "de": ("ber dorf eis ger hau ker lich mann nau rei schla stein trag wald zung", ".", " "),
    "fr": ("bel chan dou eau fran geo jar lis mou nais poi que rou tier vre", ".", " "),
    "es": ("bar cas del era flo gua isla jor lla mon nera pue rio sol tura", ".", " "),
    "tr": ("ala bey cik dağ elma güz han köy lar mak ova pın rüz sel yıl", ".", " "),
    "ru": ("бор вод гор дол ель жар зем кам лес мор нов пол рек сел тро", ".", " "),
    "ar": ("بار تمر جبل دار رمل زهر سهل شجر صبر طين عين قصر كرم نهر وطن", ".", " "),
    "hi": ("कम गढ़ चल जल तट दर नद पर बल मन रथ लता वन शील हर", "।", " "),
    "zh": (" ".join(chr(0x4E00 + 23 * place) for place in range(500)), "。", ""),
    "ja": (" ".join(chr(0x4E0B + 29 * place) for place in range(400)), "。", ""),
}
MONTHS = "January February March April May June July August September October November December".split()
# Words that turn a statement round, one a language; edits never touch them.
NOT = {
    "en": "not", "de": "nicht", "fr": "pas", "es": "no", "tr": "değil", "ru": "не", "ar": "لم", "hi": "नहीं",
    "zh": "没有", "ja": "ない",
}  # fmt: skip
# Small words that tell news apart: negations and numbers.
TELLING = frozenset("ne sin dos bir iki لا غير".split())
# Small words of the languages of which `function_words` has none, since nothing else shares their script.
SMALL = {
    "hi": "और का की के में से को है पर यह",
    "zh": "的 了 在 和 是 与 对 将 于 从",
    "ja": "は が を に で と の も から まで",
}
CASED = frozenset(("en", "de", "fr", "es", "tr", "ru"))
EDITS = ("drop", "insert", "small", "swap", "mark")
# How often each edit is made: desks cut and add words, and change small ones, more than they look for synonyms.
EDIT_WEIGHTS = (6, 5, 4, 1, 4)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of an invented language."""

    code: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    small: tuple[str, ...]
    stop: str
    space: str


@lru_cache(maxsize=32)
def lexicon(code: str) -> Lexicon:
    """The lexicon of a language: the same in every corpus."""
    draw = random.Random(f"lexicon {code}")
    syllables, stop, space = SYLLABLES[code]
    words = list(dict.fromkeys("".join(draw.choices(syllables.split(), k=draw.choice((2, 2, 3)))) for _ in range(2500)))
    small = SMALL.get(code) or WORDS.get(code) or ""
    known = [
        word
        for word in small.split()
        if word not in TELLING and word != NOT[code] and len(word) > (0 if code in SMALL else 1)
    ]
    if code == "de":  # nouns have capitals
        words = [word.capitalize() if place % 3 == 0 else word for place, word in enumerate(words)]
    names = [word.capitalize() if code in CASED else word for word in words[-400:]]
    return Lexicon(code, tuple(words[:-400]), tuple(names), tuple(known[:40]), stop, space)


def sentence(draw: random.Random, words: Lexicon, length: int) -> list[str]:
    """A sentence as tokens: small words, content words, names, now and then a number."""
    tokens = []
    for place in range(length):
        chance = draw.random()
        if chance < 0.4 and words.small:
            token = draw.choice(words.small)
        elif chance < 0.9:
            token = words.words[int(len(words.words) * draw.random() ** 2)]
        elif chance < 0.97:
            token = draw.choice(words.names)
        else:
            token = str(draw.randint(2, 2000))
        tokens.append(token[:1].upper() + token[1:] if place == 0 else token)
    return tokens


def paragraph(draw: random.Random, words: Lexicon) -> list[str]:
    """A paragraph of two or three sentences as tokens, the full stops on the last words."""
    tokens: list[str] = []
    for _ in range(draw.randint(2, 3)):
        part = sentence(draw, words, draw.randint(10, 18))
        part[-1] += words.stop
        tokens += part
    return tokens


def written(tokens: list[str], words: Lexicon) -> str:
    """Tokens as text."""
    return words.space.join(tokens)


def title(draw: random.Random, words: Lexicon) -> str:
    """A headline."""
    return written(sentence(draw, words, draw.randint(7, 11)), words)


def edited(draw: random.Random, tokens: list[str], words: Lexicon, share: float) -> tuple[list[str], int]:
    """The tokens with at most ``share`` of them edited, and how many were: never names, numbers or negations."""
    tokens = list(tokens)
    most = max(1, int(share * len(tokens)))
    count = draw.randint(1, most)
    guarded = set(words.names) | {NOT[words.code]}
    for _ in range(count):
        places = [
            place
            for place in range(1, len(tokens) - 1)
            if tokens[place].isalpha() and tokens[place] not in guarded and not tokens[place - 1].endswith(words.stop)
        ]
        if not places:
            break
        place = draw.choice(places)
        edit = draw.choices(EDITS, EDIT_WEIGHTS)[0]
        if words.code == "de" and tokens[place][0].isupper():
            edit = "mark"
        if edit == "drop":
            del tokens[place]
        elif edit == "insert":
            tokens.insert(place, draw.choice(words.small))
        elif edit == "small" and tokens[place] in words.small:
            tokens[place] = draw.choice(words.small)
        elif edit == "swap" and tokens[place] not in words.small:
            tokens[place] = draw.choice(
                [word for word in words.words[:200] if word.islower() or words.code not in CASED]
            )
        else:
            tokens[place] += "，" if words.space == "" else "،" if words.code == "ar" else ","
    return tokens, count


@dataclass
class Page:
    """A document under construction: lines with their labels."""

    lines: list[str] = field(default_factory=list)
    truth: list[dict[str, object]] = field(default_factory=list)

    def add(self, text: str, label: str, **particulars: object) -> None:
        """Add a line."""
        self.lines.append(text)
        self.truth.append({"label": label, **particulars})


class Corpus:
    """The corpus of one seed: ``documents`` pages of ``sites`` sites.

    >>> corpus = Corpus(documents=40, sites=4, seed=1)
    >>> record, truth = corpus.page(7)
    >>> record == Corpus(documents=40, sites=4, seed=1).page(7)[0]
    True
    >>> len(record["text"].splitlines()) == len(truth["lines"])
    True
    """

    def __init__(self, documents: int, sites: int, seed: int = 0) -> None:
        self.documents, self.sites, self.seed = documents, max(1, min(sites, documents)), seed
        self.codes = list(SYLLABLES)

    def _draw(self, *key: object) -> random.Random:
        return random.Random(" ".join(map(str, (self.seed, *key))))

    def site(self, number: int) -> int:
        """The site of a document: half of them are spread evenly, half go to a fifth of the sites, which are large."""
        return number // 2 % self._cycle(number)

    def _cycle(self, number: int) -> int:
        return self.sites if number % 2 else max(1, self.sites // 5)

    def code(self, site: int) -> str:
        """Language of a site; a third of them is English."""
        return "en" if site % 3 == 0 else self.codes[site % len(self.codes)]

    @lru_cache(maxsize=4096)  # noqa: B019  a corpus lives as long as the program
    def furniture(self, site: int) -> dict[str, list[str]]:
        """What a site prints round its stories."""
        draw, words = self._draw("furniture", site), lexicon(self.code(site))

        def short(low: int, high: int) -> str:
            return written(sentence(draw, words, draw.randint(low, high)), words)

        return {
            "head": [short(1, 4) for _ in range(draw.randint(1, 4))],
            "tail": [short(2, 9) for _ in range(draw.randint(2, 6))]
            + [written(paragraph(draw, words), words) for _ in range(draw.randint(0, 2))],
            "inline": [short(4, 8) for _ in range(draw.randint(0, 2))],
            "sections": [short(1, 2) for _ in range(5)],
            "background": [written(paragraph(draw, words), words) for _ in range(3)],
            "refrain": [short(2, 3) for _ in range(3)],
        }

    @lru_cache(maxsize=65536)  # noqa: B019
    def kind(self, number: int) -> str:
        """What sort of document it is: own, wire, version of an earlier one, one of a family of look-alikes."""
        return self._draw("kind", number).choices(("own", "wire", "version", "lookalike"), (70, 15, 5, 10))[0]

    def _origin(self, number: int) -> int | None:
        """The document of the same site that a version corrects."""
        step = 2 * self._cycle(number)
        return next((one for one in range(number - step, -1, -step) if self.kind(one) == "own"), None)

    def wire(self, number: int) -> tuple[int, Lexicon]:
        """Number and language of the wire story of a document."""
        code = self.code(self.site(number))
        return self._draw("wire", number).randrange(max(1, self.documents // 60)), lexicon(code)

    @lru_cache(maxsize=8192)  # noqa: B019
    def story(self, key: str, code: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
        """Headline and paragraphs of a story by its key."""
        draw, words = self._draw("story", key, code), lexicon(code)
        headline = title(draw, words)
        return headline, tuple(tuple(paragraph(draw, words)) for _ in range(draw.randint(4, 9)))

    def headline(self, number: int) -> tuple[str, str]:
        """Headline and first paragraph of a document."""
        kind, words = self.kind(number), lexicon(self.code(self.site(number)))
        if kind == "wire":
            story, _ = self.wire(number)
            headline, paragraphs = self.story(f"wire {story}", words.code)
        elif kind == "lookalike":
            headline = f"{title(self._draw('look', number), words)} {number}"
            return headline, self._lookalike(number, 0)[0]
        else:
            origin = self._origin(number) if kind == "version" else number
            headline, paragraphs = self.story(f"own {number if origin is None else origin}", words.code)
        return headline, written(list(paragraphs[0]), words)

    def _lookalike(self, number: int, place: int) -> tuple[str, str]:
        """Paragraph ``place`` of a report of which there are three or so, and its family."""
        words = lexicon(self.code(self.site(number)))
        family = f"{words.code} {self._draw('family', number).randrange(max(1, self.documents // 40))}"
        base = paragraph(self._draw("report", family, place), words)
        own = self._draw("figures", number, place)
        for at in range(3, len(base), 7):
            base[at] = str(own.randint(100, 9999))
        names = [own.choice(words.names), own.choice(words.names)]
        base[5:5] = names if words.code in CASED or own.random() < 0.5 else names[:1]
        base[9:9] = [own.choice(MONTHS) if words.code == "en" else str(own.randint(1, 31))]
        if own.random() < 0.3:
            base.insert(12, NOT[words.code])
        return written(base, words), f"{family} {place}"

    def page(self, number: int) -> tuple[dict[str, str], dict[str, object]]:
        """Record and truth of a document."""
        draw = self._draw("page", number)
        site = self.site(number)
        words, furniture = lexicon(self.code(site)), self.furniture(site)
        section = draw.randrange(5)
        page = Page()
        headline, _ = self.headline(number)
        for line in furniture["head"]:
            page.add(line, "template")
        page.add(furniture["sections"][section], "template")
        page.add(headline, "headline")
        self._body(page, number, draw)
        for line in furniture["tail"]:
            if draw.random() < 0.9:
                page.add(line, "template")
        self._teasers(page, number, draw)
        domain = f"site{site}-news.com" if site % 4 else f"site{site}-news.co.uk"
        day = date(2026, 1, 1) + timedelta(days=number * 360 // max(1, self.documents))
        record = {
            "id": f"{number:08d}",
            "url": f"https://www.{domain}/section{section}/{number}.html",
            "title": headline,
            "date": day.isoformat(),
            "text": "\n".join(page.lines) + "\n",
        }
        return record, {"id": record["id"], "site": domain, "language": words.code, "lines": page.truth}

    def _body(self, page: Page, number: int, draw: random.Random) -> None:
        kind, site = self.kind(number), self.site(number)
        words, furniture = lexicon(self.code(site)), self.furniture(site)
        body: list[tuple[str, str, dict[str, object]]] = []
        if kind == "wire":
            story, _ = self.wire(number)
            for place, tokens in enumerate(self.story(f"wire {story}", words.code)[1]):
                own, edits = (list(tokens), 0) if draw.random() < 0.3 else edited(draw, list(tokens), words, 0.1)
                text = written(own, words)
                body.append((text, "wire", {"story": f"{words.code} {story}", "paragraph": place, "edits": edits}))
        elif kind == "lookalike":
            for place in range(3):
                text, family = self._lookalike(number, place)
                body.append((text, "lookalike", {"family": family}))
        else:
            origin = self._origin(number) if kind == "version" else None
            _, paragraphs = self.story(f"own {number if origin is None else origin}", words.code)
            changed = draw.randrange(len(paragraphs))
            for place, tokens in enumerate(paragraphs):
                if origin is None:
                    body.append((written(list(tokens), words), "story", {}))
                elif place == changed:
                    body.append((written(paragraph(draw, words), words), "story", {}))
                else:
                    body.append((written(list(tokens), words), "version", {"of": f"{origin:08d}", "paragraph": place}))
        for place, (text, label, particulars) in enumerate(body):
            page.add(text, label, **particulars)
            if place + 1 < len(body):
                if furniture["inline"] and draw.random() < 0.15:
                    page.add(draw.choice(furniture["inline"]), "template")
                elif draw.random() < 0.05:
                    page.add(draw.choice(furniture["refrain"]), "refrain")
                elif kind == "own" and draw.random() < 0.04:
                    page.add(draw.choice(furniture["background"]), "background")

    def _teasers(self, page: Page, number: int, draw: random.Random) -> None:
        words = lexicon(self.code(self.site(number)))
        mine = self.headline(number)[0]
        step = 2 * self._cycle(number)
        near = [number + step * away for away in range(-12, 13) if away and 0 <= number + step * away < self.documents]
        for other in draw.sample(near, min(len(near), draw.randint(0, 4))):
            headline, lead = self.headline(other)
            if headline == mine:
                continue
            page.add(headline, "teaser", of=f"{other:08d}", part="headline")
            if draw.random() < 0.4:
                cut = lead.split(words.stop)[0] + words.stop if draw.random() < 0.5 else lead
                page.add(cut, "teaser", of=f"{other:08d}", part="summary")

    def pages(self) -> Iterator[tuple[dict[str, str], dict[str, object]]]:
        """All documents."""
        return map(self.page, range(self.documents))


def write(corpus: Corpus, out: Path) -> None:
    """Write the corpus and its truth in parts."""
    for name in ("raw", "truth"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for start in range(0, corpus.documents, PART):
        name = f"part-{start // PART:05d}.jsonl"
        with (
            open(out / "raw" / name, "w", encoding="utf-8") as raw,
            open(out / "truth" / name, "w", encoding="utf-8") as truth,
        ):
            for number in range(start, min(start + PART, corpus.documents)):
                record, known = corpus.page(number)
                raw.write(json.dumps(record, ensure_ascii=False) + "\n")
                truth.write(json.dumps(known, ensure_ascii=False) + "\n")


def main() -> None:
    """Write a corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    write(Corpus(args.documents, args.sites, args.seed), args.out)


if __name__ == "__main__":
    main()
