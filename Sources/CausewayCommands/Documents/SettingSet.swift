import CausewayMessages

/// The settings that something may have: those of a connection with one sign-in method, or those of an entity.
struct SettingSet: Sendable {
    let specs: [SettingSpec]

    init(_ specs: [SettingSpec]) { self.specs = specs }

    /// What a connection with this sign-in method may have, credentials included.
    static func connection(_ integration: Integration, _ method: SignInMethod?) -> SettingSet {
        var names: Set<String> = []
        return SettingSet((integration.settings + (method?.settings ?? [])).filter { names.insert($0.name).inserted })
    }

    static func entity(_ integration: Integration) -> SettingSet { SettingSet(integration.entitySettings) }

    /// Those that are no credentials.
    var open: [SettingSpec] { specs.filter { !$0.secret } }
    /// Credentials.
    var secrets: [SettingSpec] { specs.filter(\.secret) }

    /// The spec of a setting that is no credential.
    func spec(_ name: String, _ path: String) throws(Failure) -> SettingSpec {
        guard let spec = specs.first(where: { $0.name == name }) else {
            throw Failure(.dataError, "\(path): there is no such setting.", hints: [Self.offer(open)])
        }
        guard !spec.secret else {
            throw .usage(
                "\(name) is a secret and never stands on a command line or in a document.",
                hints: ["Give it by --secret-file \(name)=PATH, --secret-stdin \(name) or --secret-env \(name)=VAR."])
        }
        return spec
    }

    /// The spec of a credential.
    func secret(_ name: String) throws(Failure) -> SettingSpec {
        guard let spec = secrets.first(where: { $0.name == name }) else {
            throw Failure(.dataError, "\(name): this sign-in method has no such secret.", hints: [Self.offer(secrets)])
        }
        return spec
    }

    /// Reads texts by name.
    func values(_ texts: [Assignment], prefix: String = "") throws(Failure) -> [String: SettingValue] {
        var values: [String: SettingValue] = [:]
        for text in texts {
            let path = prefix + text.name
            values[text.name] = try spec(text.name, path).value(text.value, path)
        }
        return values
    }

    /// Reads a document's object.
    func values(_ json: JSONValue?, _ path: String) throws(Failure) -> [String: SettingValue] {
        guard let json, json != .null else { return [:] }
        guard case .object(let members) = json else { throw Failure(.dataError, "\(path): an object is expected.") }
        var values: [String: SettingValue] = [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            let path = "\(path).\(name)"
            values[name] = try spec(name, path).value(value, path)
        }
        return values
    }

    /// The values that differ from what is taken when nothing is given.
    func significant(_ values: [String: SettingValue]) -> [String: SettingValue] {
        values.filter { name, value in specs.first { $0.name == name }?.defaultValue != value }
    }

    private static func offer(_ specs: [SettingSpec]) -> String {
        specs.isEmpty ? "There are none." : "There are: " + specs.map(\.name).sorted().joined(separator: ", ") + "."
    }
}

/// "name=value" of a command line.
struct Assignment: Hashable, Sendable {
    var name: String
    var value: String

    init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Splits at the first "=".
    ///
    /// - Parameter option: names the flag in the error.
    init(_ text: String, option: String) throws(Failure) {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw .usage("\(option) wants NAME=VALUE, not \"\(text)\".")
        }
        self.init(name: text[..<sign].trimmingSpaces(), value: String(text[text.index(after: sign)...]))
    }
}

/// "ENTITY:name=value,name=value" of a command line.
struct EntityOption: Hashable, Sendable {
    var entity: String
    var settings: [Assignment]

    /// Splits at commas. A piece without a setting's name goes on with the value before it, so that lists need no
    /// quoting: "orders:primary_key=region,number"; a backslash takes a comma's meaning away.
    init(_ text: String) throws(Failure) {
        let head = text.prefix { $0 != ":" }
        entity = head.trimmingSpaces()
        guard !entity.isEmpty, !entity.contains("=") else {
            throw .usage(
                "--entity wants ENTITY:NAME=VALUE,…, not \"\(text)\".",
                hints: ["For example: --entity 'customers:folder=/in,pattern=*.csv,primary_key=id'"])
        }
        settings = []
        for piece in Self.pieces(text.dropFirst(head.count + 1)) {
            if let assignment = Self.assignment(piece) {
                settings.append(assignment)
            } else if let last = settings.indices.last {
                settings[last].value += "," + piece
            } else if !piece.trimmingSpaces().isEmpty {
                throw .usage("--entity \(entity): \"\(piece)\" does not begin with NAME=.")
            }
        }
    }

    private static func pieces(_ text: Substring) -> [String] {
        var pieces = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                if character != "," && character != "\\" { pieces[pieces.count - 1].append("\\") }
                pieces[pieces.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        if isEscaped { pieces[pieces.count - 1].append("\\") }
        return pieces
    }

    private static func assignment(_ piece: String) -> Assignment? {
        guard let sign = piece.firstIndex(of: "=") else { return nil }
        let name = piece[..<sign].trimmingSpaces()
        guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
            name.utf8.allSatisfy({ isNameByte($0) })
        else { return nil }
        return Assignment(name: name, value: String(piece[piece.index(after: sign)...]))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
