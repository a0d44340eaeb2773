"""The Swift files of one proto file."""
import re
import sys

from .messages import Element, MessageShape
from .names import lower_camel, swift_identifier
from .schema import HEADER, Comments, Writer


class TypesFile:
    """The Swift types of one proto file."""

    def __init__(self, schema, file):
        self.schema, self.file, self.comments = schema, file, Comments(file)
        self.out = Writer()

    def text(self):
        for index, enum in enumerate(self.file.enum_type):
            self.out("")
            self._enum(enum, f"{self.file.package}.{enum.name}", [5, index])
        for index, message in enumerate(self.file.message_type):
            self.out("")
            self._message(message, f"{self.file.package}.{message.name}", [4, index])
        return HEADER + self.out.text()

    def _doc(self, comment, name):
        self.out.doc(comment or [f"`{name}`."])

    def _enum(self, enum, full_name, path):
        name = self.schema.swift_names[full_name].split(".")[-1]
        prefix = re.sub(r"(?<=[^A-Z])(?=[A-Z])", "_", enum.name).upper() + "_"
        values = []
        for index, value in enumerate(enum.value):
            if not value.name.startswith(prefix) or value.number < 0:
                sys.exit(f"{full_name}: {value.name} must start with {prefix} and not be negative")
            short = value.name[len(prefix):]
            values.append((swift_identifier(lower_camel(short.lower())), short, value.number, path + [2, index]))
        self._doc(self.comments.at(path), full_name)
        self.out("///", "/// Open: numbers of a newer peer are kept.")
        self.out.open(f"package struct {name}: ProtobufEnum {{")
        self.out("package let rawValue: Int32", "package init(rawValue: Int32) { self.rawValue = rawValue }", "")
        for identifier, short, number, value_path in values:
            self._doc(self.comments.at(value_path), short)
            self.out(f"package static let {identifier} = Self(rawValue: {number})")
        self.out("", "package static let allCases: [Self] = [" + ", ".join(f".{v[0]}" for v in values) + "]", "")
        self.out.open("package var description: String {")
        self.out("switch rawValue {", *(f'case {v[2]}: "{v[1]}"' for v in values), 'default: "\\(rawValue)"', "}")
        self.out.close()
        self.out.close()

    def _message(self, message, full_name, path):
        shape = MessageShape(self.schema, full_name, message, self.comments, path)
        self._doc(self.comments.at(path), full_name)
        self.out.open(f"package struct {shape.swift.split('.')[-1]}: ProtobufMessage {{")
        for index, enum in enumerate(message.enum_type):
            self._enum(enum, f"{full_name}.{enum.name}", path + [4, index])
            self.out("")
        for index, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                self._message(nested, f"{full_name}.{nested.name}", path + [3, index])
                self.out("")
        for oneof_index in shape.real_oneofs():
            self._doc(shape.comment_of_oneof(oneof_index), message.oneof_decl[oneof_index].name)
            self.out.open(f"package enum {shape.oneof_swift_type(oneof_index)}: Hashable, Sendable {{")
            for index, field in shape.oneofs[oneof_index]:
                self._doc(shape.comment_of_field(index), field.name)
                self.out(f"case {swift_identifier(lower_camel(field.name))}({Element(self.schema, field).swift})")
            self.out.close()
            self.out("")
        for item in shape.properties:
            self._doc(item.comment, item.declaration)
            self.out(item.declaration)
        if shape.properties:
            self.out("")
        self.out("/// All fields absent.", "package init() {}", "")
        self.out("package static let codec = MessageCodec(Self.self)")
        self.out.close()


class MappingFile:
    """How the messages of one proto file are read from and written to C structs."""

    def __init__(self, schema, file):
        self.schema, self.file, self.comments = schema, file, Comments(file)
        self.out = Writer()

    def text(self):
        for message in self.file.message_type:
            self._message(message, f"{self.file.package}.{message.name}")
        return HEADER + "\nimport CCausewayProto\nimport CProtobufC\n" + self.out.text()

    def _message(self, message, full_name):
        shape = MessageShape(self.schema, full_name, message, self.comments, [])
        self.out("")
        self.out.open(f"extension {shape.swift}: CStructMessage {{")
        self.out.open("static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> {")
        self.out(f"{shape.c_prefix}__swift_descriptor()")
        self.out.close()
        self.out("")
        self.out.open(f"init(reading c: UnsafeMutablePointer<{shape.c_type}>) throws(MessageError) {{")
        self.out("self.init()")
        for item in shape.properties:
            self.out(*item.reads)
        self.out.close()
        self.out("")
        self.out.open(f"func write(to arena: borrowing Arena) throws(MessageError) -> UnsafeMutablePointer<{shape.c_type}> {{")
        self.out(f"let c = try arena.one({shape.c_type}.self)", f"{shape.c_prefix}__init(c)")
        for item in shape.properties:
            self.out(*item.writes)
        self.out("return c")
        self.out.close()
        self.out.close()
        for nested in message.nested_type:
            if not nested.options.map_entry:
                self._message(nested, f"{full_name}.{nested.name}")
