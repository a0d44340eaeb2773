"""Names, as Swift and as protoc-c write them."""
import re

SWIFT_KEYWORDS = set("""
    as associatedtype break case catch class continue default defer deinit do else enum extension fallthrough false for
    func guard if import in init inout internal is let nil operator private protocol public repeat rethrows return self
    static struct subscript super switch throw throws true try typealias var where while
""".split())
C_KEYWORDS = set("""
    auto bool break case catch char class const continue default delete do double else enum explicit extern false float
    for friend goto if inline int long mutable namespace new operator private protected public register return short
    signed sizeof static struct switch template this throw true try typedef typename union unsigned using virtual void
    volatile while
""".split())


def swift_identifier(name):
    """The name, in backticks where Swift needs them."""
    return f"`{name}`" if name in SWIFT_KEYWORDS else name


def upper_camel(snake):
    """run_counters -> RunCounters"""
    return "".join(part[:1].upper() + part[1:] for part in snake.split("_"))


def lower_camel(snake):
    """page_token -> pageToken, request_id -> requestID"""
    first, *rest = snake.split("_")
    capitals = {"id": "ID", "ids": "IDs", "url": "URL"}
    return first + "".join(capitals.get(part, part[:1].upper() + part[1:]) for part in rest)


class CNames:
    """The names that protoc-c gives."""

    @staticmethod
    def _separated(name):
        """RunCounters -> run_counters; a run of capitals stays together, as in protoc-c."""
        return re.sub(r"(?<=[^A-Z])(?=[A-Z])", "_", name).lower()

    @classmethod
    def type(cls, full_name):
        """causeway.v1.Run.State -> Causeway__V1__Run__State"""
        return "__".join(upper_camel(part) for part in full_name.split("."))

    @classmethod
    def prefix(cls, full_name):
        """causeway.v1.RunError -> causeway__v1__run_error"""
        return "__".join(cls._separated(part) for part in full_name.split("."))

    @staticmethod
    def field(name):
        """Keywords of C get an underscore."""
        lowered = name.lower()
        return lowered + "_" if lowered in C_KEYWORDS else lowered

    @classmethod
    def oneof_constant(cls, message_name, oneof_name, field_name):
        """(causeway.v1.Frame, body, go_away) -> CAUSEWAY__V1__FRAME__BODY_GO_AWAY"""
        return f"{cls.prefix(message_name).upper()}__{oneof_name.upper()}_{field_name.upper()}"
