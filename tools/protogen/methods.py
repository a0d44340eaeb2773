"""The methods: their table, and the client's."""
import os
import sys

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

from .names import lower_camel, swift_identifier
from .schema import HEADER, Comments, Writer

ROLE_OPTION = "causeway.v1.role"
RESOURCE_OPTION = "causeway.v1.resource_field"


class MethodsFile:
    """The table of all methods."""

    def __init__(self, schema, request, files):
        self.schema, self.files = schema, files
        pool = descriptor_pool.DescriptorPool()
        for file in request.proto_file:
            pool.Add(file)
        self.role = pool.FindExtensionByName(ROLE_OPTION)
        self.resource = pool.FindExtensionByName(RESOURCE_OPTION)
        # Options as the pool with the extensions sees them, not as this process knew them before.
        options = pool.FindMessageTypeByName("google.protobuf.MethodOptions")
        self.options_class = message_factory.MessageFactory(pool).GetPrototype(options)

    def text(self):
        out, every = Writer(), []
        for file in self.files:
            comments = Comments(file)
            for index, service in enumerate(file.service):
                out("")
                self._service(out, file, service, comments, [6, index], every)
        out("")
        out("/// Every method of every service, by service and declaration.")
        out("package let allMethods: [MethodInfo] = [", *(f"    {name}.info," for name in every), "]")
        return HEADER + out.text()

    def _service(self, out, file, service, comments, path, every):
        out.doc(comments.at(path))
        out.open(f"package enum {service.name}Methods {{")
        for index, method in enumerate(service.method):
            if index:
                out("")
            out.doc(comments.at(path + [2, index]))
            self._method(out, file, service, method)
            every.append(f"{service.name}Methods.{self._name(method)}")
        out.close()

    @staticmethod
    def _name(method):
        return swift_identifier(method.name[0].lower() + method.name[1:])

    def _method(self, out, file, service, method):
        path = f"/{file.package}.{service.name}/{method.name}"
        options = self.options_class.FromString(method.options.SerializeToString())
        role = self.role.enum_type.values_by_number[options.Extensions[self.role]].name
        if role == "ROLE_UNSPECIFIED" or method.client_streaming:
            sys.exit(f"{path}: a method needs a role and cannot stream requests")
        request, response = method.input_type[1:], method.output_type[1:]
        out.open(f"package static let {self._name(method)} = "
                 f"MethodDescriptor<{self.schema.swift_names[request]}, {self.schema.swift_names[response]}>(")
        resource = options.Extensions[self.resource]
        out(f'MethodInfo(service: "{file.package}.{service.name}", name: "{method.name}",')
        out(f'    isServerStreaming: {str(method.server_streaming).lower()}, role: .{role[len("ROLE_"):].lower()},')
        out(f"    resourceField: " + (f'"{resource}"' if resource else "nil") + "),")
        out("resource: " + (f"{{ {self._accessor(request, resource)} }}" if resource else "{ _ in nil }"))
        out.close(")")

    def client_text(self):
        """The methods as methods of the client, by service."""
        out = Writer()
        out("", "package import CausewayCore", "package import CausewayMessages")
        for file in self.files:
            comments = Comments(file)
            for index, service in enumerate(file.service):
                out("")
                self._client(out, file, service, comments, [6, index])
        return HEADER + out.text()

    def _client(self, out, file, service, comments, path):
        name = lower_camel(os.path.splitext(os.path.basename(file.name))[0])
        out.doc(comments.at(path))
        out.open(f"package struct {service.name}Client: Sendable {{")
        out("let client: CausewayClient")
        for index, method in enumerate(service.method):
            out("")
            out.doc(comments.at(path + [2, index]))
            self._client_method(out, service, method)
        out.close()
        out("")
        out.open("extension CausewayClient {")
        out.doc(comments.at(path))
        out(f"package var {name}: {service.name}Client {{ {service.name}Client(client: self) }}")
        out.close()

    def _client_method(self, out, service, method):
        name = self._name(method)
        request, response = (self.schema.swift_names[t[1:]] for t in (method.input_type, method.output_type))
        call, result, timeout = ("stream", f"ResponseStream<{response}>", "nil") if method.server_streaming else (
            "call", response, "CausewayClient.defaultTimeout")
        discardable = "@discardableResult " if response == "ProtoEmpty" else ""
        out(f"{discardable}package func {name}(",
            f"    _ request: {request} = .init(), timeout: Duration? = {timeout}, metadata: [MetadataEntry] = []")
        out.open(f") async throws(CausewayError) -> {result} {{")
        out(f"try await client.{call}({service.name}Methods.{name}, request, timeout: timeout, metadata: metadata)")
        out.close()

    def _accessor(self, message_name, path):
        """(UpdateConnectionRequest, connection.name) -> $0.connection?.name"""
        expression, optional = "$0", False
        parts = path.split(".")
        for position, part in enumerate(parts):
            field = next((f for f in self.schema.messages[message_name].field if f.name == part), None)
            is_last = position == len(parts) - 1
            if field is None or (field.type != Field.TYPE_STRING if is_last else field.type != Field.TYPE_MESSAGE):
                sys.exit(f"{message_name}: the resource field {path} is not a text field of it")
            expression += ("?." if optional else ".") + swift_identifier(lower_camel(part))
            optional, message_name = True, field.type_name[1:]
        return expression
