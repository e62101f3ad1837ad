# SPDX-License-Identifier: Apache-2.0
"""Managers in Python that do it wrong: each index has one result all the same, which says what it is."""
import gc
import threading
import weakref

import numpy
import pytest
from asking import ask, ask_each

import sheaf
from sheaf._cffi import lib

RETRYABLE = lib.SHEAF_RESULT_RETRYABLE
REFS = ["a", "b", "c"]


def fails_whole(found, message, status="MANAGER_FAILURE"):
    assert found.statuses == [status] * len(REFS)
    assert found.batch.name == status
    for said in found.messages:
        assert message in said


# --------------------------------------------------------------------------------------- exceptions


def test_an_exception_fails_all(serve, logged):
    def resolve(refs, request):
        raise KeyError("missing")

    fails_whole(ask(serve(resolve), REFS), "resolve: KeyError: 'missing'")
    text = logged()
    assert "Traceback (most recent call last):" in text and "test_author_faults.py" in text


@pytest.mark.parametrize("error, status, message", [
    (SystemExit(3), "MANAGER_FAILURE", "SystemExit: 3"),
    (GeneratorExit(), "MANAGER_FAILURE", "GeneratorExit"),
    (RecursionError("deep"), "MANAGER_FAILURE", "RecursionError: deep"),
    (MemoryError(), "OUT_OF_MEMORY", "MemoryError"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad \ud800"), "MANAGER_FAILURE", "UnicodeDecodeError"),
])
def test_exceptions_of_many_sorts(serve, error, status, message):
    def resolve(refs, request):
        raise error

    fails_whole(ask(serve(resolve), REFS), message, status)


def test_an_exception_whose_text_cannot_be_read(serve):
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError("no")

    def resolve(refs, request):
        raise Odd

    fails_whole(ask(serve(resolve), REFS), "Odd: (its text cannot be read)")


def test_a_failure_on_purpose_has_its_own_words(serve, logged):
    def resolve(refs, request):
        raise sheaf.SheafError("the asset server does not answer", sheaf.Status.UNAVAILABLE)

    fails_whole(ask(serve(resolve), REFS), "the asset server does not answer", "UNAVAILABLE")
    assert "Traceback" not in logged()


def test_a_failure_that_says_when_to_come_again(serve):
    def resolve(refs, request):
        raise sheaf.ElementError("too many queries", sheaf.Status.OVERLOADED, retryable=True, retry_after=0.5)

    found = ask(serve(resolve), REFS)
    fails_whole(found, "too many queries", "OVERLOADED")
    for result in found:
        assert result.flags & RETRYABLE
        assert result.properties == [("sheaf.error", "retry_after_ms", 500)]


@pytest.mark.parametrize("status", [sheaf.Status.INVALID_ARGUMENT, sheaf.Status.CANCELLED, sheaf.Status.OK])
def test_what_a_manager_may_not_say_of_a_batch(serve, status):
    def resolve(refs, request):
        raise sheaf.SheafError("your fault", status)

    assert ask(serve(resolve), REFS).statuses == ["MANAGER_FAILURE"] * 3


def test_an_exception_behind_some_answers(serve):
    def resolve(refs, request):
        yield 1, {"a": {"b": 1}}
        raise RuntimeError("midway")

    found = ask(serve(resolve), REFS)
    assert found.statuses == ["MANAGER_FAILURE", "OK", "MANAGER_FAILURE"]
    assert found[2].message == "resolve: RuntimeError: midway"


def test_errors_of_single_references(serve):
    answers = [sheaf.ElementError("may not", sheaf.Status.AUTH_ERROR, retryable=True),
               sheaf.ElementError(status=sheaf.Status.ENTITY_ACCESS_ERROR),
               sheaf.ElementError("later", sheaf.Status.UNAVAILABLE, retry_after=1.25),
               sheaf.ElementError("nothing wrong?", sheaf.Status.OK),
               KeyError("x"), ValueError("\ud800"), sheaf.ClosedError("shut", sheaf.Status.CLOSED),
               KeyboardInterrupt()]
    for make in (lambda refs, request: answers, lambda refs, request: enumerate(answers)):
        found = ask(serve(make), ["r"] * len(answers))
        assert found.statuses == ["AUTH_ERROR", "ENTITY_ACCESS_ERROR", "UNAVAILABLE", "MANAGER_FAILURE",
                                  "MANAGER_FAILURE", "MANAGER_FAILURE", "CLOSED", "MANAGER_FAILURE"]
        assert found.messages[0] == "may not" and found[0].flags & RETRYABLE
        assert found.messages[1] == "the entity does not allow this mode of access"
        assert found[2].properties == [("sheaf.error", "retry_after_ms", 1250)]
        assert found.messages[4] == "resolve: KeyError: 'x'"
        assert found.messages[5] == "resolve: ValueError: \\ud800"
        assert found.batch == sheaf.Status.OK


def test_exceptions_are_let_go(serve):
    class Big(Exception):
        pass

    kept = []

    def resolve(refs, request):
        error = Big()
        kept.append(weakref.ref(error))
        raise error

    ask(serve(resolve), REFS)
    gc.collect()
    assert kept[0]() is None


# ------------------------------------------------------------------------------------ wrong answers


@pytest.mark.parametrize("answers, message", [
    ([{}], "resolve returned 1 answers for 3 references: it must return one for each, in their order, "
           "or yield (index, answer)"),
    ([{}] * 4, "resolve returned 4 answers for 3 references"),
    ([], "resolve returned 0 answers"),
    (None, "resolve returned a NoneType: it must return a list with an answer for each reference"),
    ({"a": {}}, "resolve returned a dict"),
    ("abc", "resolve returned a str"),
    (b"abc", "resolve returned a bytes"),
    ({1, 2, 3}, "resolve returned a set"),
    (3, "resolve returned a int"),
    (iter([{}, {}, {}]), "resolve yielded a dict: it must yield tuples (index, answer), or return a list"),
    (iter([(0, {}, {})]), "resolve yielded a tuple"),
    (iter([["0", {}]]), "resolve yielded a list"),
    (iter([("0", {})]), "resolve yielded an index that is a str: indices are int"),
    (iter([(1.0, {})]), "an index that is a float"),
    (iter([(None, {})]), "an index that is a NoneType"),
    (iter([(3, {})]), "resolve yielded an index out of range, 3: the batch has 3 references"),
    (iter([(-1, {})]), "resolve yielded an index out of range, -1"),
    (iter([(2**80, {})]), "resolve yielded an index out of range"),
])
def test_what_is_no_answer_to_a_batch(serve, answers, message, logged):
    fails_whole(ask(serve(lambda refs, request: answers), REFS), message)
    assert message in logged()


def test_an_index_that_is_no_int_by_type(serve):
    manager = serve(lambda refs, request: ((i, {"a": {"b": int(i)}}) for i in numpy.arange(len(refs))))
    assert ask(manager, REFS).records == [{"a": {"b": i}} for i in range(3)]


def test_what_was_right_before_a_wrong_answer_stays(serve):
    manager = serve(lambda refs, request: iter([(2, {"a": {"b": 1}}), (7, {}), (0, {})]))
    found = ask(manager, REFS)
    assert found.statuses == ["MANAGER_FAILURE", "MANAGER_FAILURE", "OK"]
    assert found[2].record == {"a": {"b": 1}}


def test_an_index_twice(serve, logged):
    manager = serve(lambda refs, request: iter([(0, {"a": {"b": 1}}), (0, {"a": {"b": 2}}), (1, {}), (2, {})]))
    found = ask(manager, REFS)
    assert found.statuses == ["OK"] * 3 and found[0].record == {"a": {"b": 1}}
    assert "answered 1 indices a second time" in logged()


def test_a_generator_without_end(serve):
    def resolve(refs, request):
        while True:
            yield 1, {}

    found = ask(serve(resolve), REFS)
    assert found.statuses == ["MANAGER_FAILURE", "OK", "MANAGER_FAILURE"]
    assert "more than twice as many answers as there are references" in found[0].message


def test_an_index_never(serve):
    found = ask(serve(lambda refs, request: iter([(1, {})])), REFS)
    assert found.statuses == ["NO_RESULT", "OK", "NO_RESULT"]


def test_a_list_that_shrinks_while_it_is_read(serve):
    answers = []

    class Shrinking:
        def __index__(self):
            answers.clear()
            return 1

    def resolve(refs, request):
        answers[:] = [{"a": {"b": Shrinking()}}, {}, {}]
        return answers

    found = ask(serve(resolve), REFS)
    assert found.statuses == ["OK", "MANAGER_FAILURE", "MANAGER_FAILURE"]
    assert "was changed while it was read" in found[1].message


def test_wrong_signatures(serve):
    fails_whole(ask(serve(lambda refs: []), REFS), "TypeError")


# ------------------------------------------------------------------------------------------ too late


def test_a_request_that_was_kept(serve):
    kept = []

    def resolve(refs, request):
        kept.append(request)
        return [{} for _ in refs]

    ask(serve(resolve), REFS)
    request = kept[0]
    assert repr(request) == "<sheaf.Request, over>"
    uses = [lambda: request.verb, lambda: request.access, lambda: request.traits,
            lambda: request.properties, lambda: request.inputs, lambda: request.context,
            lambda: request.remaining, lambda: request.cancelled, lambda: request.count,
            lambda: request.wants("a"), lambda: request.context_of(0), lambda: request.wait(0)]
    for use in uses:
        with pytest.raises(sheaf.ClosedError, match="this request is over"):
            use()


def test_a_generator_that_is_resumed_later(serve):
    kept = []

    def answers(refs, request):
        yield 0, {}
        yield 1, {"late": {request.verb: 1}}

    def resolve(refs, request):
        kept.append(answers(refs, request))
        return [next(kept[0])[1]] * len(refs)

    assert ask(serve(resolve), REFS).statuses == ["OK"] * 3
    with pytest.raises(sheaf.ClosedError):
        next(kept[0])


def test_a_thread_that_uses_the_request_late(serve):
    outcome, go = [], threading.Event()

    def late(request):
        go.wait()
        try:
            outcome.append(request.cancelled)
        except sheaf.ClosedError as error:
            outcome.append(error)

    def resolve(refs, request):
        thread = threading.Thread(target=late, args=[request])
        thread.start()
        outcome.append(thread)
        return [{} for _ in refs]

    ask(serve(resolve), REFS)
    go.set()
    outcome[0].join()
    assert isinstance(outcome[1], sheaf.ClosedError)


def test_the_request_on_another_thread(serve):
    outcome = []

    def look(request):
        outcome.append(request.cancelled)
        outcome.append(request.verb)
        with pytest.raises(RuntimeError, match="only on the thread"):
            request.wait(0)

    def resolve(refs, request):
        thread = threading.Thread(target=look, args=[request])
        thread.start()
        thread.join()
        return [{} for _ in refs]

    ask(serve(resolve), REFS)
    assert outcome == [False, "sheaf.resolve/1"]


@pytest.mark.parametrize("seconds, error", [(-1, ValueError), (float("nan"), ValueError),
                                            (1e12, ValueError), ("1", TypeError)])
def test_how_long_to_wait(serve, seconds, error):
    def resolve(refs, request):
        with pytest.raises(error):
            request.wait(seconds)
        return [{} for _ in refs]

    assert ask(serve(resolve), REFS).statuses == ["OK"] * 3


def test_names_to_ask_for(serve):
    def resolve(refs, request):
        with pytest.raises(ValueError, match="lone surrogate"):
            request.wants("\ud800")
        with pytest.raises(ValueError, match="names of traits and keys are str"):
            request.wants("a", 3)
        with pytest.raises(TypeError):
            request.wants(3)
        return [{} for _ in refs]

    assert ask(serve(resolve), REFS, traits=["a"]).messages == [""] * 3


def test_a_host_that_raises_or_stops_leaves_nothing_behind(serve):
    """A generator is closed, and its `finally` may use the request."""
    ended = []

    def resolve(refs, request):
        try:
            for i in range(len(refs)):
                yield i, {}
                request.wait(0.02)
        except GeneratorExit:
            ended.append(request.count)
            raise

    manager = serve(resolve)
    assert ask_each(manager, REFS, lambda i, result: False) == sheaf.Status.STOPPED
    assert ended == [3]
