package import CausewayMessages

/// Who calls, and how.
package struct CallContext: Sendable {
    package let peer: Peer
    package let role: Role
    /// Unique among the calls of the peer's connection.
    package let callID: UInt64
    package let method: MethodInfo
    package let metadata: [MetadataEntry]
    /// How long the caller waits, from the call's arrival. The call's task is cancelled then.
    package let timeout: Duration?

    package init(
        peer: Peer, role: Role, callID: UInt64, method: MethodInfo, metadata: [MetadataEntry], timeout: Duration?
    ) {
        self.peer = peer
        self.role = role
        self.callID = callID
        self.method = method
        self.metadata = metadata
        self.timeout = timeout
    }

    /// The text of a metadata entry; nil where there is none or it is not UTF-8.
    package func metadata(_ key: String) -> String? {
        guard let entry = metadata.first(where: { $0.key == key }) else { return nil }
        return String(validating: entry.value, as: UTF8.self)
    }
}
