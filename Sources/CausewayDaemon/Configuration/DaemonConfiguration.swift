package import Logging

/// Everything that can be set about the daemon. Loaded by ``ConfigurationLoader``; ``ConfigurationKey`` describes each.
package struct DaemonConfiguration: Hashable, Sendable {
    /// The folder of the store and the master key; made at the first start.
    package var stateDirectory: String
    /// The Unix socket that clients connect to.
    package var socket: String
    /// Access rights of the socket. 0600: the daemon's own user and root alone.
    package var socketMode: UInt32 = 0o600
    /// A file that holds the master key already. Nil: where the environment says, else ``masterKeyPath``.
    package var masterKeyFile: String?
    package var logLevel: Logger.Level = .info
    package var logFormat: LogFormat = .text
    /// Runs in progress at once.
    package var runPermits = 2
    /// Threads that parse and encode.
    package var workThreads: Int
    package var admins = Principals()
    package var operators = Principals()
    package var viewers = Principals()
    /// A run without progress for this long fails, where its connection does not say otherwise.
    package var stallTimeout: Duration = .seconds(600)
    /// Free disk below which imports are refused, in bytes; together with ``lowWaterPercent`` the larger one counts.
    package var lowWaterBytes: UInt64 = 1 << 30
    /// As ``lowWaterBytes``, in percent of the file system.
    package var lowWaterPercent: UInt64 = 5

    /// The defaults of a daemon whose places are `paths`.
    package init(paths: DefaultPaths, processors: Int) {
        stateDirectory = paths.stateDirectory
        socket = paths.socket
        workThreads = max(1, min(64, processors))
    }

    /// The folder of the LMDB environment.
    package var storePath: String { "\(stateDirectory)/store" }
    /// Where the master key is made when nobody provides one.
    package var masterKeyPath: String { masterKeyFile ?? "\(stateDirectory)/master-key" }
}

/// How log entries are written.
package enum LogFormat: String, Hashable, Sendable, CaseIterable {
    case text
    case json
}

/// Users and groups that have a role, by number.
package struct Principals: Hashable, Sendable {
    package var uids: Set<UInt32> = []
    package var gids: Set<UInt32> = []

    package init(uids: Set<UInt32> = [], gids: Set<UInt32> = []) {
        self.uids = uids
        self.gids = gids
    }
}
