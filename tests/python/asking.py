# SPDX-License-Identifier: Apache-2.0
"""Asks a manager through the C interface alone, so that what a manager in Python sends is seen as it
came: statuses, flags, messages, the order of properties."""
from dataclasses import dataclass

from sheaf import Status
from sheaf._cffi import ffi, lib

VERBS = {"resolve": lib.SHEAF_VERB_RESOLVE, "exists": lib.SHEAF_VERB_EXISTS,
         "traits": lib.SHEAF_VERB_TRAITS}


@dataclass
class Result:
    """properties: (trait, key or None, value) as they came."""

    status: Status
    properties: list
    message: str
    flags: int

    @property
    def record(self):
        assert self.status == Status.OK, self.message
        record = {}
        for trait, key, value in self.properties:
            found = record.setdefault(trait, {})
            if key is not None and value is not None:
                found[key] = value
        return record


def _bytes(data):
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")


class Strings:
    """sheaf_str of Python's text, kept as long as this."""

    def __init__(self):
        self.kept = []

    def one(self, text):
        data = _bytes(text)
        self.kept.append(ffi.new("char[]", data))
        return {"data": self.kept[-1], "size": len(data)}

    def many(self, texts):
        self.kept.append(ffi.new("sheaf_str[]", [self.one(text) for text in texts]))
        return self.kept[-1]


def read_value(value):
    kind = value.kind
    if kind == lib.SHEAF_KIND_NONE:
        return None
    if kind == lib.SHEAF_KIND_BOOL:
        return bool(value.u.integer)
    if kind == lib.SHEAF_KIND_INT64:
        return value.u.integer
    if kind == lib.SHEAF_KIND_DOUBLE:
        return value.u.real
    if kind == lib.SHEAF_KIND_LIST:
        return [read_value(value.u.items[i]) for i in range(value.length)]
    data = ffi.buffer(value.u.data, value.length)[:] if value.length else b""
    return data if kind == lib.SHEAF_KIND_BYTES else data.decode()


def name(library, id):
    text = lib.sheaf_name(library, id)
    return ffi.buffer(text.data, text.size)[:].decode() if id else None


def read_result(library, result):
    properties = [(name(library, p.trait), name(library, p.key), read_value(p.value))
                  for p in (result.properties[i] for i in range(result.property_count))]
    message = ffi.buffer(result.message.data, result.message.size)[:] if result.message.size else b""
    return Result(Status(result.status), properties, message.decode(), result.flags)


def ids(library, names):
    return [lib.sheaf_intern_one(library, _bytes(one)) for one in names]


class Asked:
    """A request with all that it points to."""

    def __init__(self, manager, refs, traits=None, slots=(), access=0, contexts=None, inputs=None,
                 **call):
        self.library = manager.library._pointer
        self.manager = manager._pointer
        strings = self.kept = Strings()
        self.request = request = ffi.new("sheaf_request *")
        request.struct_size = ffi.sizeof("sheaf_request")
        request.refs, request.count = strings.many(refs), len(refs)
        request.access = access
        if traits is None and not slots:
            request.flags = lib.SHEAF_REQUEST_ALL_TRAITS
        self.traits = request.traits = ffi.new("sheaf_id[]", ids(self.library, traits or ()))
        request.trait_count = len(traits or ())
        self.slots = request.slots = ffi.new(
            "sheaf_slot[]", [dict(zip(("trait", "key"), ids(self.library, slot))) for slot in slots])
        request.slot_count = len(slots)
        if contexts:
            self.contexts = [self.context(**one) if one else ffi.NULL for one in contexts]
            self.context_array = request.contexts = ffi.new("sheaf_context *[]", self.contexts)
        if inputs:
            self.inputs = request.inputs = ffi.new("sheaf_record[]",
                                                   [self.properties(one) for one in inputs])
        self.call = request.call = self.make_call(**call)

    def properties(self, record):
        rows = [(trait, key, value) for trait, keys in record.items() for key, value in keys.items()]
        array = ffi.new("sheaf_property[]", len(rows))
        for row, (trait, key, value) in zip(array, rows):
            row.trait, row.key = ids(self.library, (trait, key))
            text = self.kept.one(value)
            row.value.kind, row.value.length = lib.SHEAF_KIND_STRING, text["size"]
            row.value.u.data = text["data"]
        self.kept.kept.append(array)
        return {"properties": array, "property_count": len(rows)}

    def context(self, locale=None, **texts):
        made = ffi.new("sheaf_context *")
        made.struct_size = ffi.sizeof("sheaf_context")
        for field, text in texts.items():
            setattr(made, field, self.kept.one(text))
        if locale:
            made.locale = ffi.new("sheaf_record *", self.properties(locale))
            self.kept.kept.append(made.locale)
        self.kept.kept.append(made)
        return made

    def make_call(self, cancel=None, timeout=None, **context):
        call = ffi.new("sheaf_call *")
        call.struct_size = ffi.sizeof("sheaf_call")
        if cancel is not None:
            call.cancel = cancel
        if timeout is not None:
            call.deadline_ns = lib.sheaf_deadline_in(int(timeout * 1e9))
        if context:
            call.context = self.context(**context)
        return call


def ask(manager, refs, verb="resolve", **options):
    """What became of each reference: a list of Result, whose `batch` is the batch's own status."""
    asked = Asked(manager, refs, **options)
    error = ffi.new("sheaf_error *")
    id = VERBS.get(verb) or ids(asked.library, [verb])[0]
    batch = lib.sheaf_perform_batch(asked.manager, id, asked.request, error)
    assert batch, ffi.string(error.message)
    results = Results(read_result(asked.library, lib.sheaf_batch_at(batch, i))
                      for i in range(lib.sheaf_batch_count(batch)))
    results.batch = Status(lib.sheaf_batch_status(batch))
    lib.sheaf_batch_free(batch)
    return results


class Results(list):
    batch = Status.OK

    @property
    def records(self):
        return [result.record for result in self]

    @property
    def statuses(self):
        return [result.status.name for result in self]

    @property
    def messages(self):
        return [result.message for result in self]


def ask_each(manager, refs, each, verb="resolve", **options):
    """Calls each(index, Result) as results come; stops when that returns False. The batch's status."""
    asked = Asked(manager, refs, **options)

    @ffi.callback("uint32_t(void *, uint32_t, sheaf_result *)")
    def heard(_, index, result):
        go_on = each(index, read_result(asked.library, result)) is not False
        return lib.SHEAF_CONTINUE if go_on else lib.SHEAF_STOP

    callbacks = ffi.new("sheaf_callbacks *")
    callbacks.struct_size = ffi.sizeof("sheaf_callbacks")
    callbacks.success = callbacks.error = heard
    return Status(lib.sheaf_perform(asked.manager, VERBS[verb], asked.request, callbacks, ffi.NULL,
                                    ffi.NULL))
