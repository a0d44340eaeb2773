import CausewayCore

/// How an `LMDBStore` is opened.
package struct StoreOptions: Sendable {
    /// The largest the file may grow. Reserves address space, not memory or disk.
    package var mapBytes = 1 << 40
    /// Read transactions at the same time.
    package var readers = 1_024
    /// Below this much free disk, units above ``smallUnitBytes`` are refused.
    package var lowWater = LowWater()
    /// Units up to this size are taken below the low-water mark too.
    package var smallUnitBytes = 1 << 20
    /// Changes that may wait for the writer; more are refused.
    package var greatestQueue = 65_536

    package init() {}

    /// How much of the disk is kept free of bulk data: the larger of the two.
    package struct LowWater: Hashable, Sendable {
        package var bytes: UInt64
        /// Of the whole file system.
        package var percent: UInt64

        package init(bytes: UInt64 = 1 << 30, percent: UInt64 = 5) {
            self.bytes = bytes
            self.percent = percent
        }

        func mark(of totalBytes: UInt64) -> UInt64 { max(bytes, totalBytes / 100 * percent) }
    }
}

/// Ways in for tests and fault tools. The daemon never uses them.
package struct StoreHooks: Sendable {
    /// Called on the writer's thread before each transaction, with the number of changes in it.
    package var beforeTransaction: (@Sendable (Int) -> Void)?
    /// LMDB flags that must not be used in earnest, to prove that the fault tests notice.
    package var unsafeFlags: UInt32 = 0
    /// Instead of the format of this program.
    package var format = StoreFormat.now

    package init() {}
}
