package import CausewayCore
import Glibc

/// Puts the daemon's configuration together: defaults, then the file, then the environment, then flags.
package struct ConfigurationLoader: Sendable {
    private let environment: [String: String]
    private let uid: UInt32
    private let processors: Int

    package init(environment: [String: String], uid: UInt32, processors: Int) {
        self.environment = environment
        self.uid = uid
        self.processors = processors
    }

    /// Of this process.
    package static func ofProcess() -> ConfigurationLoader {
        ConfigurationLoader(
            environment: ProcessEnvironment.variables(), uid: geteuid(),
            processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// - Parameters:
    ///   - file: the configuration file to read, which must then be there; nil: `CAUSEWAY_CONFIG`, else the default
    ///     place, where there may be none.
    ///   - flags: values by key, as given on the command line.
    /// - Throws: ``CausewayError`` (invalid argument, `CONFIGURATION_INVALID`) that says where the wrong value stands.
    package func load(file: String? = nil, flags: [String: String] = [:]) throws(CausewayError) -> LoadedConfiguration {
        let paths = DefaultPaths(environment: environment, uid: uid)
        let named = file ?? environment["CAUSEWAY_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let contents = try ConfigurationFile(readingFrom: named ?? paths.configurationFile)
        if contents == nil, let named { throw .configuration("\(named) does not exist.") }

        var loaded = LoadedConfiguration(
            configuration: DaemonConfiguration(paths: paths, processors: processors), file: contents?.path)
        for entry in contents?.entries ?? [] {
            try loaded.set(entry.key, entry.value, .file, "\(contents?.path ?? ""):\(entry.line): \(entry.key)")
        }
        for key in ConfigurationKey.all {
            guard let value = environment[key.variable] else { continue }
            try loaded.set(key.name, value, .environment, key.variable)
        }
        for (name, value) in flags.sorted(by: { $0.key < $1.key }) {
            try loaded.set(name, value, .flag, "--" + name.replacing("_", with: "-"))
        }
        loaded.unknownVariables = unknownVariables()
        return loaded
    }

    /// Variables that look like ours and are not: likely misspelt.
    private func unknownVariables() -> [String] {
        let others: Set<String> = [
            "CAUSEWAY_CONFIG", "CAUSEWAY_MASTER_KEY", "CAUSEWAY_MASTER_KEY_PREVIOUS", "CAUSEWAY_MASTER_KEY_FILE",
        ]
        let ours = others.union(ConfigurationKey.all.map(\.variable))
        return environment.keys.filter { $0.hasPrefix("CAUSEWAY_") && !ours.contains($0) }.sorted()
    }
}

/// A configuration and where each of its values comes from.
package struct LoadedConfiguration: Sendable {
    package enum Source: String, Sendable {
        case standard = "default"
        case file
        case environment
        case flag
    }

    package var configuration: DaemonConfiguration
    /// The configuration file that was read, nil: none.
    package var file: String?
    /// Variables of the environment that begin like ours and mean nothing.
    package var unknownVariables: [String] = []
    private var sources: [String: Source] = [:]

    init(configuration: DaemonConfiguration, file: String?) {
        self.configuration = configuration
        self.file = file
    }

    package func source(of key: String) -> Source { sources[key] ?? .standard }

    mutating func set(_ name: String, _ value: String, _ source: Source, _ place: String) throws(CausewayError) {
        guard let key = ConfigurationKey.named(name) else { throw .configuration("\(place) is not a setting.") }
        do throws(InvalidValue) {
            try key.set(&configuration, value)
        } catch {
            throw .configuration("\(place) \(error.text).")
        }
        sources[name] = source
    }

    /// The whole configuration as a file that loads as the same, each value with its meaning and where it comes from.
    package var text: String {
        ConfigurationKey.all.map { key in
            """
            # \(key.help)
            # From: \(source(of: key.name).rawValue); also \(key.variable), --\(key.name.replacing("_", with: "-"))
            \(key.name) = \(key.text(configuration))

            """
        }.joined(separator: "\n")
    }
}

/// The environment that the process was started with.
package enum ProcessEnvironment {
    package static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }
}
