# SPDX-License-Identifier: Apache-2.0
"""The log: handed to `logging`, by a queue, so that nobody waits for the GIL to log."""
import logging
import os
import threading
import time

import pytest

import sheaf
from sheaf import _log
from sheaf._cffi import lib


@pytest.fixture
def opened(chatty, caplog):
    """Opens `chatty` with settings."""
    library = sheaf.Library(plugin_paths=[chatty])
    managers = []

    def open_with(**settings):
        managers.append(library.open("chatty", **settings))
        return managers[-1]

    yield open_with
    for manager in managers:
        manager.close()


def test_names_levels_and_text(opened, caplog):
    caplog.set_level(logging.DEBUG, "sheaf")
    before = time.time()
    manager = opened()
    manager.flush()
    _log.log.flush()
    records = [r for r in caplog.records if r.name == "sheaf.chatty"]
    assert [(r.levelno, r.getMessage()) for r in records[1:]] == [
        (logging.DEBUG, "debug"), (logging.INFO, "info"),
        (logging.ERROR, "café \ufffd ?[31m\ttab")]
    for record in records:
        assert before - 0.01 <= record.created <= time.time() + 0.01
        assert 0 <= record.msecs < 1000
        assert (record.thread, record.threadName) == (threading.get_ident(), "MainThread")


def test_the_core_logs_as_sheaf(caplog):
    library = sheaf.Library()
    with pytest.raises(sheaf.NotFoundError):
        library.open("ball")
    library.close()
    assert caplog.records[0].name == "sheaf"
    assert 'no manager "ball" was found' in caplog.messages[0]


def test_lines_come_without_flushing(opened, caplog):
    opened(lines=3).flush()
    for _ in range(500):
        if len(caplog.messages) >= 4:
            break
        time.sleep(0.01)
    assert caplog.messages[:3] == ["line 0", "line 1", "line 2"]


def test_closing_hands_on_what_was_logged(opened, caplog):
    manager = opened(lines=1000)
    manager.flush()
    manager.close()
    assert caplog.messages[:1000] == [f"line {i}" for i in range(1000)]
    assert caplog.messages[-1] == "destroyed"


def test_a_level_is_looked_at_when_a_manager_is_opened(opened, caplog):
    caplog.set_level(logging.ERROR, "sheaf")
    with opened(lines=2) as manager:
        manager.flush()
    assert [r.levelno for r in caplog.records] == [logging.ERROR]
    caplog.clear()
    # A logger of one manager may want more than the others.
    caplog.set_level(logging.DEBUG, "sheaf.chatty")
    with opened(lines=2) as manager:
        manager.flush()
    assert {r.levelno for r in caplog.records} == {10, 20, 30, 40}


def test_the_queue_leaves_out_what_no_logger_wants(opened, caplog):
    caplog.set_level(logging.ERROR, "sheaf")
    opened(lines=lib.SHEAFPY_LOG_MAX_LINES * 2).flush()
    _log.log.flush()
    assert [r.levelno for r in caplog.records] == [logging.ERROR]


def test_the_variable_rules(chatty, run_python):
    code = ("import logging, sheaf, sys\n"
            "logging.basicConfig(stream=sys.stdout, level='DEBUG', format='%(levelname)s')\n"
            "with sheaf.Library(plugin_paths=sys.argv[1:]).open('chatty') as manager:\n"
            "    manager.flush()\n")
    env = {**os.environ, "SHEAF_LOG": "error"}
    assert run_python(code, chatty, env=env) == "ERROR\n"
    assert run_python(code, chatty, env={**env, "SHEAF_LOG": "none"}) == ""
    del env["SHEAF_LOG"]
    assert run_python(code, chatty, env=env).split() == ["INFO", "DEBUG", "INFO", "ERROR", "WARNING"]


def test_nobody_waits_for_the_gil(chatty, run_python):
    """A thread logs, and is waited for by one that keeps the GIL."""
    code = ("import ctypes, logging, sheaf, sys\n"
            "logging.basicConfig(stream=sys.stdout, format='%(threadName)s %(message)s')\n"
            "with sheaf.Library(plugin_paths=sys.argv[1:]).open('chatty'):\n"
            "    library = ctypes.PyDLL(sys.argv[1] + '/chatty.so')  # PyDLL keeps the GIL\n"
            "    library.chatty_wait_for_a_thread.argtypes = [ctypes.c_int64]\n"
            "    library.chatty_wait_for_a_thread(5000)\n")
    said = run_python(code, chatty, options=["-X", "faulthandler"]).splitlines()
    assert said[:5000] == [f"native line {i}" for i in range(5000)]
    assert said[5000:] == ["MainThread destroyed"]


def test_what_does_not_fit_is_counted(chatty, run_python):
    code = ("import ctypes, logging, sheaf, sys\n"
            "logging.basicConfig(stream=sys.stdout, format='%(name)s %(message)s')\n"
            "with sheaf.Library(plugin_paths=sys.argv[1:]).open('chatty'):\n"
            "    library = ctypes.PyDLL(sys.argv[1] + '/chatty.so')\n"
            "    library.chatty_wait_for_a_thread(20000)\n")
    said = run_python(code, chatty).splitlines()
    assert said[0] == "sheaf.chatty line 0"
    dropped = [line for line in said if "dropped" in line]
    assert dropped and dropped[0].startswith("sheaf ")
    lost = sum(int(line.split()[1]) for line in dropped)
    assert lost > 0
    assert lost + len(said) - len(dropped) == 20001  # with the last one, "destroyed"


def test_a_filter_that_raises_stops_nothing(opened, caplog, capsys):
    def fail(record):
        if record.getMessage() == "line 1":
            raise RuntimeError("a bad filter")
        return True

    logger = logging.getLogger("sheaf.chatty")
    logger.addFilter(fail)
    try:
        manager = opened(lines=3)
        manager.flush()
        _log.log.flush()
    finally:
        logger.removeFilter(fail)
    assert caplog.messages[:2] == ["line 0", "line 2"]
    assert "a bad filter" in capsys.readouterr().err


def test_a_handler_may_close_the_manager(opened, caplog):
    manager = opened(lines=2)

    class Closing(logging.Handler):
        def emit(self, record):
            manager.close()

    handler = Closing()
    logger = logging.getLogger("sheaf.chatty")
    logger.addHandler(handler)
    try:
        manager.flush()
        _log.log.flush()
    finally:
        logger.removeHandler(handler)
    assert manager.closed
    assert {"line 0", "line 1", "destroyed"} <= set(caplog.messages)


def test_many_threads_log(opened, caplog):
    manager = opened(lines=100)
    threads = [threading.Thread(target=manager.flush, name=f"worker {i}") for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _log.log.flush()
    for i in range(4):
        by_one = [r.getMessage() for r in caplog.records if r.thread == threads[i].ident]
        assert by_one.count("line 99") >= 1  # idents may be used again
    assert len([m for m in caplog.messages if m.startswith("line")]) == 400
