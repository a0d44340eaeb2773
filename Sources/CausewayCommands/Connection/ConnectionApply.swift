import ArgumentParser
import CausewayCore
import CausewayMessages
@preconcurrency import Glibc

/// `causeway apply`.
struct ConnectionApply: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make connections as documents say.",
        discussion: """
            Reads what `show --json` or `list --output json` prints, makes connections that are not there and changes \
            those that differ. A document is the whole of a connection: what it leaves out has its default; only a \
            pinned host key stays. Applying a document that nobody changed changes nothing.

            A document has this form; there may also be a "status", which is passed over. A credential stands in it \
            as {"kept": true}, {"file": "PATH"} or {"environment": "NAME"}, never as its value.

            \(form.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))

            Examples:
              causeway apply -f crm.json
              causeway show crm --json | jq '.spec.settings.port = 2222' \\
                | causeway apply -f -
              causeway apply -f crm.json --dry-run
            """)

    /// The document of the help.
    static let form = """
        {"apiVersion": "causeway/v1", "kind": "Connection",
         "metadata": {"name": "crm", "displayName": "CRM"},
         "spec": {
           "integration": "sftp", "direction": "inbound", "signInMethod": "password",
           "settings": {"host": "sftp.example.com", "port": 22, "username": "acme"},
           "credentials": {"password": {"file": "/run/secrets/crm"}},
           "entities": [{"entity": "customers",
             "settings": {"folder": "/in", "primary_key": ["id"]}}],
           "schedule": {"when": "daily 02:30 Europe/Paris", "catchUp": "run-once"}}}
        """

    @OptionGroup var global: GlobalOptions
    @OptionGroup(title: "Secrets") var secrets: SecretOptions
    @Option(
        name: .shortAndLong, help: ArgumentHelp("The document; - is stdin.", valueName: "path"),
        completion: .file(extensions: ["json"]))
    var file: String
    @Option(help: ArgumentHelp("Trust the server with this host key.", valueName: "fingerprint"))
    var acceptHostKey: String?
    @Flag(help: "Make connections although they may not work.")
    var skipTest = false
    @Flag(help: "Check everything and change nothing.")
    var dryRun = false

    func validate() throws {
        if file == "-", secrets.secretStdin != nil {
            throw ValidationError("The document and a secret cannot both come from stdin.")
        }
    }

    func run(in session: Session) async throws {
        var applier = Applier(session: session, prompt: session.prompt.unless(file == "-"))
        applier.secrets = try secrets.sources()
        applier.hostKey = acceptHostKey
        applier.skipsTest = skipTest
        applier.isDryRun = dryRun
        let documents = try Self.documents(try read())
        guard documents.count == 1 || (applier.secrets.isEmpty && acceptHostKey == nil) else {
            throw Failure.usage("Secrets and a host key can be given for one document at a time.")
        }
        var outcomes: [JSONValue] = []
        var notes: [String] = []
        for document in documents {
            let outcome = try await applier.apply(document)
            outcomes.append(outcome.json)
            notes += outcome.notes
            if session.console.format == .table { notes.forEach(session.console.note) }
            if session.console.format == .table { notes = [] }
        }
        try session.console.emit(Report(json: ["results": .array(outcomes)], names: documents.map(\.name)))
    }

    private func read() throws -> [UInt8] {
        guard file != "-" else {
            return try Descriptor.readAll(STDIN_FILENO, limit: ConnectionDocument.maximumSize, "stdin")
        }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Failure.system("could not open \(file)", errno) }
        defer { close(descriptor) }
        return try Descriptor.readAll(descriptor, limit: ConnectionDocument.maximumSize, file)
    }

    /// The documents of a text: one, or the list that `list --output json` prints.
    static func documents(_ bytes: [UInt8]) throws(Failure) -> [ConnectionDocument] {
        let json: JSONValue
        do {
            json = try JSONParser.parse(bytes)
        } catch {
            throw Failure(.dataError, reason: "MALFORMED_JSON", "The document is no JSON: \(error).")
        }
        guard case .array(let items)? = json["connections"] else { return [try ConnectionDocument(json)] }
        var documents: [ConnectionDocument] = []
        for item in items { documents.append(try ConnectionDocument(item)) }
        return documents
    }
}
