# SPDX-License-Identifier: Apache-2.0
"""After a fork: what the parent opened refuses in the child; what the child opens works."""
import multiprocessing

import pytest

import sheaf

FORKING = '''
import gc, logging, os, signal, sys, threading, traceback
import sheaf
logging.basicConfig(stream=sys.stdout, format='%(name)s: %(message)s')
CHATTY, LIBRARY = sys.argv[1:]
sheaf.Library  # Python cannot fork while another thread is importing what the child imports

def in_child(check):
    """Ends the child with what `check` found: one that hangs is ended by SIGALRM."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        status = 1
        try:
            check()
            status = 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
'''


@pytest.fixture
def forking(run_python, chatty, library_path):
    return lambda code: run_python(FORKING + code, chatty, library_path)


def test_what_the_parent_opened_refuses_in_the_child(forking):
    forking("""
manager = sheaf.open('bal', library_path=LIBRARY)
library = manager.library

def check():
    for ask in (manager.flush, manager.__enter__, library.managers, lambda: library.open('bal'),
                lambda: library.describe('bal')):
        try:
            ask()
        except sheaf.ClosedError as error:
            assert f'made in process {os.getppid()}, before a fork: open the manager again' in str(error)
            assert error.status is sheaf.Status.CLOSED
        else:
            raise AssertionError(ask)
    assert manager.closed
    manager.close()
    library.close()

in_child(check)
manager.flush()
manager.close()
""")


def test_the_child_opens_its_own(forking):
    said = forking("""
parents = sheaf.open('bal', library_path=LIBRARY)

def check():
    with sheaf.open('bal', library_path=LIBRARY) as manager:
        assert manager.library is not parents.library
        manager.flush()
    with sheaf.Library(plugin_paths=[CHATTY]).open('chatty', lines=2) as manager:
        manager.flush()
    in_child(check_again)

def check_again():
    with sheaf.Library(plugin_paths=[CHATTY]).open('chatty') as manager:
        pass

in_child(check)
parents.close()
""")
    assert [line for line in said.splitlines() if line.startswith("sheaf.chatty: ")] == [
        f"sheaf.chatty: {text}"
        for text in ("line 0", "line 1", "caf\u00e9 \ufffd ?[31m\ttab", "destroyed", "destroyed")]


def test_the_child_frees_nothing_of_the_parents(forking):
    """The parent's manager is destroyed in the parent, once."""
    said = forking("""
library = sheaf.Library(plugin_paths=[CHATTY])
manager = library.open('chatty')

def check():
    global library, manager
    del library, manager
    gc.collect()

in_child(check)
print('child is gone', flush=True)
manager.close()
""")
    assert said.splitlines() == ["child is gone", "sheaf.chatty: destroyed"]


def test_the_child_ends_as_processes_do(forking):
    """With the functions of atexit, which close the managers that are open: the child's own."""
    said = forking("""
manager = sheaf.Library(plugin_paths=[CHATTY]).open('chatty')
child = os.fork()
if child == 0:
    own = sheaf.Library(plugin_paths=[CHATTY]).open('chatty')
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
print('child is gone', flush=True)
""")
    assert said.splitlines() == ["sheaf.chatty: destroyed", "child is gone", "sheaf.chatty: destroyed"]


def test_forks_while_threads_open_close_and_log(forking):
    forking("""
logging.disable()
stop = threading.Event()
errors = []

def work():
    try:
        while not stop.is_set():
            with sheaf.Library(plugin_paths=[CHATTY]) as library:
                with library.open('chatty', lines=20) as manager:
                    manager.flush()
            sheaf.open('bal', library_path=LIBRARY).close()
    except BaseException as error:
        errors.append(error)

def check():
    with sheaf.open('bal', library_path=LIBRARY) as manager:
        manager.flush()
    with sheaf.Library(plugin_paths=[CHATTY]).open('chatty', lines=20) as manager:
        manager.flush()
    gc.collect()

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(30):
    in_child(check)
stop.set()
for thread in threads:
    thread.join()
assert not errors, errors
""")


def describe_in_child(pipe):
    with sheaf.Library() as library:
        pipe.send(library.describe("bal").id)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method, library_path):
    context = multiprocessing.get_context(method)
    with sheaf.open("bal", library_path=library_path) as manager:
        ours, theirs = context.Pipe()
        process = context.Process(target=describe_in_child, args=(theirs,))
        process.start()
        assert ours.poll(30) and ours.recv() == "bal"
        process.join()
        assert process.exitcode == 0
        manager.flush()
