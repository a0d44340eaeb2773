import CausewayCore

/// What the process's exit status says. Part of the interface: a number never changes its meaning.
///
/// From 64 on as sysexits.h (BSD), which has a name for each of them.
enum ExitStatus: Int32, Hashable, Sendable, CaseIterable {
    case success = 0
    /// What was asked is answered with no: a test did not pass, the daemon does not serve.
    case negative = 1
    /// The run ended with rows in quarantine or files that could not be read.
    case partial = 3
    /// The run failed.
    case failed = 4
    /// The run was cancelled or interrupted.
    case cancelled = 5
    /// EX_USAGE.
    case usage = 64
    /// EX_DATAERR.
    case dataError = 65
    /// EX_NOINPUT.
    case notFound = 66
    /// EX_UNAVAILABLE.
    case unavailable = 69
    /// EX_SOFTWARE.
    case software = 70
    /// EX_CANTCREAT.
    case cannotCreate = 73
    /// EX_IOERR.
    case inputOutput = 74
    /// EX_TEMPFAIL.
    case temporary = 75
    /// EX_PROTOCOL.
    case protocolMismatch = 76
    /// EX_NOPERM.
    case notPermitted = 77
    /// EX_CONFIG.
    case precondition = 78
    /// Ctrl-C, as shells write it: 128 + SIGINT.
    case interrupted = 130

    /// When a command ends with it, for the table in the help.
    var meaning: String {
        switch self {
        case .success: "Done. For a fetch: the run succeeded, every row read was taken."
        case .negative: "The answer is no: a connection test did not pass, or the daemon does not serve."
        case .partial: "The run ended with rows in quarantine, or with files that could not be read."
        case .failed: "The run failed; `causeway run show NAME` says why."
        case .cancelled: "The run was cancelled or interrupted; what it committed stays."
        case .usage: "The command line is wrong, or something is missing and nobody can be asked."
        case .dataError: "A value or a document is not valid."
        case .notFound: "There is no such connection, run, entity, row or file."
        case .unavailable: "The daemon cannot be reached, or is starting or stopping."
        case .software: "A fault of Causeway itself; the daemon's log has more."
        case .cannotCreate: "It exists already: a connection of that name, or a file to be written."
        case .inputOutput: "A file could not be read or written."
        case .temporary: "Try again later: a time-out, a concurrent change, a run in progress, no room."
        case .protocolMismatch: "Client and daemon are of versions that do not understand each other here."
        case .notPermitted: "Not allowed, or the other system refuses the credentials."
        case .precondition: "Something has to be changed first, such as a host key to be confirmed."
        case .interrupted: "Ended by Ctrl-C."
        }
    }

    /// The status for an error that the daemon or the client library reports.
    init(_ code: StatusCode) {
        self =
            switch code {
            case .ok: .success
            case .cancelled: .interrupted
            case .invalidArgument, .outOfRange: .dataError
            case .notFound: .notFound
            case .alreadyExists: .cannotCreate
            case .permissionDenied, .unauthenticated: .notPermitted
            case .failedPrecondition: .precondition
            case .deadlineExceeded, .aborted, .resourceExhausted: .temporary
            case .unavailable: .unavailable
            case .unimplemented: .protocolMismatch
            case .dataLoss: .inputOutput
            default: .software
            }
    }
}
