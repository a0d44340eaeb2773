"""What people see of the content of entities and fields, and what of it has to be the same however it came about."""
import collections
import csv
import io
import json

from files import ENTITIES
from processes import Violation

ENTITY_FIGURES = (
    "recordCount", "nullValues", "completeness", "repetition", "dataQuality", "qualityApproximate", "fieldCount")
FIELD_FIGURES = (
    "type", "rowCount", "valueCount", "distinctCount", "approximate", "minimum", "maximum", "mean", "shortestLength",
    "longestLength", "topValues", "topValuesError",
)
# Beyond 100,000 distinct values or contents of records. The counts of frequent values, and with them the repetition of
# records, then depend on how records were spread over commits, within bounds; all other figures do not.
ESTIMATES = {"repetition", "dataQuality", "topValues", "topValuesError"}
# What an estimated share may be off.
TOLERANCE = 0.02


def statistics(daemon):
    """All figures but for times and the numbers of runs."""
    found = {}
    for entity in ENTITIES:
        shown = json.loads(daemon.ask("entity", "show", "crm", entity, "-o", "json"))
        found[entity] = {name: shown.get(name) for name in ENTITY_FIGURES}
        for field in json.loads(daemon.ask("field", "list", "crm", entity, "-o", "json"))["fields"]:
            label = field["apiLabel"]
            shown = json.loads(daemon.ask("field", "show", "crm", entity, label, "-o", "json"))
            found[f"{entity}/{label}"] = {name: shown.get(name) for name in FIELD_FIGURES}
    return found


def compare(found, wanted, what):
    """All but estimates have to be equal."""
    for name in sorted(found.keys() | wanted.keys()):
        if exact(found.get(name, {})) != exact(wanted.get(name, {})):
            raise Violation(f"the statistics of {name} {what}: {found.get(name)}, not {wanted.get(name)}")


def exact(figures):
    is_estimated = figures.get("approximate") or figures.get("qualityApproximate")
    return {name: value for name, value in figures.items() if not (is_estimated and name in ESTIMATES)}


def check_estimates(found, exports):
    """Holds estimates against the records, as exported. Returns how many figures were estimates."""
    columns, estimates = {}, 0
    for name, figures in sorted(found.items()):
        entity, _, label = name.partition("/")
        if not (figures.get("approximate") or figures.get("qualityApproximate")):
            continue
        estimates += 1
        if entity not in columns:
            rows = list(csv.reader(io.StringIO(exports[entity].decode())))
            columns[entity] = rows[0], rows[1:]
        header, rows = columns[entity]
        if label:
            counts = collections.Counter(row[header.index(label)] for row in rows)
            counts.pop("", None)
            check_values(name, figures, counts)
        else:
            check_quality(name, figures, rows)
    return estimates


def check_values(name, figures, counts):
    error = figures["topValuesError"]
    shown = {top["value"]["text"]: top["count"] for top in figures["topValues"] or ()}
    for value, count in shown.items():
        if not count <= counts[value] <= count + error:
            raise Violation(f"{name} has {value} {counts[value]} times; shown are {count}, at most {error} too few")
    if len(shown) < 50:
        for value, count in counts.most_common(50):
            if value not in shown and count > error:
                raise Violation(f"{name} has {value} {count} times, which is not shown; at most {error} were to be left out")
    # Four standard errors of a sample of at least 8,192.
    if abs(figures["distinctCount"] - len(counts)) > 4 * len(counts) / 8_192 ** 0.5:
        raise Violation(f"{name} has {len(counts)} distinct values; estimated are {figures['distinctCount']}")


def check_quality(name, figures, rows):
    """Cells of records whose content an earlier one has, and cells that are neither of those nor null. The key, which
    comes first, is no part of the content."""
    seen, cells, repeated, good = set(), 0, 0, 0
    for row in rows:
        cells += len(row)
        content = tuple(row[1:])
        if content in seen:
            repeated += len(row)
        else:
            good += sum(1 for value in row if value)
        seen.add(content)
    for figure, count in (("repetition", repeated), ("dataQuality", good)):
        if abs(figures[figure] - count / cells) > TOLERANCE:
            raise Violation(f"the {figure} of {name} is {count / cells:.4f}; estimated is {figures[figure]}")
