# SPDX-License-Identifier: Apache-2.0
"""What the package's tests share. They run in an interpreter that has it installed: `make python`."""
import itertools
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from shared import LIBRARY, write_manifest

import sheaf
from sheaf import _log

# A shell starts what runs in the background with Ctrl-C ignored, and Python leaves it so: nothing of what
# the tests of Ctrl-C look for would happen, neither here nor in processes started from here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def library_path(tmp_path):
    """A library of the manager `bal`: bal:///cat and bal:///dog."""
    path = tmp_path / "library.json"
    path.write_text(json.dumps(LIBRARY))
    return path


@pytest.fixture(scope="session")
def chatty(tmp_path_factory):
    """A folder with the plugin `chatty`, which logs."""
    folder = tmp_path_factory.mktemp("chatty")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", f"-I{sheaf.get_include()}", "-pthread",
                    Path(__file__).with_name("chatty.c"), "-o", folder / "chatty.so"], check=True)
    write_manifest(folder)
    return folder


@pytest.fixture
def run_python(tmp_path):
    """Runs code in a process of its own: its standard output. It must end well, and in time."""

    def run(code, *arguments, env=None, options=()):
        done = subprocess.run([sys.executable, *options, "-c", code, *map(str, arguments)],
                              capture_output=True, text=True, timeout=60, env=env, cwd=tmp_path)
        assert done.returncode == 0, f"{done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


# ------------------------------------------------------------------------------- managers in Python


@pytest.fixture
def library():
    """One of its own, so that what is registered is gone afterwards."""
    with sheaf.Library() as made:
        yield made


@pytest.fixture
def serve(library):
    """Opens a manager of a class, or of one whose `resolve` is this function (refs, request)."""
    numbers = itertools.count()

    def open_it(what, **settings):
        if not isinstance(what, type):
            what = sheaf.manager(f"served-{next(numbers)}")(what)
        library.register(what)
        return library.open(what.id, **settings)
    return open_it


@pytest.fixture
def logged(capfd, caplog):
    """What was logged so far, as text."""
    heard = []

    def read():
        _log.log.flush()
        heard.append(capfd.readouterr().err)
        return "".join(heard) + caplog.text
    return read


# --------------------------------------------------------------------------------------------- hosts


@pytest.fixture
def zoo(library_path):
    """The manager `bal`, open, with bal:///cat and bal:///dog."""
    with sheaf.open("bal", library_path=library_path) as manager:
        yield manager


@pytest.fixture
def says(serve):
    """The manager of hosting.py, open."""
    from hosting import Says

    Says.asked, Says.waiting = [], threading.Event()
    with serve(Says) as manager:
        yield manager
