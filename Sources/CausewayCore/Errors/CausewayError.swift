/// The one error of the product: what failed, on what, what to do next, and whether trying again helps.
///
/// `message` and `metadata` are shown to callers and written to logs, so they never hold a secret. `cause` is for logs
/// on this machine only.
package struct CausewayError: Error, Sendable, CustomStringConvertible {
    /// What a caller should do about it.
    package var code: StatusCode
    /// Stable identity for programs: UPPER_SNAKE_CASE, at most 63 characters.
    package var reason: String
    /// What failed, on what, and what to do next; one or two sentences.
    package var message: String
    /// Every variable part of the message, by lower snake case names.
    package var metadata: [String: String]
    package var retry: RetryAdvice
    /// Wrong request fields, where the code is ``StatusCode/invalidArgument``.
    package var violations: [FieldViolation]
    /// What a lower layer said.
    package var cause: String?

    package init(
        _ code: StatusCode,
        reason: String,
        _ message: String,
        metadata: [String: String] = [:],
        retry: RetryAdvice? = nil,
        violations: [FieldViolation] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = metadata
        self.retry = retry ?? (code == .unavailable ? .backoff : .never)
        self.violations = violations
        self.cause = cause.map { String(describing: $0) }
    }

    package var description: String {
        var text = "\(code.name) \(reason): \(message)"
        if let cause { text += " (\(cause))" }
        return text
    }
}

/// A wrong field of a request.
package struct FieldViolation: Hashable, Sendable {
    /// Path of the field: "connection.settings.host".
    package var field: String
    /// What is wrong and what would be right.
    package var description: String

    package init(field: String, description: String) {
        self.field = field
        self.description = description
    }
}

/// Whether, and when, the same attempt may succeed without anybody doing anything.
package enum RetryAdvice: Hashable, Sendable {
    /// Not until somebody changes something.
    case never
    /// By the caller's backoff.
    case backoff
    /// Not before this time has passed; the other side said so.
    case after(Duration)

    package var isRetryable: Bool { self != .never }
}

extension CausewayError {
    /// A value that is wrong whatever the state.
    package static func invalid(_ field: String, _ description: String) -> CausewayError {
        CausewayError(
            .invalidArgument, reason: "INVALID_ARGUMENT", "\(field): \(description)",
            metadata: ["field": field], violations: [FieldViolation(field: field, description: description)])
    }

    /// Nothing of that name.
    package static func notFound(_ resource: String) -> CausewayError {
        CausewayError(
            .notFound, reason: "NOT_FOUND", "\(resource) does not exist; the list command shows what does.",
            metadata: ["resource": resource])
    }

    /// The work was given up because its task was cancelled.
    package static var cancelled: CausewayError {
        CausewayError(.cancelled, reason: "CANCELLED", "The call was cancelled.")
    }

    /// Any error as one of ours: itself, a cancellation, or an unknown one with its text as the cause.
    package static func wrapping(_ error: any Error) -> CausewayError {
        switch error {
        case let error as CausewayError: error
        case is CancellationError: .cancelled
        default:
            CausewayError(
                .internal, reason: "UNEXPECTED", "Something went wrong that has no better name; the log has the cause.",
                cause: error)
        }
    }
}
