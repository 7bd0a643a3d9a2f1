"""Every way to call the program gives the text that `cleaner run` gives, to the byte."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import golden
import hostile
import pyarrow as pa
import pytest
from running import cleaner, rows, table

from cleaner import Cleaner, Settings, SettingsError, pipe
from cleaner.plugins.tables import TableCleaner

Records = list[dict[str, Any]]
Texts = dict[str, str | None]
"""Clean text by id, None where the record was rejected."""

COLUMNS = {"id": "key", "html": "body"}
MAPPED = Settings(columns=COLUMNS)


def texts() -> Records:
    """Texts and pages in many languages in one column, with some that are rejected."""
    raw = [fixture.raw for fixture in golden.all_golden()[::4]]
    raw += [hostile.text(1) + "\nLeave a review\n", hostile.page(2), "Too short.", " \n", "a" * 5, "\x00\x01 binary?"]
    return [{"id": f"n{place}", "text": text} for place, text in enumerate(raw)]


def mapped() -> Records:
    """Records with facts, whose columns have other names."""
    facts = {"url": "https://www.elm.example/a/1", "title": "Council of Elm votes", "language": "en", "date": None}
    records = [
        {"key": f"k{place}", "body": None, "text": None, **facts}
        | ({"body": fixture.raw} if fixture.path.suffix == ".html" else {"text": fixture.raw})
        for place, fixture in enumerate(golden.all_golden()[1::6])
    ]
    return [*records, {"key": "none", "body": None, "text": None, **facts}]


def by_run(records: Records, settings: Settings, folder: Path) -> Texts:
    lines = "".join(json.dumps(record) + "\n" for record in records)
    maps = [word for field, column in settings.columns.items() for word in ("--map", f"{field}={column}")]
    cleaner("run", "-", "-o", folder, "--no-survey", *maps, stdin=lines, code=None)
    found: Texts = {row["id"]: row["text"] for row in rows(folder, "clean").values()}
    key = settings.columns.get("id", "id")
    return {record[key]: found.get(record[key]) for record in records}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Texts]:
    folder = tmp_path_factory.mktemp("run")
    return {
        "texts": by_run(texts(), Settings(), folder / "texts"),
        "mapped": by_run(mapped(), MAPPED, folder / "mapped"),
    }


# one function an adapter: records in, clean texts by id out


def by_batch(records: Records, settings: Settings, folder: Path) -> Texts:
    cleaned = Cleaner(settings).clean_batch(pa.Table.from_pylist(records))
    key = settings.columns.get("id", "id")
    found: Texts = dict.fromkeys(record[key] for record in records)
    return found | {row["id"]: row["text"] for row in cleaned.clean.to_pylist()}


def by_pipe(records: Records, settings: Settings, folder: Path) -> Texts:
    key, sink = settings.columns.get("id", "id"), io.BytesIO()
    lines = "".join(json.dumps(record) + "\n" for record in records)
    pipe(io.BytesIO(lines.encode()), sink, Settings(columns=settings.columns, workers=1))
    written = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert [record[key] for record in written] == [
        record[key] for record in records if record[key] in {one[key] for one in written}
    ]
    return dict.fromkeys(record[key] for record in records) | {record[key]: record["text"] for record in written}


def of_rows(found: Any, settings: Settings) -> Texts:
    key = settings.columns.get("id", "id")
    for row in found:
        assert (row["text"] is None) == (row["rejected"] is not None), row
    return {row[key]: row["text"] for row in found}


def by_table(records: Records, settings: Settings, folder: Path) -> Texts:
    clean = pickle.loads(pickle.dumps(TableCleaner(settings)))
    return of_rows(clean(pa.Table.from_pylist(records)).to_pylist(), settings)


def by_pandas(records: Records, settings: Settings, folder: Path) -> Texts:
    pd = pytest.importorskip("pandas")
    from cleaner.plugins.pandas import clean_frame, clean_series

    frame = pd.DataFrame(records, index=range(5, 5 + len(records)))
    cleaned = clean_frame(frame, settings)
    assert list(cleaned.index) == list(frame.index)
    if not settings.columns:
        series = clean_series(frame["text"])
        assert series.equals(cleaned["text"].astype(series.dtype))
    return of_rows(cleaned.astype(object).where(cleaned.notna(), None).to_dict("records"), settings)


def by_polars(records: Records, settings: Settings, folder: Path) -> Texts:
    pl = pytest.importorskip("polars")
    from cleaner.plugins.polars import clean_frame, clean_series

    frame = pl.DataFrame(records)
    cleaned = clean_frame(frame, settings)
    if not settings.columns:
        assert clean_series(frame["text"]).to_list() == cleaned["text"].to_list()
        lazy = frame.lazy().select(pl.col("text").cleaner.clean())
        assert lazy.collect(engine="streaming")["text"].to_list() == cleaned["text"].to_list()
    return of_rows(cleaned.to_dicts(), settings)


def by_duckdb(records: Records, settings: Settings, folder: Path) -> Texts:
    duckdb = pytest.importorskip("duckdb")
    from cleaner.plugins.duckdb import register

    connection = duckdb.connect()
    register(connection, settings)
    connection.register("raw", pa.Table.from_pylist(records))
    found = connection.execute("SELECT id, clean(text), clean_audit(text) FROM raw").fetchall()
    for _, text, audit in found:
        assert text == audit["text"]
        assert (text is None) == (audit["rejected"] is not None)
    return {id: text for id, text, _ in found}


def by_datasets(records: Records, settings: Settings, folder: Path) -> Texts:
    datasets = pytest.importorskip("datasets")
    from cleaner.plugins.datasets import clean_dataset

    raw = datasets.Dataset.from_list(records)
    cleaned = list(clean_dataset(raw, settings, batch_size=7))
    assert list(clean_dataset(raw.to_iterable_dataset(), settings)) == cleaned
    assert list(clean_dataset(datasets.DatasetDict(train=raw), settings)["train"]) == cleaned
    return of_rows(cleaned, settings)


def by_ray(records: Records, settings: Settings, folder: Path) -> Texts:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'news-corpus-cleaner[ray]'")
    from cleaner.plugins.ray import clean_dataset

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
    try:
        return of_rows(clean_dataset(ray.data.from_arrow(pa.Table.from_pylist(records)), settings).take_all(), settings)
    finally:
        ray.shutdown()


def by_spark(records: Records, settings: Settings, folder: Path) -> Texts:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed: pip install 'news-corpus-cleaner[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from cleaner.plugins.spark import clean_frame

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    schema = ", ".join(f"{name} string" for name in records[0])
    frame = session.createDataFrame([tuple(record.values()) for record in records], schema)
    return of_rows([row.asDict() for row in clean_frame(frame, settings).collect()], settings)


def metadata(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in (key, "text", "body") and value is not None}


def by_datatrove(records: Records, settings: Settings, folder: Path) -> Texts:
    pytest.importorskip("datatrove")
    from datatrove.data import Document
    from datatrove.pipeline.writers import JsonlWriter

    from cleaner.plugins.datatrove import NewsCleaner

    key = settings.columns.get("id", "id")
    documents = [
        Document(id=one[key], text=one["text"] or one.get("body") or "", metadata=metadata(one, key)) for one in records
    ]
    out = JsonlWriter(str(folder / "excluded"), compression=None)
    step = pickle.loads(pickle.dumps(NewsCleaner(settings, exclusion_writer=out)))
    found: Texts = {document.id: document.text for document in step.run(iter(documents))}
    lines = (folder / "excluded" / "00000.jsonl").read_text().splitlines()
    excluded = {one["id"]: one["metadata"]["filter_reason"] for one in map(json.loads, lines)}
    assert not found.keys() & excluded.keys()
    assert all(excluded.values())
    return {document.id: found[document.id] if document.id not in excluded else None for document in documents}


def by_langchain(records: Records, settings: Settings, folder: Path) -> Texts:
    pytest.importorskip("langchain_core")
    from langchain_core.documents import Document

    from cleaner.plugins.langchain import NewsCleaner

    key = settings.columns.get("id", "id")
    documents = [
        Document(id=one[key], page_content=one["text"] or one.get("body") or "", metadata=metadata(one, key))
        for one in records
    ]
    rejected: Texts = {}
    transformer = NewsCleaner(settings, on_rejected=lambda document, why: rejected.update({document.id: None}))
    found = {document.id: document.page_content for document in transformer.transform_documents(documents)}
    assert found.keys() | rejected.keys() == {document.id for document in documents}
    return found | rejected


SPIDER = """
import json, sys
import scrapy
from scrapy.crawler import CrawlerProcess

class Spider(scrapy.Spider):
    name = "elm"
    async def start(self):
        for line in open("records.jsonl"):
            yield json.loads(line)

columns = json.loads(sys.argv[1])
crawl = CrawlerProcess({
    "ITEM_PIPELINES": {"cleaner.plugins.scrapy.CleanerPipeline": 300},
    "CLEANER_SETTINGS": {"columns": columns},
    "CLEANER_REMOVED_FIELD": "gone",
    "FEEDS": {"items.jsonl": {"format": "jsonlines"}},
    "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "WARNING",
})
crawler = crawl.create_crawler(Spider)
crawl.crawl(crawler)
crawl.start()
stats = {name: value for name, value in crawler.stats.get_stats().items() if name.startswith("cleaner/")}
json.dump(stats, open("stats.json", "w"))
"""


def by_scrapy(records: Records, settings: Settings, folder: Path) -> Texts:
    pytest.importorskip("scrapy")
    folder.mkdir(exist_ok=True)
    (folder / "records.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    command = [sys.executable, "-c", SPIDER, json.dumps(dict(settings.columns))]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    items = [json.loads(line) for line in (folder / "items.jsonl").read_text().splitlines()]
    key = settings.columns.get("id", "id")
    stats = json.loads((folder / "stats.json").read_text())
    assert stats["cleaner/clean"] == len(items)
    assert sum(value for name, value in stats.items() if "/rejected/" in name) == len(records) - len(items)
    assert stats["cleaner/removed_chars"] == sum(len(gone["text"]) for item in items for gone in item["gone"])
    return dict.fromkeys(record[key] for record in records) | {item[key]: item["text"] for item in items}


ADAPTERS: tuple[Callable[[Records, Settings, Path], Texts], ...] = (
    by_batch,
    by_table,
    by_pipe,
    by_pandas,
    by_polars,
    by_duckdb,
    by_datasets,
    by_datatrove,
    by_langchain,
    by_scrapy,
    by_ray,
    by_spark,
)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__.removeprefix("by_"))
@pytest.mark.parametrize("corpus", ["texts", "mapped"])
def test_clean_text_is_that_of_run(
    adapter: Callable[[Records, Settings, Path], Texts], corpus: str, wanted: dict[str, Texts], tmp_path: Path
) -> None:
    if corpus == "mapped" and adapter is by_duckdb:
        pytest.skip("a function of SQL gets one text, and no column has a name there")
    records, settings = (texts(), Settings()) if corpus == "texts" else (mapped(), MAPPED)
    found = adapter(records, settings, tmp_path / "work")
    assert found == wanted[corpus]
    assert any(text is None for text in found.values())
    assert sum(text is not None for text in found.values()) > 10


def test_the_run_that_all_are_compared_with_removed_something(wanted: dict[str, Texts]) -> None:
    raw = {record["id"]: record["text"] for record in texts()}
    assert sum(text not in (None, raw[id]) for id, text in wanted["texts"].items()) > 10


def test_columns_that_are_no_field_are_left_alone() -> None:
    nested = pa.array([[{"a": 1}], None])
    raw = pa.table({"text": pa.array([hostile.text(1), None], pa.large_string()), "nested": nested, "n": [1, 2]})
    cleaned = TableCleaner()(raw)
    assert cleaned.schema.names == ["text", "nested", "n", "removed", "rejected"]
    assert cleaned["nested"].combine_chunks().equals(nested)
    assert cleaned.schema.field("text").type == pa.large_string()
    assert cleaned["rejected"].to_pylist() == [None, "no_text"]
    assert cleaned["n"].chunk(0).buffers()[1].address == raw["n"].chunk(0).buffers()[1].address


def test_a_table_that_has_the_columns_already_is_refused_and_others_can_be_named() -> None:
    raw = pa.table({"text": [hostile.text(1)], "removed": [1]})
    with pytest.raises(SettingsError, match="removed=…"):
        TableCleaner()(raw)
    assert TableCleaner(removed="gone")(raw).schema.names == ["text", "removed", "gone", "rejected"]


def test_an_empty_table_stays_one() -> None:
    cleaned = TableCleaner()(pa.table({"text": pa.array([], pa.string())}))
    assert (cleaned.num_rows, cleaned.schema.names) == (0, ["text", "removed", "rejected"])


def test_removals_of_tables_are_those_of_the_run(wanted: dict[str, Texts], tmp_path: Path) -> None:
    cleaner("run", "-", "-o", tmp_path / "out", stdin="".join(json.dumps(one) + "\n" for one in texts()), code=None)
    of_run: dict[str, list[dict[str, Any]]] = {}
    for row in table(tmp_path / "out", "removed").to_pylist():
        of_run.setdefault(row["id"], []).append({key: row[key] for key in ("start", "end", "line", "text", "rule")})
    for row in TableCleaner()(pa.Table.from_pylist(texts())).to_pylist():
        found = [{key: gone[key] for key in ("start", "end", "line", "text", "rule")} for gone in row["removed"]]
        assert found == of_run.get(row["id"], [])


def test_datasets_keeps_results_only_while_rules_stay_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint = pytest.importorskip("datasets.fingerprint")
    pack = tmp_path / "mine.toml"
    rule = (
        'schema = 1\npack = "my"\nlanguages = ["*"]\n[[rule]]\nid = "my/x"\ndescription = "X."\nkind = "promo"\n'
        'match = "prefix"\npattern = "PATTERN"\nscope = "line"\nconfidence = 0.9\nhit = ["PATTERN y"]\nmiss = ["y"]\n'
    )
    pack.write_text(rule.replace("PATTERN", "Also in Elm:"))
    settings = Settings(rules=(str(pack),))
    first = fingerprint.Hasher.hash(TableCleaner(settings))
    assert fingerprint.Hasher.hash(TableCleaner(settings)) == first
    assert fingerprint.Hasher.hash(TableCleaner(Settings(rules=(str(pack),), preset="careful"))) != first
    pack.write_text(rule.replace("PATTERN", "Also in Oak:"))
    assert fingerprint.Hasher.hash(TableCleaner(settings)) != first


def test_datatrove_writes_removals_where_it_is_told(tmp_path: Path) -> None:
    pytest.importorskip("datatrove")
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.writers import JsonlWriter

    from cleaner.plugins.datatrove import NewsCleaner

    raw = hostile.text(1) + "\nLeave a review\n"
    LocalPipelineExecutor(
        pipeline=[
            [Document(id="a", text=raw), Document(id="b", text="Short.")],
            NewsCleaner(removal_writer=JsonlWriter(str(tmp_path / "removed"), compression=None)),
            JsonlWriter(str(tmp_path / "clean"), compression=None),
        ],
        logging_dir=str(tmp_path / "logs"),
    ).run()
    (clean,) = map(json.loads, (tmp_path / "clean" / "00000.jsonl").read_text().splitlines())
    (gone,) = map(json.loads, (tmp_path / "removed" / "00000.jsonl").read_text().splitlines())
    assert (clean["id"], gone["id"], gone["text"]) == ("a", "a", "Leave a review\n")
    assert clean["text"] + gone["text"] == raw
    assert clean["metadata"]["removed_chars"] == len(gone["text"])
    assert gone["metadata"]["rule"] == "en/leave-a-review"
    stats = json.loads((tmp_path / "logs" / "stats.json").read_text())
    assert [step["stats"]["dropped_too_little_left"] for step in stats if "CLEANER" in step["name"]] == [1]


def test_langchain_does_not_leave_out_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.documents import Document

    from cleaner.plugins.langchain import NewsCleaner

    raw = Document(page_content=hostile.text(1) + "\nLeave a review", metadata={"source": "a", "title": "T"})
    short = Document(page_content="Short.", metadata={"source": "b"})
    (clean,) = NewsCleaner().transform_documents([raw, short])
    assert clean.metadata["title"] == "T"
    assert clean.metadata["language"] == "en"
    assert [removal["text"] for removal in clean.metadata["removed"]] == ["Leave a review"]
    assert raw.page_content.endswith("Leave a review")
    assert "b left out: too_little_left" in caplog.text


def test_scrapy_items_of_declared_fields_are_filled_and_rejected_ones_dropped() -> None:
    scrapy = pytest.importorskip("scrapy")
    from scrapy.exceptions import DropItem
    from scrapy.utils.test import get_crawler

    from cleaner.plugins.scrapy import CleanerPipeline

    class Item(scrapy.Item):  # type: ignore[misc]
        html = scrapy.Field()
        text = scrapy.Field()
        title = scrapy.Field()
        price = scrapy.Field()

    pipeline = CleanerPipeline.from_crawler(get_crawler())
    item = pipeline.process_item(Item(html=hostile.page(3), price=1))
    assert item["text"] == "\n".join(hostile.story(3)) + "\n"
    assert (item["title"], item["price"], item["html"]) == ("Story 3", 1, hostile.page(3))
    with pytest.raises(DropItem, match="too_little_left"):
        pipeline.process_item({"text": "Short.", "url": "https://a.example/1"})
    kept = CleanerPipeline.from_crawler(get_crawler(settings_dict={"CLEANER_DROP_REJECTED": False}))
    assert kept.process_item({"text": "Short."}) == {"text": None}


def test_a_series_takes_no_map() -> None:
    pd = pytest.importorskip("pandas")
    from cleaner.plugins.pandas import clean_series

    with pytest.raises(SettingsError, match="DataFrame"):
        clean_series(pd.Series(["x"]), MAPPED)
