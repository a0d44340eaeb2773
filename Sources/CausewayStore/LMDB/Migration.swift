import CausewayCore

/// One step from a format of the store to the next.
package struct Migration: Sendable {
    /// The format that it starts from; it leads to the one above.
    var from: UInt32
    /// Changes the tables; runs in one transaction with the record of the new format, so it happens whole or not.
    var run: @Sendable (inout WriteTransaction) throws(LMDBError) -> Void
}

/// The format that this program writes, and the way to it from older ones.
package struct StoreFormat: Sendable {
    var current: UInt32
    var migrations: [Migration]

    package static let now = StoreFormat(current: 2, migrations: [])

    /// The number of the format that this program writes.
    package var number: UInt32 { current }

    /// Brings an open store to this format, one transaction a step.
    ///
    /// - Throws: ``CausewayError``: a format from the future, or one that no migration starts from.
    func bring(_ environment: borrowing OpenEnvironment) throws(CausewayError) {
        do {
            while true {
                var transaction = try WriteTransaction(environment)
                guard let stored = try transaction.meta(.format) else {
                    throw CausewayError.damaged("The store has no record of its format.")
                }
                let found = UInt32(clamping: stored)
                guard found != current else { return }
                guard found < current else { throw CausewayError.formatTooNew(found, known: current) }
                guard let step = migrations.first(where: { $0.from == found }) else {
                    throw CausewayError.formatTooOld(found, known: current)
                }
                try step.run(&transaction)
                try transaction.setMeta(.format, UInt64(found + 1))
                try transaction.commit()
            }
        } catch let error as LMDBError {
            throw error.whileOpening
        } catch {
            throw .wrapping(error)
        }
    }
}
