/// A gRPC status code: what a caller should do about an outcome, not where it came from.
///
/// Codes from a newer peer survive as values; those not named here mean ``unknown``.
/// Source: google.rpc.Code.
package struct StatusCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let ok = Self(rawValue: 0)
    /// The caller gave up.
    package static let cancelled = Self(rawValue: 1)
    /// A foreign error.
    package static let unknown = Self(rawValue: 2)
    /// Wrong whatever the state.
    package static let invalidArgument = Self(rawValue: 3)
    /// Too late; may have had its effect.
    package static let deadlineExceeded = Self(rawValue: 4)
    package static let notFound = Self(rawValue: 5)
    package static let alreadyExists = Self(rawValue: 6)
    /// The caller is known and may not.
    package static let permissionDenied = Self(rawValue: 7)
    /// A quota, a size, the disk.
    package static let resourceExhausted = Self(rawValue: 8)
    /// Somebody has to change the state first.
    package static let failedPrecondition = Self(rawValue: 9)
    /// Lost against a concurrent change; redo from the read.
    package static let aborted = Self(rawValue: 10)
    package static let outOfRange = Self(rawValue: 11)
    package static let unimplemented = Self(rawValue: 12)
    /// A broken invariant of ours.
    package static let `internal` = Self(rawValue: 13)
    /// Passing; the same call may succeed later.
    package static let unavailable = Self(rawValue: 14)
    package static let dataLoss = Self(rawValue: 15)
    /// No or wrong credentials.
    package static let unauthenticated = Self(rawValue: 16)

    /// The code's name as gRPC writes it, "CODE_42" for one that has none here.
    package var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        default: "CODE_\(rawValue)"
        }
    }
}
