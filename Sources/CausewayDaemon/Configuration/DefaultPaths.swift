/// Where things are when nobody says otherwise.
package struct DefaultPaths: Hashable, Sendable {
    package var configurationFile: String
    package var stateDirectory: String
    package var socket: String

    /// A service of systemd has its places from it; root has those of the system; anybody else has those of the XDG base
    /// directory specification.
    package init(environment: [String: String], uid: UInt32) {
        func variable(_ name: String) -> String? {
            // systemd separates several folders by colons; the first is meant. XDG wants relative paths ignored.
            environment[name]?.split(separator: ":").first.map(String.init).flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = variable("HOME") ?? "/"
        let isOfSystem = uid == 0 || variable("STATE_DIRECTORY") != nil

        if let folder = variable("CONFIGURATION_DIRECTORY") {
            configurationFile = "\(folder)/causewayd.conf"
        } else if isOfSystem {
            configurationFile = "/etc/causeway/causewayd.conf"
        } else {
            configurationFile = "\(variable("XDG_CONFIG_HOME") ?? "\(home)/.config")/causeway/causewayd.conf"
        }

        if let folder = variable("STATE_DIRECTORY") {
            stateDirectory = folder
        } else if isOfSystem {
            stateDirectory = "/var/lib/causeway"
        } else {
            stateDirectory = "\(variable("XDG_STATE_HOME") ?? "\(home)/.local/state")/causeway"
        }

        if let folder = variable("RUNTIME_DIRECTORY") {
            socket = "\(folder)/causeway.sock"
        } else if isOfSystem {
            socket = "/run/causeway/causeway.sock"
        } else if let folder = variable("XDG_RUNTIME_DIR") {
            socket = "\(folder)/causeway/causeway.sock"
        } else {
            socket = "\(stateDirectory)/causeway.sock"
        }
    }
}
