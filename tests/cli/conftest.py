# SPDX-License-Identifier: Apache-2.0
"""Black-box tests of the `sheaf` command of the build in $SHEAF_BUILD_DIR (by default build/dev)."""
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SHEAF_BUILD_DIR") or ROOT / "build" / "dev").resolve()
SHEAF = BUILD / "bin" / "sheaf"

# Generous: a build with sanitizers on a busy machine is slow.
TIMEOUT = 120


class Result:
    """How a command ended; bytes, for output need not be text."""

    def __init__(self, status, out, err):
        self.status, self.raw, self.raw_err = status, out, err

    @property
    def out(self):
        return self.raw.decode("utf-8")

    @property
    def err(self):
        return self.raw_err.decode("utf-8", "replace")

    @property
    def rows(self):
        """Of --format jsonl."""
        assert not self.raw or self.raw.endswith(b"\n")
        return [json.loads(line) for line in self.raw.split(b"\n")[:-1]]

    def expect(self, status):
        assert self.status == status, f"exit status {self.status}\n{self.err}"
        return self


def restore_signals():
    """As a shell starts a command, whatever started pytest."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


class Sheaf:
    """Runs the command in a folder and an environment of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("SHEAF_", "BAL_", "XDG_"))}
        self.env.pop("COLUMNS", None)
        self.env.update(HOME=str(folder / "home"), LANG="C.UTF-8", LC_ALL="C.UTF-8")

    def start(self, *args, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("cwd", self.folder)
        options.setdefault("preexec_fn", restore_signals)
        return subprocess.Popen([SHEAF, *args], env={**self.env, **(env or {})}, **options)

    def __call__(self, *args, stdin=None, **options):
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
        with self.start(*args, **options) as process:
            try:
                out, err = process.communicate(stdin, timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Result(process.returncode, out, err)


@pytest.fixture
def sheaf(tmp_path):
    assert SHEAF.exists(), f"{SHEAF} is not there: build first, or set SHEAF_BUILD_DIR"
    return Sheaf(tmp_path)


# ------------------------------------------------------------------------------ the odd manager


def write_manifest(folder, name, version="1.0.0", library="odd.so", **more):
    manifest = {"sheaf_manifest": 1, "id": name, "name": "Odd", "version": version,
                "abi": {"major": 1, "minor": 0, "min_minor": 0}, "library": library, **more}
    path = folder / f"{name}.sheaf.json"
    path.write_text(json.dumps(manifest))
    return path


@pytest.fixture(scope="session")
def odd_library(tmp_path_factory):
    """odd.c as a plugin: built by hand, for all that it takes is a header."""
    out = tmp_path_factory.mktemp("odd") / "odd.so"
    flags = "-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -Wall -Wextra -Werror".split()
    shape = "-fPIC -shared -fvisibility=hidden".split()
    subprocess.run([os.environ.get("CC", "cc"), *flags, *shape, "-I", ROOT / "include",
                    Path(__file__).with_name("odd.c"), "-o", out], check=True)
    return out


@pytest.fixture
def make_plugin_folder(tmp_path, odd_library):
    """A folder with the odd manager in it."""

    def make(name="plugins", version="1.0.0"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(odd_library, folder)
        write_manifest(folder, "odd", version)
        return folder

    return make


@pytest.fixture
def odd(sheaf, make_plugin_folder):
    """Asks the odd manager: odd("resolve", ...). Its one required setting is given."""
    folder = make_plugin_folder()

    def run(command, *args, **options):
        return sheaf(command, "--plugin-path", str(folder), "--manager", "odd", "--setting",
                     "token=t", *args, **options)

    run.options = ["--plugin-path", str(folder), "--manager", "odd", "--setting", "token=t"]
    return run


# ------------------------------------------------------------------------------ the bal manager


@pytest.fixture
def bal(sheaf):
    """Asks the bal manager about tests/data/cli/library.json."""
    library = ROOT / "tests" / "data" / "cli" / "library.json"

    def run(command, *args, **options):
        return sheaf(command, "--manager", "bal", "--setting", f"library_path={library}", *args,
                     **options)

    run.library = library
    return run
