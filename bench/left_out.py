"""How well texts are cleaned in a language that the model of lines never saw.

    python bench/left_out.py [--data DIR] [--folds DIR]

For each language with labelled texts a model is trained on the texts of all other languages alone, and the language's
texts are cleaned with it, extracted and whole-body ones together; beside it stand the figures of the models that know
the language from other sites (`make train` leaves them in build/folds).  English and German, of which there are most
texts, count as any other.  Rules are those of the project, so that what packs say of a language helps in both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from folds import FOLD_MODELS, cleaner_of, has_models
from included import include
from labelled import DATA, Labelled, fold_of, read_labelled_texts
from text import OURS, Outcomes, figures, measure_with
from train_text import LEXICON_SITES, SCORES, Lexicons, Tables, Text, look_at, matrix, training_record, write

from cleaner.filters.layout import MODEL

MODELS = Path("build") / "left_out"
# Languages with fewer texts tell nothing.
MIN_TEXTS = 12


def train_without(language: str, texts: list[Text], lexicons: Lexicons, data: Path, folds: Path) -> None:
    """Write the model of all texts but those of a language; its words are unknown, too.

    The second round learns from scores that first rounds of the folds gave to lines of other languages.
    """
    lines = Tables(texts)
    rest = np.array([text.language != language for text in texts])[lines.bounds.text]
    features = matrix(texts, lexicons, set())
    seen = lines.seen(np.load(folds / SCORES), features)
    known = {code: lexicons.get(code, set()) for code in LEXICON_SITES if code != language}
    calibration = json.loads(MODEL.read_text(encoding="utf-8"))["calibration"]
    record = training_record(data, [text for text in texts if text.language != language])
    rounds = [lines.fit_first(features, rest), lines.fit_second(seen, rest)]
    write(MODELS / f"{language}.json", rounds, known, calibration, record | {"without language": language})


def measure_both(job: tuple[Labelled, str, str, str]) -> tuple[Outcomes, Outcomes]:
    """What becomes of a text with the model that knows its language, and with the one that does not."""
    text, language, data, folds = job
    known, unknown = cleaner_of(folds, fold_of(text.site)), cleaner_of(str(MODELS), language)
    return measure_with(known, text, data), measure_with(unknown, text, data)


def main() -> int:
    """Print the table, and put it into the quality page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS)
    options = parser.parse_args()
    if not has_models(options.folds):
        return 2
    MODELS.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        texts = list(pool.map(look_at, read_labelled_texts(options.data), chunksize=16))
    lexicons = Lexicons(texts)
    languages = [code for code, count in Counter(text.language for text in texts).most_common() if count >= MIN_TEXTS]
    rows = [
        "| language | texts | sites | model | cruft precision | cruft recall | story lost | token F1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for language in filter(None, languages):
        train_without(language, texts, lexicons, options.data, options.folds)
        own = [text.source for text in texts if text.language == language]
        jobs = [(text, language, str(options.data), str(options.folds)) for text in own]
        with ProcessPoolExecutor() as pool:
            both = list(pool.map(measure_both, jobs, chunksize=8))
        sites = len({text.site for text in own})
        for name, results in zip(("knows it", "**never saw it**"), zip(*both, strict=True), strict=True):
            row = figures([one.tools[OURS] for one in results])
            rows.append(
                f"| {language} | {len(own):,} | {sites} | {name} | {row['precision']:.3f} | {row['recall']:.3f} "
                f"| {row['lost']:.2%} | {row['f1']:.4f} |"
            )
            print(rows[-1], flush=True)
    include("bench/left_out.py", "\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
