import CSSH2
import CausewayCore
import Glibc

/// The key that a server showed.
struct PresentedHostKey {
    /// "ssh-ed25519".
    var type: String
    var fingerprint: HostKeyFingerprint
}

extension SSHLink {
    /// Connects, agrees on keys, and checks that the host is one that is trusted. Nothing secret has been sent then.
    ///
    /// A server that has several keys is asked for the next type when the first shown is not a trusted one: a
    /// fingerprint does not say which type it is of.
    static func open(
        _ target: SSHTarget, waiter: SocketWaiter, report: (SSHStep) -> Void
    ) throws(CausewayError) -> SSHLink {
        let deadline = monotonicNow() + target.connectTimeout
        var types = SSHAlgorithms.hostKeys
        var firstShown: PresentedHostKey?
        while true {
            let (socket, address) = try SocketDialer(target: target, waiter: waiter).connect(until: deadline)
            let link = try SSHLink(target, socket: socket, waiter: waiter)
            let key = try link.shakeHands(hostKeys: types, until: deadline)
            if target.trustedHostKeys.contains(key.fingerprint) {
                report(SSHStep(title: "connect", detail: "\(target.address) at \(address), \(link.banner)"))
                report(SSHStep(title: "host key", detail: "\(key.type) \(key.fingerprint) is trusted"))
                return link
            }
            guard !target.trustedHostKeys.isEmpty else { throw .hostKeyUnknown(target, key) }
            let shown = firstShown ?? key
            firstShown = shown
            types = types.filter { $0 != key.type && link.callbacks.offer?.hostKeys.contains($0) == true }
            if SSHAlgorithms.known(types, LIBSSH2_METHOD_HOSTKEY, to: link.session).isEmpty {
                throw .hostKeyChanged(target, shown)
            }
        }
    }

    /// libssh2_session_handshake: 0; KEX_FAILURE, KEY_EXCHANGE_FAILURE or METHOD_NONE without a common algorithm;
    /// HOSTKEY_INIT and HOSTKEY_SIGN for a bad signature; BANNER_RECV, SOCKET_DISCONNECT, SOCKET_RECV, SOCKET_SEND for
    /// a link that ended; PROTO, INVALID_MAC, DECRYPT for one that is not SSH.
    private func shakeHands(hostKeys: [String], until deadline: Duration) throws(CausewayError) -> PresentedHostKey {
        try prefer(SSHAlgorithms.keyExchanges, [LIBSSH2_METHOD_KEX])
        try prefer(hostKeys, [LIBSSH2_METHOD_HOSTKEY])
        try prefer(SSHAlgorithms.ciphers, [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC])
        try prefer(SSHAlgorithms.macs, [LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC])
        let socket = socket
        let result = try attempt("exchange of keys", .until(deadline)) {
            Int(libssh2_session_handshake(session, socket))
        }
        guard result == 0 else { throw handshakeFailure(result, hostKeys: hostKeys) }
        libssh2_keepalive_config(session, 0, UInt32(clamping: target.keepAlive.wholeSeconds))
        guard let digest = libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256) else {
            throw .protocolBroken(target, "host key", cause: lastMessage)
        }
        let bytes = UnsafeRawBufferPointer(start: digest, count: 32)
        return PresentedHostKey(
            type: libssh2_session_methods(session, LIBSSH2_METHOD_HOSTKEY).map { String(cString: $0) } ?? "unknown",
            fingerprint: HostKeyFingerprint(digest: bytes))
    }

    /// libssh2_session_method_pref: 0, ALLOC; METHOD_NOT_SUPPORTED cannot be, as unknown names are left out before.
    private func prefer(_ names: [String], _ methods: [Int32]) throws(CausewayError) {
        for method in methods {
            let known = SSHAlgorithms.known(names, method, to: session).joined(separator: ",")
            guard !known.isEmpty, libssh2_session_method_pref(session, method, known) == 0 else {
                throw CausewayError(
                    .failedPrecondition, reason: "NO_ALGORITHMS",
                    "libssh2 \(LibraryVersions.libssh2) knows none of the algorithms that are accepted; install "
                        + "another build.",
                    cause: lastMessage)
            }
        }
    }

    private func handshakeFailure(_ code: Int, hostKeys: [String]) -> CausewayError {
        let message = lastMessage
        if let offer = callbacks.offer {
            let kinds = [
                (SSHAlgorithms.hostKeyKind, hostKeys, LIBSSH2_METHOD_HOSTKEY, offer.hostKeys),
                ("key exchange", SSHAlgorithms.keyExchanges, LIBSSH2_METHOD_KEX, offer.keyExchanges),
                ("cipher", SSHAlgorithms.ciphers, LIBSSH2_METHOD_CRYPT_SC, offer.ciphers),
                ("MAC", SSHAlgorithms.macs, LIBSSH2_METHOD_MAC_SC, offer.macs),
            ]
            for (kind, accepted, method, offered) in kinds
            where Set(SSHAlgorithms.known(accepted, method, to: session)).isDisjoint(with: offered) {
                return .noCommonAlgorithm(target, kind: kind, offered: offered, cause: message)
            }
        }
        return linkFailure(code, "exchange of keys") ?? .protocolBroken(target, "exchange of keys", cause: message)
    }

    /// The software that the server says it is, as far as it is short and printable.
    private var banner: String {
        guard let text = libssh2_session_banner_get(session) else { return "no banner" }
        return String(String(cString: text).unicodeScalars.prefix(100).filter { (" "..."~").contains($0) })
    }
}
