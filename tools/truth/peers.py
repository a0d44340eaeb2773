"""What other programs make of a file, and how it differs from what Causeway makes of it."""
import csv
import re

try:
    import duckdb as engine
except ImportError:
    engine = None

CLASSES = ("broken-quotes", "nul", "quote-inside-a-value", "surplus-values", "mixed-line-ends", "blank-lines",
           "comment-inside-a-line")
LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def difference(expected, ours):
    """`expected`: rows, their lines or nil, and rejected rows as (line, reason) or nil."""
    rows, lines, rejected = expected
    mine = [["" if value is None else value for value in row] for row in ours["rows"]]
    if mine != rows:
        return f"rows should be {rows}"
    if lines is not None and ours["lines"] != lines:
        return f"lines should be {lines}"
    if rejected is not None and [tuple(row) for row in ours["rejected"]] != rejected:
        return f"rejected should be {rejected}"
    return "agrees"


def settle(records, columns, ragged_rows):
    """Records, as (line, values), made rows by the entity's rules: rows, their lines, and the rejected."""
    rows, lines, rejected = [], [], []
    for line, values in records:
        text = "".join(values)
        reason = None
        if "\0" in text:
            reason = "NUL_BYTE"
        elif any(0xD800 <= ord(character) < 0xE000 for character in text):
            reason = "INVALID_UTF_8"
        elif len(values) < columns and ragged_rows == "quarantine":
            reason = "TOO_FEW_FIELDS"
        elif len(values) > columns and ragged_rows != "truncate":
            reason = "TOO_MANY_FIELDS"
        if reason:
            rejected.append((line, reason))
        else:
            rows.append((values + [""] * columns)[:columns])
            lines.append(line)
    return rows, lines, rejected


class Lines:
    """The lines of a text, for csv.reader; comments left out where a record may begin."""

    def __init__(self, text, skipped, comment):
        self.lines = LINES.findall(text)
        self.next = skipped
        self.comment = comment
        self.is_fresh = True
        self.first = 0

    def __iter__(self):
        return self

    def __next__(self):
        while self.next < len(self.lines):
            line = self.lines[self.next]
            self.next += 1
            if self.is_fresh:
                self.first = self.next
                if self.comment and line.startswith(self.comment):
                    continue
            self.is_fresh = False
            return line
        raise StopIteration


def python_records(sample, delimiter, quote):
    """Records with the lines they begin in, and where and why the module gave up, or nil."""
    lines = Lines(sample.text, sample.skip_rows, sample.comment)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, doublequote=sample.escape is None,
                        escapechar=sample.escape, strict=True)
    records = []
    while True:
        lines.is_fresh = True
        try:
            values = next(reader)
        except StopIteration:
            return records, None
        except csv.Error as error:
            return records, (lines.first, str(error))
        if values:
            records.append((lines.first, values))


def python(sample, ours):
    """Python's csv module, in its strict mode."""
    records, fault = python_records(sample, ours["delimiter"], ours["quote"])
    columns = len(ours["header"])
    expected = settle(records[1:] if sample.header else records, columns, sample.ragged_rows)
    if sample.escape:
        result = difference(expected, ours) if not fault else "gives up"
        return result if result == "agrees" or not sample.has_bare_escape() else "escape-outside-quotes"
    if not fault:
        return difference(expected, ours)
    line, message = fault
    # Up to the record that the module gives up at, all must be the same; it must be rejected.
    before = {"rows": [row for row, at in zip(ours["rows"], ours["lines"]) if at < line],
              "lines": [at for at in ours["lines"] if at < line],
              "rejected": [row for row in ours["rejected"] if row[0] < line]}
    result = difference(expected, before)
    if result != "agrees":
        return result
    reasons = [row[1] for row in ours["rejected"] if row[0] == line]
    if "expected after" in message and reasons and reasons[0] in ("TEXT_AFTER_QUOTE", "UNCLOSED_QUOTE"):
        return "text-after-quote"
    if "unexpected end" in message and reasons == ["UNCLOSED_QUOTE"]:
        return "open-quote"
    return f"the module gives up in line {line}: {message}"


def header_is_unreadable(sample):
    """Whether the module, too, can do nothing with the first record, or it holds what is no text."""
    records, fault = python_records(sample, sample.delimiter, sample.quote)
    return fault is not None if not records else bool(settle(records[:1], 0, "truncate")[2])


def connect():
    """A database, nil where DuckDB is not there."""
    if engine is None:
        return None
    database = engine.connect()
    database.execute("SET threads = 1")
    return database


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def duckdb(sample, ours, database, path):
    """DuckDB's read_csv, with everything told and nothing found out; of UTF-8, other encodings are rewritten."""
    with open(path, "wb") as file:
        file.write(sample.text.encode("utf-8", "surrogateescape"))
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(ours["header"])))
    query = f"""SELECT * FROM read_csv({quoted(path)}, auto_detect = false, columns = {{{columns}}},
        delim = {quoted(ours["delimiter"])}, quote = {quoted(ours["quote"])},
        escape = {quoted(sample.escape or ours["quote"])}, comment = {quoted(sample.comment or "")},
        header = {str(sample.header).lower()}, skip = {sample.skip_rows},
        null_padding = {str(sample.ragged_rows != "quarantine").lower()}, strict_mode = true, parallel = false)"""
    if not ours["header"]:
        return "agrees"
    try:
        rows = [["" if value is None else value for value in row] for row in database.execute(query).fetchall()]
        result = difference((rows, None, [] if ours["rejected"] else None), ours)
    except engine.Error as error:
        message = str(error)
        # It refuses the whole file for one row.
        result = "agrees" if ours["rejected"] else f"refuses: {message[:300]}"
    return result if result == "agrees" else explain(sample, ours) or result


def explain(sample, ours):
    """The first class that the file shows to be in; nil when it is an ordinary one."""
    reasons = {reason for _, reason in ours["rejected"]}
    delimiter, quote, escape = ours["delimiter"], ours["quote"], sample.escape or ours["quote"]
    lines = LINES.findall(sample.text)
    skipped, lines = lines[:sample.skip_rows], lines[sample.skip_rows:]
    if reasons & {"TEXT_AFTER_QUOTE", "UNCLOSED_QUOTE"}:
        return "broken-quotes"
    if "NUL_BYTE" in reasons or "\0" in sample.text:
        return "nul"
    records, _ = python_records(sample, delimiter, quote)
    # Without the values that are quoted by the rules.
    mark, inside = re.escape(quote), f"{re.escape(escape)}[{re.escape(quote + escape)}]|[^{re.escape(quote)}]"
    bare = re.sub(f"(?:^|(?<=[{re.escape(delimiter)}\r\n])){mark}(?:{inside})*{mark}(?=[{re.escape(delimiter)}\r\n]|$)",
                  "_", "".join(lines))
    if quote in bare:
        return "quote-inside-a-value"
    written = sample.rows if sample.kind == "tame" else []
    if any(len(values) > len(ours["header"]) for values in written + [values for _, values in records]):
        return "surplus-values"
    if len(set(re.findall("\r\n|\r|\n", "".join(skipped) + bare))) > 1:
        return "mixed-line-ends"
    if any(not line.strip("\r\n") for line in bare.splitlines(keepends=True)):
        return "blank-lines"
    if sample.comment and sample.comment in bare:
        return "comment-inside-a-line"
    return None
