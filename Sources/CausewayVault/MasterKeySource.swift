package import CausewayCore
import Glibc

/// Where the master key comes from.
package enum MasterKeySource: Sendable {
    /// systemd's credential "master-key", and "master-key.previous" during a rotation.
    case credential(folder: String)
    /// A variable of the environment in base64, and its `_PREVIOUS` during a rotation.
    case variable(Secret, previous: Secret?)
    /// A file; made at the first start when there is none and `mayCreate`.
    case file(MasterKeyFile, mayCreate: Bool)

    /// The file at `namedPath`, when the configuration names one, which must then be there. Otherwise the source that
    /// the environment names: `$CREDENTIALS_DIRECTORY/master-key`, `CAUSEWAY_MASTER_KEY` (base64),
    /// `CAUSEWAY_MASTER_KEY_FILE`. Else the file at `defaultPath`.
    package static func find(
        environment: [String: String], namedPath: String? = nil, defaultPath: String
    ) -> MasterKeySource {
        if let namedPath { return .file(MasterKeyFile(namedPath), mayCreate: false) }
        if let folder = environment["CREDENTIALS_DIRECTORY"], !folder.isEmpty,
            access("\(folder)/\(credentialName)", F_OK) == 0
        {
            return .credential(folder: folder)
        }
        if let text = environment["CAUSEWAY_MASTER_KEY"], !text.isEmpty {
            return .variable(Secret(text), previous: environment["CAUSEWAY_MASTER_KEY_PREVIOUS"].map { Secret($0) })
        }
        if let path = environment["CAUSEWAY_MASTER_KEY_FILE"], !path.isEmpty {
            return .file(MasterKeyFile(path), mayCreate: false)
        }
        return .file(MasterKeyFile(defaultPath), mayCreate: true)
    }

    /// For people: where it is, never what it is.
    package var place: String {
        switch self {
        case .credential(let folder): "\(folder)/\(Self.credentialName)"
        case .variable: "the variable CAUSEWAY_MASTER_KEY"
        case .file(let file, _): file.path
        }
    }

    /// Opens the vault of a store, finishing or undoing a rotation that a crash interrupted.
    ///
    /// - Parameters:
    ///   - checkValue: the store's, nil when it has none yet.
    ///   - holdsSealedValues: whether the store has credentials. With them and without a check value nothing is opened.
    /// - Throws: ``CausewayError``: `MASTER_KEY_MISSING`, `MASTER_KEY_WRONG` (failed precondition), and those of
    ///   ``MasterKeyFile/read()``. A key is made only for a store that has nothing sealed.
    package func open(
        checkValue: [UInt8]?, holdsSealedValues: Bool, random: RandomBytes = .system
    ) throws(CausewayError) -> OpenedVault {
        let keys = try read()
        guard let checkValue else {
            guard !holdsSealedValues else {
                throw CausewayError(
                    .dataLoss, reason: "SEALED_VALUE_DAMAGED",
                    "The store holds credentials, but not the value that tells their master key; restore a backup.")
            }
            let key = if let current = keys.current { current } else { try make(random) }
            let vault = Vault(key, random: random)
            return OpenedVault(vault: vault, newCheckValue: try vault.makeCheckValue())
        }
        let current = keys.current.map { Vault($0, random: random) }
        if let current, try current.accepts(checkValue) {
            if case .file(let file, _) = self, keys.other != nil { try file.unstage() }
            return OpenedVault(vault: current)
        }
        if let other = keys.other.map({ Vault($0, random: random) }), try other.accepts(checkValue) {
            // Of a file the other one is the next: the store was committed, the file was not yet replaced. Elsewhere it
            // is the previous: the rotation is still to be done.
            guard case .file(let file, _) = self else { return OpenedVault(vault: other, rotateTo: current) }
            try file.promote()
            return OpenedVault(vault: other)
        }
        let expected = Vault.keyID(of: checkValue)
        if let current { throw .masterKeyWrong(expected: expected, found: current.keyID) }
        throw CausewayError(
            .failedPrecondition, reason: "MASTER_KEY_MISSING",
            "The credentials are sealed under master key \(expected?.description ?? "unknown"), but there is no key at "
                + "\(place); provide it. Nothing was changed.",
            metadata: ["place": place, "expected": expected?.description ?? "unknown"])
    }

    private static let credentialName = "master-key"

    /// The key in force, and the one that a rotation goes to (a file) or comes from (elsewhere).
    private func read() throws(CausewayError) -> (current: MasterKey?, other: MasterKey?) {
        switch self {
        case .credential(let folder):
            let current = MasterKeyFile("\(folder)/\(Self.credentialName)", isOurs: false)
            let previous = MasterKeyFile("\(folder)/\(Self.credentialName).previous", isOurs: false)
            return (try current.read(), try previous.read())
        case .variable(let text, let previous):
            guard let previous else { return (try MasterKey(text: text), nil) }
            return (try MasterKey(text: text), try MasterKey(text: previous))
        case .file(let file, _):
            return (try file.read(), try file.next.read())
        }
    }

    private func make(_ random: RandomBytes) throws(CausewayError) -> MasterKey {
        guard case .file(let file, true) = self else {
            throw CausewayError(
                .failedPrecondition, reason: "MASTER_KEY_MISSING", "There is no master key at \(place); provide one.",
                metadata: ["place": place])
        }
        let key = try MasterKey.make(random)
        try file.create(key)
        return key
    }
}

/// A vault whose key fits the store.
package struct OpenedVault: Sendable {
    package var vault: Vault
    /// To be stored before anything is sealed; nil: the store has it.
    package var newCheckValue: [UInt8]?
    /// Set when somebody provided a new key with the previous one: everything is to be resealed under it, together with
    /// its check value, in one transaction; then it is the vault.
    package var rotateTo: Vault?

    package init(vault: Vault, newCheckValue: [UInt8]? = nil, rotateTo: Vault? = nil) {
        self.vault = vault
        self.newCheckValue = newCheckValue
        self.rotateTo = rotateTo
    }
}
