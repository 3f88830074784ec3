"""Who may import whom in the package, and what `import bptt_lab` may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "bptt_lab"
# numeric and symbolic never see each other: they are two independent witnesses
MAY_IMPORT = {
    "network": {"formulas"},
    "symbolic": {"network", "formulas"},
    "numeric": {"waiting"},
    "formulas": set(),
    "waiting": set(),
    "lectures": {"formulas", "symbolic", "numeric", "network"},
    "exercises": {"formulas", "network", "symbolic", "figures", "waiting"},
    "report": {"formulas", "network", "symbolic", "figures"},
    "workbook": set(),
    "teaching": {"formulas", "network", "symbolic", "figures", "exercises", "report", "workbook", "course"},
    "cli": {"lectures", "network", "symbolic", "report", "workbook", "course", "teaching"},
    "figures": {"network", "formulas"},
    "explorer": {"formulas", "network", "symbolic", "figures", "exercises", "waiting"},
    "course": {
        "formulas",
        "network",
        "symbolic",
        "numeric",
        "exercises",
    },  # brings the witnesses together for the notebooks
}

# the floors of the room exercises: each may use those below, none beside or above it
FLOORS = [
    {"outcomes"},
    {"card", "played"},
    {"question", "feedback", "places", "scenes", "progress", "closed"},
    {"sandbox", "mistakes"},
    {"causes"},
    {"judges"},
    {"kinds"},
    {"questions"},
    {"authoring"},
    {"front"},
    {"magics"},
]


def absolute_name(node, package):
    """Return the absolute module of a from-import; `package` holds the parts of the importer's."""
    if not node.level:
        return node.module
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def imported_names(source, package):
    """Return every module that a source imports, functions included, as absolute names."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = absolute_name(node, package)
            found += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return found


def rooms_used(source, package):
    """Return the rooms of the package that a source imports; '' for the package's own front."""
    parts = [name.split(".") for name in imported_names(source, package)]
    ours = [part for part in parts if part[0] == "bptt_lab"]
    rooms = {part[1] for part in ours if len(part) > 1 and part[1] in MAY_IMPORT}
    # `from bptt_lab import Network` names no room: it goes through the front, which sees them all
    front = {""} if any(len(part) > 1 and part[1] not in MAY_IMPORT for part in ours) else set()
    return rooms | front


def complaints(source, room, package=None):
    """Return what a source in a room of the package imports against the rules."""
    used = rooms_used(source, package or ["bptt_lab", room])
    return sorted(used - MAY_IMPORT[room] - {room})


def sources():
    """Return (room, file) of every source in a room."""
    files = {room: sorted((PACKAGE / room).rglob("*.py")) for room in MAY_IMPORT}
    files |= {room: [PACKAGE / f"{room}.py"] for room in MAY_IMPORT if (PACKAGE / f"{room}.py").exists()}
    return [(room, path) for room, paths in files.items() for path in paths]


@pytest.mark.parametrize(("room", "path"), sources(), ids=lambda value: getattr(value, "stem", value))
def test_imports_keep_to_the_plan(room, path):
    package = ["bptt_lab", *path.parent.relative_to(PACKAGE).parts]
    assert complaints(path.read_text(encoding="utf-8"), room, package) == []


def floors_used(source, package):
    """Return the floors of the room exercises that a source imports."""
    parts = [name.split(".") for name in imported_names(source, package)]
    known = set().union(*FLOORS)
    return {part[2] for part in parts if part[:2] == ["bptt_lab", "exercises"] and len(part) > 2 and part[2] in known}


def arrows_up(source, floor, package=None):
    """Return the floors that a source on a floor of the exercises imports, and that are not below it."""
    level = next(k for k, floors in enumerate(FLOORS) if floor in floors)
    below = set().union(*FLOORS[:level])
    return sorted(floors_used(source, package or ["bptt_lab", "exercises", floor]) - below - {floor})


def floors():
    """Return (floor, file) of every source of the exercises, apart from the room's own door."""
    room = PACKAGE / "exercises"
    files = sorted(path for path in room.rglob("*.py") if path != room / "__init__.py")
    return [(path.relative_to(room).parts[0].removesuffix(".py"), path) for path in files]


@pytest.mark.parametrize(("floor", "path"), floors(), ids=lambda value: getattr(value, "stem", value))
def test_arrows_between_the_floors_of_the_exercises_go_down(floor, path):
    package = ["bptt_lab", *path.parent.relative_to(PACKAGE).parts]
    assert arrows_up(path.read_text(encoding="utf-8"), floor, package) == []


def test_the_floors_of_the_exercises_are_those_that_stand():
    assert {floor for floor, _ in floors()} == set().union(*FLOORS)


@pytest.mark.parametrize(
    ("floor", "source"),
    [
        ("mistakes", "from bptt_lab.exercises.causes.paths import account"),
        ("sandbox", "from bptt_lab.exercises.mistakes import mutants"),  # beside it
        ("causes", "def f():\n    from bptt_lab.exercises import judges"),
        ("judges", "import bptt_lab.exercises.authoring.proof"),
        ("judges", "from ..front import ex"),
        ("question", "from bptt_lab.exercises.feedback import Feedback"),
    ],
)
def test_an_arrow_up_is_refused(floor, source):
    assert arrows_up(source, floor) != []


def test_an_arrow_down_passes():
    source = "from bptt_lab.exercises.causes import paths\nfrom bptt_lab.exercises import scenes\nfrom . import cases"
    assert arrows_up(source, "judges") == []


def test_there_is_something_to_check():
    assert {"network", "symbolic", "numeric"} <= {room for room, _ in sources()}


def test_every_room_has_a_rule():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("network", "import bptt_lab.symbolic"),
        ("network", "from bptt_lab import figures"),
        ("symbolic", "from bptt_lab.numeric import rnn"),
        ("symbolic", "from ..numeric import rnn"),
        ("symbolic", "from .. import numeric"),
        ("numeric", "from bptt_lab.network.parse import parse"),
        ("numeric", "def f():\n    from ..symbolic import derive"),
        ("numeric", "from bptt_lab import Network"),
        ("figures", "if True:\n    import bptt_lab.numeric as n"),
        ("lectures", "from bptt_lab.exercises import ex"),
        ("exercises", "from bptt_lab.lectures import equations"),
        ("formulas", "from bptt_lab.numeric import rnn"),
        ("formulas", "from bptt_lab.network import Network"),
    ],
)
def test_forbidden_imports_are_refused(room, source):
    assert complaints(source, room) != []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("network", "from . import parse\nfrom .shapes import infer\nimport numpy"),
        ("symbolic", "from bptt_lab.network import Network"),
        ("symbolic", "from ..network import Network"),
        ("lectures", "from bptt_lab.numeric import rnn\nfrom ..symbolic import same"),
    ],
)
def test_allowed_imports_pass(room, source):
    assert complaints(source, room) == []


@pytest.mark.parametrize("statement", ["import bptt_lab", "from bptt_lab import Network"])
def test_the_front_loads_neither_sympy_nor_matplotlib(statement):
    """They cost half a second at every kernel's start, and not every notebook draws or derives."""
    code = f"{statement}; import sys; print(sorted({{'sympy', 'matplotlib'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_front_itself_loads_no_room():
    code = "import bptt_lab, sys; print(sorted(n for n in sys.modules if n.startswith('bptt_lab.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_front_offers_what_it_names_and_nothing_else():
    import bptt_lab

    assert bptt_lab.Network.__name__ == "Network" and {"Network", "NetworkError"} <= set(dir(bptt_lab))
    with pytest.raises(AttributeError, match="no attribute 'Netwrk'"):
        bptt_lab.Netwrk  # noqa: B018
