/// Takes the members of a JSON object one by one, and refuses what is left over.
struct DocumentReader {
    private var members: [String: JSONValue]
    private let path: String

    /// - Parameter path: where the object stands in the document, empty for the root.
    init(_ json: JSONValue, _ path: String) throws(Failure) {
        guard case .object(let members) = json else {
            throw Failure(.dataError, "\(path.isEmpty ? "The document" : path): an object is expected.")
        }
        self.members = members
        self.path = path
    }

    /// Takes a member; null is as good as nothing.
    mutating func take(_ name: String) -> JSONValue? {
        let value = members.removeValue(forKey: name)
        return value == .null ? nil : value
    }

    /// Takes a member and forgets it.
    mutating func pass(_ name: String) { members.removeValue(forKey: name) }

    /// Takes a text.
    mutating func text(_ name: String) throws(Failure) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { throw wrong(name, "a text is expected") }
        return text
    }

    /// Takes a text that has to be there.
    mutating func requiredText(_ name: String) throws(Failure) -> String {
        guard let text = try text(name), !text.isEmpty else { throw wrong(name, "is missing") }
        return text
    }

    /// Takes an object that has to be there.
    mutating func object(_ name: String) throws(Failure) -> DocumentReader {
        guard let value = take(name) else { throw wrong(name, "is missing") }
        return try DocumentReader(value, place(name))
    }

    /// Takes a text that can only be one.
    mutating func expect(_ name: String, _ text: String) throws(Failure) {
        guard try requiredText(name) == text else { throw wrong(name, "\"\(text)\" is expected") }
    }

    /// Refuses members that nobody took.
    func finish() throws(Failure) {
        guard let name = members.keys.min() else { return }
        throw wrong(name, "there is no such member")
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    private func wrong(_ name: String, _ what: String) -> Failure {
        Failure(.dataError, "\(place(name)): \(what).")
    }
}
