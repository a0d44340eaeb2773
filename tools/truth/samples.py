"""Small delimited files, each decided by its number: how it is written, what is wrong with it, how it is to be read."""
import random

WORDS = ["", "", "x", "1", "-2.5", "two words", "true", "2026-01-31", "naïve", "0", "a'b", "it's", "c:\\d", "tail\\",
         "#1", "N/A", "=", "%"]
SPECIAL = ["a{d}b", "{d}", "say {q}so{q}", "{q}", "{q}{q}", "line\nline", "a\r\nb", "\r", "\n", "x{d}{q}\n{q}", "\\{q}",
           "\\\\", "#\n#"]
WIDE = ["東京", "🜁", "Ω", "Nguyễn"]
NARROW = ["é", "Zoë", "ÿ", "§"]
ODD = ["“so”", "€", "œ"]
ENCODINGS = ["utf-8"] * 10 + ["utf-8-sig", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "latin-1", "cp1252"]
NAMES = {"latin-1": "iso-8859-1", "cp1252": "windows-1252", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be"}


class Sample:
    """One file: `content` in bytes, `text` without a byte order mark, and how it is read."""

    def __init__(self, number):
        self.random = rng = random.Random(number)
        self.number = number
        self.kind = rng.choice(["tame"] * 6 + ["wild"] * 3 + ["bytes"])
        self.delimiter = rng.choice([",", ",", ";", "\t", "|"])
        self.quote = rng.choice(['"'] * 5 + ["'"])
        self.escape = "\\" if self.kind == "tame" and rng.random() < 0.15 else None
        self.comment = "#" if rng.random() < 0.15 else None
        self.header = rng.random() < 0.9
        self.trim = self.kind == "tame" and rng.random() < 0.08
        self.ragged_rows = rng.choice(["quarantine", "quarantine", "pad", "truncate"])
        self.skip_rows = rng.choice([0, 0, 0, 0, 1, 3])
        self.encoding = rng.choice(ENCODINGS) if self.kind != "bytes" else "utf-8"
        self.line_end = rng.choice(["\n", "\n", "\n", "\r\n", "\r\n", "\r", "mixed"])
        self.quoting = rng.choice(["needed", "needed", "all", "some"])
        self.columns = rng.choice([1, 2, 2, 3, 3, 4, 5, 8])
        self.detected = self.kind == "tame" and rng.random() < 0.4
        self.rows = self._values()
        self.text = self._write()
        self.content = self.text.encode(self.encoding)
        if self.kind == "wild":
            self._damage()
        if self.kind == "bytes":
            self._spoil()

    def settings(self):
        """What the entity says, as causeway-parse takes it."""
        parts = {"header": "true" if self.header else "false", "ragged_rows": self.ragged_rows,
                 "skip_rows": str(self.skip_rows), "trim_values": "true" if self.trim else "false"}
        if not self.detected:
            parts["delimiter"] = "tab" if self.delimiter == "\t" else self.delimiter
            parts["quote"] = self.quote
        if self.escape:
            parts["escape"] = self.escape
        if self.comment:
            parts["comment"] = self.comment
        if self.encoding in NAMES:
            parts["encoding"] = NAMES[self.encoding]
        return [f"{name}={value}" for name, value in parts.items()]

    def expected(self):
        """Rows, lines or nil, and rejected rows or nil, as peers.difference() takes them; of a tame file."""
        rows = []
        for row in self.rows[1 if self.header else 0:]:
            few, many = len(row) < self.columns, len(row) > self.columns
            if (few and self.ragged_rows == "quarantine") or (many and self.ragged_rows != "truncate"):
                continue
            rows.append((row + [""] * self.columns)[:self.columns])
        return rows, None, None

    def shows_dialect(self):
        """Whether nobody could take the file for another dialect: usual quotes, most rows with all of two or more values,
        no white space around them."""
        whole = sum(len(row) == self.columns for row in self.rows)
        return self.columns > 1 and self.quote == '"' and not self.trim and whole > max(2, len(self.rows) // 2)

    def has_bare_escape(self):
        """Whether an escape stands where it has no meaning."""
        return "\\" in self.text

    def _value(self):
        rng = self.random
        if rng.random() < 0.75:
            words = list(WORDS)
            if self.encoding not in ("latin-1", "cp1252"):
                words += WIDE + NARROW + ODD
            else:
                words += NARROW + (ODD if self.encoding == "cp1252" else [])
            return rng.choice(words)
        return rng.choice(SPECIAL).format(d=self.delimiter, q=self.quote)

    def _values(self):
        rng = self.random
        rows = [[self._value() for _ in range(self.columns)] for _ in range(rng.randrange(13))]
        if rng.random() < 0.3:
            for row in rows:
                if rng.random() < 0.4 and row:
                    if rng.random() < 0.5:
                        del row[rng.randrange(1, len(row) + 1):]
                    else:
                        row += [self._value() for _ in range(rng.randrange(1, 4))]
        head = [f"h{column}" for column in range(self.columns)]
        return [head] + rows

    def _written(self, value, is_alone, is_first):
        rng = self.random
        marks = {self.delimiter, self.quote, "\r", "\n"}
        needed = bool(marks & set(value)) or (is_alone and value == "") or (self.trim and value != value.strip(" \t"))
        if is_first and self.comment and value.startswith(self.comment):
            needed = True
        if self.trim and not value:
            needed = needed or rng.random() < 0.5
        if needed or self.quoting == "all" or (self.quoting == "some" and rng.random() < 0.5):
            if self.escape:
                value = value.replace(self.escape, self.escape * 2).replace(self.quote, self.escape + self.quote)
            else:
                value = value.replace(self.quote, self.quote * 2)
            return self.quote + value + self.quote
        if self.trim and value and rng.random() < 0.5:
            blanks = " " if self.delimiter == "\t" else " \t"
            return rng.choice(blanks) + value + rng.choice(["", " ", "  "])
        return value

    def _line_end(self):
        return self.random.choice(["\n", "\r\n", "\r"]) if self.line_end == "mixed" else self.line_end

    def _write(self):
        rng = self.random
        parts = [f"report {rng.randrange(9)}{rng.choice(['', self.quote, self.delimiter])}{self._line_end()}"
                 for _ in range(self.skip_rows)]
        blanks = rng.random() < 0.2
        for index, row in enumerate(self.rows):
            if self.comment and rng.random() < 0.3:
                parts.append(f"#{rng.choice(['', ' note', self.quote, self.delimiter * 3])}{self._line_end()}")
            if blanks and rng.random() < 0.3:
                parts.append(self._line_end())
            line = self.delimiter.join(
                self._written(value, len(row) == 1, column == 0) for column, value in enumerate(row))
            if index == 0:
                self.head = sum(map(len, parts)) + len(line) + 2
            parts.append(line + self._line_end())
        text = "".join(parts)
        return text if rng.random() < 0.8 else text.rstrip("\r\n") if not self.comment else text

    def _damage(self):
        """Breaks the rules somewhere behind the header."""
        rng = self.random
        text = self.text
        pieces = [self.quote, self.quote, self.quote * 2, self.quote + "x", "x" + self.quote, " " + self.quote,
                  self.quote + " ", self.delimiter, "\n", "\r", "\r\n", "\0", "\n\n", self.delimiter + self.quote]
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(min(self.head, len(text)), len(text) + 1)
            if rng.random() < 0.7:
                text = text[:at] + rng.choice(pieces) + text[at:]
            else:
                text = text[:at] + text[at + 1:]
        self.text = text
        self.content = text.encode(self.encoding)

    def _spoil(self):
        """Bytes that are no text, behind the header."""
        rng = self.random
        content = self.content
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(min(len(self.text[:self.head].encode()), len(content)), len(content) + 1)
            bad = rng.choice([b"\x80", b"\xc3", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\0"])
            content = content[:at] + bad + content[at:]
        self.content = content
        self.text = content.decode("utf-8", "surrogateescape")
