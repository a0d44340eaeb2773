import CSSH2
package import CausewayCore
import Glibc

extension SSHLink {
    /// Signs in as the target says.
    ///
    /// - Returns: how it was done, for people.
    func signIn() throws(CausewayError) -> String {
        let offered = try methods()
        guard !offered.isEmpty else { return "\"\(target.username)\", the server asks for nothing" }
        switch target.signIn {
        case .password(let password):
            return try signIn(withPassword: password, offered: offered)
        case .keyboardInteractive(let password):
            guard offered.contains("keyboard-interactive") else {
                throw .methodNotOffered(target, "keyboard-interactive sign-in", offered: offered)
            }
            return try signIn(answeringWith: password)
        case .key(let key, let passphrase):
            guard offered.contains("publickey") else { throw .methodNotOffered(target, "key", offered: offered) }
            switch try present(key, passphrase: passphrase) {
            case nil: return "\"\(target.username)\" by key"
            case let refusal?: throw refusal
            }
        case .keyAndPassword(let key, let passphrase, let password):
            return try signIn(withKey: key, passphrase: passphrase, andPassword: password, offered: offered)
        }
    }

    /// A key that is taken while more is asked for looks to libssh2 like one that is refused; what the server offers
    /// next tells.
    private func signIn(
        withKey key: Secret, passphrase: Secret?, andPassword password: Secret, offered: [String]
    ) throws(CausewayError) -> String {
        guard offered.contains("publickey") else { throw .methodNotOffered(target, "key", offered: offered) }
        guard let refusal = try present(key, passphrase: passphrase) else {
            return "\"\(target.username)\" by key, the server did not ask for the password"
        }
        guard refusal.code == .unauthenticated, refusal.reason == "SIGN_IN_REFUSED" else { throw refusal }
        let next = try methods()
        guard next.contains("password") || next.contains("keyboard-interactive") else { throw refusal }
        // A server that offers the same as before did not take the key.
        guard Set(next) != Set(offered) else { throw refusal }
        return try "\(signIn(withPassword: password, offered: next)) after the key"
    }

    private func signIn(withPassword password: Secret, offered: [String]) throws(CausewayError) -> String {
        if offered.contains("password") { return try present(password) }
        guard offered.contains("keyboard-interactive") else {
            throw .methodNotOffered(target, "password", offered: offered)
        }
        return try signIn(answeringWith: password)
    }

    /// The methods that the server takes now; empty when it asks for nothing.
    ///
    /// libssh2_userauth_list: a list, or NULL for success, EAGAIN, SOCKET_SEND, OUT_OF_BOUNDARY, PROTO.
    private func methods() throws(CausewayError) -> [String] {
        let user = target.username
        let list = try attemptPointer("sign in") {
            libssh2_userauth_list(session, user, UInt32(user.utf8.count))
        }
        if let list { return String(cString: list).split(separator: ",").map(String.init) }
        if libssh2_userauth_authenticated(session) != 0 { return [] }
        let code = Int(libssh2_session_last_errno(session))
        throw linkFailure(code, "sign in") ?? .protocolBroken(target, "sign in", cause: lastMessage)
    }

    /// libssh2_userauth_password_ex: 0, AUTHENTICATION_FAILED, PASSWORD_EXPIRED, ALLOC, SOCKET_SEND.
    private func present(_ password: Secret) throws(CausewayError) -> String {
        let user = target.username
        let result = try attempt("sign in") {
            password.withUnsafeBytes { bytes in
                Int(
                    libssh2_userauth_password_ex(
                        session, user, UInt32(user.utf8.count),
                        bytes.assumingMemoryBound(to: CChar.self).baseAddress, UInt32(bytes.count), nil))
            }
        }
        switch Int32(clamping: result) {
        case 0: return "\"\(user)\" by password"
        case LIBSSH2_ERROR_PASSWORD_EXPIRED: throw .passwordExpired(target)
        default:
            throw linkFailure(result, "sign in") ?? .signInRefused(target, by: "password", cause: lastMessage)
        }
    }

    /// libssh2_userauth_keyboard_interactive_ex: 0, AUTHENTICATION_FAILED, ALLOC, SOCKET_SEND, and -1 for questions
    /// that it cannot read.
    private func signIn(answeringWith password: Secret) throws(CausewayError) -> String {
        let user = target.username
        callbacks.answer = password
        defer { callbacks.answer = nil }
        let result = try attempt("sign in") {
            Int(
                libssh2_userauth_keyboard_interactive_ex(
                    session, user, UInt32(user.utf8.count), answerQuestions))
        }
        guard result != 0 else { return "\"\(user)\" by keyboard-interactive" }
        throw linkFailure(result, "sign in")
            ?? .signInRefused(target, by: "keyboard-interactive", cause: lastMessage)
    }

    /// libssh2_userauth_publickey_frommemory: 0; AUTHENTICATION_FAILED for a key that the server does not take,
    /// PUBLICKEY_UNVERIFIED for one whose signature it does not take or that is not enough; ALLOC, SOCKET_SEND; and
    /// FILE, METHOD_NONE, PROTO and others for a key that cannot be opened, before anything is sent.
    ///
    /// - Returns: nil, or what to throw.
    private func present(_ key: Secret, passphrase: Secret?) throws(CausewayError) -> CausewayError? {
        let form = PrivateKeyForm(key)
        try form.check(hasPassphrase: passphrase?.isEmpty == false)
        let user = target.username
        // Without a passphrase an empty one: libssh2 takes the length of whatever pointer it is given.
        let phrase = passphrase ?? Secret("")
        let result = try attempt("sign in") {
            // The key needs a zero at its end as well: the library takes its lines' lengths as if there were one.
            key.withCString { text in
                phrase.withCString { phrase in
                    Int(
                        libssh2_userauth_publickey_frommemory(
                            session, user, user.utf8.count, nil, 0, text, key.count, phrase))
                }
            }
        }
        switch Int32(clamping: result) {
        case 0: return nil
        case LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, LIBSSH2_ERROR_ALLOC,
            LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_DISCONNECT:
            if let failure = linkFailure(result, "sign in") { return failure }
            if form.isRSA == true, !LibraryVersions.hasRSAWithSHA2 {
                return .rsaKeyUnsupported(target, cause: lastMessage)
            }
            return .signInRefused(target, by: "key", cause: lastMessage)
        default: return .keyNotOpened(form, cause: lastMessage)
        }
    }
}

extension PrivateKeyForm {
    /// What can be seen to be wrong before anything is sent.
    ///
    /// - Throws: ``CausewayError`` (unauthenticated).
    package func check(hasPassphrase: Bool) throws(CausewayError) {
        let problem: (reason: String, text: String)? =
            switch container {
            case .openSSH, .pem:
                isEncrypted && !hasPassphrase
                    ? ("PASSPHRASE_REQUIRED", "The private key is encrypted and needs its passphrase.") : nil
            case .putty:
                (
                    "PRIVATE_KEY_FORMAT",
                    "The private key is in PuTTY's format; export it as an OpenSSH key (puttygen KEY -O "
                        + "private-openssh)."
                )
            case .publicKey: ("PRIVATE_KEY_FORMAT", "This is a public key; the private key of the pair is needed.")
            case .unknown:
                ("PRIVATE_KEY_FORMAT", "This is no private key; it begins with \"-----BEGIN … PRIVATE KEY-----\".")
            }
        guard let problem else { return }
        throw CausewayError(.unauthenticated, reason: problem.reason, problem.text)
    }
}

extension CausewayError {
    fileprivate static func keyNotOpened(_ form: PrivateKeyForm, cause: (any Error)?) -> CausewayError {
        form.isEncrypted
            ? CausewayError(
                .unauthenticated, reason: "PASSPHRASE_WRONG",
                "The private key could not be opened: the passphrase is wrong, or the key is damaged.", cause: cause)
            : CausewayError(
                .unauthenticated, reason: "PRIVATE_KEY_UNREADABLE",
                "The private key could not be read: it is damaged, or of a type that is not known here; ed25519 "
                    + "and ecdsa keys are.",
                cause: cause)
    }
}

extension Secret {
    /// The bytes with a zero after them, in memory that is cleared afterwards.
    fileprivate func withCString<R>(_ body: (UnsafePointer<CChar>?) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: count + 1, alignment: 1) { buffer in
            defer { if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) } }
            withUnsafeBytes { buffer.copyMemory(from: $0) }
            buffer[count] = 0
            return body(UnsafePointer(buffer.assumingMemoryBound(to: CChar.self).baseAddress))
        }
    }
}

/// LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC: libssh2 frees the answers with free(3).
private func answerQuestions(
    _ name: UnsafePointer<CChar>?, _ nameLength: Int32, _ instruction: UnsafePointer<CChar>?,
    _ instructionLength: Int32, _ count: Int32, _ prompts: UnsafePointer<LIBSSH2_USERAUTH_KBDINT_PROMPT>?,
    _ responses: UnsafeMutablePointer<LIBSSH2_USERAUTH_KBDINT_RESPONSE>?,
    _ abstract: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) {
    guard let prompts, let responses, let box = abstract?.pointee else { return }
    let answer = Unmanaged<SSHCallbacks>.fromOpaque(box).takeUnretainedValue().answer
    for index in 0..<Int(max(0, count)) where prompts[index].echo == 0 {
        answer?.withUnsafeBytes { bytes in
            guard let copy = malloc(max(1, bytes.count)) else { return }
            copy.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(copy), byteCount: bytes.count)
            responses[index].text = copy.assumingMemoryBound(to: CChar.self)
            responses[index].length = UInt32(bytes.count)
        }
    }
}
