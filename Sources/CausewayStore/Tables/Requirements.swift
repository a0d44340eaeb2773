package import CausewayCore
package import CausewayMessages

// What a read-modify-write has read, as a requirement of its unit: a change that came in between fails the unit with
// `COMMIT_CONFLICT` and is not lost. Equal messages give equal bytes, so that the message itself can be compared.

extension ConnectionTable {
    /// Fails the unit unless the connection is still `before`.
    package static func requireUnchanged(
        in unit: inout CommitUnit, _ before: StoredConnection
    ) throws(CausewayError) {
        let key = KeyBuilder.key(unit.ownership.shard)
        unit.mutations.append(
            .requireEqual(.connections, key: key, value: try TableAccess.encode(before, for: .connections)))
    }
}

extension OrganisationTable {
    /// Fails the unit unless the organisation is still `before`; nil: unless none was set yet.
    package static func requireUnchanged(
        in unit: inout CommitUnit, _ before: StoredOrganisation?
    ) throws(CausewayError) {
        guard let before else {
            unit.mutations.append(.requireAbsent(.settings, key: key))
            return
        }
        unit.mutations.append(
            .requireEqual(.settings, key: key, value: try TableAccess.encode(before, for: .settings)))
    }
}
