package import CausewayCore

extension MasterKeyFile {
    /// Makes the key that is to follow `current` and puts it beside the file. Nothing is sealed under it yet.
    ///
    /// When an earlier rotation could not put its key in place, that is done first, so that the key in force is never
    /// overwritten.
    ///
    /// - Throws: ``CausewayError``: `MASTER_KEY_REPLACED` (failed precondition) when the file no longer holds `current`;
    ///   those of ``read()`` and ``stage(_:)``.
    package func beginRotation(
        from current: KeyID, random: RandomBytes = .system
    ) throws(CausewayError) -> MasterKey {
        if try read()?.id != current {
            guard try next.read()?.id == current else { throw .masterKeyReplaced(path, current) }
            try promote()
        }
        let key = try MasterKey.make(random)
        try stage(key)
        return key
    }
}

extension MasterKeySource {
    /// The file whose key may be replaced while the daemon runs.
    ///
    /// - Throws: ``CausewayError`` (failed precondition, `MASTER_KEY_PROVIDED`) when somebody else provides the key; the
    ///   message says how to rotate it.
    package func rotatableFile() throws(CausewayError) -> MasterKeyFile {
        switch self {
        case .file(let file, _): return file
        case .credential:
            throw .masterKeyProvided(
                place,
                "provide the new key as the credential master-key and the present one as master-key.previous, then "
                    + "restart the daemon: it seals everything anew at its start")
        case .variable:
            throw .masterKeyProvided(
                place,
                "set CAUSEWAY_MASTER_KEY to the new key and CAUSEWAY_MASTER_KEY_PREVIOUS to the present one, then "
                    + "restart the daemon: it seals everything anew at its start")
        }
    }
}

extension CausewayError {
    fileprivate static func masterKeyReplaced(_ path: String, _ current: KeyID) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "MASTER_KEY_REPLACED",
            "The file \(path) no longer holds master key \(current), which is in force; put it back, then rotate. "
                + "Nothing was changed.",
            metadata: ["path": path, "expected": current.description])
    }

    fileprivate static func masterKeyProvided(_ place: String, _ how: String) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "MASTER_KEY_PROVIDED",
            "The master key is provided from outside, in \(place), so the daemon cannot replace it: \(how).",
            metadata: ["place": place])
    }
}
