import CausewayCore
import CausewayMessages
import Glibc
import NIOCore

/// What goes wrong between a client and its daemon, in words that say what to do.
extension ClientConnectionMachine {
    static var closing: CausewayError {
        CausewayError(.unavailable, reason: "CONNECTION_CLOSED", "The connection to the daemon is closing; try again.")
    }

    static var cut: CausewayError {
        CausewayError(
            .unavailable, reason: "CONNECTION_LOST",
            "The daemon closed the connection before it answered; its log may say why. The call may have had its effect."
        )
    }

    static var timedOut: CausewayError {
        CausewayError(
            .deadlineExceeded, reason: "DEADLINE_EXCEEDED",
            "The daemon did not answer in time; the call may still have had its effect.")
    }

    static func incompatible(_ hello: Hello) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "INCOMPATIBLE_PROTOCOL",
            "The daemon (\(hello.agent)) speaks protocol version \(hello.protocolVersion), this client \(protocolVersion); "
                + "use a client of the daemon's version.",
            metadata: [
                "daemon": hello.agent, "daemon_protocol": "\(hello.protocolVersion)",
                "client_protocol": "\(protocolVersion)",
            ])
    }

    /// Why the server takes no calls.
    static func refusal(_ goAway: GoAway) -> CausewayError {
        let code = StatusCode(rawValue: goAway.code)
        let reason =
            switch code {
            case .permissionDenied: "NO_ROLE"
            case .resourceExhausted: "TOO_MUCH"
            case .failedPrecondition: "INCOMPATIBLE_PROTOCOL"
            case .unavailable: "STOPPING"
            default: "REFUSED"
            }
        return CausewayError(code == .ok ? .unavailable : code, reason: reason, goAway.message)
    }

    static func violation(_ what: String) -> CausewayError {
        CausewayError(
            .internal, reason: "PROTOCOL_BROKEN", "The daemon broke the protocol: it sent \(what).",
            metadata: ["what": what])
    }

    static func unexpected(_ what: String) -> CausewayError {
        CausewayError(
            .internal, reason: "UNEXPECTED_RESPONSE",
            "The daemon answered with \(what), which this client does not expect; use a client of the daemon's version.",
            metadata: ["what": what])
    }

    /// Why no connection came about.
    static func connectFailure(_ error: any Error, path: String) -> CausewayError {
        if let error = error as? CausewayError { return error }
        let problem = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        let metadata = ["path": path, "problem": problem]
        switch (error as? IOError)?.errnoCode {
        case ENOENT, ECONNREFUSED, ENOTSOCK, ENOTDIR:
            return CausewayError(
                .unavailable, reason: "DAEMON_NOT_RUNNING",
                "No daemon listens on \(path) (\(problem)). Start it with: causewayd; or name the socket of one that runs.",
                metadata: metadata, retry: .never)
        case EACCES, EPERM:
            return CausewayError(
                .permissionDenied, reason: "SOCKET_FORBIDDEN",
                "This user may not use the socket \(path). Run as the daemon's user, or ask for a role.",
                metadata: metadata)
        default: break
        }
        if let error = error as? SocketAddressError, case .unixDomainSocketPathTooLong = error {
            return .invalid("socket", "\(path) is longer than the 107 bytes of a socket path")
        }
        return CausewayError(
            .unavailable, reason: "DAEMON_NOT_ANSWERING",
            "The daemon on \(path) does not answer (\(problem)); its log may say why.", metadata: metadata)
    }
}
