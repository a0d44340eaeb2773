"""Messages and their fields: declarations, and the statements that read and write them."""
import sys

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

from .names import CNames, lower_camel, swift_identifier, upper_camel

SWIFT_SCALARS = {
    Field.TYPE_DOUBLE: "Double", Field.TYPE_FLOAT: "Float",
    Field.TYPE_INT64: "Int64", Field.TYPE_SINT64: "Int64", Field.TYPE_SFIXED64: "Int64",
    Field.TYPE_UINT64: "UInt64", Field.TYPE_FIXED64: "UInt64",
    Field.TYPE_INT32: "Int32", Field.TYPE_SINT32: "Int32", Field.TYPE_SFIXED32: "Int32",
    Field.TYPE_UINT32: "UInt32", Field.TYPE_FIXED32: "UInt32",
    Field.TYPE_BOOL: "Bool",
}


class Element:
    """One value of a field, as Swift and as C see it."""

    def __init__(self, schema, field):
        self.type = field.type
        self.full_name = field.type_name[1:]
        self.swift = {Field.TYPE_STRING: "String", Field.TYPE_BYTES: "[UInt8]"}.get(field.type) \
            or SWIFT_SCALARS.get(field.type) or schema.swift_names[self.full_name]
        self.default = {"String": '""', "[UInt8]": "[]", "Bool": "false"}.get(self.swift, "0")
        if field.type == Field.TYPE_ENUM:
            self.default = f"{self.swift}(rawValue: 0)"

    @property
    def c(self):
        """The element type of the C array of a repeated field."""
        return {
            Field.TYPE_STRING: "UnsafeMutablePointer<CChar>?",
            Field.TYPE_BYTES: "ProtobufCBinaryData",
            Field.TYPE_BOOL: "protobuf_c_boolean",
            Field.TYPE_ENUM: CNames.type(self.full_name),
            Field.TYPE_MESSAGE: f"UnsafeMutablePointer<{CNames.type(self.full_name)}>?",
        }.get(self.type, self.swift)

    def read(self, expression):
        """Swift value of a C expression."""
        if self.type == Field.TYPE_STRING:
            return f"try readText({expression})"
        if self.type == Field.TYPE_BYTES:
            return f"readBytes({expression})"
        if self.type == Field.TYPE_BOOL:
            return f"{expression} != 0"
        if self.type == Field.TYPE_ENUM:
            return f"{self.swift}(rawValue: Int32(bitPattern: {expression}.rawValue))"
        if self.type == Field.TYPE_MESSAGE:
            return f"try {self.swift}(reading: {expression})"
        return expression

    def write(self, expression):
        """C value of a Swift expression."""
        if self.type == Field.TYPE_STRING:
            return f"try arena.text({expression})"
        if self.type == Field.TYPE_BYTES:
            return f"try arena.bytes({expression})"
        if self.type == Field.TYPE_BOOL:
            return f"{expression} ? 1 : 0"
        if self.type == Field.TYPE_ENUM:
            return f"{CNames.type(self.full_name)}(rawValue: UInt32(bitPattern: {expression}.rawValue))"
        if self.type == Field.TYPE_MESSAGE:
            return f"try {expression}.write(to: arena)"
        return expression


class FieldShape:
    """A property of a message: its declaration, and the statements that read and write it."""

    def __init__(self, comment):
        self.comment = comment
        self.declaration = ""
        self.reads = []
        self.writes = []


class MessageShape:
    """What a message's two Swift pieces need to know."""

    def __init__(self, schema, full_name, message, comments, path):
        self.schema = schema
        self.full_name = full_name
        self.message = message
        self.comments = comments
        self.path = path
        self.c_type = CNames.type(full_name)
        self.c_prefix = CNames.prefix(full_name)
        self.swift = schema.swift_names[full_name]
        self.oneofs = {}
        for index, field in enumerate(message.field):
            if field.HasField("oneof_index"):
                self.oneofs.setdefault(field.oneof_index, []).append((index, field))
        self.properties = list(self._shapes())

    def comment_of_field(self, index):
        return self.comments.at(self.path + [2, index])

    def comment_of_oneof(self, index):
        return self.comments.at(self.path + [8, index])

    def is_presence(self, oneof_index):
        return len(self.oneofs[oneof_index]) == 1 and self.message.oneof_decl[oneof_index].name.endswith("_presence")

    def oneof_swift_type(self, oneof_index):
        return upper_camel(self.message.oneof_decl[oneof_index].name)

    def real_oneofs(self):
        """Indexes of the oneofs that are not just the presence of one field."""
        return [index for index in self.oneofs if not self.is_presence(index)]

    def _shapes(self):
        done = set()
        for index, field in enumerate(self.message.field):
            if field.HasField("oneof_index"):
                if self.is_presence(field.oneof_index):
                    yield self._presence(index, field)
                elif field.oneof_index not in done:
                    done.add(field.oneof_index)
                    yield self._oneof(field.oneof_index)
            elif self.schema.map_entry(field):
                yield self._map(index, field)
            elif field.label == Field.LABEL_REPEATED:
                yield self._repeated(index, field)
            elif field.type == Field.TYPE_MESSAGE:
                yield self._message(index, field)
            else:
                yield self._single(index, field)

    def _names(self, field):
        return swift_identifier(lower_camel(field.name)), "c.pointee." + swift_identifier(CNames.field(field.name))

    def _single(self, index, field):
        shape, element = FieldShape(self.comment_of_field(index)), Element(self.schema, field)
        swift, c = self._names(field)
        shape.declaration = f"package var {swift}: {element.swift} = {element.default}"
        shape.reads = [f"{swift} = {element.read(c)}"]
        shape.writes = [f"{c} = {element.write(swift)}"]
        return shape

    def _message(self, index, field):
        shape, element = FieldShape(self.comment_of_field(index)), Element(self.schema, field)
        swift, c = self._names(field)
        shape.declaration = f"package var {swift}: {element.swift}?"
        shape.reads = [f"if let found = {c} {{ {swift} = {element.read('found')} }}"]
        shape.writes = [f"if let value = {swift} {{ {c} = {element.write('value')} }}"]
        return shape

    def _repeated(self, index, field):
        shape, element = FieldShape(self.comment_of_field(index)), Element(self.schema, field)
        swift, c = self._names(field)
        count = "c.pointee.n_" + field.name.lower()
        shape.declaration = f"package var {swift}: [{element.swift}] = []"
        shape.reads = [
            f"{swift}.reserveCapacity({count})",
            f"for index in 0..<{count} {{ {swift}.append({self._present_read(element, f'{c}[index]')}) }}",
        ]
        shape.writes = [
            f"if !{swift}.isEmpty {{",
            f"    let items = try arena.array(of: {element.c}.self, count: {swift}.count)",
            f"    for (index, value) in {swift}.enumerated() {{ items[index] = {element.write('value')} }}",
            f"    {count} = {swift}.count",
            f"    {c} = items",
            "}",
        ]
        return shape

    def _map(self, index, field):
        shape = FieldShape(self.comment_of_field(index))
        key, value = (Element(self.schema, part) for part in self.schema.map_entry(field))
        swift, c = self._names(field)
        count = "c.pointee.n_" + field.name.lower()
        entry = field.type_name[1:]
        read_value = self._present_read(value, "entry.pointee.value")
        shape.declaration = f"package var {swift}: [{key.swift}: {value.swift}] = [:]"
        shape.reads = [
            f"for index in 0..<{count} {{",
            f"    let entry = try present({c}[index])",
            f"    {swift}[{key.read('entry.pointee.key')}] = {read_value}",
            "}",
        ]
        shape.writes = [
            f"if !{swift}.isEmpty {{",
            f"    let items = try arena.array(of: UnsafeMutablePointer<{CNames.type(entry)}>?.self, count: {swift}.count)",
            f"    for (index, (key, value)) in {swift}.sortedByKey().enumerated() {{",
            f"        let entry = try arena.one({CNames.type(entry)}.self)",
            f"        {CNames.prefix(entry)}__init(entry)",
            f"        entry.pointee.key = {key.write('key')}",
            f"        entry.pointee.value = {value.write('value')}",
            "        items[index] = entry",
            "    }",
            f"    {count} = {swift}.count",
            f"    {c} = items",
            "}",
        ]
        return shape

    def _case(self, oneof_index):
        return f"c.pointee.{CNames.field(self.message.oneof_decl[oneof_index].name)}_case"

    def _constant(self, oneof_index, field):
        return CNames.oneof_constant(self.full_name, self.message.oneof_decl[oneof_index].name, field.name)

    def _present_read(self, element, c):
        return element.read(f"present({c})") if element.type == Field.TYPE_MESSAGE else element.read(c)

    def _presence(self, index, field):
        comment = self.comment_of_oneof(field.oneof_index) or self.comment_of_field(index)
        shape, element = FieldShape(comment), Element(self.schema, field)
        swift, c = self._names(field)
        case, constant = self._case(field.oneof_index), self._constant(field.oneof_index, field)
        shape.declaration = f"package var {swift}: {element.swift}?"
        shape.reads = [f"if {case} == {constant} {{ {swift} = {self._present_read(element, c)} }}"]
        shape.writes = [
            f"if let value = {swift} {{",
            f"    {case} = {constant}",
            f"    {c} = {element.write('value')}",
            "}",
        ]
        return shape

    def _oneof(self, oneof_index):
        shape = FieldShape(self.comment_of_oneof(oneof_index))
        swift = swift_identifier(lower_camel(self.message.oneof_decl[oneof_index].name))
        case = self._case(oneof_index)
        shape.declaration = f"package var {swift}: {self.oneof_swift_type(oneof_index)}?"
        shape.reads = [f"switch {case} {{"]
        shape.writes = [f"switch {swift} {{"]
        for _, field in self.oneofs[oneof_index]:
            element = Element(self.schema, field)
            name, c = self._names(field)
            constant = self._constant(oneof_index, field)
            if field.type == Field.TYPE_BYTES:
                sys.exit(f"{self.full_name}.{field.name}: bytes in a oneof would be shown in logs")
            shape.reads += [f"case {constant}: {swift} = .{name}({self._present_read(element, c)})"]
            shape.writes += [
                f"case .{name}(let value):",
                f"    {case} = {constant}",
                f"    {c} = {element.write('value')}",
            ]
        shape.reads += ["default: break", "}"]
        shape.writes += ["case nil: break", "}"]
        return shape
