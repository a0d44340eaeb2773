"""Compares the rows that Causeway reads with those that Python's csv module, DuckDB and the writer of the file have.

    truth.py PARSE COUNT [--first NUMBER] [--keep FOLDER]

PARSE is the program causeway-parse. Every difference must belong to a class that README.md explains; exit 1 when one
does not.
"""
import argparse
import collections
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile

import peers
from samples import Sample

# Where a program differs and why is in README.md, under these names.
CLASSES = ("text-after-quote", "open-quote", "escape-outside-quotes", "dialect-undecided",
           "taken-for-utf-16") + peers.CLASSES


def read_all(parse, folder, samples):
    """What causeway-parse makes of each file."""
    lines = []
    for sample in samples:
        path = os.path.join(folder, f"{sample.number}.csv")
        with open(path, "wb") as file:
            file.write(sample.content)
        lines.append("\t".join([path] + sample.settings()))
    done = subprocess.run([parse], input="\n".join(lines) + "\n", capture_output=True, text=True, encoding="utf-8",
                          check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def compare(sample, ours, database, path):
    """The outcome for each program: "agrees", a class, or a text that says what differs."""
    if sample.kind == "bytes" and ours.get("encoding", "").startswith("utf-16"):
        return {"python": "taken-for-utf-16"}
    if ours["error"]:
        is_right = ours["error"] == "UNREADABLE_HEADER" and peers.header_is_unreadable(sample)
        return {"python": "agrees" if is_right else f"not read: {ours['error']}"}
    outcome = {}
    if "delimiter" not in ours:  # An empty file: no batch, no format.
        ours.update(delimiter=sample.delimiter, quote=sample.quote, header=[])
    as_written = (ours["delimiter"], ours["quote"]) == (sample.delimiter, sample.quote)
    if sample.kind == "tame":
        if as_written:
            outcome["writer"] = peers.difference(sample.expected(), ours)
        elif sample.shows_dialect():
            outcome["writer"] = f"read with {ours['delimiter']!r} and {ours['quote']!r}"
        else:
            outcome["writer"] = "dialect-undecided"
    if not sample.trim:
        outcome["python"] = peers.python(sample, ours)
        if database is not None:
            outcome["duckdb"] = peers.duckdb(sample, ours, database, path)
    return outcome


def work(job):
    parse, first, count, keep = job
    counts = collections.Counter()
    findings = []
    database = peers.connect()
    with tempfile.TemporaryDirectory() as folder:
        samples = [Sample(number) for number in range(first, first + count)]
        for sample, ours in zip(samples, read_all(parse, folder, samples), strict=True):
            path = os.path.join(folder, f"{sample.number}.csv")
            for program, result in compare(sample, ours, database, path).items():
                known = result == "agrees" or result in CLASSES
                counts[program, result if known else "not explained"] += 1
                if not known:
                    findings.append((sample.number, program, result, sample.settings(), sample.content, ours))
                    if keep:
                        with open(os.path.join(keep, f"{sample.number}.csv"), "wb") as file:
                            file.write(sample.content)
    return counts, findings


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parse")
    options.add_argument("count", type=int)
    options.add_argument("--first", type=int, default=1, help="number of the first file")
    options.add_argument("--keep", help="folder for files that are not explained")
    chosen = options.parse_args()
    step = 500
    jobs = [(chosen.parse, chosen.first + start, min(step, chosen.count - start), chosen.keep)
            for start in range(0, chosen.count, step)]
    counts = collections.Counter()
    findings = []
    with multiprocessing.Pool(min(os.cpu_count() or 1, 8)) as pool:
        for some, found in pool.imap_unordered(work, jobs):
            counts += some
            findings += found
    print(f"{chosen.count} files")
    for program in ("writer", "python", "duckdb"):
        results = {result: number for (by, result), number in counts.items() if by == program}
        if not results:
            print(f"{program}: not compared")
            continue
        print(f"{program}: {sum(results.values())} compared, {results.pop('agrees', 0)} agree")
        for result, number in sorted(results.items(), key=lambda each: -each[1]):
            print(f"    {number:6} {result}")
    for number, program, result, settings, content, ours in sorted(findings, key=lambda each: each[:2])[:10]:
        print(f"\nfile {number}, {program}: {result}\n    {' '.join(settings)}\n    {content!r}\n    {ours}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
