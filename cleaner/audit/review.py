"""The review of a run: a local web application in which people look at removals and judge them.

It listens on the loopback interface alone.  A request needs the token of the link that was printed (as a cookie once
the link was followed), a Host header that is this server's, and, where it changes something, this server as its Origin.
Whatever a page shows of a corpus is escaped, and a content security policy lets no script run but the application's.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import duckdb
from flask import Flask, Response, abort, jsonify, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from cleaner.audit import figures
from cleaner.audit.folder import documents
from cleaner.audit.index import Index, Text
from cleaner.audit.pages import environment
from cleaner.audit.precision import Sample, measure
from cleaner.audit.shown import Shown, code_of
from cleaner.audit.verdicts import MAX_SITES, MAX_TEXT, NONE, VERDICTS, Verdict, Verdicts
from cleaner.errors import CleanerError

HOST = "127.0.0.1"
PAGE = 20
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TEXT_ORDERS = {
    "frequent": "t.removals DESC, t.number",
    "unsure": "t.least, t.number",
    "place": "t.number",
    "long": "t.chars DESC, t.number",
}
DOCUMENT_ORDERS = {
    "share": "coalesce(removed_chars, 0) / greatest(coalesce(source_chars, 0), 1) DESC, number",
    "place": "number",
}
LONGEST_FIELD = 500
"""Characters of a field of a request; a longer one is refused."""


@dataclass(frozen=True, slots=True)
class TextView:
    """Which texts a page shows: the fields of its address."""

    rule: str = ""
    filter: str = ""
    site: str = ""
    language: str = ""
    q: str = ""
    least: str = ""
    most: str = ""
    verdict: str = ""
    sort: str = "frequent"
    sample: str = ""

    def sql(self) -> tuple[str, list[object]]:
        """The texts as a condition.  Raises `ValueError` for a confidence that is no number."""
        parts: list[str] = []
        values: list[object] = []

        def add(condition: str, *given: object) -> None:
            parts.append(condition)
            values.extend(given)

        if self.rule.endswith("/"):
            add("starts_with(t.rule, ?)", self.rule)
        elif self.rule:
            add("(t.rule = ? OR t.filter || '/' || t.rule = ?)", self.rule, self.rule)
        if self.filter:
            add("t.filter = ?", self.filter)
        if self.site:
            add("(t.filter, t.rule, t.digest) IN (SELECT (filter, rule, digest) FROM cuts WHERE site = ?)", self.site)
        if self.language:
            add("t.language = ?", self.language)
        if self.q:
            add("contains(lower(t.text), lower(?))", self.q)
        if self.least:
            add("t.most >= ?", float(self.least) - 1e-6)
        if self.most:
            add("t.least <= ?", float(self.most) + 1e-6)
        if self.verdict:
            add("v.verdict IS NULL") if self.verdict == "none" else add("v.verdict = ?", self.verdict)
        if self.sample:
            add("(t.filter, t.rule, t.digest) IN (SELECT (filter, rule, digest) FROM sampled)")
        return " AND ".join(parts) or "true", values

    def link(self, **other: object) -> str:
        """The address of the view, with other values of some fields; those that say nothing are left out."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__} | other
        standard = {"sort": "frequent", "page": 0}
        return _link("/texts", {name: value for name, value in fields.items() if value and value != standard.get(name)})


def _link(path: str, fields: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(dict(fields))}" if fields else path


def document_link(one: Any, **other: object) -> str:
    """The address of a document: of a `Text`, at its first place; or of a row of the index."""
    if isinstance(one, Text):
        fields: dict[str, object] = {"unit": one.unit, "id": one.id, "at": one.start}
    else:
        fields = {"unit": one["unit"], "id": one["id"], "source": one["source"]}
        if one["source"] == one["id"]:
            del fields["source"]
    return _link("/document", fields | other)


class Review:
    """What the application knows: the index, the verdicts, the sample if there is one, and its token."""

    def __init__(self, index: Index, verdicts: Verdicts, sample: Sample | None = None) -> None:
        self.index = index
        self.verdicts = verdicts
        self.sample = sample
        self.token = secrets.token_urlsafe(24)
        self.hosts: frozenset[str] = frozenset()
        self.cookie = "cleaner-review"
        self._lock = threading.Lock()
        index.judge([(*one.key, one.verdict) for one in verdicts.last.values()])
        if sample is not None and sample.keys:
            index.database.executemany("INSERT INTO sampled VALUES (?, ?, ?)", [list(key) for key in sample.keys])

    def listens(self, port: int) -> str:
        """Tell at which port the server listens; returns the link that lets a person in."""
        self.hosts = frozenset((f"{HOST}:{port}", f"localhost:{port}"))
        self.cookie = f"cleaner-review-{port}"  # cookies know no ports: two reviews at once keep theirs apart
        return f"http://{HOST}:{port}/?token={self.token}"

    def text(self, number: int) -> Text:
        """The text of a number; 404 where there is none."""
        found = self.index.texts("t.number = ?", "t.number", (number,), 1)
        if not found:
            abort(404, "no such text in this run")
        return found[0]

    def judge(self, number: int, verdict: str) -> Text:
        """Save a verdict on a text."""
        text = self.text(number)
        sites = [
            row[0]
            for row in self.index.rows(
                "SELECT DISTINCT site FROM cuts WHERE filter = ? AND rule = ? AND digest = ? ORDER BY site LIMIT ?",
                (*text.key, MAX_SITES + 1),
            )
        ]
        whole = self.whole(text)
        given = Verdict(
            verdict,
            *text.key,
            text=whole if whole is not None and len(whole) <= MAX_TEXT else None,
            sites=() if None in sites or len(sites) > MAX_SITES else tuple(sites),
            languages=(text.language,) if text.language else (),
            source=text.source,
            line=text.line,
        )
        with self._lock:
            self.verdicts.add(given)
            self.index.judge([(*text.key, verdict)])
        return self.text(number)

    def undo(self) -> Text | None:
        """Take back the last verdict that was given in this review."""
        with self._lock:
            key = self.verdicts.undo()
            if key is None:
                return None
            before = self.verdicts.last.get(key)
            self.index.judge([(*key, before.verdict if before else NONE)])
        found = self.index.texts("t.filter = ? AND t.rule = ? AND t.digest = ?", "t.number", key, 1)
        return found[0] if found else None

    def whole(self, text: Text) -> str | None:
        """The removed text in full, without the white space around it; the index keeps its beginning."""
        if text.text is None or text.chars <= len(text.text):
            return text.text
        one = self.shown(text.unit, text.id, text.source)
        pieces = (piece.text for piece in one.pieces if piece.start == text.start and piece.removal is not None)
        return (next(pieces, None) or text.text).strip()

    def shown(self, unit: int, id: str, source: str) -> Shown:
        """A document of the run; 404 where there is none."""
        units = {entry["unit"] for entry in self.index.manifest["parts"]}
        found = [one for _, one in documents(self.index.folder, {unit: [id]})] if unit in units else []
        same = [one for one in found if not source or one.source == source]
        if not same:
            abort(404, "no such document in this run")
        return same[0]


def create_app(review: Review) -> Flask:
    """The application.  `Review.listens` must be called before the first request."""
    app = Flask("cleaner.audit", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = 64_000
    pages = environment()
    index = review.index

    def page(template: str, **known: Any) -> str:
        return pages.get_template(template).render(
            name=str(index.folder.path),
            here=request.path,
            rule_link=lambda one: TextView(rule=one.code if isinstance(one, Text) else one["code"]).link(),
            document_link=document_link,
            **known,
        )

    @app.before_request
    def guard() -> BaseResponse | None:
        if request.host not in review.hosts:
            abort(403, "this server answers to its own name alone")
        origin = request.headers.get("Origin")
        own = f"http://{request.host}"
        if (request.method != "GET" and origin != own) or (origin is not None and origin != own):
            abort(403, "the request comes from another page")
        given = request.args.get("token")
        if request.method == "GET" and given is not None and _same(given, review.token):
            kept = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
            answer = redirect(f"{request.path}?{urlencode(kept)}" if kept else request.path)
            answer.set_cookie(review.cookie, review.token, httponly=True, samesite="Strict")
            return answer
        if not _same(request.cookies.get(review.cookie, ""), review.token):
            abort(403, "the token is missing: open the link that `cleaner review` printed")
        if any(len(value) > LONGEST_FIELD for value in request.args.values()):
            abort(400, f"a field of the address has more than {LONGEST_FIELD} characters")
        return None

    @app.after_request
    def protect(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        return answer

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[Response, int]:
        return _failure(error.description or error.name, error.code or 500)

    @app.errorhandler(CleanerError)
    def fail(error: CleanerError) -> tuple[Response, int]:
        return _failure(str(error), 500)

    @app.errorhandler(duckdb.Error)
    def broken(error: duckdb.Error) -> tuple[Response, int]:
        return _failure(f"the run cannot be read: {str(error).splitlines()[0]}", 500)

    @app.get("/")
    def overview() -> str:
        judged = list(review.verdicts.last.values())
        precision = measure(index, judged, review.sample)
        known = {one.key for one in judged}
        return page(
            "overview.html",
            header=index.manifest["header"],
            books=index.books,
            bins=figures.histogram(index),
            bars=figures.waterfall(index.books),
            languages=figures.groups(index, "languages"),
            languages_total=figures.count(index, "languages"),
            language_link=lambda name: TextView(language=name or "").link(),
            filter_link=lambda name: TextView(filter=name).link(),
            found_drift=index.manifest.get("drift"),
            estimate=precision.estimate,
            drawn=precision.drawn,
            judged_count=len(judged),
            damaged=review.verdicts.damaged,
            verdicts_path=str(review.verdicts.path),
            sample_size=len(review.sample.keys) if review.sample else 0,
            sample_judged=sum(key in known for key in review.sample.keys) if review.sample else 0,
        )

    @app.get("/rules")
    def rules() -> str:
        rows = figures.rules(index, measure(index, review.verdicts.last.values(), review.sample))
        return page("rules.html", rules=rows, rules_total=len(rows), silent=figures.silent_rules(index))

    @app.get("/sites")
    def sites() -> str:
        return page(
            "sites.html",
            sites=figures.groups(index, "sites", 1000),
            sites_total=figures.count(index, "sites"),
            site_link=lambda name: TextView(site=name or "").link(),
        )

    @app.get("/texts")
    def texts() -> str:
        view = TextView(
            **{name: request.args[name] for name in TextView.__dataclass_fields__ if request.args.get(name)}
        )
        if view.sort not in TEXT_ORDERS or view.verdict not in ("", *VERDICTS, "none"):
            abort(400, "no such order or verdict")
        number = _number("page")
        try:
            where, values = view.sql()
        except ValueError:
            abort(400, "a confidence is a number from 0 to 1")
        ((total, removals),) = index.rows(
            "SELECT count(*), coalesce(sum(removals), 0)::BIGINT FROM texts t LEFT JOIN verdicts v "
            f"USING (filter, rule, digest) WHERE {where}",
            values,
        )
        codes = [row["code"] for row in figures.rules(index)]
        place = codes.index(view.rule) if view.rule in codes else None
        following = codes[place + 1 if place is not None else 0 :][:1]
        before = codes[place - 1 : place] if place else []
        return page(
            "texts.html",
            view=view,
            q=view.q,
            texts=index.texts(where, TEXT_ORDERS[view.sort], values, PAGE, number * PAGE),
            total=total,
            removals=removals,
            first=number * PAGE,
            filters=[row[0] for row in index.rows("SELECT DISTINCT filter FROM rules ORDER BY 1")],
            rules_known=codes[:1000],
            sample_size=len(review.sample.keys) if review.sample else 0,
            next_page=view.link(page=number + 1) if (number + 1) * PAGE < total else None,
            previous_page=view.link(page=number - 1) if number else None,
            next_rule=view.link(rule=following[0]) if following else None,
            previous_rule=view.link(rule=before[0]) if before else None,
        )

    @app.get("/context")
    def context() -> str:
        text = review.text(_number("number"))
        return page("context.html", one=figures.excerpt(review.shown(text.unit, text.id, text.source), text))

    @app.get("/documents")
    def documents_page() -> str:
        view = {name: request.args.get(name, "") for name in ("q", "site", "language", "status", "sort")}
        view["sort"] = view["sort"] or "share"
        if view["sort"] not in DOCUMENT_ORDERS or view["status"] not in ("", "clean", "rejected"):
            abort(400, "no such order or state")
        number = _number("page")
        parts, values = ["true"], []
        for name, condition in (
            ("q", "contains(lower(source), lower(?))"),
            ("site", "site = ?"),
            ("language", "language = ?"),
        ):
            if view[name]:
                parts.append(condition)
                values.append(view[name])
        if view["status"]:
            parts.append("stage = ''" if view["status"] == "clean" else "stage <> ''")
        where = " AND ".join(parts)
        ((total,),) = index.rows(f"SELECT count(*) FROM documents WHERE {where}", values)

        def link(to: int) -> str:
            return _link("/documents", {name: value for name, value in view.items() if value} | {"page": to})

        return page(
            "documents.html",
            view=view,
            documents=index.records(
                f"SELECT * FROM documents WHERE {where} ORDER BY {DOCUMENT_ORDERS[view['sort']]} "
                f"LIMIT {PAGE} OFFSET {number * PAGE}",
                values,
            ),
            link=document_link,
            total=total,
            first=number * PAGE,
            next_page=link(number + 1) if (number + 1) * PAGE < total else None,
            previous_page=link(number - 1) if number else None,
        )

    @app.get("/document")
    def document() -> str:
        unit, id = _number("unit"), request.args.get("id", "")
        at = _number("at") if "at" in request.args else None
        one = review.shown(unit, id, request.args.get("source", ""))
        mode = "split" if request.args.get("view") == "split" else "inline"
        own = index.records(
            "SELECT number FROM documents WHERE unit = ? AND id = ? AND source = ?", (unit, one.id, one.source)
        )[0]
        neighbours = {
            name: index.records(
                f"SELECT * FROM documents WHERE number {sign} ? AND removed_chars > 0 ORDER BY number {order} LIMIT 1",
                (own["number"],),
            )
            for name, sign, order in (("next_document", ">", "ASC"), ("previous_document", "<", "DESC"))
        }
        view = {} if mode == "inline" else {"view": "split"}
        links = {name: document_link(rows[0], **view) if rows else None for name, rows in neighbours.items()}
        this = {"unit": unit, "id": one.id, "source": one.source}
        # found by its hash first: a join of all texts with all removals takes ten times as long
        known = {
            (filter, rule, digest): (number, verdict)
            for filter, rule, digest, number, verdict in index.rows(
                "SELECT t.filter, t.rule, t.digest, t.number, v.verdict FROM texts t LEFT JOIN verdicts v "
                "USING (filter, rule, digest) WHERE t.digest IN (SELECT digest FROM cuts WHERE unit = ? AND id = ?)",
                (unit, one.id),
            )
        }
        cuts = []
        for start, filter, rule, digest in index.rows(
            "SELECT start, filter, rule, digest FROM cuts WHERE unit = ? AND id = ? ORDER BY start", (unit, one.id)
        ):
            number, verdict = known[filter, rule, digest]
            cuts.append({"start": start, "number": number, "verdict": verdict, "code": code_of(filter, rule)})
        return page(
            "document.html",
            one=one,
            source=one.source,
            facts={"title": None, "site": None, "url": None} | dict(one.facts),
            language=one.facts.get("language"),
            fates=list(one.lines()),
            mode=mode,
            at=at,
            cuts=cuts,
            inline_link=document_link(this),
            split_link=document_link(this, view="split"),
            **links,
        )

    @app.post("/verdict")
    def judge() -> BaseResponse:
        verdict = request.form.get("verdict", "")
        if verdict not in VERDICTS:
            abort(400, f"a verdict is one of {', '.join(VERDICTS)}")
        text = review.judge(_whole(request.form.get("number", "")), verdict)
        return _answer(text)

    @app.post("/undo")
    def undo() -> BaseResponse:
        return _answer(review.undo())

    return app


def _answer(text: Text | None) -> BaseResponse:
    """What a verdict came to: for scripts as data, otherwise back to the text."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(number=text.number if text else None, verdict=(text.verdict if text else None) or "")
    return redirect(TextView(rule=text.code).link(at=text.number) if text else "/", 303)


def _failure(said: str, status: int) -> tuple[Response, int]:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error=said), status
    return Response(f"{status}: {said}\n", mimetype="text/plain"), status


def _number(name: str) -> int:
    return _whole(request.args.get(name, "0"))


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        abort(400, "a number is made of digits")
    return int(text)


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
