import ArgumentParser
import CausewayCore

/// A connection on the command line: "crm" or "connections/crm".
struct ConnectionName: ExpressibleByArgument, Hashable, Sendable {
    /// "crm".
    var id: String
    /// "connections/crm".
    var resource: String { ResourceName.connection(id) }

    init?(argument: String) {
        // A shell's completion adds a slash where a folder of that name is around.
        let name = argument.hasSuffix("/") ? String(argument.dropLast()) : argument
        id = ResourceName.match(name, "connections/*")?.first ?? name
        guard ResourceName.isConnectionID(id) else { return nil }
    }

    static var defaultCompletionKind: CompletionKind {
        .custom { _, _, _ async -> [String] in await Completions.connections() }
    }
}

/// A run on the command line: its number, or "latest".
struct RunNumber: ExpressibleByArgument, Hashable, Sendable {
    var text: String

    init?(argument: String) {
        guard argument == "latest" || UInt64(argument) != nil else { return nil }
        text = argument
    }

    static let latest = RunNumber(known: "latest")
    private init(known text: String) { self.text = text }

    /// "connections/crm/runs/12".
    func resource(_ connection: ConnectionName) -> String { "\(connection.resource)/runs/\(text)" }
}

/// An entity on the command line.
struct EntityName: ExpressibleByArgument, Hashable, Sendable {
    var id: String

    init?(argument: String) {
        guard ResourceName.isEntityID(argument) else { return nil }
        id = argument
    }

    static var defaultCompletionKind: CompletionKind {
        .custom { words, index, _ async -> [String] in await Completions.entities(words, index) }
    }

    /// "connections/crm/entities/customers".
    func resource(_ connection: ConnectionName) -> String { ResourceName.entity(connection.id, id) }
}

/// How many items at most: 1 or more.
struct Limit: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    var count: Int
    var description: String { String(count) }

    init?(argument: String) {
        guard let count = Int(argument), (1...1_000_000).contains(count) else { return nil }
        self.count = count
    }

    init(_ count: Int) { self.count = count }
}
