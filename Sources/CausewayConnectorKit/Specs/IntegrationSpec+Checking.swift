package import CausewayCore

extension IntegrationSpec {
    /// The sign-in method of that id; the default one for an empty id.
    ///
    /// - Throws: ``CausewayError`` (invalid argument).
    package func signInMethod(_ id: String) throws(CausewayError) -> SignInMethod {
        if let method = id.isEmpty ? signInMethods.first : signInMethods.first(where: { $0.id == id }) { return method }
        let near = Suggestion.nearest(to: id, among: signInMethods.map(\.id)).map { " Did you mean \"\($0)\"?" } ?? ""
        throw .invalid(
            "connection.sign_in_method",
            "\"\(id)\" is not one of \(signInMethods.map(\.id).joined(separator: ", ")).\(near)")
    }

    /// What can be set beside the credentials, for one sign-in method.
    package func settings(for method: SignInMethod) -> [SettingSpec] {
        settings.filter { !$0.isSecret } + method.settings.filter { !$0.isSecret }
    }

    /// What is kept in the vault, for one sign-in method.
    package func secrets(for method: SignInMethod) -> [SettingSpec] {
        settings.filter(\.isSecret) + method.settings.filter(\.isSecret)
    }

    /// Checks all that a connection is given against this spec and fills in the defaults.
    ///
    /// - Parameters:
    ///   - signInMethod: empty for the default one.
    ///   - credentials: all that the connection has; those of other sign-in methods are left out of the result.
    /// - Throws: ``CausewayError`` (invalid argument) with a violation for each wrong value, by paths such as
    ///   "connection.settings.host" and "connection.entities[customers].settings.folder".
    package func checked(
        signInMethod: String, settings: Settings, entities: [EntitySettings], credentials: [String: Secret]
    ) throws(CausewayError) -> ConnectorConfiguration {
        let method = try self.signInMethod(signInMethod)
        var findings = Findings()
        let checkedSettings = check(settings, against: self.settings(for: method), at: "connection.settings", &findings)
        let checkedEntities = check(entities, &findings)
        let secrets = secrets(for: method)
        for name in secrets.filter(\.isRequired).map(\.name) where credentials[name]?.isEmpty ?? true {
            findings.add("credentials.\(name)", "is required to sign in by \(method.title).")
        }
        let known = Set(signInMethods.flatMap { self.secrets(for: $0) }.map(\.name))
        for name in credentials.keys.sorted() where !known.contains(name) {
            findings.add("credentials.\(name)", unknown(name, known))
        }
        let wanted = Set(secrets.map(\.name))
        try findings.end()
        return ConnectorConfiguration(
            signInMethod: method.id, settings: checkedSettings, entities: checkedEntities,
            credentials: credentials.filter { wanted.contains($0.key) })
    }

    /// Reads "name=value" as it is typed, by the kind of the setting of that name.
    ///
    /// - Throws: ``CausewayError`` (invalid argument), also for a secret: those are never typed on a command line.
    package static func parse(
        assignment text: String, against specs: [SettingSpec], at path: String
    ) throws(CausewayError) -> (name: String, value: SettingValue) {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw .invalid(path, "\"\(text)\" does not have the form name=value.")
        }
        let name = String(text[..<sign])
        guard let spec = specs.first(where: { $0.name == name }) else {
            throw .invalid("\(path).\(name)", unknown(name, specs.map(\.name)))
        }
        guard !spec.isSecret else {
            throw .invalid(
                "\(path).\(name)", "is a secret, which others can see on a command line; give it by prompt or file.")
        }
        return (name, try spec.parse(String(text[text.index(after: sign)...]), field: "\(path).\(name)"))
    }

    // MARK: Parts

    private func check(_ entities: [EntitySettings], _ findings: inout Findings) -> [EntitySettings] {
        if entities.isEmpty, !entitySettings.isEmpty {
            findings.add("connection.entities", "needs at least one entity.")
        }
        var seen: Set<String> = []
        return entities.map { entity in
            let path = "connection.entities[\(entity.entity)]"
            if !ResourceName.isEntityID(entity.entity) {
                findings.add(
                    path, "\"\(entity.entity)\" is not a lower-case name of letters, digits, hyphens and underscores.")
            }
            if !seen.insert(entity.entity).inserted { findings.add(path, "is given twice.") }
            let settings = check(entity.settings, against: entitySettings, at: "\(path).settings", &findings)
            return EntitySettings(entity: entity.entity, settings: settings)
        }
    }

    private func check(
        _ settings: Settings, against specs: [SettingSpec], at path: String, _ findings: inout Findings
    ) -> Settings {
        let names = Set(specs.map(\.name))
        for name in settings.keys.sorted() where !names.contains(name) {
            findings.add("\(path).\(name)", unknown(name, names))
        }
        var checked: Settings = [:]
        for spec in specs {
            guard let value = settings[spec.name] ?? spec.defaultValue else {
                if spec.isRequired { findings.add("\(path).\(spec.name)", "is required: \(spec.help)") }
                continue
            }
            do {
                checked[spec.name] = try spec.checked(value, field: "\(path).\(spec.name)")
            } catch {
                findings.violations += error.violations
            }
        }
        return checked
    }

    private func unknown(_ name: String, _ names: some Collection<String>) -> String {
        let isCredential = signInMethods.contains { secrets(for: $0).contains { $0.name == name } }
        if isCredential { return "is a secret and belongs to the credentials." }
        if signInMethods.contains(where: { settings(for: $0).contains { $0.name == name } }) {
            return "does not belong to this sign-in method."
        }
        return Self.unknown(name, names)
    }

    private static func unknown(_ name: String, _ names: some Collection<String>) -> String {
        if let near = Suggestion.nearest(to: name, among: names) { return "is not known. Did you mean \"\(near)\"?" }
        return names.isEmpty ? "is not known." : "is not known; there are \(names.sorted().joined(separator: ", "))."
    }
}

/// What was found wrong, in the order found.
package struct Findings: Sendable {
    package var violations: [FieldViolation] = []

    package init() {}

    package mutating func add(_ field: String, _ description: String) {
        violations.append(FieldViolation(field: field, description: description))
    }

    /// - Throws: ``CausewayError`` (invalid argument) when anything was found.
    package func end() throws(CausewayError) {
        guard let first = violations.first else { return }
        var message = "\(first.field): \(first.description)"
        if violations.count > 1 { message += " There are \(violations.count - 1) more." }
        throw CausewayError(
            .invalidArgument, reason: "INVALID_ARGUMENT", message, metadata: ["field": first.field],
            violations: violations)
    }
}
