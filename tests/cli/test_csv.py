# SPDX-License-Identifier: Apache-2.0
import base64
import csv
import io
import math


def read(result):
    return list(csv.reader(io.StringIO(result.out, newline=""), strict=True))


def test_rows(odd):
    rows = read(odd("resolve", "--format", "csv", "scattered", "empty", "fail").expect(1))
    assert rows[0] == ["index", "ref", "status", "trait", "key", "value", "message"]
    assert rows[1:5] == [["0", "scattered", "ok", "b", "x", "1", ""],
                         ["0", "scattered", "ok", "b", "y", "3", ""],
                         ["0", "scattered", "ok", "a", "z", "2", ""],
                         ["0", "scattered", "ok", "bare", "", "", ""]]
    assert rows[5] == ["1", "empty", "ok", "", "", "", ""]
    assert rows[6][:6] == ["2", "fail", "unknown_error", "", "", ""] and rows[6][6]


def test_lines_end_with_crlf_and_all_have_as_many_fields(odd):
    result = odd("resolve", "--format", "csv", "kinds", "fail", "empty").expect(1)
    assert result.raw.endswith(b"\r\n")
    assert result.raw.count(b"\n") == result.raw.count(b"\r\n")
    assert {len(row) for row in read(result)} == {7}


def test_quoting(odd):
    text = 'a,"b"\r\nc'
    result = odd("resolve", "--format", "csv", "text:" + text).expect(0)
    assert read(result)[1] == ["0", "text:" + text, "ok", "said", "text", text, ""]
    assert b'"text:a,""b""\r\nc"' in result.raw


def test_values(odd):
    rows = read(odd("resolve", "--format", "csv", "kinds").expect(0))
    kinds = {row[4]: row[5] for row in rows[1:]}
    assert kinds["true"] == "true" and kinds["most"] == "9223372036854775807"
    assert kinds["twelve"] == "12.0" and math.isnan(float(kinds["nan"]))
    assert float(kinds["minus_infinity"]) == -math.inf
    assert base64.b64decode(kinds["bytes"]) == bytes(range(256))
    assert kinds["list"] == '[1,2.5,"x",[true,null],"AAE="]'
    assert kinds["born_later"] == ""


def test_bytes_that_are_not_utf8(odd):
    result = odd("resolve", "--format", "csv", stdin=b"text:\xff\n").expect(0)
    assert read(result)[1][1] == "text:\ufffd"


def test_no_input_is_a_header(odd):
    assert odd("resolve", "--format", "csv", stdin=b"").expect(0).raw == (
        b"index,ref,status,trait,key,value,message\r\n")
