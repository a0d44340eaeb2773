/// One method of the API with the types of its messages; the table is made by tools/protos.
package struct MethodDescriptor<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    package let info: MethodInfo
    /// The name of the resource that a request is about, nil where the method is about the installation.
    package let resource: @Sendable (Request) -> String?

    init(_ info: MethodInfo, resource: @escaping @Sendable (Request) -> String?) {
        self.info = info
        self.resource = resource
    }

    /// "/causeway.v1.RunService/GetRun".
    package var path: String { info.path }
    package var isServerStreaming: Bool { info.isServerStreaming }
    /// The least role that may call it.
    package var role: Role { info.role }
}

/// One method of the API without the types of its messages.
package struct MethodInfo: Hashable, Sendable {
    /// "causeway.v1.RunService".
    package let service: String
    /// "GetRun".
    package let name: String
    package let isServerStreaming: Bool
    /// The least role that may call it.
    package let role: Role
    /// The request field that names the resource, as the proto spells it: "connection.name".
    package let resourceField: String?

    /// "/causeway.v1.RunService/GetRun".
    package var path: String { "/\(service)/\(name)" }
}
