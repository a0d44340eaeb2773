import CausewayCore
import Logging

/// One thing that can be set: by its name in the file, by `CAUSEWAY_` and its name in capitals in the environment, by a
/// flag on the command line.
struct ConfigurationKey: Sendable {
    /// In the file: lower snake case.
    let name: String
    /// What it does, what it may be.
    let help: String
    let set: @Sendable (inout DaemonConfiguration, String) throws(InvalidValue) -> Void
    let text: @Sendable (DaemonConfiguration) -> String

    var variable: String { "CAUSEWAY_" + name.uppercased() }

    static func named(_ name: some StringProtocol) -> ConfigurationKey? { all.first { $0.name == name } }

    static let all: [ConfigurationKey] = [
        ConfigurationKey(
            name: "state_directory", help: "The folder of the store and of the master key.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.stateDirectory = try ConfigurationValue.path(text)
            }, text: { $0.stateDirectory }),
        ConfigurationKey(
            name: "socket", help: "The Unix socket for clients.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.socket = try ConfigurationValue.socketPath(text)
            }, text: { $0.socket }),
        ConfigurationKey(
            name: "socket_mode",
            help: "Access rights of the socket: 0600, or 0660 or 0666 where other users have a role.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.socketMode = try ConfigurationValue.mode(text)
            }, text: { "0" + String($0.socketMode, radix: 8) }),
        ConfigurationKey(
            name: "master_key_file",
            help:
                "A file that holds the master key. Empty: systemd's credential master-key, else the file master-key in "
                + "state_directory, made at the first start.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.masterKeyFile = text.isEmpty ? nil : try ConfigurationValue.path(text)
            }, text: { $0.masterKeyFile ?? "" }),
        ConfigurationKey(
            name: "log_level", help: "The least level logged: trace, debug, info, notice, warning, error, critical.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.logLevel = try ConfigurationValue.choice(text, of: Logger.Level.self)
            }, text: { $0.logLevel.rawValue }),
        ConfigurationKey(
            name: "log_format", help: "text or json, one line an entry.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.logFormat = try ConfigurationValue.choice(text, of: LogFormat.self)
            }, text: { $0.logFormat.rawValue }),
        ConfigurationKey(
            name: "run_permits", help: "How many runs may be in progress at once: 1 to 64.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.runPermits = try ConfigurationValue.number(text, in: 1...64)
            }, text: { "\($0.runPermits)" }),
        ConfigurationKey(
            name: "work_threads", help: "Threads that parse and encode: 1 to 64.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.workThreads = try ConfigurationValue.number(text, in: 1...64)
            }, text: { "\($0.workThreads)" }),
        ConfigurationKey(
            name: "stall_timeout", help: "A run without progress for this long fails: 1s to 7d.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.stallTimeout = try ConfigurationValue.duration(text, in: .seconds(1)...(.seconds(7 * 86_400)))
            }, text: { $0.stallTimeout.text }),
        ConfigurationKey(
            name: "low_water_bytes", help: "Imports are refused while the disk has less room than this: 1GiB.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.lowWaterBytes = try ConfigurationValue.bytes(text)
            }, text: { ConfigurationValue.bytesText($0.lowWaterBytes) }),
        ConfigurationKey(
            name: "low_water_percent", help: "As low_water_bytes, in percent of the file system; the larger counts.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to.lowWaterPercent = try ConfigurationValue.number(text, in: 0...50)
            }, text: { "\($0.lowWaterPercent)" }),
        role("admins", \.admins, "may do everything, beside the daemon's own user and root"),
        role("operators", \.operators, "may start, cancel, pause, resume and test"),
        role("viewers", \.viewers, "may look at everything but secrets"),
    ]

    private static func role(
        _ name: String, _ path: any WritableKeyPath<DaemonConfiguration, Principals> & Sendable, _ what: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name, help: "Who \(what): a list of uid:N, gid:N, user:NAME, group:NAME.",
            set: { (to: inout DaemonConfiguration, text: String) throws(InvalidValue) in
                to[keyPath: path] = try ConfigurationValue.principals(text)
            }, text: { ConfigurationValue.principalsText($0[keyPath: path]) })
    }
}
