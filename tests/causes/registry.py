"""The cases and what each must leave in the log. Whoever adds one adds a function
to one of the families, the files of this folder, and its rows with it:

    @case(\"\"\"
        CALL RESULT CAUSE | FIGURES
            SENTENCE
    \"\"\")
    def its_name():
        ...

RESULT: 0 or an errno name; for getsockopt the name of the SO_ERROR that it read.
FIGURES: key=value, key>value, key=- (not there), a+b=value (the sum), and the
short forms of check.py. $name in a value is what the case has noted.
SENTENCE: parts that it must hold, in order, between " ... "; a part that begins
with "!" must be nowhere in it.

The rows of a case are all its records, in their order; "none" stands for none at
all. where_missing: the rows of a kernel that has no such sockets, which the case
notes as kernel=without. settings: environment variables of this case alone.
dies_of: the signal that ends it, as it is to be.
"""
import glob
import importlib
import os

cases = {}  # by name, in the order in which they are begun


class Case:
    def __init__(self, function, rows, where_missing, settings, dies_of):
        self.run = function
        self.name = function.__name__
        self.family = function.__module__
        self.rows = read_rows(rows)
        self.where_missing = where_missing and read_rows(where_missing)
        self.settings, self.dies_of = settings or {}, dies_of

    def rows_for(self, notes):
        return self.where_missing if notes.get("kernel") == "without" else self.rows


def read_rows(text):
    """((call, result, cause), figures, sentence) for each."""
    if text == "none":
        return []
    lines = [line.strip() for line in text.strip().split("\n")]
    if len(lines) % 2:
        raise ValueError(f"a row is two lines: {text}")
    rows = []
    for line, sentence in zip(lines[::2], lines[1::2]):
        result, figures = line.split("|")
        rows.append((result.split(), figures.split(), sentence))
    return rows


def case(rows, where_missing=None, settings=None, dies_of=0):
    def add(function):
        if function.__name__ in cases:
            raise ValueError(f"two cases are called {function.__name__}")
        cases[function.__name__] = Case(function, rows, where_missing, settings, dies_of)
        return function
    return add


def slow_case(rows):
    """One that takes seconds: begun first."""
    def add(function):
        case(rows)(function)
        rest = {name: cases.pop(name) for name in list(cases) if name != function.__name__}
        cases.update(rest)
        return function
    return add


def load():
    """All families."""
    for path in sorted(glob.glob(os.path.join(os.path.dirname(__file__), "*.py"))):
        module = os.path.splitext(os.path.basename(path))[0]
        if not module.startswith("__"):
            importlib.import_module(module)


def families():
    return sorted({case.family for case in cases.values()})
