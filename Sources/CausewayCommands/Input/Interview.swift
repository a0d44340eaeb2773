import CausewayCore
import CausewayMessages

/// What a new connection needs: taken from flags, asked for on a terminal, and listed as missing elsewhere.
struct Interview {
    let integration: Integration
    let prompt: Prompt
    /// What is missing and the flag that gives it, where nobody can be asked.
    private(set) var missing: [(what: String, flag: String)] = []

    init(_ integration: Integration, _ prompt: Prompt) {
        self.integration = integration
        self.prompt = prompt
    }

    /// The connection's id.
    mutating func name(_ given: ConnectionName?) throws -> ConnectionName? {
        if let given { return given }
        guard prompt.isPossible else { return note("a name", "--name NAME") }
        return try prompt.value("Name of the connection", default: integration.id) { answer in
            guard let name = ConnectionName(argument: answer) else { throw Failure.usage(ConnectionDocument.nameRule) }
            return name
        }
    }

    /// The way to sign in; the first where there is one only or nobody can be asked.
    func method(_ given: String?) throws -> SignInMethod? {
        guard given == nil, integration.signInMethods.count > 1, prompt.isPossible else {
            return try SignInChoice.method(given, of: integration)
        }
        prompt.say("Ways to sign in:")
        let choices = integration.signInMethods.map { (id: $0.id, title: $0.title) }
        let id = try prompt.choice("Sign-in method", choices, default: choices.first?.id)
        return try SignInChoice.method(id, of: integration)
    }

    /// Settings by name: those given, and those required.
    ///
    /// - Parameters:
    ///   - path: what stands before a setting's name in errors and in the list of what is missing.
    ///   - flag: how a missing one is given.
    mutating func settings(
        _ given: [String: SettingValue], _ set: SettingSet, path: String = "", flag: (String) -> String
    ) throws -> [String: SettingValue] {
        var values = given
        for spec in set.open where spec.required && values[spec.name] == nil {
            guard prompt.isPossible else {
                if spec.defaultValue == nil { missing.append((path + spec.name, flag(spec.name))) }
                continue
            }
            values[spec.name] = try ask(spec)
        }
        return values
    }

    /// Entities: those given with what they require; on a terminal also those that somebody wants to add.
    mutating func entities(_ given: [EntityOption]) throws -> [EntitySettings] {
        let set = SettingSet.entity(integration)
        var entities: [EntitySettings] = []
        for option in given {
            guard !entities.contains(where: { $0.entity == option.entity }) else {
                throw Failure.usage("The entity \(option.entity) is given twice.")
            }
            entities.append(try entity(option, set))
        }
        guard given.isEmpty, prompt.isPossible, !set.specs.isEmpty else { return entities }
        prompt.say("What is to be fetched? Each entity is a data set of its own, such as \"customers\".")
        while true {
            let question = entities.isEmpty ? "Name of the first entity" : "Name of a further entity, Enter for no more"
            let id = try prompt.value(question) { answer in
                if answer.isEmpty, !entities.isEmpty { return "" }
                guard ResourceName.isEntityID(answer) else {
                    throw Failure.usage("Lower-case letters, digits, hyphens and underscores, first a letter.")
                }
                guard !entities.contains(where: { $0.entity == answer }) else { throw Failure.usage("It is there.") }
                return answer
            }
            guard !id.isEmpty else { return entities }
            entities.append(try entity(EntityOption(entity: id), set))
        }
    }

    /// When to fetch; manual where nothing is given and nobody can be asked.
    func schedule(_ given: String?) throws -> Schedule {
        if let given { return try ScheduleText.parse(given) }
        guard prompt.isPossible else { return .with { $0.kind = .manual(Schedule.Manual()) } }
        return try prompt.value("Schedule: manual, every 15m, daily 02:30", default: "manual") {
            try ScheduleText.parse($0)
        }
    }

    /// Adds secrets that are missing.
    mutating func note(missingSecrets names: [String]) {
        for name in names { missing.append((name, "--secret-file \(name)=PATH, or --secret-stdin, --secret-env")) }
    }

    /// Throws when something is missing.
    func finish() throws(Failure) {
        guard !missing.isEmpty else { return }
        let names = missing.map(\.what).joined(separator: ", ")
        throw .usage("Missing, and there is no terminal to ask: \(names).", hints: missing.map(\.flag))
    }

    private mutating func note<T>(_ what: String, _ flag: String) -> T? {
        missing.append((what, flag))
        return nil
    }

    private mutating func entity(_ option: EntityOption, _ set: SettingSet) throws -> EntitySettings {
        guard ResourceName.isEntityID(option.entity) else {
            throw Failure.usage(
                "\"\(option.entity)\" is no name of an entity.",
                hints: ["Lower-case letters, digits, hyphens and underscores, first a letter."])
        }
        let path = "\(option.entity)."
        let given = try set.values(option.settings, prefix: path)
        let values = try settings(given, set, path: path) { "--entity '\(option.entity):\($0)=VALUE,…'" }
        return .with {
            $0.entity = option.entity
            $0.settings = values
        }
    }

    private func ask(_ spec: SettingSpec) throws -> SettingValue {
        let preset = spec.defaultValue?.text
        if spec.type == .choice {
            let id = try prompt.choice(spec.title, spec.choices.map { (id: $0, title: "") }, default: preset)
            return SettingValue(.text(id))
        }
        if !spec.help.isEmpty { prompt.say("  \(spec.help)") }
        return try prompt.value(spec.title, default: preset) { answer in
            guard !answer.isEmpty else { throw Failure.usage("It is required.") }
            return try spec.value(answer, spec.title)
        }
    }
}

extension EntityOption {
    /// An entity with nothing set.
    init(entity: String) {
        self.entity = entity
        settings = []
    }
}
