# SPDX-License-Identifier: Apache-2.0
"""Libraries and managers: opening, settings, closing."""
import copy
import gc
import logging
import pickle
import threading
import warnings
import weakref
from pathlib import Path

import pytest

import sheaf
from sheaf import _log
from sheaf._cffi import ffi, lib


# ---------------------------------------------------------------------------------------- opening


def test_open_and_close(library_path):
    with sheaf.open("bal", library_path=library_path) as manager:
        assert not manager.closed
        assert manager.id == "bal"
        assert repr(manager) == "<sheaf.OpenManager 'bal'>"
        manager.flush()
    assert manager.closed
    assert repr(manager) == "<sheaf.OpenManager 'bal' (closed)>"
    manager.close()
    with pytest.raises(sheaf.ClosedError, match='manager "bal" is closed') as raised:
        manager.flush()
    assert raised.value.status is sheaf.Status.CLOSED
    with pytest.raises(sheaf.ClosedError), manager:
        pass


def test_unknown_manager():
    with pytest.raises(sheaf.NotFoundError, match='did you mean "bal"') as raised:
        sheaf.open("ball")
    assert raised.value.status is sheaf.Status.NOT_FOUND
    assert isinstance(raised.value, LookupError)


@pytest.mark.parametrize("as_path", [str, Path])
def test_open_by_path(as_path, chatty, monkeypatch):
    with sheaf.open(as_path(chatty / "chatty.sheaf.json")) as manager:
        assert manager.id == "chatty"
    monkeypatch.chdir(chatty)
    with sheaf.open(Path("chatty.so")) as manager:  # a path, though it has no slash
        assert manager.id == "chatty"


def test_a_bad_id():
    with pytest.raises(ValueError, match="NUL"):
        sheaf.open("bal\0x")
    with pytest.raises(TypeError):
        sheaf.open(3)


def test_two_of_one_sort(library_path):
    with sheaf.open("bal", library_path=library_path) as one:
        with sheaf.open("bal", library_path=library_path) as other:
            assert one.library is other.library
        one.flush()


# --------------------------------------------------------------------------------------- settings


@pytest.fixture
def created(chatty, caplog):
    """Opens `chatty` with settings, and gives what it says that it got."""
    caplog.set_level(logging.INFO, "sheaf")

    def open_with(**settings):
        caplog.clear()
        with sheaf.Library(plugin_paths=[chatty], application="me").open("chatty", **settings):
            pass
        return caplog.messages[0]

    return open_with


def test_settings_of_all_types(created):
    said = created(lines=0, fraction=1.25, flag=True, text="ä\n")
    assert said == "created for me with 0, 1.25, true, 'ä\n'"
    assert created(text=Path("a/b")) == "created for me with 0, 0.5, false, 'a/b'"
    assert created(settings={"flag": True}, text="x") == "created for me with 0, 0.5, true, 'x'"


def test_text_is_read_as_the_setting_wants_it(created):
    assert created(lines="0", fraction="2", flag="true", text="") == "created for me with 0, 2, true, ''"


def test_none_is_as_if_it_were_not_given(created):
    assert created(fraction=None, text=None) == "created for me with 0, 0.5, false, ''"


@pytest.mark.parametrize(("settings", "kind", "message"), [
    ({"colour": "red"}, sheaf.InvalidArgumentError, 'no setting "colour".*takes lines, fraction'),
    ({"lines": "many"}, sheaf.InvalidArgumentError, 'setting "lines".*"many"'),
    ({"lines": 1.5}, sheaf.InvalidArgumentError, 'setting "lines"'),
    ({"text": "a\0b"}, sheaf.InvalidArgumentError, 'setting "text"'),
    ({"lines": 2**63}, ValueError, "'lines' has 9223372036854775808, which is no 64-bit integer"),
    ({"text": "\ud800"}, ValueError, "setting 'text' is not valid text"),
    ({"text": b"bytes"}, TypeError, "setting 'text' is of type bytes"),
    ({"text": ["a"]}, TypeError, "setting 'text' is of type list"),
    ({"t\udcff": 1}, ValueError, "is not valid text"),
])
def test_bad_settings(chatty, settings, kind, message):
    library = sheaf.Library(plugin_paths=[chatty])
    with pytest.raises(kind, match=message):
        library.open("chatty", settings=settings)


def test_what_the_manager_fails_with(tmp_path):
    with pytest.raises(sheaf.SystemFailure, match="absent.json") as raised:
        sheaf.open("bal", library_path=tmp_path / "absent.json")
    assert raised.value.status is sheaf.Status.IO_ERROR


# ---------------------------------------------------------------------------------------- closing


def test_a_library_closes_its_managers(library_path):
    with sheaf.Library() as library:
        manager = library.open("bal", library_path=library_path)
    assert manager.closed
    with pytest.raises(sheaf.ClosedError, match="the library is closed"):
        library.open("bal")
    with pytest.raises(sheaf.ClosedError), library:
        pass
    library.close()


def test_the_default_library_is_shared_and_made_anew_when_closed(library_path):
    with sheaf.open("bal", library_path=library_path) as manager:
        first = manager.library
    with sheaf.open("bal", library_path=library_path) as manager:
        assert manager.library is first
    first.close()
    with sheaf.open("bal", library_path=library_path) as manager:
        assert manager.library is not first


def test_a_manager_that_is_forgotten_is_closed_and_told_of(chatty, caplog):
    library = sheaf.Library(plugin_paths=[chatty])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        library.open("chatty")
        gc.collect()
    _log.log.flush()
    assert [w.category for w in caught] == [ResourceWarning]
    assert "<sheaf.OpenManager 'chatty'> was not closed" in str(caught[0].message)
    assert caplog.messages == ["destroyed"]


def test_a_library_is_freed_with_its_last_manager(library_path):
    library = sheaf.Library()
    manager = library.open("bal", library_path=library_path)
    gone = weakref.ref(library)
    del library
    gc.collect()
    assert gone() is not None
    manager.flush()
    manager.close()
    del manager
    gc.collect()
    assert gone() is None


def ask(manager, callback):
    """A batch of one, with a callback of the C interface."""
    function = ffi.callback("uint32_t(void *, uint32_t, const sheaf_result *)", callback)
    callbacks = ffi.new("sheaf_callbacks *", {"struct_size": ffi.sizeof("sheaf_callbacks"),
                                              "success": function, "error": function})
    ref = ffi.from_buffer("char[]", b"bal:///cat")
    refs = ffi.new("sheaf_str[]", [{"data": ref, "size": len(ref)}])
    request = ffi.new("sheaf_request *", lib.sheaf_request_for(refs, 1))
    return lib.sheaf_perform(manager._open_pointer(), lib.SHEAF_VERB_RESOLVE, request, callbacks,
                             ffi.NULL, ffi.NULL)


@pytest.mark.parametrize("attempt", [copy.copy, copy.deepcopy, pickle.dumps])
def test_what_there_is_once_is_not_copied(library_path, attempt):
    """A copy of a manager closed the manager when it was collected."""
    with sheaf.open("bal", library_path=library_path) as manager:
        for one in (manager, manager.library, sheaf.Cancel()):
            with pytest.raises(TypeError, match=f"a sheaf.{type(one).__name__} can be neither copied nor"):
                attempt(one)
        gc.collect()
        assert manager.resolve(["bal:///cat"]).ok


def test_closing_inside_a_callback_of_its_own_is_refused(library_path):
    library = sheaf.Library()
    raised = []

    def close_all(ctx, index, result):
        for one in (manager, library):
            try:
                one.close()
            except sheaf.BusyError as error:
                raised.append(error)
        return 0

    with library.open("bal", library_path=library_path) as manager:
        assert ask(manager, close_all) == lib.SHEAF_OK
        assert [error.status for error in raised] == [sheaf.Status.BUSY] * 2
        assert "inside its own call" in str(raised[0])
        manager.flush()
        library.managers()
    assert manager.closed


def test_managers_are_closed_at_the_end_of_the_process(chatty, run_python):
    code = ("import logging, sheaf, sys\n"
            "logging.basicConfig(stream=sys.stdout, format='%(name)s: %(message)s')\n"
            "manager = sheaf.Library(plugin_paths=sys.argv[1:]).open('chatty')\n")
    assert run_python(code, chatty) == "sheaf.chatty: destroyed\n"


def test_many_threads_open_and_close(library_path):
    errors = []
    library = sheaf.Library()

    def work():
        try:
            for _ in range(50):
                with library.open("bal", library_path=library_path) as manager:
                    manager.flush()
                    library.managers()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_a_library_that_is_closed_while_threads_open_keeps_nothing_open(chatty):
    for _ in range(30):
        library = sheaf.Library(plugin_paths=[chatty])
        opened = []

        def work():
            try:
                while True:
                    opened.append(library.open("chatty"))
            except sheaf.ClosedError:
                pass

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        library.close()
        for thread in threads:
            thread.join()
        assert all(manager.closed for manager in opened)


@pytest.mark.parametrize(("timeout", "kind"), [("1", TypeError), (True, TypeError), (float("nan"), ValueError)])
def test_a_bad_timeout(library_path, timeout, kind):
    with sheaf.open("bal", library_path=library_path) as manager:
        with pytest.raises(kind, match="timeout"):
            manager.flush(timeout)
        manager.flush(float("inf"))
        manager.flush(-1)


def test_flush_with_a_deadline(chatty):
    with sheaf.Library(plugin_paths=[chatty]).open("chatty") as manager:
        manager.flush()
        with pytest.raises(sheaf.DeadlineError, match="there is a deadline") as raised:
            manager.flush(timeout=5)
    assert isinstance(raised.value, TimeoutError)


def test_names(chatty):
    library = sheaf.Library(plugin_paths=[chatty])
    names = library._names
    assert names.id("sheaf.resolve/1") == 1
    one, two = names.many(["a trait", "ä"])
    assert (names.id("a trait"), names.text(two), names.text(99999)) == (one, "ä", "")
    with pytest.raises(sheaf.InvalidArgumentError):
        names.many(["fine", ""])
    with pytest.raises(UnicodeEncodeError):
        names.id("\ud800")
