import ArgumentParser

/// A flag for each ``ConfigurationKey``, and where the file is.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "path"), completion: .file())
    var config: String?

    @Option(name: .long, help: help("state_directory", "path"), completion: .directory)
    var stateDirectory: String?
    @Option(name: .long, help: help("socket", "path"), completion: .file())
    var socket: String?
    @Option(name: .long, help: help("socket_mode", "mode"), completion: .list(["0600", "0660", "0666"]))
    var socketMode: String?
    @Option(name: .long, help: help("master_key_file", "path"), completion: .file())
    var masterKeyFile: String?
    @Option(
        name: .long, help: help("log_level", "level"),
        completion: .list(["trace", "debug", "info", "notice", "warning", "error", "critical"]))
    var logLevel: String?
    @Option(name: .long, help: help("log_format", "format"), completion: .list(["text", "json"]))
    var logFormat: String?
    @Option(name: .long, help: help("run_permits", "number"))
    var runPermits: String?
    @Option(name: .long, help: help("work_threads", "number"))
    var workThreads: String?
    @Option(name: .long, help: help("stall_timeout", "duration"))
    var stallTimeout: String?
    @Option(name: .long, help: help("low_water_bytes", "bytes"))
    var lowWaterBytes: String?
    @Option(name: .long, help: help("low_water_percent", "percent"))
    var lowWaterPercent: String?
    @Option(name: .long, help: help("admins", "list"))
    var admins: String?
    @Option(name: .long, help: help("operators", "list"))
    var operators: String?
    @Option(name: .long, help: help("viewers", "list"))
    var viewers: String?

    /// The values that were given, by key.
    var values: [String: String] {
        [
            "state_directory": stateDirectory, "socket": socket, "socket_mode": socketMode,
            "master_key_file": masterKeyFile, "log_level": logLevel, "log_format": logFormat,
            "run_permits": runPermits, "work_threads": workThreads, "stall_timeout": stallTimeout,
            "low_water_bytes": lowWaterBytes, "low_water_percent": lowWaterPercent, "admins": admins,
            "operators": operators, "viewers": viewers,
        ].compactMapValues { $0 }
    }

    private static func help(_ key: String, _ value: String) -> ArgumentHelp {
        ArgumentHelp("\(ConfigurationKey.named(key)?.help ?? "")", valueName: value)
    }
}
