"""The files of tests over the workers of a run: each test once, files of one folder in one process."""

from types import SimpleNamespace

import pytest

from spreading import FromBothEnds

FILES = [f"tests/{name}.py" for name in ("a/test_1", "a/test_2", "b/test_1", "c/test_1")] + ["notebooks/00.ipynb"]
TESTS = [f"{file}::test_{k}" for k, file in enumerate(FILES * 5)]
TESTS.sort(key=lambda test: FILES.index(test.partition("::")[0]))


class Worker:
    """What a scheduler sees of a worker: it is sent the places of tests in the list, and told to stop."""

    def __init__(self, name):
        self.gateway, self.shutting_down, self.sent = SimpleNamespace(id=name), False, []

    def send_runtest_some(self, places):
        self.sent += places

    def shutdown(self):
        self.shutting_down = True


def run(count, tests):
    """Spread tests over so many workers that take turns, and return what each of them ran, in order."""
    options = {"tx": ["popen"] * count}
    get = lambda name, *_: options.get(name)
    config = SimpleNamespace(option=SimpleNamespace(loadscopereorder=True), getvalue=get, getoption=get)
    quiet = lambda *_: None
    log = SimpleNamespace(loadscopesched=quiet, loadfilesched=quiet)
    scheduler, workers = FromBothEnds(config, log), [Worker(f"gw{k}") for k in range(count)]
    for worker in workers:
        scheduler.add_node(worker)
    for worker in workers:
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    done = [0] * count
    while any(done[k] < len(worker.sent) for k, worker in enumerate(workers)):
        for k, worker in enumerate(workers):
            if done[k] < len(worker.sent):
                scheduler.mark_test_complete(worker, worker.sent[done[k]])
                done[k] += 1
    assert scheduler.tests_finished and all(worker.shutting_down for worker in workers)
    return [[tests[place] for place in worker.sent] for worker in workers]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_test_is_run_once_and_those_of_a_file_by_one_worker_in_their_order(count):
    ran = run(count, TESTS)
    assert sorted(test for tests in ran for test in tests) == sorted(TESTS)
    for file in FILES:
        (by_one,) = filter(None, ([test for test in tests if test.startswith(file)] for tests in ran))
        assert by_one == [test for test in TESTS if test.startswith(file)]


def test_the_first_worker_begins_at_the_front_and_the_other_at_the_end():
    first, other = (list(dict.fromkeys(test.partition("::")[0] for test in tests)) for tests in run(2, TESTS))
    assert first == FILES[: len(first)]
    assert other == FILES[: len(first) - 1 : -1] and len(other) >= 2
