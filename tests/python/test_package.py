# SPDX-License-Identifier: Apache-2.0
"""The package as such: its names, what importing it loads, its documentation."""
import inspect
import re
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from shared import ROOT

import sheaf


def test_importing_it_loads_no_libsheaf(run_python):
    """A process that runs a manager in Python has a libsheaf already, and not this package's."""
    code = ("import sys, sheaf\n"
            "sheaf.Status, sheaf.ElementError, sheaf.get_include()\n"
            "assert 'sheaf._cffi' not in sys.modules and '_cffi_backend' not in sys.modules\n"
            "assert 'libsheaf' not in open('/proc/self/maps').read()\n"
            "sheaf.open\n"
            "assert 'libsheaf' in open('/proc/self/maps').read()\n")
    run_python(code)


@pytest.mark.parametrize("name", sheaf.__all__)
def test_every_name_is_there_and_told_of(name):
    thing = getattr(sheaf, name)
    assert inspect.getdoc(thing), name
    if inspect.isclass(thing) and not issubclass(thing, int):
        for member, value in vars(thing).items():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{member}"


def test_names_for_people_and_for_type_checkers_are_the_same():
    source = Path(sheaf.__file__).read_text()
    typed = set(re.findall(r"^    from sheaf\.(\w+) import (\w+) as \2$", source, re.M))
    assert typed == {(home.removeprefix("sheaf."), name) for name, home in sheaf._HOMES.items()}
    assert set(sheaf.__all__) <= set(dir(sheaf))
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        sheaf.opne
    assert all(not name.startswith("_") for name in sheaf.__all__)


def test_versions_agree():
    from sheaf._cffi import ffi, lib
    from_cmake = re.search(r"project\(Sheaf VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert sheaf.__version__ == version("sheaf") == from_cmake
    assert ffi.string(lib.sheaf_version()).decode() == from_cmake


def test_what_it_says_of_itself():
    said = distribution("sheaf").metadata
    assert said["Requires-Python"] == ">=3.10"
    assert said["License-Expression"] == "Apache-2.0"
    assert "Typing :: Typed" in said.get_all("Classifier")


def test_headers_and_cmake_files():
    assert (Path(sheaf.get_include()) / "sheaf/abi.h").read_text() == (
        ROOT / "include/sheaf/abi.h").read_text()
    assert (Path(sheaf.get_cmake_dir()) / "SheafConfig.cmake").is_file()
