# SPDX-License-Identifier: Apache-2.0
"""The wheel that `pip install ./bindings/python` makes: whole, and in need of nothing else."""
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile

import pytest
from shared import ROOT

# glibc's own. The loader is in every process.
GLIBC = re.compile(r"(libc|libm|libpthread|libdl|librt)\.so\.\d+|ld-linux-x86-64\.so\.2")
WHEELS = ROOT / "build/downloads/wheels"
# Such as a user of the package may not have.
QUIET = {name: value for name, value in os.environ.items()
         if not name.startswith(("SHEAF", "PYTHON", "LD_"))}


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace",
                          env={**QUIET, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def downloads():
    """The packages that building and running it takes, downloaded once: then no network is needed."""
    pinned = (ROOT / "requirements-dev.txt").read_text()
    wanted = re.findall(r"^(?:cffi|scikit-build-core)==.*$", pinned, re.M)
    stamp = WHEELS / "stamp"
    text = f"{wanted} {sys.version_info[:2]}"
    if not stamp.exists() or stamp.read_text() != text:
        run(sys.executable, "-m", "pip", "download", "-q", "-d", WHEELS, *wanted)
        stamp.write_text(text)
    return ["--no-index", "--find-links", WHEELS]


@pytest.fixture(scope="module")
def wheel(downloads, tmp_path_factory):
    """Built as pip builds it, isolated; but in a folder that stays, so that little is compiled."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *downloads,
        "--config-settings", f"build-dir={ROOT}/build/python",
        "--config-settings", "cmake.define.SHEAF_PYTHON_WERROR=ON",
        "-w", folder, ROOT / "bindings/python", cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def python(wheel, downloads, tmp_path_factory):
    """The interpreter of an empty environment with nothing but the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", *downloads, wheel)
    return python


def test_the_tag_says_what_it_is(wheel):
    assert re.fullmatch(r"sheaf-[\d.]+-cp310-abi3-linux_x86_64\.whl", wheel.name)


def test_what_is_inside(unpacked):
    native = unpacked / "sheaf/_native"
    for name in ("bin/sheaf", "lib/libsheaf.so.0", "lib/sheaf/plugins/bal.so",
                 "lib/sheaf/plugins/bal.sheaf.json", "lib/sheaf/plugins/sqlite.so",
                 "lib/sheaf/plugins/sqlite.sheaf.json", "lib/sheaf/plugins/python.so",
                 "lib/sheaf/plugins/python.sheaf.json", "include/sheaf/abi.h",
                 "lib/cmake/Sheaf/SheafAddPlugin.cmake"):
        assert (native / name).is_file(), name
    assert (unpacked / "sheaf/py.typed").is_file()
    assert list(unpacked.glob("sheaf-*.dist-info/licenses/LICENSE"))
    names = [str(path.relative_to(unpacked)) for path in unpacked.rglob("*")]
    assert not [name for name in names if "__pycache__" in name or name.endswith((".c", "_test"))]


def elf_files(folder):
    return [path for path in folder.rglob("*")
            if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]


def dynamic(path, tag):
    said = run("readelf", "-dW", path)
    return re.findall(rf"\({tag}\).*\[(.*)\]", said)


def test_nothing_but_glibc_is_needed_from_outside(unpacked):
    files = elf_files(unpacked)
    assert len(files) >= 6
    for path in files:
        runpath = [folder.replace("$ORIGIN", str(path.parent))
                   for entry in dynamic(path, "RUNPATH") for folder in entry.split(":")]
        assert not dynamic(path, "RPATH")
        for needed in dynamic(path, "NEEDED"):
            found = [folder for folder in runpath if os.path.exists(os.path.join(folder, needed))]
            assert GLIBC.fullmatch(needed) or found, f"{path.name} needs {needed}"
        for folder in runpath:
            assert os.path.realpath(folder).startswith(str(unpacked)), f"{path.name}: {folder}"


def test_the_loader_agrees(unpacked):
    for path in elf_files(unpacked):
        for name, where in re.findall(r"(\S+) => (.*)", run("ldd", path)):
            assert "not found" not in where, f"{path.name}: {name}"
            assert GLIBC.fullmatch(name) or str(unpacked) in where, f"{path.name}: {name} => {where}"


def test_nothing_is_executable_on_the_stack_or_relocated_in_the_text(unpacked):
    for path in elf_files(unpacked):
        assert not re.search(r"GNU_STACK.*RWE", run("readelf", "-lW", path)), path.name
        assert "TEXTREL" not in run("readelf", "-dW", path), path.name


def test_it_works_in_an_empty_environment(python, library_path, tmp_path):
    code = (
        "import sheaf\n"
        "assert {m.id for m in sheaf.managers()} == {'bal', 'python', 'sqlite'}, sheaf.managers()\n"
        f"with sheaf.open('bal', library_path={str(library_path)!r}) as manager:\n"
        "    print(manager.description.prefixes)\n")
    assert run(python, "-I", "-c", code, cwd=tmp_path) == "('bal:///',)\n"


def test_the_command_works_in_an_empty_environment(python, library_path, tmp_path):
    sheaf = python.with_name("sheaf")
    version = re.search(r"Sheaf VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert run(sheaf, "--version", cwd=tmp_path).startswith(f"sheaf {version} ")
    assert '"name":"Martin"' in run(sheaf, "resolve", "--manager", "bal", "--setting",
                                    f"library_path={library_path}", "bal:///cat", cwd=tmp_path)
    run(sheaf, "import", "--from", library_path, "--to", "zoo.sqlite", cwd=tmp_path)
    sqlite = ["--manager", "sqlite", "--setting", "path=zoo.sqlite"]
    assert '"name":"Rex"' in run(sheaf, "resolve", *sqlite, "bal:///dog", cwd=tmp_path)
    run(sheaf, "resolve", *sqlite, "--property", "named/name", "--format", "arrow", "bal:///dog",
        cwd=tmp_path)


LIBPYTHON = os.path.join(sysconfig.get_config_var("LIBDIR") or "",
                         sysconfig.get_config_var("INSTSONAME") or "libpython")


@pytest.mark.skipif(not os.path.exists(LIBPYTHON), reason="this Python has no libpython")
def test_the_command_runs_a_manager_in_python(python, tmp_path):
    """In the interpreter that the package is installed for."""
    (tmp_path / "zoo.py").write_text(
        "import sheaf, sys\n"
        "@sheaf.manager('zoo')\n"
        "def resolve(refs, request):\n"
        "    return [{'named': {'name': sys.prefix}} for ref in refs]\n")
    said = run(python.with_name("sheaf"), "resolve", "--manager", "python", "--setting", "module=zoo",
               "--setting", "path=.", "zoo:///cat", cwd=tmp_path)
    assert json.loads(said)["traits"] == {"named": {"name": str(python.parents[1])}}


def test_a_plugin_is_built_against_it(python, tmp_path):
    """find_package(Sheaf) with the folder that the package tells."""
    template = (ROOT / "plugins/template/template.c").read_text()
    (tmp_path / "own.c").write_text(template)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(own C)\nfind_package(Sheaf REQUIRED)\n"
        "sheaf_add_plugin(template SOURCES own.c)\n")
    where = run(python, "-c", "import sheaf; print(sheaf.get_cmake_dir())").strip()
    run("cmake", "-S", tmp_path, "-B", tmp_path / "out", f"-DSheaf_DIR={where}")
    run("cmake", "--build", tmp_path / "out")
    code = f"import sheaf; print(sheaf.Library(plugin_paths=[{str(tmp_path / 'out')!r}]).managers()[0].id)"
    assert run(python, "-c", code) == "template\n"
