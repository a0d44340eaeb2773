/// Names of resources, by AIP-122: "connections/crm/runs/12".
package enum ResourceName {
    /// An id that people choose for a connection: a lower-case DNS label, RFC 1034 §3.5.
    package static func isConnectionID(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first, isLower(first) else { return false }
        guard let last = bytes.last, last != UInt8(ascii: "-") else { return false }
        return bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// An id of an entity: as a connection's, underscores allowed.
    package static func isEntityID(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first, isLower(first) else { return false }
        return bytes.allSatisfy {
            isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
    }

    package static func connection(_ id: String) -> String { "connections/\(id)" }
    package static func run(_ connection: String, _ number: UInt64) -> String {
        "connections/\(connection)/runs/\(number)"
    }
    package static func entity(_ connection: String, _ entity: String) -> String {
        "connections/\(connection)/entities/\(entity)"
    }
    package static func field(_ connection: String, _ entity: String, _ label: String) -> String {
        "connections/\(connection)/entities/\(entity)/fields/\(label)"
    }
    package static func quarantinedRow(_ connection: String, _ sequence: UInt64) -> String {
        "connections/\(connection)/quarantinedRows/\(sequence)"
    }
    package static func integration(_ id: String) -> String { "integrations/\(id)" }

    /// The ids of `name` when it has the form of `pattern`, whose ids are "*": ("connections/*/runs/*").
    ///
    /// The last id may hold slashes when the pattern ends in "**".
    ///
    /// - Throws: ``CausewayError`` (invalid argument) that names `field` and the form wanted.
    package static func ids(
        of name: String, like pattern: String, field: String = "name"
    ) throws(CausewayError) -> [String] {
        guard let ids = match(name, pattern) else {
            throw .invalid(field, "\"\(name)\" does not have the form \(pattern).")
        }
        return ids
    }

    /// As ``ids(of:like:field:)``, nil where it throws.
    package static func match(_ name: String, _ pattern: String) -> [String]? {
        let wanted = pattern.split(separator: "/", omittingEmptySubsequences: false)
        let splits = wanted.last == "**" ? wanted.count - 1 : Int.max
        let parts = name.split(separator: "/", maxSplits: splits, omittingEmptySubsequences: false)
        guard parts.count == wanted.count else { return nil }
        var ids: [String] = []
        for (part, form) in zip(parts, wanted) {
            if form == "*" || form == "**" {
                guard !part.isEmpty else { return nil }
                ids.append(String(part))
            } else if part != form {
                return nil
            }
        }
        return ids
    }

    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
