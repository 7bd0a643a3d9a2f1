"""Dataset cards: what they say is what the run holds, and the Hub's own tools read them."""

from __future__ import annotations

import json
from pathlib import Path

import golden
import hostile
import pytest
from running import cleaner, manifest, rows

from cleaner import FolderError, card
from cleaner.rulebook.load import load_packs

EVIL = "<script>alert(1)</script> | [x](javascript:y) `a` \n---\nevil: true"
NORWEGIAN = (
    "Kommunestyret i Elm vedtok mandag å bygge opp igjen den gamle broen over elven før vinteren kommer.\n"
    "Arbeidet skal begynne i mai, og broen skal åpnes for trafikk to år senere, sa ordføreren til avisen.\n"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("card")
    golden.unpack(folder / "raw")
    records = [{"text": hostile.text(n), "site": f"s{n:02}.example", "date": f"2021-03-{n:02}"} for n in range(1, 25)]
    records += [{"text": hostile.text(30), "site": EVIL}, {"text": NORWEGIAN}, {"text": "No."}]
    (folder / "raw" / "x.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    cleaner("run", folder / "raw", "-o", folder / "elm-news", "--quiet")
    return folder / "elm-news"


def test_a_card_tells_the_books(run: Path) -> None:
    assert card(run, overwrite=True) == run / "README.md"
    text = (run / "README.md").read_text(encoding="utf-8")
    books = manifest(run)["books"]
    assert f"| documents | {books['documents']:,} | {books['clean']:,} |  | {books['rejected']:,} |" in text
    extracted = books["kept_chars"] + books["removed_chars"]
    for name, chars in books["removed_by_filter"].items():
        assert f"| `{name}` | {chars:,} | {chars / extracted:.2%} |" in text
    assert "| `too_little_left` | 1 |" in text
    for file, digest in manifest(run)["header"]["rules"].items():
        assert f"| `{file}` | `{digest}` |" in text
    assert "others |" in text
    assert "license" not in text.split("---")[1]
    documents = rows(run, "clean")
    english = sum(row["language"] == "en" for row in documents.values())
    assert f"| en | {english:,} |" in text
    rules = {rule.id: rule for pack in load_packs() for rule in pack.rules}
    assert f"{rules['en/leave-a-review'].evidence['precision']:.3f} (" in text


def test_nothing_of_a_scrape_acts_in_a_card(run: Path, tmp_path: Path) -> None:
    whole = card(run, tmp_path / "card.md", name=EVIL).read_text(encoding="utf-8")
    _, head, text = whole.split("---\n", 2)
    assert json.loads(head.splitlines()[0].removeprefix("pretty_name: ")) == EVIL
    assert "<script" not in text
    assert "](javascript" not in text
    assert "\nevil: true" not in text


def test_the_hub_reads_it(run: Path, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub comes with datasets, which is not installed")
    path = card(run, tmp_path / "README.md", name="no: yes", licence="cc-by-4.0")
    data = hub.DatasetCard.load(path).data
    assert (data.pretty_name, data.license) == ("no: yes", "cc-by-4.0")
    assert data.language == sorted({row["language"] for row in rows(run, "clean").values() if row["language"]})
    assert "no" in data.language
    assert all(isinstance(code, str) for code in data.language)
    assert data.size_categories == ["n<1K"]


def test_the_folder_loads_as_the_card_says(run: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    card(run, overwrite=True)
    clean = datasets.load_dataset(str(run), split="train", cache_dir=str(tmp_path))
    assert clean.num_rows == manifest(run)["books"]["clean"]
    removed = datasets.load_dataset(str(run), "removed", split="train", cache_dir=str(tmp_path))
    assert removed.num_rows == manifest(run)["books"]["removals"]


def test_a_file_that_says_something_else_is_kept(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("mine")
    with pytest.raises(FolderError, match="--overwrite"):
        card(run, path)
    assert path.read_text() == "mine"
    done = cleaner("card", run, "-o", path, "--overwrite", "--name", "Elm")
    assert "written" in done.stderr
    assert card(run, path, name="Elm").read_text().startswith('---\npretty_name: "Elm"\n')
    assert "no run folder" in cleaner("card", tmp_path, code=2).stderr
