# SPDX-License-Identifier: Apache-2.0
"""sheaf exists, sheaf traits: resolve's code with another verb."""


def test_exists(bal):
    result = bal("exists", "bal:///cat", "bal:///nobody", "bal:///cat?v=9").expect(0)
    assert result.out.splitlines()[0] == (
        '{"index":0,"ref":"bal:///cat","status":"ok","exists":true}')
    assert [row["exists"] for row in result.rows] == [True, False, False]


def test_exists_can_fail_too(bal):
    rows = bal("exists", "bal:///cat", "other:///cat").expect(1).rows
    assert rows[1]["status"] == "invalid_entity_reference" and "exists" not in rows[1]


def test_exists_as_csv_and_table(bal):
    result = bal("exists", "--format", "csv", "bal:///cat", "bal:///nobody").expect(0)
    assert result.out == ("index,ref,status,exists,message\r\n0,bal:///cat,ok,true,\r\n"
                          "1,bal:///nobody,ok,false,\r\n")
    result = bal("exists", "--format", "table", "bal:///cat", "bal:///nobody").expect(0)
    assert [line.split() for line in result.out.splitlines()] == [
        ["REFERENCE", "EXISTS"], ["bal:///cat", "yes"], ["bal:///nobody", "no"]]


def test_traits(bal):
    row = bal("traits", "bal:///cat").expect(0).rows[0]
    assert list(row) == ["index", "ref", "status", "traits"]
    assert {"animal", "named", "bare"} <= set(row["traits"])


def test_traits_as_csv_and_table(odd):
    result = odd("traits", "--format", "csv", "scattered", "empty", "fail").expect(1)
    lines = result.out.split("\r\n")
    assert lines[:5] == ["index,ref,status,trait,message", "0,scattered,ok,b,",
                         "0,scattered,ok,a,", "0,scattered,ok,bare,", "1,empty,ok,,"]
    assert lines[5].startswith("2,fail,unknown_error,,")
    result = odd("traits", "--format", "table", "scattered", "empty").expect(0)
    assert [line.split() for line in result.out.splitlines()] == [
        ["REFERENCE", "TRAIT"], ["scattered", "b"], ["a"], ["bare"], ["empty", "-"]]


def test_a_verb_that_the_manager_does_not_serve(odd):
    result = odd("exists", "text:a").expect(3)
    assert "odd" in result.err and "verb" in result.err
    assert [row["status"] for row in result.rows] == ["unsupported"]
