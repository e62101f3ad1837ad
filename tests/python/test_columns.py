# SPDX-License-Identifier: Apache-2.0
"""Results by column: as lists, as numpy arrays, and in the hands of those who know Arrow."""
import ctypes
import gc

import pytest
from hosting import ALL, Says

import sheaf
from sheaf import Status

NAMED, AGE, TAME, WEIGHT = ("named", "name"), ("animal", "age"), ("animal", "tame"), ("animal", "weight")
REFS = ["bal:///cat", "bal:///owl", "bal:///dog", "bal:///cat?v=1"]


@pytest.fixture
def columns(zoo):
    return zoo.columns(REFS, [NAMED, AGE, TAME, WEIGHT, ("no", "such")])


def test_columns_by_slot(columns):
    assert columns[NAMED].to_list() == ["Martin", None, "Rex", "Tomcat"]
    assert columns["animal", "age"].to_list() == [12, None, 3, None]
    assert columns[TAME].to_list() == [True, None, None, None]
    assert columns[WEIGHT].to_list() == [4.5, None, None, None]
    assert columns["no", "such"].to_list() == [None] * 4
    assert [column.kind for column in columns] == ["string", "int64", "bool", "double", "none"]
    assert [column.null_count for column in columns] == [1, 2, 3, 3, 4]
    assert columns.slots == [NAMED, AGE, TAME, WEIGHT, ("no", "such")]
    assert len(columns) == 4 and len(columns[AGE]) == 4 and list(columns[AGE]) == [12, None, 3, None]
    assert (columns[AGE].trait, columns[AGE].key) == AGE
    with pytest.raises(KeyError):
        columns["named", "age"]


def test_what_they_say_of_themselves(columns):
    assert repr(columns[AGE]) == "<sheaf.Column 'animal', 'age': int64, 4 rows, 2 null>"
    assert repr(columns).endswith("of 4 rows, 1 failed>")
    assert (columns.failed, columns.ok, columns.status) == (1, False, Status.OK)
    assert tuple(columns.refs) == tuple(REFS)


def test_errors(columns, zoo):
    assert columns.statuses() == [0, Status.ENTITY_RESOLUTION_ERROR, 0, 0]
    [error] = columns.errors
    assert (error.index, error.ref, error.message) == (1, "bal:///owl", "the library has no entity 'owl'")
    with pytest.raises(sheaf.BatchError, match="1 of 4 references failed: bal:///owl: the") as raised:
        zoo.columns(REFS, [NAMED], errors="raise")
    assert raised.value.batch[NAMED].to_list()[2] == "Rex" and len(raised.value.errors) == 1
    assert zoo.columns(REFS[:1], [NAMED], errors="raise").errors == []


def test_all_kinds_of_values(says):
    refs, slots = ["all", "none", "all"], [("kinds", key) for key in ALL["kinds"]]
    for slot, column in zip(slots, says.columns(refs, slots)):
        value = ALL["kinds"][slot[1]]
        assert column.to_list() == [value, None, value]


def test_several_kinds_in_one_column(serve):
    values = [1, "two", None, 3.5, True, b"x", [1, "a", [None and 1]], [], -7, "é" * 50]
    values[6] = [1, "a", [2.5]]
    manager = serve(lambda refs, request: [{"a": {"b": values[int(ref)]}} for ref in refs])
    column = manager.columns([str(i) for i in range(len(values))], [("a", "b")])["a", "b"]
    assert column.kind == "mixed" and column.to_list() == values
    assert [type(value) for value in column] == [type(value) for value in values]


def test_a_slot_may_occur_twice(zoo):
    columns = zoo.columns(REFS[:1], [AGE, NAMED, AGE])
    assert [column.to_list() for column in columns] == [[12], ["Martin"], [12]]
    assert columns[AGE].to_list() == [12]


def test_no_rows(zoo):
    columns = zoo.columns([], [NAMED, AGE])
    assert len(columns) == 0 and columns[AGE].to_list() == [] and columns.statuses() == []
    assert columns.ok and columns.errors == []


def test_they_need_neither_manager_nor_library(library_path):
    with sheaf.Library() as library:
        columns = library.open("bal", library_path=library_path).columns(REFS, [NAMED])
    del library
    gc.collect()
    assert columns[NAMED].to_list()[0] == "Martin"


def test_endings(says):
    cancel = sheaf.Cancel()
    cancel.set()
    for keywords, status in (({"timeout": 0.02}, Status.DEADLINE), ({"cancel": cancel}, Status.CANCELLED)):
        columns = says.columns(["is a", "wait 60"], [NAMED], **keywords)
        assert columns.status is status and columns.errors[-1].status is status
    with pytest.raises(sheaf.BatchError) as raised:
        says.columns(["wait 60"], [NAMED], timeout=0.02, errors="raise")
    assert isinstance(raised.value.__cause__, TimeoutError)


@pytest.mark.parametrize("slots, kind, match", [
    (None, TypeError, "slots must be an iterable of .trait, key., not NoneType"),
    ("named", TypeError, "not str"), ({NAMED: 1}, TypeError, "not dict"), ([], ValueError, "slots is empty"),
    (["named"], TypeError, r"slots\[0\] must be .trait, key., two str, not 'named'"),
    ([NAMED, ("a", 1)], TypeError, r"slots\[1\]"), ([("a", "b", "c")], TypeError, r"slots\[0\]"),
    ([("", "b")], sheaf.InvalidArgumentError, "empty"), ([("a\0", "b")], sheaf.InvalidArgumentError, "NUL"),
    ([("\ud800", "b")], UnicodeEncodeError, "surrogates"),
])
def test_what_are_no_slots(says, slots, kind, match):
    with pytest.raises(kind, match=match):
        says.columns(["all"], slots)
    assert Says.asked == []


# ----------------------------------------------------------------------------------------- numpy


@pytest.fixture
def numpy():
    return pytest.importorskip("numpy", reason="numpy is not installed")


def test_numpy(numpy, columns, zoo):
    arrays = columns.to_numpy()
    assert list(arrays) == columns.slots and all(array.shape == (4,) for array in arrays.values())
    assert arrays[NAMED].tolist() == ["Martin", None, "Rex", "Tomcat"]
    assert isinstance(arrays[AGE], numpy.ma.MaskedArray) and arrays[AGE].tolist() == [12, None, 3, None]
    assert arrays[TAME].dtype == bool and arrays[TAME].tolist() == [True, None, None, None]
    assert arrays[WEIGHT].dtype == float and arrays[WEIGHT].compressed().tolist() == [4.5]
    ages = zoo.columns(REFS[::2], [AGE])[AGE].to_numpy()
    assert type(ages) is numpy.ndarray and ages.dtype == "int64" and ages.tolist() == [12, 3]


def test_numpy_copies_no_numbers(numpy, zoo):
    column = zoo.columns(["bal:///dog"] * 100, [AGE])[AGE]
    first, second = column.to_numpy(), column.to_numpy()
    assert first.ctypes.data == second.ctypes.data
    del column, second
    gc.collect()
    assert first.tolist() == [3] * 100  # keeps what it looks at
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_numpy_asks_by_itself(numpy, zoo):
    column = zoo.columns(["bal:///dog"] * 3, [AGE])[AGE]
    assert numpy.asarray(column).tolist() == [3, 3, 3]
    assert numpy.asarray(column, dtype=float).dtype == float
    copied = numpy.array(column, copy=True)
    copied[0] = 7
    assert column.to_list() == [3, 3, 3]


def test_numpy_of_no_rows(numpy, zoo):
    for array in zoo.columns([], [NAMED, AGE, TAME]).to_numpy().values():
        assert array.shape == (0,)


# ----------------------------------------------------------------------------------------- arrow


@pytest.fixture
def pyarrow():
    return pytest.importorskip("pyarrow", reason="pyarrow is not installed")


ROWS = [{"named/name": "Martin", "animal/age": 12, "status": 0, "message": None},
        {"named/name": None, "animal/age": None, "status": 104, "message": "the library has no entity 'owl'"},
        {"named/name": "Rex", "animal/age": 3, "status": 0, "message": None},
        {"named/name": "Tomcat", "animal/age": None, "status": 0, "message": None}]


def test_pyarrow(pyarrow, zoo):
    columns = zoo.columns(REFS, [NAMED, AGE])
    assert pyarrow.record_batch(columns).to_pylist() == ROWS
    assert pyarrow.table(columns).to_pylist() == ROWS
    assert pyarrow.array(columns[AGE]).to_pylist() == [12, None, 3, None]
    assert pyarrow.chunked_array(columns[NAMED]).to_pylist() == ["Martin", None, "Rex", "Tomcat"]
    assert pyarrow.schema(columns).names == ["named/name", "animal/age", "status", "message"]
    reader = pyarrow.RecordBatchReader.from_stream(columns)
    assert [len(batch) for batch in reader] == [4]
    made = pyarrow.record_batch(columns)
    del columns, reader
    gc.collect()
    made.validate(full=True)
    assert made.to_pylist() == ROWS


def test_pyarrow_copies_nothing(pyarrow, numpy, zoo):
    columns = zoo.columns(["bal:///dog"] * 100, [AGE])
    there = columns[AGE].to_numpy().ctypes.data
    for taken in (pyarrow.array(columns[AGE]), pyarrow.record_batch(columns).column(0),
                  pyarrow.table(columns).column(0).chunk(0)):
        assert taken.buffers()[1].address == there


def test_pyarrow_of_all_kinds(pyarrow, says):
    slots = [("kinds", key) for key in ALL["kinds"] if key != "list"]
    batch = pyarrow.record_batch(says.columns(["all", "none"], slots))
    batch.validate(full=True)
    assert [column.to_pylist() for column in batch.columns[:-2]] == [
        [ALL["kinds"][key], None] for _, key in slots]


def test_pyarrow_of_lists_and_unions(pyarrow, serve):
    values = {"list": [[1, 2], [], None, [3]], "mixed": [1, "a", None, 2.5]}
    manager = serve(lambda refs, request: [{"t": {key: values[key][int(ref)] for key in values}}
                                           for ref in refs])
    batch = pyarrow.record_batch(manager.columns(list("0123"), [("t", "list"), ("t", "mixed")]))
    batch.validate(full=True)
    table = pyarrow.table(manager.columns(list("0123"), [("t", "list"), ("t", "mixed")]))
    for found in (batch.to_pydict(), table.to_pydict()):
        assert found["t/list"] == values["list"] and found["t/mixed"] == values["mixed"]


def test_polars(zoo):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    columns = zoo.columns(REFS, [NAMED, AGE])
    assert polars.DataFrame(columns).to_dicts() == ROWS
    assert polars.Series(columns[AGE]).to_list() == [12, None, 3, None]


def test_pandas(pyarrow, zoo):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    columns = zoo.columns(REFS, [NAMED, AGE])
    frame = pyarrow.table(columns).to_pandas()
    assert frame["named/name"].tolist()[2] == "Rex" and frame["status"].tolist() == [0, 104, 0, 0]
    if hasattr(pandas.DataFrame, "from_arrow"):
        assert pandas.DataFrame.from_arrow(columns)["named/name"].tolist()[0] == "Martin"


def name_of(capsule):
    function = ctypes.pythonapi.PyCapsule_GetName
    function.restype, function.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return function(capsule)


def test_capsules_that_nobody_takes(columns):
    for _ in range(100):
        for one in (columns, columns[AGE]):
            assert name_of(one.__arrow_c_schema__()) == b"arrow_schema"
            assert [name_of(capsule) for capsule in one.__arrow_c_array__()] == [
                b"arrow_schema", b"arrow_array"]
            assert name_of(one.__arrow_c_stream__(None)) == b"arrow_array_stream"
            one.__arrow_c_array__(one.__arrow_c_schema__())
    schema, array = columns.__arrow_c_array__()
    del columns
    gc.collect()
    del array, schema


def test_a_schema_may_be_asked_for_twice(pyarrow, columns):
    stream = columns.__arrow_c_stream__()

    class Stream(ctypes.Structure):
        _fields_ = [("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p))]

    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = pointer(stream, b"arrow_array_stream")
    for _ in range(2):
        schema = (ctypes.c_char * 72)()
        assert Stream.from_address(address).get_schema(address, ctypes.addressof(schema)) == 0
        assert pyarrow.Schema._import_from_c(ctypes.addressof(schema)).names[-1] == "message"
