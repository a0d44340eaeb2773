"""Files that are made to break whoever reads them, and what has to become of each."""
import gzip
import os
import random

MIB = 1 << 20


class Case:
    """A hostile file.

    - `write`: writes the file, given a path.
    - `rows`: what `rowsNew` and `rowsQuarantined` of the run have to be; None: whatever they are.
    - `reasons`: reasons that rows in quarantine have to have, no others.
    - `error`: the reason of the error that the run says for the file; None: the file is read to its end.
    - `records`: what the export has to be; None: it is not looked at.
    - `large`: the run takes so long that another connection's run has to begin and end in the middle of it.
    """

    def __init__(
        self, name, ending, write, *, settings="", new=None, quarantined=None, reasons=(), error=None, records=None,
        large=False,
    ):
        self.name, self.ending, self.write, self.settings = name, ending, write, settings
        self.new, self.quarantined, self.reasons, self.error = new, quarantined, set(reasons), error
        self.records, self.large = records, large


def member(size):
    """A gzip member of `size` bytes of text without a line end, as dense as a reader lets pass: 150 to 1 or so."""
    draw = random.Random(1)
    text = bytearray(b"x" * size)
    for at in range(0, size, 160):
        text[at] = draw.randrange(65, 91)
    return gzip.compress(bytes(text), mtime=0)


def packed(start, size, end):
    """`start`, then `size` bytes of text without a line end, then `end`."""
    piece = 4 * MIB
    content = member(piece)

    def write(path):
        with open(path, "wb") as file:
            file.write(gzip.compress(start, mtime=0))
            for _ in range(size // piece):
                file.write(content)
            file.write(gzip.compress(end, mtime=0))

    return write


def bomb(size):
    """A thousand times what it takes on the disk."""
    piece = 256 * MIB

    def write(path):
        content = gzip.compress(b"0" * piece, mtime=0)
        with open(path, "wb") as file:
            file.write(gzip.compress(b"id,v\n1,2\n", mtime=0))
            for _ in range(size // piece):
                file.write(content)

    return write


def whole(*pieces):
    def write(path):
        with open(path, "wb") as file:
            for piece in pieces:
                file.write(piece)

    return write


def cases(size):
    """All of them; the endless lines are of `size` bytes."""
    columns = ",".join(f"c{number}" for number in range(100_000)).encode()
    names = ",".join(f'"c{number}":1' for number in range(100_000)).encode()
    brackets, braces = b"[" * 100_000, b'{"a":' * 100_000
    quoted = b"".join(b"%d,v\n" % number for number in range(2, 400_002))
    nuls = bytes(8 * MIB)
    wrong = b"".join(b"%d,\xff\xfe\xc3\n" % number for number in range(2, 50_002))
    return [
        Case(
            "one endless line", "csv.gz", packed(b"id,v\n1,2\n", size, b"\n3,4\n"), new=2, quarantined=1,
            reasons=["ROW_TOO_LONG"], records="id,v\n1,2\n3,4\n", large=True),
        Case(
            "one endless quoted field", "csv.gz", packed(b'id,v\n1,2\n5,"', size, b"\n3,4\n"), new=2,
            quarantined=1, reasons=["UNCLOSED_QUOTE"], records="id,v\n1,2\n3,4\n", large=True),
        Case("a bomb", "csv.gz", bomb(size), error="COMPRESSION_RATIO"),
        Case(
            "a quote that never closes", "csv", whole(b'id,v\n1,"\n', quoted), new=400_000, quarantined=1,
            reasons=["UNCLOSED_QUOTE"]),
        Case("a header of 100,000 columns", "csv", whole(columns, b"\n", columns, b"\n"), error="TOO_MANY_COLUMNS"),
        Case(
            "rows of 100,000 columns", "csv", whole(b"id,v\n1,2\n", (columns + b"\n") * 64, b"3,4\n"), new=2,
            quarantined=64, reasons=["TOO_MANY_FIELDS"], records="id,v\n1,2\n3,4\n"),
        Case(
            "NUL bytes in rows", "csv", whole(b"id,v\n1,2\n", b"\0,\0\n" * 50_000, b"3,4\n"),
            settings=",encoding=utf-8", new=2, quarantined=50_000, reasons=["NUL_BYTE"], records="id,v\n1,2\n3,4\n"),
        Case("nothing but NUL bytes", "csv", whole(nuls), new=0, quarantined=0, error="UNREADABLE_HEADER"),
        Case(
            "a row of NUL bytes", "csv", whole(b"id,v\n1,2\n", nuls, b"\n3,4\n"), settings=",encoding=utf-8", new=2,
            quarantined=1, reasons=["ROW_TOO_LONG"], records="id,v\n1,2\n3,4\n"),
        Case(
            "invalid UTF-8", "csv", whole(b"id,v\n1,2\n", wrong, "0,東\n".encode()),
            settings=",encoding=utf-8", new=2, quarantined=50_000, reasons=["INVALID_UTF_8"],
            records="id,v\n1,2\n0,東\n"),
        Case(
            "duplicate and empty names", "csv", whole(b"id,,id,\" \",ID,\n1,2,3,4,5,6\n"), new=1, quarantined=0,
            records="id,column_2,id_2,column_4,ID,column_6\n1,2,3,4,5,6\n"),
        Case(
            "JSON lines nested 100,000 deep", "jsonl",
            whole(b'{"id":1,"v":2}\n{"id":5,"v":', brackets, b"]" * 100_000, b'}\n{"id":6,"v":', braces, b"1",
                  b"}" * 100_001, b'\n', brackets, b'\n{"id":3,"v":4}\n'),
            new=2, quarantined=3, reasons=["NESTED_TOO_DEEPLY"], records="id,v\n1,2\n3,4\n"),
        Case(
            "a JSON array nested 100,000 deep", "json",
            whole(b'[{"id":1,"v":2},{"id":5,"v":', brackets, b"]" * 100_000, b'},{"id":3,"v":4}]'),
            new=2, quarantined=1, reasons=["NESTED_TOO_DEEPLY"], records="id,v\n1,2\n3,4\n"),
        Case("JSON of brackets alone", "json", whole(brackets * 100), new=0, error="INVALID_JSON_FILE"),
        Case(
            "JSON with 100,000 names", "jsonl", whole(b'{"id":1,"v":2}\n{', names, b'}\n{"id":3,"v":4}\n'), new=2,
            quarantined=1, reasons=["TOO_MANY_FIELDS"], records="id,v\n1,2\n3,4\n"),
    ]


def place(case, folder):
    """Writes the file of a case into a folder; returns its size."""
    os.makedirs(folder)
    path = os.path.join(folder, f"hostile.{case.ending}")
    case.write(path)
    return os.path.getsize(path)
