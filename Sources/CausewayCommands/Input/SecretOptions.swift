import ArgumentParser
import CausewayCore
import CausewayMessages

/// The ways to give secrets without a terminal.
struct SecretOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Read a secret from a file.", valueName: "name=path"), completion: .file())
    var secretFile: [String] = []

    @Option(help: ArgumentHelp("Read a secret from stdin.", valueName: "name"))
    var secretStdin: String?

    @Option(help: ArgumentHelp("Read a secret from an environment variable.", valueName: "name=variable"))
    var secretEnv: [String] = []

    /// Where each secret comes from, by name.
    func sources() throws(Failure) -> [String: SecretSource] {
        var sources: [String: SecretSource] = [:]
        var twice: String?
        func add(_ name: String, _ source: SecretSource) {
            if sources.updateValue(source, forKey: name) != nil { twice = name }
        }
        for text in secretFile {
            let assignment = try Assignment(text, option: "--secret-file")
            add(assignment.name, .file(assignment.value))
        }
        for text in secretEnv {
            let assignment = try Assignment(text, option: "--secret-env")
            add(assignment.name, .environment(assignment.value))
        }
        if let secretStdin { add(secretStdin, .standardInput) }
        if let twice { throw .usage("The secret \(twice) is given twice.") }
        return sources
    }
}

/// The credentials of a connection, as they are collected.
struct Credentials: Sendable {
    private(set) var secrets: [String: Secret] = [:]

    var names: [String] { secrets.keys.sorted() }
    var isEmpty: Bool { secrets.isEmpty }

    /// Reads each secret from its source; all names are checked before the first is read.
    mutating func read(_ sources: [String: SecretSource], _ set: SettingSet, _ console: Console) throws {
        for name in sources.keys.sorted() { _ = try set.secret(name) }
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            if source.isReadableByOthers == true, case .file(let path) = source {
                console.note("Warning: others than you may read \(path); chmod 600 stops that.")
            }
            secrets[name] = try source.read()
        }
    }

    /// Asks for the secrets that are still missing; an optional one may be left empty.
    mutating func ask(_ prompt: Prompt, _ set: SettingSet) throws {
        for spec in set.secrets where secrets[spec.name] == nil {
            let secret = try ask(prompt, spec)
            if !secret.isEmpty { secrets[spec.name] = secret }
        }
    }

    /// The names of required secrets that are not there.
    func missing(_ set: SettingSet) -> [String] {
        set.secrets.filter { $0.required && secrets[$0.name] == nil }.map(\.name)
    }

    /// Throws where required secrets are missing: those of a connection are replaced all together.
    func checkComplete(_ set: SettingSet) throws(Failure) {
        let names = missing(set)
        guard !names.isEmpty else { return }
        throw .usage(
            "All secrets are replaced together; missing: \(names.joined(separator: ", ")).",
            hints: names.map { "--secret-file \($0)=PATH, or --secret-stdin, --secret-env" })
    }

    /// The bytes for a request, which is forgotten as soon as it is sent.
    var bytes: [String: [UInt8]] { secrets.mapValues { secret in secret.withUnsafeBytes { Array($0) } } }

    private func ask(_ prompt: Prompt, _ spec: SettingSpec) throws -> Secret {
        while true {
            do {
                let secret = try prompt.secret(spec.title + (spec.required ? "" : ", Enter for none"))
                if !secret.isEmpty || !spec.required { return secret }
                prompt.say("  It is required.")
            } catch let failure as Failure where failure.status != .interrupted {
                prompt.say("  " + failure.message)
            }
        }
    }
}

extension SettingSpec {
    /// The label, or the name where there is none.
    var title: String { label.isEmpty ? name : label }
}
