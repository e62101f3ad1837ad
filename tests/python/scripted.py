# SPDX-License-Identifier: Apache-2.0
"""A manager whose answers a test writes down, down to the last bit: what no manager should answer
too."""
import ctypes

from sheaf._cffi import ffi, lib

VERBS = (lib.SHEAF_VERB_RESOLVE, lib.SHEAF_VERB_EXISTS, lib.SHEAF_VERB_TRAITS)


class Raw:
    """A value that is not what it says: kind, flags and length as given, data of `data`."""

    def __init__(self, kind, data=b"", flags=0, length=None):
        self.kind, self.data, self.flags = kind, data, flags
        self.length = len(data) if length is None else length


class Error:
    def __init__(self, status, message=b"", flags=0, properties=()):
        self.status, self.message, self.flags, self.properties = status, message, flags, properties


class Scripted:
    """Registers manager `id` with a library.

    `answer(ref: bytes)` gives a record, as a list of (trait, key, value), with an empty key for a
    trait without properties; or an Error; or None for no result. A value is a bool, int, float, str,
    bytes, list, None (kind none) or Raw. `status` is what the batch returns.
    """

    def __init__(self, library, answer, *, flags=0, result_flags=0, id="scripted"):
        self.library, self.answer, self.result_flags = library, answer, result_flags
        self.status = lib.SHEAF_OK
        self.destroyed = 0
        # What C points to must outlive the library, whatever the order in which an interpreter ends.
        self.kept = []
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))
        self._make(id.encode(), flags)

    def _keep(self, data):
        self.kept.append(data)
        return data

    def _function(self, struct, field, function, **more):
        type = dict(ffi.typeof(struct).fields)[field].type
        return self._keep(ffi.callback(type, function, **more))

    def _make(self, id, flags):
        verbs = self._keep(ffi.new("sheaf_verb_info[]", [{"verb": verb} for verb in VERBS]))
        self.description = ffi.new("sheaf_description *", {
            "struct_size": ffi.sizeof("sheaf_description"), "flags": flags, "verbs": verbs,
            "verb_count": len(VERBS)})
        self.table = ffi.new("sheaf_manager_table *", {
            "struct_size": ffi.sizeof("sheaf_manager_table"),
            "describe": self._function("sheaf_manager_table", "describe", lambda _: self.description),
            "batch": self._function("sheaf_manager_table", "batch", self._batch,
                                    error=lib.SHEAF_MANAGER_FAILURE),
            "destroy": self._function("sheaf_manager_table", "destroy", self._destroy)})
        factory = self._keep(ffi.new("sheaf_factory *", {
            "struct_size": ffi.sizeof("sheaf_factory"), "id": self._keep(ffi.new("char[]", id)),
            "create": self._function("sheaf_factory", "create", self._create)}))
        factories = self._keep(ffi.new("const sheaf_factory *[]", [factory]))
        self.plugin = ffi.new("sheaf_plugin *", {
            "struct_size": ffi.sizeof("sheaf_plugin"), "factories": factories, "factory_count": 1})
        error = ffi.new("sheaf_error *")
        status = lib.sheaf_register(self.library._pointer, self.plugin, error)
        assert status == lib.SHEAF_OK, ffi.string(error.message)

    def _create(self, factory, host, settings, count, out, error):
        out.table = self.table
        out.self = ffi.NULL
        return lib.SHEAF_OK

    def _destroy(self, self_):
        self.destroyed += 1

    def name(self, text):
        """The id of a name, or the number itself."""
        return text if isinstance(text, int) else self.library._names.id(text)

    def value(self, object, keep):
        value = ffi.new("sheaf_value *")
        keep.append(value)
        data = object
        if object is None:
            return value[0]
        if isinstance(object, bool):
            value.kind, value.u.integer = lib.SHEAF_KIND_BOOL, object
        elif isinstance(object, int):
            value.kind, value.u.integer = lib.SHEAF_KIND_INT64, object
        elif isinstance(object, float):
            value.kind, value.u.real = lib.SHEAF_KIND_DOUBLE, object
        elif isinstance(object, list):
            items = ffi.new("sheaf_value[]", [self.value(item, keep) for item in object])
            keep.append(items)
            value.kind, value.length, value.u.items = lib.SHEAF_KIND_LIST, len(object), items
        else:
            if isinstance(object, Raw):
                value.kind, value.flags, value.length = object.kind, object.flags, object.length
                data = object.data
            else:
                is_text = isinstance(object, str)
                data = object.encode("utf-8", "surrogateescape") if is_text else object
                value.kind = lib.SHEAF_KIND_STRING if is_text else lib.SHEAF_KIND_BYTES
                value.length = len(data)
            bytes_ = ffi.new("char[]", data)
            keep.append(bytes_)
            value.u.data = bytes_
        return value[0]

    def properties(self, rows, keep):
        array = ffi.new("sheaf_property[]", [
            {"trait": self.name(trait), "key": self.name(key) if key else 0,
             "value": self.value(value, keep)} for trait, key, value in rows])
        keep.append(array)
        return array

    def _batch(self, self_, request, sink):
        keep = self.kept if self.result_flags & lib.SHEAF_RESULT_STATIC else []
        for i in range(request.count):
            ref = request.refs[i]
            answer = self.answer(ffi.buffer(ref.data, ref.size)[:] if ref.size else b"")
            if answer is None:
                continue
            failed = isinstance(answer, Error)
            rows = answer.properties if failed else answer
            message = ffi.new("char[]", answer.message if failed else b"")
            keep.append(message)
            result = ffi.new("sheaf_result *", {
                "index": i, "status": answer.status if failed else 0,
                "flags": answer.flags if failed else self.result_flags,
                "properties": self.properties(rows, keep), "property_count": len(rows),
                "message": {"data": message, "size": len(message) - 1}})
            if sink.results(sink, result, 1) != lib.SHEAF_CONTINUE:
                break
        return self.status
