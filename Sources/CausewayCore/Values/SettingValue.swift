/// The value of one setting, by the type its spec declares.
package enum SettingValue: Hashable, Sendable {
    /// Text; also durations ("30s") and choices.
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case texts([String])
}

extension SettingValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .texts(let texts): texts.joined(separator: ",")
        }
    }
}

/// Settings by name.
package typealias Settings = [String: SettingValue]

extension Dictionary where Key == String, Value == SettingValue {
    package func text(_ name: String) -> String? {
        guard case .text(let text)? = self[name] else { return nil }
        return text
    }
    package func integer(_ name: String) -> Int64? {
        guard case .integer(let number)? = self[name] else { return nil }
        return number
    }
    package func boolean(_ name: String) -> Bool? {
        guard case .boolean(let flag)? = self[name] else { return nil }
        return flag
    }
    package func texts(_ name: String) -> [String]? {
        guard case .texts(let texts)? = self[name] else { return nil }
        return texts
    }
    package func duration(_ name: String) -> Duration? { text(name).flatMap { Duration(text: $0) } }
}

/// What is set for one entity of a connection.
package struct EntitySettings: Hashable, Sendable {
    /// The entity's id, see ``ResourceName/isEntityID(_:)``.
    package var entity: String
    package var settings: Settings

    package init(entity: String, settings: Settings) {
        self.entity = entity
        self.settings = settings
    }
}

/// Which way records go.
package enum Direction: Int32, Hashable, Sendable, CaseIterable {
    /// From the other system to us.
    case inbound = 1
    /// From us to the other system.
    case outbound = 2
}

/// What the values of a field are. The original text of every value is kept whatever the type.
package enum FieldType: Int32, Hashable, Sendable, CaseIterable {
    case boolean = 1
    case integer = 2
    case decimal = 3
    case date = 4
    case dateTime = 5
    case text = 6
    /// A JSON array or object.
    case json = 7
}
