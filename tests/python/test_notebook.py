# SPDX-License-Identifier: Apache-2.0
"""How notebooks show things: HTML in which nothing of a manager's or a library's is live."""
import html.parser
from pathlib import Path

import pytest

import sheaf
from sheaf._describe import ManagerInfo, ManagerList


class Page(html.parser.HTMLParser):
    """The cells of the tables, row by row; that tags are closed as they were opened."""

    def __init__(self, text):
        super().__init__()
        text.encode()
        self.open, self.rows, self.tags, self.text = [], [], set(), ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


TAGS = {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}


def test_a_batch(zoo):
    page = Page(zoo.resolve(["bal:///dog", "bal:///owl", "bal:///cat?v=1"])._repr_html_())
    assert "sheaf.Batch of 3, 1 failed" in page.text
    assert page.rows == [
        ["", "reference", "named/name", "animal/age"],
        ["0", "bal:///dog", "Rex", "3"],
        ["1", "bal:///owl", "entity_resolution_error: the library has no entity 'owl'"],
        ["2", "bal:///cat?v=1", "Tomcat", ""]]


def test_traits_without_properties(says):
    page = Page(says.resolve(["all"])._repr_html_())
    row = dict(zip(page.rows[0], page.rows[1]))
    assert row["bare"] == "✓" and row["kinds/list"] == "[1, [2.5, 'x'], b'y', False, []]"
    assert row["kinds/no"] == "False"


def test_other_verbs(zoo, says):
    assert Page(zoo.exists(["bal:///cat", "bal:///owl"])._repr_html_()).rows == [
        ["", "reference", "result"], ["0", "bal:///cat", "True"], ["1", "bal:///owl", "False"]]
    assert Page(says.traits(["all", "none"])._repr_html_()).rows[1] == ["0", "all", "bare, kinds, named"]


def test_no_rows(zoo):
    assert Page(zoo.resolve([])._repr_html_()).rows == [["", "reference", "result"]]


ODD = "<script>alert(1)</script>&amp;\"'<b>"


def test_nothing_is_live(serve):
    def resolve(refs, request):
        return [sheaf.ElementError(f"no {ODD}") if ref == "fail" else
                {ODD: {ODD: ODD, "list": [ODD], "bytes": ODD.encode()}} for ref in refs]
    page = Page(serve(resolve).resolve([ODD, "fail"])._repr_html_())
    assert page.tags == TAGS
    assert page.rows[0][2] == f"{ODD}/{ODD}"
    assert page.rows[1][1] == ODD and page.rows[1][2] == ODD
    assert page.rows[2][2] == f"unknown_error: no {ODD}"


def test_text_that_no_page_can_hold(library_path, serve):
    """Lone surrogates stand for bytes that are no UTF-8; a page with them could not be sent."""
    from sheaf._html import rows_html

    page = Page(rows_html("x", ["a"], [["\udcff\ud800"]]))
    assert page.rows[1] == [r"\udcff\ud800"]


def test_long_things_are_cut(serve):
    def resolve(refs, request):
        return [{f"trait{i}": {"key": "x" * 10_000} for i in range(30)} for _ in refs]
    batch = serve(resolve).resolve(["y" * 10_000 for _ in range(1050)])
    text = batch._repr_html_()
    page = Page(text)
    assert len(page.rows) == 51 and len(page.rows[0]) == 22
    assert page.rows[1][1] == "y" * 200 + "…"
    assert "20 of 30 properties shown" in page.text and "1,000 more" in page.text
    assert len(text) < 500_000


def test_managers():
    page = Page(sheaf.managers()._repr_html_())
    assert page.rows[0] == ["ID", "VERSION", "STATE", "FOUND BY", "WHERE"]
    assert "bal" in [row[0] for row in page.rows[1:]]
    odd = ManagerInfo(ODD, ODD, ODD, "refused", ODD, Path("/" + ODD), None, ODD)
    page = Page(ManagerList([odd], [])._repr_html_())
    assert page.tags == TAGS and page.rows[1][0] == ODD


@pytest.mark.parametrize("of", ["batch", "managers"])
def test_a_notebook_calls_it(of, zoo):
    shown = {"batch": zoo.resolve(["bal:///cat"]), "managers": sheaf.managers()}[of]
    assert type(shown)._repr_html_(shown).startswith("<div>")
