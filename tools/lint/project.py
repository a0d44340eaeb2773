"""What the checks of tools/lint share: which files there are, and Swift code without its comments and strings."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GENERATED = re.compile(
    r"(^|/)Generated/|^Sources/CCausewayProto/include/|^Tests/CausewayMessagesTests/GoldenMessages\.swift$")


def files(*suffixes, under=""):
    """Paths of the tracked and new files that are not generated, from the root; all suffixes if none is given."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", under or "."],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted({
        path for path in listed
        if path and not GENERATED.search(path) and "/Corpus/" not in path
        and (not suffixes or path.endswith(suffixes)) and os.path.isfile(os.path.join(ROOT, path))
        and not os.path.islink(os.path.join(ROOT, path))})


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def target(path):
    """The target a source file belongs to: Sources/NAME/… and Tests/NAME/…"""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] in ("Sources", "Tests") else None


# Comments, strings of all kinds, in the order in which they are to be tried.
_NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?P<raw>#+)"""(?s:.*?)"""(?P=raw)|"""(?s:(?:\\.|[^\\])*?)"""'
    r'|(?P<hash>#+)"[^\n]*?"(?P=hash)|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code(path):
    """The code alone: comments and strings are blanked, lines keep their numbers."""
    return _NOT_CODE.sub(lambda match: "\n" * match.group().count("\n") or " ", text(path))


class Findings:
    """Collects findings; ends with status 1 when there are any."""

    def __init__(self):
        self._lines = []

    def add(self, path, line, message):
        self._lines.append(f"{path}:{line}: {message}")

    def finish(self):
        print("\n".join(self._lines), end="\n" if self._lines else "")
        sys.exit(1 if self._lines else 0)
