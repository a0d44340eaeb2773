package import CausewayCore

/// The errors of the store, each made in one place.
extension CausewayError {
    static func storeFull(_ what: String, cause: (any Error)? = nil) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "STORE_FULL",
            "\(what) Nothing was lost; make room on its file system and it goes on by itself.",
            retry: .backoff, cause: cause)
    }

    static func storeIO(_ cause: (any Error)?) -> CausewayError {
        CausewayError(
            .unavailable, reason: "STORE_IO",
            "The disk of the store failed; the change was not made. Look at the system's log for disk errors.",
            cause: cause)
    }

    static func outcomeUnknown(_ cause: (any Error)?) -> CausewayError {
        CausewayError(
            .unavailable, reason: "STORE_OUTCOME_UNKNOWN",
            "The disk failed at the end of a commit: the change may or may not be stored. The store has stopped; "
                + "a restart of the daemon settles it.",
            cause: cause)
    }

    static var storeStopped: CausewayError {
        CausewayError(
            .unavailable, reason: "STORE_STOPPED",
            "The store has stopped, so nothing was changed; the daemon's log says why. Restart the daemon.")
    }

    static func storeBusy(_ waiting: Int) -> CausewayError {
        CausewayError(
            .unavailable, reason: "STORE_BUSY",
            "\(waiting) changes wait for the disk already, so this one was not taken. Try again later.",
            metadata: ["waiting": String(waiting)])
    }

    static func storeInUse(_ path: String, pid: Int32?) -> CausewayError {
        let owner = pid.map { "process \($0)" } ?? "another process"
        return CausewayError(
            .failedPrecondition, reason: "STORE_IN_USE",
            "The store in \(path) is in use by \(owner). Stop it first, or choose another folder.",
            metadata: ["path": path, "pid": pid.map(String.init) ?? ""])
    }

    static func storeUnsuitable(_ path: String, _ what: String, cause: (any Error)? = nil) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "STORE_UNSUITABLE", "The store cannot be kept in \(path): \(what)",
            metadata: ["path": path], cause: cause)
    }

    static func formatTooNew(_ found: UInt32, known: UInt32) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "STORE_FORMAT_TOO_NEW",
            "The store has format \(found) and this causewayd knows formats up to \(known). Run a newer causewayd, or "
                + "restore a backup made before the upgrade.",
            metadata: ["format": String(found), "known_format": String(known)])
    }

    static func formatTooOld(_ found: UInt32, known: UInt32) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "STORE_FORMAT_TOO_OLD",
            "The store has format \(found), which this causewayd cannot bring to its format \(known). Run the causewayd "
                + "that made it, or begin with an empty folder.",
            metadata: ["format": String(found), "known_format": String(known)])
    }

    package static func damaged(_ what: String, cause: (any Error)? = nil) -> CausewayError {
        CausewayError(
            .dataLoss, reason: "STORE_DAMAGED",
            "\(what) The store is damaged; restore the last backup.", cause: cause)
    }

    static func ownershipLost(_ ownership: Ownership, stored: UInt64) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "OWNERSHIP_LOST",
            "Shard \(ownership.shard) belongs to epoch \(stored) by now; a change of epoch \(ownership.epoch) is refused.",
            metadata: [
                "shard": ownership.shard.description, "epoch": String(ownership.epoch), "stored_epoch": String(stored),
            ])
    }

    static func conflict(_ table: Table) -> CausewayError {
        CausewayError(
            .aborted, reason: "COMMIT_CONFLICT",
            "Somebody else changed the same thing in \(table.name) first. Read it again and repeat the change.",
            metadata: ["table": table.name], retry: .backoff)
    }

    static func unitInvalid(_ why: String) -> CausewayError {
        CausewayError(.internal, reason: "UNIT_INVALID", "A change of the store was refused: \(why).")
    }

    static func unitTooLarge(_ bytes: Int, _ changes: Int) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "UNIT_TOO_LARGE",
            "A change of \(bytes) bytes and \(changes) keys is above what one transaction takes "
                + "(\(UnitRules.greatestUnitBytes) bytes, \(UnitRules.greatestUnitChanges) keys).",
            metadata: ["bytes": String(bytes), "changes": String(changes)])
    }

    static func unitsTooLarge(_ bytes: Int, _ changes: Int) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "UNIT_TOO_LARGE",
            "A change of many shards with \(bytes) bytes and \(changes) keys is above what one transaction takes "
                + "(\(UnitRules.greatestJointBytes) bytes, \(UnitRules.greatestJointChanges) keys).",
            metadata: ["bytes": String(bytes), "changes": String(changes)])
    }
}
