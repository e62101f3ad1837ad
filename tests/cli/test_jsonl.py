# SPDX-License-Identifier: Apache-2.0
import base64
import json

I64 = 2**63


def test_the_line_of_the_issue(bal):
    result = bal("resolve", "--trait", "named", "bal:///cat").expect(0)
    assert result.out == ('{"index":0,"ref":"bal:///cat","status":"ok",'
                          '"traits":{"named":{"name":"Martin"}}}\n')


def test_an_error(bal):
    result = bal("resolve", "bal:///dgo").expect(1)
    assert result.out.startswith('{"index":0,"ref":"bal:///dgo",'
                                 '"status":"entity_resolution_error","message":"')
    assert "dgo" in result.rows[0]["message"]


def test_input_order_though_the_manager_answers_backwards(odd):
    refs = [f"text:{i}" for i in range(25)]
    result = odd("resolve", "--batch-size", "10", *refs).expect(0)
    assert [row["index"] for row in result.rows] == list(range(25))
    assert [row["ref"] for row in result.rows] == refs
    assert [row["traits"]["said"]["text"] for row in result.rows] == [str(i) for i in range(25)]


def test_every_kind_of_value(odd):
    result = odd("resolve", "kinds").expect(0)
    kinds = result.rows[0]["traits"]["kinds"]
    assert kinds == {
        "true": True, "false": False, "most": I64 - 1, "least": -I64, "zero": 0,
        "twelve": 12.0, "tenth": 0.1, "third": 1 / 3, "huge": 1e300, "tiny": 5e-324,
        "minus_zero": -0.0, "large": 1e22,
        "nan": None, "infinity": None, "minus_infinity": None,
        "bytes": base64.b64encode(bytes(range(256))).decode(), "one_byte": "AA==",
        "two_bytes": "AAE=", "no_bytes": "", "no_text": "",
        "list": [1, 2.5, "x", [True, None], "AAE="], "no_items": [], "born_later": None,
    }


def test_numbers_as_they_are_written(odd):
    out = odd("resolve", "kinds").expect(0).out
    for text in ('"most":9223372036854775807,', '"least":-9223372036854775808,', '"twelve":12.0,',
                 '"tenth":0.1,', '"third":0.3333333333333333,', '"huge":1e+300,',
                 '"minus_zero":-0.0,', '"large":1e+22,'):
        assert text in out


def test_scattered_traits_are_gathered_in_order(odd):
    out = odd("resolve", "scattered").expect(0).out
    assert out.endswith('"traits":{"b":{"x":1,"y":3},"a":{"z":2},"bare":{}}}\n')


def test_a_record_without_traits(odd):
    assert odd("resolve", "empty").expect(0).rows[0]["traits"] == {}


def test_escapes(odd):
    text = 'a"b\\c\nd\te\rf\x01\x1f\x7f/é€😀\u2028'
    result = odd("resolve", "text:" + text).expect(0)
    assert result.rows[0]["traits"]["said"]["text"] == text
    assert r'a\"b\\c\nd\te\rf\u0001\u001f' in result.out


def test_nul_and_bytes_that_are_not_utf8(odd):
    # A lone continuation, an overlong form, a surrogate, a cut sequence, beyond U+10FFFF.
    raw = b"text:a\0b\x80c\xc0\xafd\xed\xa0\x80e\xe2\x82f\xf4\x90\x80\x80g\xff"
    result = odd("resolve", stdin=raw + b"\n").expect(0)
    assert "\\u0000" in result.out
    expected = raw.decode("utf-8", "replace")
    assert result.rows[0]["ref"] == expected
    assert result.rows[0]["traits"]["said"]["text"] == expected[5:]


def test_a_message_of_an_error_with_no_words(odd):
    row = odd("resolve", "fail").expect(1).rows[0]
    assert row["status"] == "unknown_error" and row["message"]


def test_a_reference_of_a_mebibyte(odd):
    text = "é" * (1 << 19)
    row = odd("resolve", stdin=b"text:" + text.encode()).expect(0).rows[0]
    assert row["traits"]["said"]["text"] == text


def test_an_index_that_the_manager_left_out(odd):
    rows = odd("resolve", "text:a", "missing", "text:b").expect(1).rows
    assert [row["status"] for row in rows] == ["ok", "no_result", "ok"]


def test_separators_are_compact(odd):
    line = odd("resolve", "scattered").expect(0).out.strip()
    assert json.dumps(json.loads(line), separators=(",", ":")) == line


def test_only_the_traits_asked_for(bal):
    row = bal("resolve", "--trait", "animal", "--trait", "nosuch", "bal:///cat").expect(0).rows[0]
    assert row["traits"] == {"animal": {"age": 12, "species": "🐈"}}
