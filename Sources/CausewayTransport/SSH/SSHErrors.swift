import CSSH2
import CausewayCore
import Glibc

/// Every way in which an SSH session fails, as the one error type.
extension CausewayError {
    static func notResolved(_ target: SSHTarget, _ cause: String) -> CausewayError {
        CausewayError(
            .unavailable, reason: "HOST_NOT_FOUND",
            "The name \(target.host) could not be looked up; check the setting \"host\" and the name servers.",
            metadata: target.metadata, cause: LibraryMessage(cause))
    }

    static func notConnected(_ target: SSHTarget, _ failure: SystemError) -> CausewayError {
        switch failure.number {
        case ECONNREFUSED:
            CausewayError(
                .unavailable, reason: "CONNECTION_REFUSED",
                "\(target.address) refuses connections; check \"host\" and \"port\", and that the server runs.",
                metadata: target.metadata, cause: failure)
        case ETIMEDOUT:
            CausewayError(
                .unavailable, reason: "CONNECT_TIMEOUT",
                "\(target.address) did not answer within \(target.connectTimeout.text); check \"host\", \"port\" "
                    + "and the firewalls.",
                metadata: target.metadata, cause: failure)
        default:
            CausewayError(
                .unavailable, reason: "HOST_UNREACHABLE",
                "\(target.address) could not be reached; check \"host\" and the network.",
                metadata: target.metadata, cause: failure)
        }
    }

    static func handshakeTimeout(_ target: SSHTarget) -> CausewayError {
        CausewayError(
            .unavailable, reason: "CONNECT_TIMEOUT",
            "\(target.address) took the connection but did not speak SSH within \(target.connectTimeout.text); "
                + "check \"port\".",
            metadata: target.metadata)
    }

    static func stalled(_ target: SSHTarget, _ what: String) -> CausewayError {
        CausewayError(
            .unavailable, reason: "LINK_STALLED",
            "\(target.address) sent nothing for \(target.operationTimeout.text) during: \(what).",
            metadata: target.metadata)
    }

    static func linkCut(_ target: SSHTarget, _ what: String, cause: (any Error)? = nil) -> CausewayError {
        CausewayError(
            .unavailable, reason: "LINK_CUT", "The connection to \(target.address) was cut during: \(what).",
            metadata: target.metadata, cause: cause)
    }

    // MARK: Host keys

    static func hostKeyUnknown(_ target: SSHTarget, _ key: PresentedHostKey) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "HOST_KEY_UNKNOWN",
            "\(target.address) is not known yet. It shows the \(key.type) key \(key.fingerprint); compare it with "
                + "what the server's owner says and set \"host_key_fingerprint\" to it.",
            metadata: target.metadata(and: ["fingerprint": key.fingerprint.description, "key_type": key.type]))
    }

    static func hostKeyChanged(_ target: SSHTarget, _ key: PresentedHostKey) -> CausewayError {
        let expected = target.trustedHostKeys.map(\.description).joined(separator: ",")
        return CausewayError(
            .failedPrecondition, reason: "HOST_KEY_CHANGED",
            "\(target.address) is not the host that is trusted: \(expected) is expected, it shows the \(key.type) "
                + "key \(key.fingerprint). Nothing was sent to it. If the server's owner changed the key, set "
                + "\"host_key_fingerprint\" to the new one.",
            metadata: target.metadata(and: [
                "expected": expected, "presented": key.fingerprint.description, "key_type": key.type,
            ]))
    }

    /// The two sides have no common algorithm of one kind.
    static func noCommonAlgorithm(
        _ target: SSHTarget, kind: String, offered: [String], cause: (any Error)?
    ) -> CausewayError {
        let list = offered.joined(separator: ", ")
        let metadata = target.metadata(and: ["kind": kind, "offered": list, "libssh2": LibraryVersions.libssh2])
        if kind == SSHAlgorithms.hostKeyKind, !offered.isEmpty, offered.allSatisfy({ $0.contains("rsa") }),
            !LibraryVersions.hasRSAWithSHA2
        {
            return CausewayError(
                .failedPrecondition, reason: "HOST_KEY_UNSUPPORTED",
                "\(target.address) has only an RSA host key, which libssh2 \(LibraryVersions.libssh2) cannot check "
                    + "with SHA-2. Add an ed25519 or ecdsa host key to the server (ssh-keygen -A), or install "
                    + "a newer libssh2 with its security fixes here.",
                metadata: metadata, cause: cause)
        }
        return CausewayError(
            .failedPrecondition, reason: "NO_COMMON_ALGORITHM",
            "\(target.address) offers no \(kind) that is accepted here; it offers: \(list).",
            metadata: metadata, cause: cause)
    }

    // MARK: Signing in

    static func signInRefused(_ target: SSHTarget, by method: String, cause: (any Error)?) -> CausewayError {
        CausewayError(
            .unauthenticated, reason: "SIGN_IN_REFUSED",
            "\(target.address) refuses to sign in \"\(target.username)\" by \(method); check the username and the "
                + "credentials (reconnect replaces them).",
            metadata: target.metadata(and: ["username": target.username, "method": method]),
            cause: cause)
    }

    static func methodNotOffered(_ target: SSHTarget, _ method: String, offered: [String]) -> CausewayError {
        let list = offered.joined(separator: ", ")
        return CausewayError(
            .failedPrecondition, reason: "SIGN_IN_METHOD_NOT_OFFERED",
            "\(target.address) does not take a \(method) from \"\(target.username)\"; it takes: \(list). Choose "
                + "another sign-in method.",
            metadata: target.metadata(and: ["method": method, "offered": list]))
    }

    static func passwordExpired(_ target: SSHTarget) -> CausewayError {
        CausewayError(
            .unauthenticated, reason: "PASSWORD_EXPIRED",
            "The password of \"\(target.username)\" on \(target.address) has expired; set a new one there, then "
                + "reconnect.",
            metadata: target.metadata)
    }

    static func rsaKeyUnsupported(_ target: SSHTarget, cause: (any Error)?) -> CausewayError {
        CausewayError(
            .unauthenticated, reason: "RSA_KEY_UNSUPPORTED",
            "\(target.address) refuses the RSA key: libssh2 \(LibraryVersions.libssh2) can sign with RSA by SHA-1 "
                + "only, which servers no longer take. Use an ed25519 or ecdsa key (ssh-keygen -t ed25519), or "
                + "install a newer libssh2 with its security fixes here.",
            metadata: target.metadata(and: ["libssh2": LibraryVersions.libssh2]),
            cause: cause)
    }

    // MARK: Files

    /// By the status that the server gave, draft-ietf-secsh-filexfer-02 §7.
    static func sftpStatus(_ status: UInt, _ target: SSHTarget, _ what: String, _ path: String) -> CausewayError {
        let metadata = target.metadata(and: ["path": path, "status": String(status)])
        switch status {
        case LIBSSH2_FX_NO_SUCH_FILE, LIBSSH2_FX_NO_SUCH_PATH:
            return CausewayError(
                .notFound, reason: "FILE_NOT_FOUND", "\(path) does not exist on \(target.address) (\(what)).",
                metadata: metadata)
        case LIBSSH2_FX_PERMISSION_DENIED, LIBSSH2_FX_WRITE_PROTECT:
            return CausewayError(
                .permissionDenied, reason: "FILE_PERMISSION_DENIED",
                "\"\(target.username)\" has no permission on \(target.address) to \(what): \(path).", metadata: metadata
            )
        case LIBSSH2_FX_NO_CONNECTION, LIBSSH2_FX_CONNECTION_LOST: return .linkCut(target, what)
        case LIBSSH2_FX_FILE_ALREADY_EXISTS:
            return CausewayError(
                .alreadyExists, reason: "FILE_EXISTS", "\(path) exists on \(target.address) (\(what)).",
                metadata: metadata)
        case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM, LIBSSH2_FX_QUOTA_EXCEEDED:
            return CausewayError(
                .resourceExhausted, reason: "REMOTE_DISK_FULL",
                "\(target.address) has no room left to \(what): \(path).",
                metadata: metadata)
        case LIBSSH2_FX_OP_UNSUPPORTED:
            return CausewayError(
                .failedPrecondition, reason: "SFTP_UNSUPPORTED", "\(target.address) does not offer to \(what).",
                metadata: metadata)
        default:
            return CausewayError(
                .failedPrecondition, reason: "SFTP_FAILURE",
                "\(target.address) failed to \(what), and says no more than status \(status): \(path).",
                metadata: metadata)
        }
    }

    static func sftpNotOffered(_ target: SSHTarget, cause: (any Error)?) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "SFTP_NOT_OFFERED",
            "\(target.address) signed \"\(target.username)\" in but offers no SFTP; ask its owner to switch the "
                + "sftp subsystem on.",
            metadata: target.metadata, cause: cause)
    }

    /// libssh2 does not notice when what should serve SFTP ends at once, so this may be that, or a link that stalls.
    static func sftpSilent(_ target: SSHTarget) -> CausewayError {
        CausewayError(
            .unavailable, reason: "SFTP_SILENT",
            "\(target.address) signed \"\(target.username)\" in, but its SFTP says nothing; ask its owner whether "
                + "it works.",
            metadata: target.metadata)
    }

    /// The other side, or the library, broke the protocol; a new session may do better.
    static func protocolBroken(_ target: SSHTarget, _ what: String, cause: (any Error)?) -> CausewayError {
        CausewayError(
            .unavailable, reason: "SSH_PROTOCOL",
            "\(target.address) answered in a way that is not SSH during: \(what); check \"port\".",
            metadata: target.metadata, cause: cause)
    }
}

extension SSHTarget {
    fileprivate var metadata: [String: String] { ["host": host, "port": String(port)] }

    fileprivate func metadata(and more: [String: String]) -> [String: String] { metadata.merging(more) { $1 } }
}

/// What a library said, as a cause. Holds no secret: libssh2's texts are constants.
struct LibraryMessage: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}
