# SPDX-License-Identifier: Apache-2.0
"""--property, and what it prints: a column a property."""
import csv
import io
import json
import math
import os
import pty

import pyarrow as pa
import pyarrow.ipc
import pytest

KINDS = ["true", "most", "twelve", "nan", "bytes", "no_text", "list", "no_items", "born_later"]


def properties(*names):
    return [word for name in names for word in ("--property", name)]


def stream(result):
    table = pyarrow.ipc.open_stream(result.raw).read_all()
    table.validate(full=True)
    return table


def batches(result):
    return list(pyarrow.ipc.open_stream(result.raw))


def rows(result):
    return list(csv.reader(io.StringIO(result.out, newline=""), strict=True))


@pytest.fixture
def store(sheaf, tmp_path):
    """store({"name": {"trait": {"key": value}}})(arguments): a bal library of those entities."""

    def make(entities):
        path = tmp_path / "store.json"
        path.write_text(json.dumps({"entities": {
            name: {"versions": [{"traits": traits}]} for name, traits in entities.items()}}))

        def run(*args, command="resolve", **options):
            return sheaf(command, "--manager", "bal", "--setting", f"library_path={path}", *args,
                         **options)

        return run

    return make


def numbered(values, key="k"):
    return {str(i): {"t": {} if value is None else {key: value}} for i, value in enumerate(values)}


def refs(count):
    return "".join(f"bal:///{i}\n" for i in range(count)).encode()


# ----------------------------------------------------------------------------- csv, table, jsonl


def test_csv_has_a_column_for_each(bal):
    result = bal("resolve", "--format", "csv", *properties("named/name", "measured/weight", "no/such"),
                 "bal:///cat", "bal:///dgo", "bal:///猫 with spaces").expect(1)
    assert rows(result) == [
        ["index", "ref", "status", "named/name", "measured/weight", "no/such", "message"],
        ["0", "bal:///cat", "ok", "Martin", "4.0", "", ""],
        ["1", "bal:///dgo", "entity_resolution_error", "", "", "",
         "the library has no entity 'dgo'"],
        ["2", "bal:///猫 with spaces", "ok", "Neko", "", "", ""]]


def test_csv_values_are_those_of_the_other_csv(odd):
    wanted = {row[4]: row[5] for row in rows(odd("resolve", "--format", "csv", "kinds").expect(0))[1:]}
    names = [f"kinds/{key}" for key in wanted]
    header, row = rows(odd("resolve", "--format", "csv", *properties(*names), "kinds").expect(0))
    assert dict(zip(header[3:-1], row[3:-1])) == {f"kinds/{key}": wanted[key] for key in wanted}


def test_csv_without_input_is_a_header(odd):
    result = odd("resolve", "--format", "csv", *properties('a,b/c', "d/e"), stdin=b"").expect(0)
    assert result.raw == b'index,ref,status,"a,b/c",d/e,message\r\n'


def test_a_trait_may_have_slashes(store):
    run = store({"x": {"studio/asset": {"name": "rock"}}})
    result = run("--format", "jsonl", *properties("studio/asset/name"), "bal:///x").expect(0)
    assert result.rows[0]["traits"] == {"studio/asset": {"name": "rock"}}


def test_jsonl_has_only_those_properties(odd):
    names = properties("b/x", "a/z", "b/y", "no/such", "bare/q")
    row, = odd("resolve", "--format", "jsonl", *names, "scattered").expect(0).rows
    assert row["traits"] == {"b": {"x": 1, "y": 3}, "a": {"z": 2}}
    assert row["status"] == "ok" and list(row["traits"]) == ["b", "a"]


def test_jsonl_values_are_those_of_the_other_jsonl(odd):
    everything, = odd("resolve", "--format", "jsonl", "kinds").expect(0).rows
    kinds = {key: value for key, value in everything["traits"]["kinds"].items() if key != "born_later"}
    names = properties(*(f"kinds/{key}" for key in kinds), "kinds/born_later")
    row, = odd("resolve", "--format", "jsonl", *names, "kinds").expect(0).rows
    assert row["traits"]["kinds"] == kinds


def test_jsonl_failures(odd):
    first, second = odd("resolve", "--format", "jsonl", *properties("said/text"), "error:no",
                        "text:yes").expect(1).rows
    assert first == {"index": 0, "ref": "error:no", "status": "entity_resolution_error",
                     "message": "no"}
    assert second["traits"] == {"said": {"text": "yes"}}


def test_table(bal):
    lines = bal("resolve", "--format", "table", *properties("named/name", "measured/weight"),
                "bal:///cat", "bal:///dgo", "bal:///猫 with spaces").expect(1).out.splitlines()
    assert lines[0].split() == ["REFERENCE", "name", "weight"]
    assert lines[1].split() == ["bal:///cat", "Martin", "4.0"]
    assert lines[2].split(maxsplit=1)[1].startswith("! entity_resolution_error: ")
    assert lines[3].split()[-2:] == ["Neko", "-"]


def test_table_titles_tell_equal_keys_apart(odd):
    out = odd("resolve", "--format", "table", *properties("a/k", "b/k", "c/d"), "empty").expect(0).out
    assert out.splitlines()[0].split() == ["REFERENCE", "a/k", "b/k", "d"]


@pytest.mark.parametrize("columns", [40, 60, 133])
def test_table_fits_the_screen(odd, columns):
    names = properties("said/text", "kinds/bytes", "no/such", "b/x")
    out = odd("resolve", "--format", "table", *names, "text:" + "x" * 300, "kinds", "error:" + "e" * 200,
              env={"COLUMNS": str(columns)}).expect(1).out
    assert max(map(len, out.splitlines())) <= columns and "…" in out


def test_stop_on_error(odd):
    result = odd("resolve", "--format", "csv", "--stop-on-error", *properties("said/text"),
                 "text:a", "fail", "text:b").expect(1)
    assert [row[1] for row in rows(result)[1:]] == ["text:a", "fail"]


@pytest.mark.parametrize("format", ["csv", "table", "jsonl", "arrow"])
def test_a_failed_batch(odd, format):
    result = odd("resolve", "--format", format, "--batch-size", "2", *properties("said/text"),
                 "text:a", "text:b", "unavailable", "text:c", "text:d").expect(3)
    assert "begins at index 2" in result.err and "the shop is shut" in result.err
    if format == "arrow":
        assert stream(result)["status"].to_pylist() == [0, 0, 303, 0]


# ----------------------------------------------------------------------------------------- arrow


def test_arrow_kinds(odd):
    names = [f"kinds/{key}" for key in KINDS]
    table = stream(odd("resolve", "--format", "arrow", *properties(*names), "kinds", "empty",
                       "fail").expect(1))
    assert table.column_names == ["index", "ref", *names, "status", "message"]
    assert [str(field.type) for field in table.schema] == [
        "uint64", "string", "bool", "int64", "double", "double", "binary", "string",
        "list<item: dense_union<int64: int64=0, double: double=1, string: string=2, bytes: binary=3, "
        "list: list<item: bool>=4>>", "list<item: string>", "string", "uint32", "string"]
    first, empty, failed = table.to_pylist()
    assert first["kinds/true"] is True and first["kinds/most"] == 2**63 - 1
    assert first["kinds/twelve"] == 12.0 and math.isnan(first["kinds/nan"])
    assert first["kinds/bytes"] == bytes(range(256)) and first["kinds/no_text"] == ""
    assert first["kinds/list"] == [1, 2.5, "x", [True, None], b"\0\1"]
    assert first["kinds/no_items"] == [] and first["kinds/born_later"] is None
    assert {empty[name] for name in names} == {failed[name] for name in names} == {None}
    assert [row["status"] for row in table.to_pylist()] == [0, 0, 100]
    assert [row["message"] is None for row in table.to_pylist()] == [True, True, False]


def test_arrow_has_a_record_batch_for_each_batch(store):
    run = store(numbered([None if i % 3 == 0 else i for i in range(25)]))
    result = run("--format", "arrow", "--batch-size", "10", *properties("t/k"), stdin=refs(25)).expect(0)
    assert [batch.num_rows for batch in batches(result)] == [10, 10, 5]
    table = stream(result)
    assert table["index"].to_pylist() == list(range(25))
    assert table["ref"].to_pylist() == [f"bal:///{i}" for i in range(25)]
    assert table["t/k"].to_pylist() == [None if i % 3 == 0 else i for i in range(25)]


def test_arrow_mixed_columns_are_unions(store):
    values = [1, 2.5, "three", True, None, 6]
    run = store(numbered(values + values))
    result = run("--format", "arrow", "--batch-size", "6", *properties("t/k"), stdin=refs(12)).expect(0)
    assert pa.types.is_union(stream(result).schema.field("t/k").type)
    assert stream(result)["t/k"].to_pylist() == values + values


@pytest.mark.parametrize("values, is_of, was", [
    ([1, 2, 2.5], "double", "int64"),
    ([None, None, 7], "int64", "string, for it had no values"),
    ([1, "a", True], "bool", "of other kinds"),
])
def test_arrow_a_later_kind_that_does_not_fit(store, values, is_of, was):
    run = store(numbered(values))
    result = run("--format", "arrow", "--batch-size", "2", *properties("t/k"), stdin=refs(3)).expect(3)
    for words in (f"the {is_of} of 't/k' at index 2", was, "--batch-size", "--format jsonl"):
        assert words in result.err
    assert stream(result).num_rows == 2  # what came before is a whole stream
    larger = run("--format", "arrow", *properties("t/k"), stdin=refs(3)).expect(0)
    assert stream(larger)["t/k"].to_pylist() == values


def test_arrow_nothing_known_is_text(store):
    run = store(numbered([None, None, "text"]))
    result = run("--format", "arrow", "--batch-size", "2", *properties("t/k"), stdin=refs(3)).expect(0)
    assert stream(result)["t/k"].to_pylist() == [None, None, "text"]


def test_arrow_without_input_is_a_schema(odd):
    table = stream(odd("resolve", "--format", "arrow", *properties("a/b"), stdin=b"").expect(0))
    assert table.num_rows == 0 and table.column_names == ["index", "ref", "a/b", "status", "message"]


def test_arrow_text_is_utf8(odd):
    table = stream(odd("resolve", "--format", "arrow", *properties("said/text"),
                       stdin=b"text:\xff\xe7\x8c\xab\n").expect(0))
    assert table["ref"].to_pylist() == ["text:\ufffd猫"]
    assert table["said/text"].to_pylist() == ["\ufffd猫"]


def test_arrow_of_many(store):
    count = 30000
    run = store(numbered([f"name of {i}" for i in range(count)]))
    result = run("--format", "arrow", "--batch-size", "7000", *properties("t/k"),
                 stdin=refs(count)).expect(0)
    assert stream(result)["t/k"].to_pylist() == [f"name of {i}" for i in range(count)]


def test_arrow_equals_csv(store):
    run = store({str(i): {"t": {"n": i, "s": f"s{i}"}, "u": {"b": i % 2 == 0}} for i in range(50)})
    names = properties("t/n", "t/s", "u/b")
    table = stream(run("--format", "arrow", *names, stdin=refs(52)).expect(1))
    lines = rows(run("--format", "csv", *names, stdin=refs(52)).expect(1))
    text = [["" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in row.values()]
            for row in table.select(["index", "ref", "t/n", "t/s", "u/b", "message"]).to_pylist()]
    assert text == [row[:2] + row[3:] for row in lines[1:]]


def test_arrow_is_not_for_a_terminal(odd):
    master, slave = pty.openpty()
    try:
        result = odd("resolve", "--format", "arrow", *properties("a/b"), "empty", stdout=slave)
    finally:
        os.close(slave)
        os.close(master)
    assert "terminal" in result.expect(2).err


def test_arrow_output_that_cannot_be_written(odd):
    with open("/dev/full", "wb") as full:
        result = odd("resolve", "--format", "arrow", *properties("a/b"), "empty", stdout=full)
    assert "standard output" in result.expect(3).err


# ------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize("args, words", [
    (["--property", "name"], ["'name'", "TRAIT/KEY"]),
    (["--property", "/name"], ["'/name'", "TRAIT/KEY"]),
    (["--property", "trait/"], ["'trait/'", "TRAIT/KEY"]),
    (["--property", ""], ["''", "TRAIT/KEY"]),
    (["--property", "x" * 1025 + "/k"], ["--property"]),
    (["--property", "a/b", "--property", "a/b"], ["'a/b'", "twice"]),
    (["--property", "a/b", "--trait", "a"], ["--trait", "--property"]),
    (["--format", "arrow"], ["--property", "TRAIT/KEY"]),
])
def test_usage_errors(odd, args, words):
    result = odd("resolve", *args, "empty").expect(2)
    assert result.raw == b""
    for word in words:
        assert word in result.err


def test_only_resolve_takes_properties(odd):
    assert "--property" in odd("traits", "--property", "a/b", "empty").expect(2).err
    assert "resolve" in odd("traits", "--format", "arrow", "empty").expect(2).err
