# SPDX-License-Identifier: Apache-2.0
"""Sheaf's side: `sheaf_side.py FOLDER`, where it may write the library of `bal`."""
import json
import sys
import threading
from pathlib import Path

import in_python
import work

import sheaf
from sheaf._cffi import ffi, lib

TRAIT, KEY, SIZED, BYTES = "named", "name", "sized", "bytes"
BUSY = 1_000


def write_library(folder, names):
    """What every manager here knows, for `bal`; and a number for each, for columns."""
    entities = {ref.removeprefix(work.PREFIX): {"versions": [{"traits": {
        TRAIT: {KEY: name}, SIZED: {BYTES: i}}}]} for i, (ref, name) in enumerate(names.items())}
    path = folder / "library.json"
    path.write_text(json.dumps({"entities": entities}))
    return path


def reading(manager, refs, names):
    """A list of str in, a value of each out."""
    indices = range(len(refs))

    def read():
        batch = manager.resolve(refs, [TRAIT])
        return [batch[i][TRAIT][KEY] for i in indices]

    if read() != [names[ref] for ref in refs]:
        sys.exit("sheaf_side.py: wrong values")
    return read


def collecting(manager, refs):
    """Columns as numpy arrays; and what they are made with, in C alone."""
    prepared, slots = sheaf.Refs(refs), [(SIZED, BYTES)]
    array = ffi.new("sheaf_slot[]", [tuple(manager.library._names.many([SIZED, BYTES]))])
    request = ffi.new("sheaf_request *", {
        "struct_size": ffi.sizeof("sheaf_request"), "refs": ffi.cast("sheaf_str *", prepared.address),
        "count": len(refs), "slots": array, "slot_count": 1})
    error = ffi.new("sheaf_error *")

    def in_c(kept=array):
        columns = lib.sheaf_perform_columns(manager._pointer, lib.SHEAF_VERB_RESOLVE, request, error)
        if lib.sheaf_columns_failed(columns):
            sys.exit("sheaf_side.py: a row failed")
        lib.sheaf_columns_free(columns)

    def of(what):
        return lambda: manager.columns(what, slots).to_numpy()

    if of(refs)()[SIZED, BYTES].tolist() != list(range(len(refs))):
        sys.exit("sheaf_side.py: wrong columns")
    return {"in_c": in_c, "from_refs": of(prepared), "from_list": of(refs)}


class Spinning:
    """Another thread that does nothing but Python, in a `with` statement."""

    def __enter__(self):
        self.ended = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()

    def run(self):
        while not self.ended:
            sum(range(100))


def main():
    names = dict(work.rows())
    refs = list(names)
    library = sheaf.Library()
    library.register(in_python.InPython)
    bal = library.open("bal", library_path=write_library(Path(sys.argv[1]), names))
    python = library.open("in_python")
    some, body = refs[:work.BATCH], in_python.InPython()
    quiet = reading(bal, refs[:BUSY], names)
    work.serve({
        "read": reading(bal, some, names),
        "read_one": lambda: bal.resolve_one(refs[0], [TRAIT])[TRAIT][KEY],
        "read_python": reading(python, some, names),
        "body": lambda: body.resolve(some, None),
        "quiet": quiet, "busy": quiet,
        **collecting(bal, refs),
    }, {"busy": Spinning})


main()
