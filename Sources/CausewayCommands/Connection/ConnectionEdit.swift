import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway edit`.
struct ConnectionEdit: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a connection's settings and entities.",
        discussion: """
            Without flags, on a terminal, opens the connection's document in $VISUAL or $EDITOR and applies it. A \
            change that somebody else made meanwhile is not overwritten but refused.

            Examples:
              causeway edit crm
              causeway edit crm --set port=2222 --unset keep_alive
              causeway edit crm --entity 'orders:folder=/out,primary_key=region,number'
              causeway edit crm --entity 'customers:quiet_period=' --remove-entity events
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: "A name for people.")
    var displayName: String?
    @Option(name: .customLong("set"), help: ArgumentHelp("Set a setting.", valueName: "name=value"))
    var settings: [String] = []
    @Option(help: ArgumentHelp("Give a setting its default.", valueName: "name"))
    var unset: [String] = []
    @Option(
        name: .customLong("entity"),
        help: ArgumentHelp(
            "Add an entity, or change settings of one; an empty value gives the default.",
            valueName: "entity:name=value,…"))
    var entities: [String] = []
    @Option(help: ArgumentHelp("Fetch an entity no more; its records stay.", valueName: "entity"))
    var removeEntity: [String] = []
    @Flag(help: "Check everything and change nothing.")
    var dryRun = false

    func run(in session: Session) async throws {
        let current = try await session.connection(name)
        guard hasChanges else { return try await editDocument(current, session) }
        let integration = try await session.integration(current.integration)
        var wanted = try edited(current, integration)
        let change = ConnectionChange(from: current, to: wanted, integration)
        guard !change.isEmpty else {
            return try session.console.emit(.done("\(name.id): unchanged", current))
        }
        wanted.etag = current.etag
        let request = UpdateConnectionRequest.with {
            $0.connection = wanted
            $0.updateMask = .with { $0.paths = change.mask }
            $0.validateOnly = dryRun
        }
        let updated = try await session.call(ConnectionServiceMethods.updateConnection, request)
        let verb = dryRun ? "would be updated" : "updated"
        try session.console.emit(
            .done(([name.id + ": " + verb] + change.lines.map { "  " + $0 }).joined(separator: "\n"), updated))
    }

    private var hasChanges: Bool {
        displayName != nil || !settings.isEmpty || !unset.isEmpty || !entities.isEmpty || !removeEntity.isEmpty
    }

    /// The connection with what the flags change.
    func edited(_ current: Connection, _ integration: Integration) throws -> Connection {
        var wanted = current
        if let displayName { wanted.displayName = displayName }
        let set = SettingSet.connection(integration, try SignInChoice.method(current.signInMethod, of: integration))
        for setting in unset {
            _ = try set.spec(setting, setting)
            wanted.settings[setting] = nil
        }
        let assignments = try settings.map { try Assignment($0, option: "--set") }
        wanted.settings.merge(try set.values(assignments)) { _, new in new }
        for id in removeEntity {
            guard wanted.entities.contains(where: { $0.entity == id }) else {
                throw Failure(.notFound, "\(name.id) has no entity \(id).")
            }
            wanted.entities.removeAll { $0.entity == id }
        }
        for option in try entities.map({ try EntityOption($0) }) { try edit(&wanted.entities, option, integration) }
        return wanted
    }

    private func edit(
        _ entities: inout [EntitySettings], _ option: EntityOption, _ integration: Integration
    ) throws(Failure) {
        let set = SettingSet.entity(integration)
        guard ResourceName.isEntityID(option.entity) else {
            throw .usage("\"\(option.entity)\" is no name of an entity.")
        }
        let index = entities.firstIndex { $0.entity == option.entity } ?? entities.endIndex
        if index == entities.endIndex { entities.append(.with { $0.entity = option.entity }) }
        let prefix = option.entity + "."
        for assignment in option.settings where assignment.value.isEmpty {
            _ = try set.spec(assignment.name, prefix + assignment.name)
            entities[index].settings[assignment.name] = nil
        }
        let given = try set.values(option.settings.filter { !$0.value.isEmpty }, prefix: prefix)
        entities[index].settings.merge(given) { _, new in new }
    }

    private func editDocument(_ current: Connection, _ session: Session) async throws {
        let prompt = session.prompt
        guard prompt.isPossible else {
            throw Failure.usage(
                "Nothing to change, and there is no terminal for an editor.",
                hints: ["Give --set, --unset, --entity, --remove-entity or --display-name; see causeway edit --help."])
        }
        let text = ConnectionDocument.json(of: current).written(.indented) + "\n"
        var edited = try Editor.edit(text)
        var applier = Applier(session: session, prompt: prompt)
        applier.isDryRun = dryRun
        while true {
            do {
                let documents = try ConnectionApply.documents(edited)
                guard let document = documents.first, documents.count == 1, document.name == name.id else {
                    throw Failure(.dataError, "metadata.name: the name cannot be changed.")
                }
                let outcome = try await applier.apply(document)
                return try session.console.emit(
                    Report(json: outcome.json, names: [name.id], notes: outcome.notes))
            } catch let failure as Failure where failure.status == .dataError {
                prompt.say(failure.message)
                guard try prompt.confirm("Edit again?", default: true) else { throw failure }
                edited = try Editor.edit(String(decoding: edited, as: UTF8.self))
            }
        }
    }
}
