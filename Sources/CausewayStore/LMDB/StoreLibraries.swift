import CZstd

/// The versions of the libraries that the store stands on, as loaded.
package enum StoreLibraries {
    /// "0.9.24".
    package static var lmdb: String { LMDBError.libraryVersion }
    /// "1.5.4".
    package static var zstd: String { ZSTD_versionString().map { String(cString: $0) } ?? "unknown" }
}
