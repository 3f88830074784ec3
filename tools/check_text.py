"""Look through text files for what belongs to one machine: its paths, its package registry."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Names are assembled so that this file passes its own check.
HOMES = ("home", "Users", "root", "work")
ABSOLUTE_PATH = re.compile(rf"(?<![\w.:/-])/(?:{'|'.join(HOMES)})/\w|\b[A-Z]:\\+Users\b")
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("files", "pythonhosted"),
        ("pypi", "org/simple"),
        ("registry", "npmjs"),
        ("registry", "yarnpkg"),
        ("deb", "debian", "org"),
        ("conda", "anaconda", "org"),
    )
)
LOCK_FILES = ("uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", "package-lock.json")


def path_complaints(text):
    """Return a complaint for each line that holds an absolute path of somebody's machine."""
    lines = enumerate(text.splitlines(), start=1)
    found = [(n, line.strip()) for n, line in lines if ABSOLUTE_PATH.search(line)]
    return [f"line {n}: absolute path: {line[:80]}" for n, line in found]


def host_complaints(text):
    """Return a complaint for each host of a package registry that the text names."""
    return [f"names the package registry {host}" for host in REGISTRY_HOSTS if host in text]


def project_files(root=ROOT):
    """Return the files git tracks or would track; every readable file where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in root.rglob("*") if not any_hidden(path.relative_to(root))]
        return sorted(path for path in found if path.is_file())
    names = listed.decode("utf-8").split("\0")
    return sorted(root / name for name in names if name and (root / name).is_file())


def any_hidden(path):
    """Tell whether a path passes through a folder that is not part of the project."""
    return any(part in (".git", ".venv", ".venv-oldest", "__pycache__", "workbook") for part in path.parts)


def file_complaints(path):
    """Return the complaints about one file; pictures and other binary files have none."""
    if path.name in LOCK_FILES:
        return ["a lock file: it names hosts of package registries"]
    content = path.read_bytes()
    if b"\0" in content:
        return []
    text = content.decode("utf-8")
    hosts = host_complaints(text)
    # the pictures in a notebook can spell anything by chance; check_notebooks.py reads the rest
    return hosts if path.suffix == ".ipynb" else hosts + path_complaints(text)


def main():
    """Print the complaints about all files; return 1 when there are any."""
    found = [f"{p.relative_to(ROOT)}: {c}" for p in project_files() for c in file_complaints(p)]
    print("\n".join(found) or "no complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
