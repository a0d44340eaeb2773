import CausewayCore
@preconcurrency import Glibc

/// Why a command ends without having done its work: what failed, what to do next, and the exit status.
struct Failure: Error, Hashable, Sendable {
    var status: ExitStatus
    /// Stable identity for programs: UPPER_SNAKE_CASE.
    var reason: String
    /// One sentence, without a secret.
    var message: String
    /// What to do next, a line each.
    var hints: [String]
    /// Variable parts of the message.
    var metadata: [String: String]
    /// Wrong fields, with what is wrong about them.
    var violations: [FieldViolation]
    /// The same command may succeed later.
    var isRetryable: Bool

    init(
        _ status: ExitStatus, reason: String? = nil, _ message: String, hints: [String] = [],
        metadata: [String: String] = [:], violations: [FieldViolation] = [], isRetryable: Bool = false
    ) {
        self.status = status
        self.reason = reason ?? Self.reason(for: status)
        self.message = message
        self.hints = hints
        self.metadata = metadata
        self.violations = violations
        self.isRetryable = isRetryable
    }

    /// An error of the daemon or the client library.
    init(_ error: CausewayError) {
        self.init(
            ExitStatus(error.code), reason: error.reason, error.message, hints: ErrorHints.hints(for: error),
            metadata: error.metadata, violations: error.violations, isRetryable: error.retry.isRetryable)
    }

    /// A wrong command line.
    static func usage(_ message: String, hints: [String] = []) -> Failure { Failure(.usage, message, hints: hints) }

    /// A failed call of the operating system.
    static func system(_ message: String, _ code: Int32) -> Failure {
        let status: ExitStatus =
            switch code {
            case ENOENT: .notFound
            case EEXIST: .cannotCreate
            case EACCES, EPERM: .notPermitted
            default: .inputOutput
            }
        return Failure(status, "\(message): \(String(cString: strerror(code))).")
    }

    /// Ctrl-C.
    static let interrupted = Failure(.interrupted, "Interrupted.")

    /// The error as a document for programs.
    var json: JSONValue {
        .members([
            "error": .members([
                "reason": .string(reason),
                "message": .string(message),
                "exitStatus": .integer(Int64(status.rawValue)),
                "hints": .list(hints.map(JSONValue.string)),
                "metadata": metadata.isEmpty ? nil : .object(metadata.mapValues(JSONValue.string)),
                "retryable": .boolean(isRetryable),
                "violations": .list(
                    violations.map { ["field": .string($0.field), "description": .string($0.description)] }),
            ])
        ])
    }

    /// The error for people: one line, then what to do.
    func lines(colours: Bool) -> [String] {
        let head = Style.bad.applied(to: "causeway:", colours: colours) + " " + Escaping.line(message)
        let wrong = violations.count > 1 ? violations.map { "\($0.field): \($0.description)" } : []
        return [head] + (wrong + hints).map { "  " + Escaping.line($0) }
    }

    private static func reason(for status: ExitStatus) -> String {
        switch status {
        case .success, .negative: "NEGATIVE"
        case .partial: "RUN_PARTIAL"
        case .failed: "RUN_FAILED"
        case .cancelled: "RUN_CANCELLED"
        case .usage: "USAGE"
        case .dataError: "INVALID_INPUT"
        case .notFound: "NOT_FOUND"
        case .unavailable: "UNAVAILABLE"
        case .software: "UNEXPECTED"
        case .cannotCreate: "ALREADY_EXISTS"
        case .inputOutput: "INPUT_OUTPUT"
        case .temporary: "TRY_AGAIN"
        case .protocolMismatch: "UNIMPLEMENTED"
        case .notPermitted: "PERMISSION_DENIED"
        case .precondition: "FAILED_PRECONDITION"
        case .interrupted: "INTERRUPTED"
        }
    }
}

/// What a person at the command line can do about an error, by what identifies it.
enum ErrorHints {
    /// Lines to print under the error's message.
    static func hints(for error: CausewayError) -> [String] {
        switch error.reason {
        case "HOST_KEY_UNKNOWN":
            let fingerprint = error.metadata["fingerprint"] ?? "FINGERPRINT"
            return [
                "Compare the fingerprint with the one that the server's operator gives you.",
                "If they are equal: --accept-host-key \(fingerprint)",
            ]
        case "HOST_KEY_CHANGED":
            return [
                "This can be an attack. Ask the server's operator whether the key was replaced.",
                "If it was: causeway reconnect NAME --accept-host-key FINGERPRINT",
            ]
        case "NEEDS_RECONNECT": return ["causeway show NAME says why; causeway reconnect NAME gives new credentials."]
        default: return hints(for: error.code)
        }
    }

    private static func hints(for code: StatusCode) -> [String] {
        switch code {
        case .unimplemented:
            ["`causeway --version` and `causeway admin version` show the versions; the daemon may be older."]
        case .permissionDenied: ["Roles are given by user and group in the daemon's configuration."]
        case .deadlineExceeded: ["--timeout sets how long to wait."]
        default: []
        }
    }
}
